"""The log folder: the newest run is always in `train` and `test`, and no run mixes with another."""
import os
import tempfile
import time

RUNS = ('train', 'test')
PREFIX = 'events.out.tfevents.'  # of the files that TensorBoard reads; the time of creation follows, in seconds


def prepare(logdir):
    """Make room for a new run in `logdir/train` and `logdir/test`.

    What an earlier run left there is moved to a folder named by when it began, where TensorBoard still shows it.
    Nothing is deleted, and nothing is moved if anything there is not a summary.

    Raises:
        OSError: the folder cannot be written, or holds files that are not summaries; one sentence says what to do.
    """
    try:
        os.makedirs(logdir, exist_ok=True)
        with tempfile.TemporaryFile(dir=logdir):
            pass
        set_aside(logdir)
        for run in RUNS:
            os.makedirs(os.path.join(logdir, run), exist_ok=True)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError('The log folder {} cannot be written ({}): give --logdir another folder.'.format(
            logdir, error.strerror))


def set_aside(logdir):
    folders = [os.path.join(logdir, run) for run in RUNS if os.path.lexists(os.path.join(logdir, run))]
    files = []
    for folder in folders:
        if os.path.islink(folder) or not os.path.isdir(folder):
            raise OSError('{} is not a folder of summaries: move it away, or give --logdir another.'.format(folder))
        for name in os.listdir(folder):
            if not name.startswith(PREFIX):
                raise OSError('{} is not a summary: move it away, or give --logdir another folder.'.format(
                    os.path.join(folder, name)))
            files.append(name)
    if not files:
        return
    began = min(int(name.split('.')[3]) for name in files)
    name = time.strftime('%Y-%m-%d_%H-%M-%S', time.localtime(began))
    earlier, count = os.path.join(logdir, name), 1
    while os.path.exists(earlier):
        count += 1
        earlier = os.path.join(logdir, '{}_{}'.format(name, count))
    os.mkdir(earlier)
    for folder in folders:
        os.rename(folder, os.path.join(earlier, os.path.basename(folder)))
