"""The command line of a lesson: its flags, its messages, and its exit status."""

import argparse
import contextlib
import inspect
import io
import numbers
import os
import subprocess
import sys
import traceback

from support.npz import DataError

import tensorflow.compat.v1 as tf

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
            if name == 'steps':
                name = 'steps (TRAINING_LOOP)'  # Its default value has another name.
            raise ValueError(f'{name} must be an integer of at least 0 (got {count!r})')


def count(text):
    """Convert a flag's value to an integer of at least 0."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f'must be at least 0 (got {number})')
    return number


def run(main):
    """Call a lesson's `main` with the flags from the command line.

    If the data, the log folder, or the result is unusable, print one line and exit
    with status 1. Wrong flags give status 2. Ctrl-C gives status 130. Any other error
    keeps its traceback, and ends in one line with status 1.

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
        kind = count if name in ('steps', 'seed') else str
        parser.add_argument(
            f'--{name}', type=kind, default=flag.default, help=HELP[name]
        )
    flags = parser.parse_args()

    python = sys.executable
    if python.startswith(os.getcwd() + os.sep):
        python = os.path.relpath(python)
    logdir = os.path.expanduser(flags.logdir)
    command = [python, '-m', 'tensorboard.main', '--logdir', logdir]
    saved = f'in {flags.logdir}. To see them: {subprocess.list2cmdline(command)}'
    try:
        with contextlib.redirect_stdout(line_by_line(sys.stdout)):
            main(**vars(flags))
            print(f'The summaries are {saved}')
    except (DataError, OSError, FloatingPointError) as error:
        sys.exit(f'{parser.prog}: {error}')
    except KeyboardInterrupt:
        print(f'Stopped. The printed steps, if any, are saved {saved}', file=sys.stderr)
        sys.exit(130)
    except Exception as error:  # for example, after a change of the lesson
        traceback.print_exc()
        sys.exit(f'{parser.prog}: {first_line(error)}')


def first_line(error):
    """Return the first line of an error's message, without TensorFlow's additions.

    If the error has no message, return its name.
    """
    # TensorFlow adds stacks to a message, and raises an error with the longer one.
    while isinstance(error.__context__, tf.errors.OpError):
        error = error.__context__
    return str(error).strip().split('\n')[0] or repr(error)


def line_by_line(stream):
    """Return a stream that prints each line immediately.

    It escapes characters that its encoding lacks.
    """
    try:
        # Nothing stays in a buffer, so a closed pipe can't fail twice.
        raw = open(stream.fileno(), 'wb', 0, closefd=False)
    except (AttributeError, OSError):  # A notebook or a test captures the output.
        return stream
    return io.TextIOWrapper(
        raw, stream.encoding, 'backslashreplace', write_through=True
    )
