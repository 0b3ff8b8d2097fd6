"""The log folder: one run at a time writes to it, and earlier runs are kept."""

import contextlib
import os
import time

import filelock
import tensorflow.compat.v1 as tf

RUNS = 'train', 'test'


def check(logdir):
    """Create the log folder if it's missing, and check that a run can use it.

    Args:
        logdir: the log folder, a string or a Path. `~` stands for the home folder.

    Returns:
        The log folder as a string.

    Raises:
        OSError: the folder can't be used, or another run is using it.
    """
    logdir = os.path.expanduser(os.fspath(logdir))
    with remedy(logdir, OSError):
        if tf.__version__ < '2' and set(os.path.basename(logdir)) & set(':,'):
            raise OSError("TensorBoard 1 splits --logdir at ':' and ','")
        os.makedirs(logdir, exist_ok=True)
        with lock(logdir):
            for run in existing_runs(logdir):
                files = os.listdir(os.path.join(logdir, run))
                if files and 'tfevents' not in ''.join(files):
                    raise OSError(f'its folder {run!r} holds no summaries')
    # TensorFlow wants UTF-8, but Python 3.6 may decode a name as ASCII.
    return os.fsencode(logdir).decode()


def start_run(logdir):
    """Lock the log folder and move an earlier run.

    Args:
        logdir: what `check` returned.

    Returns:
        A context manager that unlocks the folder. It turns the errors of the writers
        into OSErrors.

    Raises:
        OSError: another run is using the folder, or the earlier run can't be moved.
    """
    logdir = os.fsdecode(logdir.encode())
    with remedy(logdir, OSError), contextlib.ExitStack() as run:
        run.enter_context(lock(logdir))
        move_earlier_run(logdir)
        run.enter_context(remedy(logdir, RuntimeError))
        return run.pop_all()  # If the move fails, the folder is unlocked at once.


@contextlib.contextmanager
def remedy(logdir, kind):
    """Turn an exception of this kind into an OSError that names the folder."""
    try:
        yield
    except kind as error:
        reason = str(error).splitlines()[0]
        raise OSError(
            f"Can't use {logdir!r} ({reason}). "
            'Pass another --logdir, or stop other programs that use it.'
        )


def lock(logdir):
    """Lock the folder until the returned context manager exits.

    The operating system unlocks it when the program ends, even after a kill.
    """
    try:
        return filelock.FileLock(os.path.join(logdir, '.lock')).acquire(timeout=0)
    except filelock.Timeout:
        raise OSError('another run is writing to it')


def existing_runs(logdir):
    """Return the names of the folders that hold the latest run."""
    return [run for run in RUNS if os.path.exists(os.path.join(logdir, run))]


def move_earlier_run(logdir):
    """Move the folders `train` and `test` to one named after the run's start time."""
    runs = existing_runs(logdir)
    if runs:
        began = time.localtime(os.path.getmtime(os.path.join(logdir, runs[0])))
        earlier = os.path.join(logdir, time.strftime('was_%y%m%d_%H%M%S', began))
        while os.path.exists(earlier):
            earlier += '_'
        os.makedirs(earlier)
        for run in runs:
            os.rename(os.path.join(logdir, run), os.path.join(earlier, run))


def flush(*writers):
    """Save all summaries, so that a kill can't lose them."""
    for writer in writers:
        writer.flush()
