"""How a lesson's script begins and ends: its flags, its sentences and its exit status."""
import argparse
import inspect
import logging
import os
import sys

from backstage.digits import DataError, reason

HELP = {'data': 'mnist, drawn, an .npz file, or auto, which is mnist, or drawn where that cannot be had',
        'steps': 'the last step; the first is 0',
        'logdir': 'folder of the summaries',
        'seed': 'seed of the weights and the shuffling'}


def run_lesson(main):
    """Call a lesson's `main` with what the command line gives for its arguments.

    What a user can mend ends the program with one sentence and status 1, or 2 for flags; so does Ctrl-C, with 130.
    """
    parser = argparse.ArgumentParser(description=main.__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name, argument in inspect.signature(main).parameters.items():
        parser.add_argument('--' + name, default=argument.default, type=type(argument.default), help=HELP[name])
    flags = vars(parser.parse_args())
    for name, least in dict(steps=0, seed=0, BATCH_SIZE=1, BUFFER_SIZE=1, SUMMARY_INTERVAL=1).items():
        value = flags.get(name, main.__globals__.get(name, least))
        if value < least:
            parser.exit(2, '{}: {} is {}, but must be {} or more.\n'.format(parser.prog, name, value, least))
    for stream in sys.stdout, sys.stderr:
        if hasattr(stream, 'reconfigure'):  # from Python 3.7 on
            stream.reconfigure(errors='backslashreplace')  # for letters that a console does not have
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    logging.getLogger('tensorflow').setLevel(logging.FATAL)
    try:
        main(**flags)
    except KeyboardInterrupt:
        print('Stopped: the summaries of every printed step are kept.', file=sys.stderr, flush=True)
        # At once, unless a prompt follows: a second Ctrl-C would disturb Python as it ends.
        (sys.exit if sys.flags.inspect or hasattr(sys, 'ps1') else os._exit)(130)
    except (DataError, OSError, MemoryError) as error:
        sentence = str(error) or 'There is too little memory for these data.'
        if getattr(error, 'errno', None):  # the system's: of the output, which Python would try once more, or of memory
            sentence, sys.stdout = reason(error) + '.', None
        parser.exit(1, '{}: {}\n'.format(parser.prog, sentence))
