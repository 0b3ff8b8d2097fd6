"""The log folder: who may write to it, and where the earlier run goes."""

import contextlib
import errno
import os
import shutil
import time

import tensorflow.compat.v1 as tf

try:
    import fcntl
except ImportError:
    import msvcrt

RUNS = 'train', 'test'


def check(logdir):
    """Create the log folder if it's missing, and check that a run can use it.

    Args:
        logdir: the log folder, a string or a Path. `~` stands for the home folder.

    Returns:
        The log folder as a string.

    Raises:
        OSError: the folder can't be used.
    """
    logdir = os.path.expanduser(os.fspath(logdir))
    with remedy(logdir):
        if tf.__version__ < '2' and set(os.path.splitdrive(logdir)[1]) & set(':,'):
            raise OSError("TensorBoard 1 splits --logdir at ':' and ','")
        os.makedirs(logdir, exist_ok=True)
        check_space(logdir)
        locked(logdir).close()
        for run in existing_runs(logdir):
            files = os.listdir(os.path.join(logdir, run))
            if files and not any('tfevents' in file for file in files):
                raise OSError(f'its folder {run!r} holds no summaries')
    # TensorFlow wants UTF-8, but Python 3.6 may decode a name as ASCII.
    return os.fsencode(logdir).decode()


def start_run(logdir):
    """Reserve the log folder for a run, and keep the earlier run.

    Args:
        logdir: what `check` returned.

    Returns:
        A context manager. It ends the reservation, and it turns the errors of the
        writers into OSErrors.

    Raises:
        OSError: another run is using the folder, or the earlier one can't be moved.
    """
    logdir = os.fsdecode(logdir.encode())
    with remedy(logdir):
        lock = locked(logdir)
        move_earlier_run(logdir)
    return reserved(logdir, lock)


@contextlib.contextmanager
def reserved(logdir, lock):
    with lock:
        try:
            yield
        except RuntimeError as error:  # A FileWriter can't write.
            reason = str(error).splitlines()[0]
            raise OSError(
                f"Can't write to {logdir!r} ({reason}). "
                'Free some disk space, or pass another --logdir.'
            )
        if len(existing_runs(logdir)) < len(RUNS):
            raise OSError(f'The summaries were removed from {logdir!r}.')


@contextlib.contextmanager
def remedy(logdir):
    """Add the name of the folder and a remedy to the message of an OSError."""
    try:
        yield
    except OSError as error:
        raise OSError(f"Can't use {logdir!r} ({error}). Pass another --logdir.")


def locked(logdir):
    """Return a file in the log folder that stays locked until you close it.

    The operating system unlocks it when the program ends, even after a kill.

    Raises:
        OSError: another run has locked it, or the folder can't be written to.
    """
    file = open(os.path.join(logdir, '.lock'), 'w')
    try:
        if os.name == 'nt':
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:  # Some network folders can't lock a file.
        if error.errno in (errno.EACCES, errno.EAGAIN):
            file.close()
            raise OSError('another run is writing to it')
    return file


def check_space(folder):
    """Raise OSError if the disk is full. TensorFlow 1 would lose summaries silently."""
    if shutil.disk_usage(folder).free < 2**20:
        raise OSError('less than 1 MB of disk space is free')


def existing_runs(logdir):
    """Return the names of the folders that hold the latest run."""
    return [run for run in RUNS if os.path.exists(os.path.join(logdir, run))]


def move_earlier_run(logdir):
    """Move the folders `train` and `test` to one named after the run's start time.

    Raises:
        OSError: a folder can't be moved.
    """
    runs = existing_runs(logdir)
    if runs:
        began = time.localtime(os.path.getmtime(os.path.join(logdir, runs[0])))
        earlier = os.path.join(logdir, time.strftime('was_%y%m%d_%H%M%S', began))
        while os.path.exists(earlier):
            earlier += '_'
        os.makedirs(earlier)
        try:
            for run in runs:
                os.rename(os.path.join(logdir, run), os.path.join(earlier, run))
        except PermissionError as error:
            raise OSError(f'{error}; on Windows, stop TensorBoard first')


def flush(*writers):
    """Save all summaries, so that a kill can't lose them.

    Raises:
        OSError: the disk is full.
    """
    for writer in writers:
        folder = os.fsdecode(writer.get_logdir().encode())
        with remedy(folder):
            check_space(folder)
        writer.flush()
