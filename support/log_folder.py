"""The log folder. Each run has a folder of its own, and no run touches another's."""

import contextlib
import os

import tensorflow.compat.v1 as tf


def new_run(logdir):
    """Create and print the folder of a new run.

    The first run uses the log folder itself. Later runs use run_2, run_3, and so on.

    Args:
        logdir: the log folder, a string or a Path. `~` stands for the home folder.

    Returns:
        The run's folder for TensorFlow, a string.

    Raises:
        OSError: the folder can't be created, or TensorBoard can't open it.
    """
    run = logdir = os.path.expanduser(logdir)
    try:
        if tf.__version__ < '2' and set(':,') & set(os.path.splitdrive(logdir)[1]):
            raise OSError("TensorBoard 1 splits --logdir at ':' and ','")
        os.makedirs(logdir, exist_ok=True)
        if os.path.lexists(f'{run}/test') or not can_create(f'{run}/train'):
            number = 2
            while not can_create(f'{logdir}/run_{number}'):
                number += 1
            run = f'{logdir}/run_{number}'
    except OSError as error:
        raise OSError(f"Can't use {logdir!r} ({error}). Pass another logdir.")
    print(f'Writing summaries to {run}')
    # Python 3.6 may have read the name as ASCII.
    return os.fsencode(run).decode()


def can_create(folder):
    """Create a folder. Return False if something has its name."""
    try:
        # Of two programs that start at once, only one can create it.
        os.mkdir(folder)
    except FileExistsError:
        return False
    return True


@contextlib.contextmanager
def kept(run):
    """Raise OSError if a summary can't be written, or if the summaries are gone."""
    try:
        yield
    except Exception as error:  # FileWriter's errors have several types.
        if 'tfevents' not in str(error):
            raise
        reason = str(error).splitlines()[0]
        raise OSError(f"Can't write summaries ({reason}). Pass another logdir.")
    for name in 'train', 'test':
        if not tf.gfile.Exists(f'{run}/{name}'):
            raise OSError(f'The summaries in {run!r} were removed during the run.')
