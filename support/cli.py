"""The command line of a lesson: its flags, its messages, and its exit status."""

import argparse
import contextlib
import inspect
import io
import logging
import numbers
import os
import subprocess
import sys
import threading

from support import speed
from support.npz import DataError

HELP = {
    'data': 'the dataset: mnist, synthetic, an .npz file in the format of mnist.npz, '
    'or auto, which is mnist if it is available and synthetic otherwise',
    'steps': 'the number of the last step; the first step is 0',
    'logdir': 'the folder for the summaries',
    'seed': 'the seed of the initial weights and of the shuffling',
}


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
    # In a notebook's cell, sys.argv holds the flags of the kernel.
    if '__file__' not in main.__globals__ or 'kernel_launcher' in sys.argv[0]:
        main()
        return
    parser = argparse.ArgumentParser(
        description='Train the model, and write summaries for TensorBoard.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    for name, flag in inspect.signature(main).parameters.items():
        default = flag.default
        parser.add_argument(
            f'--{name}', type=type(default), default=default, help=HELP[name]
        )
    flags = parser.parse_args()
    try:
        check_counts(steps=flags.steps, seed=flags.seed)
    except ValueError as error:
        parser.error(str(error))

    python = sys.executable
    if python.startswith(os.getcwd() + os.sep):
        python = os.path.relpath(python)
    logdir = os.path.expanduser(flags.logdir)
    command = [python, '-m', 'tensorboard.main', '--logdir', logdir]
    saved = f'in {flags.logdir}. To see them: {subprocess.list2cmdline(command)}'
    if speed.started:  # A notebook keeps its own settings.
        # main raises a writer's error. Hide the report of the writer's thread.
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
    """Return a stream that prints each line immediately.

    It escapes characters that its encoding lacks.
    """
    if not hasattr(stream, 'buffer'):  # A notebook prints immediately.
        return stream
    # Nothing stays in a buffer, so a closed pipe can't fail twice.
    raw = open(stream.fileno(), 'wb', 0, closefd=False)
    return io.TextIOWrapper(
        raw, stream.encoding, 'backslashreplace', write_through=True
    )
