"""The folder of a run's summaries: what an earlier run left in it, and other runs that want it at the same time."""
import contextlib
import itertools
import os
import re
import time

try:
    import fcntl
except ImportError:  # Windows, where nobody can move a file that another program has open
    fcntl = None

RUNS = ('train', 'test')
EVENT_FILE = re.compile(r'events\.out\.tfevents\.(\d{1,10})\.')  # how TensorBoard's files are called, with their second


@contextlib.contextmanager
def log_folder(logdir):
    """Make the folder ready for a new run, and keep every other run out of it as long as this one lasts.

    Raises:
        OSError: that cannot be done, or something else than summaries is in the way.
    """
    if re.match(r'[\w+.-]+://', logdir):
        raise OSError('it is not a folder of this machine')
    os.makedirs(logdir, exist_ok=True)
    with contextlib.ExitStack() as stack:
        if fcntl:
            stack.callback(os.close, lock(logdir))
        set_aside(logdir)
        yield


def lock(folder):
    """Keep every other run out of the folder, until what this returns is closed."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OSError('another run is writing there')
    except OSError:  # a file system without locks
        pass
    return handle


def set_aside(logdir):
    """Move what an earlier run left in `logdir/train` and `logdir/test` to a folder that is named by when it began.

    TensorBoard shows it there as a run of its own. Nothing is deleted. Either both are moved or, with an OSError,
    neither, as when one of them holds anything but summaries.
    """
    folders = [path for path in (os.path.join(logdir, run) for run in RUNS) if os.path.lexists(path)]
    times = []
    for folder in folders:
        if os.path.islink(folder) or not os.path.isdir(folder):
            raise OSError('{} is not a folder of summaries: move it away'.format(folder))
        for name in os.listdir(folder):
            if not EVENT_FILE.match(name):
                raise OSError('{} is not a summary: move it away'.format(os.path.join(folder, name)))
            times.append(int(EVENT_FILE.match(name).group(1)))
    if not times:
        return
    name = os.path.join(logdir, time.strftime('was_%y%m%d_%H%M%S', time.localtime(min(times))))  # sorts after train
    names = itertools.chain([name], ('{}_{}'.format(name, count) for count in itertools.count(2)))
    earlier = next(name for name in names if not os.path.lexists(name))
    with contextlib.ExitStack() as undo:
        os.mkdir(earlier)
        undo.callback(os.rmdir, earlier)
        for folder in folders:
            moved = os.path.join(earlier, os.path.basename(folder))
            os.rename(folder, moved)
            undo.callback(os.rename, moved, folder)
        undo.pop_all()
