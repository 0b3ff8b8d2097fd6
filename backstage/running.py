"""How a lesson begins and ends: its settings, and, when it is run as a script, its flags, sentences and exit status."""
import argparse
import inspect
import numbers
import signal
import sys

from backstage.digits import DataError
from backstage.printing import one_line, say
from backstage.tensorflow1 import np, tf

FLAGS = {'data': ('auto|mnist|drawn|FILE.npz', 'what to learn from; auto is mnist, or drawn where MNIST cannot be had'),
         'steps': ('N', 'the last step; the first is 0'),
         'logdir': ('DIR', 'folder of the summaries'),
         'seed': ('N', 'seed of the weights and the shuffling')}
MOST = 2 ** 31 - 2  # of steps, seeds and sizes: TensorFlow takes seeds modulo 2 ** 31 - 1


def lesson_settings(constants, X_train, y_train, **more):
    """What a run depends on, as a dict: a module's constants, `more`, and the versions of TensorFlow and NumPy.

    Raises:
        DataError: one of them cannot work, at all or with these data.
    """
    settings = dict({name: value for name, value in constants.items() if name.isupper()}, **more)

    def check(name, kind, least, most):
        value, what = settings[name], 'whole number' if kind is numbers.Integral else 'number'
        if not isinstance(value, kind) or not least <= value <= most:
            raise DataError('{} is {!r}, but must be {}.'.format(name, value, '{}, as in the data'.format(
                least) if least == most else 'a {} from {} to {}'.format(what, least, most)))

    check('IMAGE_SIZE', numbers.Integral, X_train.shape[1], X_train.shape[1])
    check('CATEGORY_NUM', numbers.Integral, y_train.shape[1], y_train.shape[1])
    for name in ('BATCH_SIZE', 'BUFFER_SIZE', 'SUMMARY_INTERVAL'):
        check(name, numbers.Integral, 1, 10 ** 7)  # TensorFlow makes room for all of a buffer at once
    for name in ('TRAINING_LOOP', 'steps', 'seed'):
        check(name, numbers.Integral, 0, MOST)
    check('LEARNING_RATE', numbers.Real, 0, 1e30)
    check('EPS', numbers.Real, 0, 0.5)
    return dict(settings, TensorFlow=tf.__version__, NumPy=np.__version__)


def run_lesson(main):
    """Call a lesson's `main` with what the command line gives for its arguments, and end the program.

    Wrong flags end it with status 2, what else a user can mend with one sentence and status 1, Ctrl-C with one sentence
    and 130, a reader of its output that has gone with 141: the last two are what a shell reports of other programs.
    """
    parser = argparse.ArgumentParser(description=main.__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name, argument in inspect.signature(main).parameters.items():
        metavar, text = FLAGS[name]
        parser.add_argument('--' + name, default=argument.default, type=type(argument.default), metavar=metavar,
                            help=text)
    flags = vars(parser.parse_args())
    for name in ('steps', 'seed'):
        if flags[name] != parser.get_default(name) and not 0 <= flags[name] <= MOST:
            parser.error('argument --{}: not a number from 0 to {}: {}'.format(name, MOST, flags[name]))
    try:
        main(**flags)
        status, sentence = 0, ''
    except KeyboardInterrupt:
        status, sentence = 130, 'Stopped: the summaries of every printed step are kept.'
    except MemoryError:
        status, sentence = 1, 'there is too little memory for these data.'
    except (DataError, OSError) as error:
        status, sentence = 1, str(error)
        if isinstance(error, BrokenPipeError):
            status, sentence = 141, ''
        elif getattr(error, 'errno', None):  # not one of the lesson's sentences
            sentence = '{} ({}).'.format(error.filename or 'the output cannot be written', one_line(error))
    if sentence:
        say(sentence if status == 130 else '{}: {}'.format(parser.prog, sentence), sys.stderr)
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is left to be told of
    sys.exit(status)
