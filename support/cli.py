"""The command line of a lesson: its flags, its messages, and its exit status."""

import argparse
import logging
import os
import shlex
import subprocess
import sys

from support.data import DataError


def run(main):
    """Call a lesson's `main` with the flags from the command line.

    If the data, the log folder, or the result is unusable, print one line and exit
    with status 1. Wrong flags give status 2. Ctrl-C gives status 130.

    Args:
        main: a function with the arguments data, steps, logdir, and seed, each with a
            default value.
    """
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
        type=non_negative_int,
        default=steps,
        help='the number of the last step; the first step is 0',
    )
    parser.add_argument('--logdir', default=logdir, help='the folder for the summaries')
    parser.add_argument(
        '--seed',
        type=non_negative_int,
        default=seed,
        help='the seed of the initial weights and of the shuffling',
    )
    flags = parser.parse_args()
    saved = f'in {flags.logdir}. To see them: {tensorboard_command(flags.logdir)}'
    logging.getLogger('tensorflow').setLevel(logging.ERROR)
    try:
        main(**vars(flags))
        print(f'The summaries are {saved}')
    except (DataError, OSError, FloatingPointError) as error:
        sys.exit(f'{parser.prog}: {error}')
    except KeyboardInterrupt:
        print(f'Stopped. The printed steps, if any, are saved {saved}', file=sys.stderr)
        sys.exit(130)


def non_negative_int(text):
    """Convert the text of a flag to an integer of at least 0."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'must be a whole number (got {text!r})')
    if number < 0:
        raise argparse.ArgumentTypeError(f'must be at least 0 (got {number})')
    return number


def tensorboard_command(logdir):
    """Return the shell command that shows the summaries in `logdir`."""
    python = sys.executable
    if python.startswith(os.getcwd() + os.sep):
        python = os.path.relpath(python)
    command = [python, '-m', 'tensorboard.main', '--logdir', os.path.expanduser(logdir)]
    if os.name == 'nt':
        return subprocess.list2cmdline(command)
    return ' '.join(map(shlex.quote, command))
