"""The log folder: one run at a time writes to it, and earlier runs are kept."""

import contextlib
import os
import sqlite3
import time

import tensorflow.compat.v1 as tf


@contextlib.contextmanager
def lock(logdir):
    """Create the log folder if it's missing, and keep other runs out of it.

    Args:
        logdir: the log folder, a string or a Path. `~` stands for the home folder.

    Raises:
        OSError: the folder can't be used, another run is using it, or a summary can't
            be written.
    """
    logdir = os.path.expanduser(logdir)
    with remedy(logdir, (OSError, sqlite3.Error)):
        if tf.__version__ < '2' and set(os.path.basename(logdir)) & set(':,'):
            raise OSError("TensorBoard 1 splits --logdir at ':' and ','")
        os.makedirs(logdir, exist_ok=True)
        # SQLite locks a file on every system. Even a kill unlocks it.
        database = sqlite3.connect(in_utf_8(f'{logdir}/.lock'), timeout=0)
        try:
            database.execute('BEGIN EXCLUSIVE')
        except sqlite3.Error as error:
            raise OSError(f'another run may be using it: {error}')
    # FileWriter's errors have several types. All name its file.
    with contextlib.closing(database), remedy(logdir, Exception, 'tfevents'):
        yield


def start_run(logdir):
    """Move an earlier run's `train` and `test` to a folder named after its start.

    Args:
        logdir: the log folder, a string or a Path.

    Returns:
        The log folder's path for TensorFlow, a string.

    Raises:
        OSError: the earlier run can't be moved.
    """
    logdir = os.path.expanduser(logdir)
    with remedy(logdir, OSError):
        runs = [run for run in ('train', 'test') if os.path.exists(f'{logdir}/{run}')]
        for run in runs:
            files = os.listdir(f'{logdir}/{run}')
            if files and 'tfevents' not in ''.join(files):
                raise OSError(f'its folder {run!r} holds no summaries')
        if runs:
            began = time.localtime(os.path.getmtime(f'{logdir}/{runs[0]}'))
            earlier = f'{logdir}/' + time.strftime('was_%y%m%d_%H%M%S', began)
            while os.path.exists(earlier):
                earlier += '_'
            os.makedirs(earlier)
        for run in runs:
            os.rename(f'{logdir}/{run}', f'{earlier}/{run}')
    return in_utf_8(logdir)


def in_utf_8(path):
    """Return a path for SQLite and TensorFlow. Python 3.6 may have read it as ASCII."""
    return os.fsencode(path).decode()


@contextlib.contextmanager
def remedy(logdir, kind, text=''):
    """Turn exceptions of this kind and with this text into OSErrors with a remedy."""
    try:
        yield
    except kind as error:
        if text not in str(error):
            raise
        reason = str(error).splitlines()[0]
        raise OSError(
            f"Can't use {logdir!r} ({reason}). "
            'Pass another --logdir, or stop other programs that use it.'
        )
