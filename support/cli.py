"""The command line of a lesson: its flags, its messages, and its exit status."""

import argparse
import contextlib
import logging
import numbers
import os
import subprocess
import sys
import threading

from support.npz import DataError


def check_counts(**counts):
    """Raise ValueError unless each count is an integer of at least 0."""
    for name, count in counts.items():
        if not isinstance(count, numbers.Integral) or count < 0:
            raise ValueError(f'{name} must be an integer of at least 0 (got {count!r})')


def run(main):
    """Call a lesson's `main` with the flags from the command line.

    If the data, the log folder, or the result is unusable, print one line and exit
    with status 1. Wrong flags give status 2. Ctrl-C gives status 130.

    Args:
        main: a function with the arguments data, steps, logdir, and seed, each with a
            default value.
    """
    if '__file__' not in main.__globals__:  # A notebook's cell has no flags of ours.
        main()
        return
    data, steps, logdir, seed = main.__defaults__
    parser = argparse.ArgumentParser(
        description=main.__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        '--data',
        default=data,
        help='the dataset: mnist, synthetic, an .npz file in the format of mnist.npz, '
        'or auto, which is mnist if it is available and synthetic otherwise',
    )
    parser.add_argument(
        '--steps',
        type=int,
        default=steps,
        help='the number of the last step; the first step is 0',
    )
    parser.add_argument('--logdir', default=logdir, help='the folder for the summaries')
    parser.add_argument(
        '--seed',
        type=int,
        default=seed,
        help='the seed of the initial weights and of the shuffling',
    )
    flags = parser.parse_args()
    try:
        check_counts(steps=flags.steps, seed=flags.seed)
    except ValueError as error:
        parser.error(str(error))

    saved = f'in {flags.logdir}. To see them: {tensorboard_command(flags.logdir)}'
    # A writer that can't write raises its error here, too.
    logging.getLogger('tensorflow').setLevel(logging.CRITICAL)
    threading.excepthook = lambda error: None
    try:
        with contextlib.redirect_stdout(line_by_line(sys.stdout)):
            main(**vars(flags))
            print(f'The summaries are {saved}')
    except (DataError, OSError, FloatingPointError) as error:
        sys.exit(f'{parser.prog}: {error}')
    except KeyboardInterrupt:
        print(f'Stopped. The printed steps, if any, are saved {saved}', file=sys.stderr)
        sys.exit(130)


def line_by_line(stream):
    """Return a stream that prints lines at once and escapes letters that it lacks."""
    if not hasattr(stream, 'buffer'):  # A notebook prints at once.
        return stream
    return open(
        stream.fileno(), 'w', 1, stream.encoding, 'backslashreplace', closefd=False
    )


def tensorboard_command(logdir):
    """Return the shell command that shows the summaries in `logdir`."""
    python = sys.executable
    if python.startswith(os.getcwd() + os.sep):
        python = os.path.relpath(python)
    command = [python, '-m', 'tensorboard.main', '--logdir', os.path.expanduser(logdir)]
    return subprocess.list2cmdline(command)
