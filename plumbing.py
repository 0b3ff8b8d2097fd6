"""What surrounds a lesson: its flags, its log folder, and how a run ends early."""
import argparse
import os
import re
import signal
import sys
import tempfile
import time

from mnist_data import DataError

RUNS = ('train', 'test')
SUMMARIES = re.compile(r'events\.out\.tfevents\.(\d{1,10})\.')  # TensorBoard's files, by their time in seconds


def lesson_flags(description, steps, logdir):
    """Read the flags that change from run to run; `--help` shows them, and wrong ones end the run with status 2."""
    def natural(text):
        number = int(text)
        if not 0 <= number < 2 ** 31:
            raise ValueError
        return number

    natural.__name__ = 'number from 0 to 2147483647'  # argparse names it in its message
    parser = argparse.ArgumentParser(description=description.split('\n')[0],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--data', default='auto', metavar='auto|mnist|drawn|FILE.npz',
                        help='what to learn from; auto is mnist, and drawn where MNIST cannot be had')
    parser.add_argument('--steps', type=natural, default=steps, metavar='N', help='the last step; the first is 0')
    parser.add_argument('--logdir', default=logdir, metavar='DIR', help='folder of the summaries')
    parser.add_argument('--seed', type=natural, default=0, metavar='N', help='seed of the weights and the shuffling')
    return parser.parse_args()


def training_steps(last):
    """Count 0, 1, ..., last; Ctrl-C ends the count, and with it the run, between two steps."""
    interrupts = []
    before = signal.signal(signal.SIGINT, lambda *interrupt: interrupts.append(interrupt))
    try:
        for step in range(last + 1):
            yield step
            if interrupts:
                print('Stopped at step {}: the summaries up to there are kept.'.format(step), file=sys.stderr)
                sys.exit(130)  # what a shell reports of a program that Ctrl-C ended
    finally:
        signal.signal(signal.SIGINT, before)


def prepare_log_folder(logdir):
    """Make room for a new run in `logdir/train` and `logdir/test`.

    What an earlier run left there is moved to a folder named by when it began, where TensorBoard still shows it.
    Nothing is deleted, and nothing is moved if anything there is not a summary.

    Raises:
        OSError: the folder cannot be written, or holds files that are not summaries; one sentence says what to do.
    """
    if '\udc80' <= max(logdir, default='') <= '\udcff':  # how Python 3.6 reads them in the locale C
        raise OSError('This locale knows ASCII names only: set LC_ALL=C.UTF-8, or give --logdir an ASCII name.')
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
    times = []
    for folder in folders:
        if os.path.islink(folder) or not os.path.isdir(folder):
            raise OSError('{} is not a folder of summaries: move it away, or give --logdir another.'.format(folder))
        for name in os.listdir(folder):
            summaries = SUMMARIES.match(name)
            if not summaries:
                raise OSError('{} is not a summary: move it away, or give --logdir another folder.'.format(
                    os.path.join(folder, name)))
            times.append(int(summaries.group(1)))
    if not times:
        return
    name = time.strftime('%Y-%m-%d_%H-%M-%S', time.localtime(min(times)))
    earlier, count = os.path.join(logdir, name), 1
    while os.path.exists(earlier):
        count += 1
        earlier = os.path.join(logdir, '{}_{}'.format(name, count))
    os.mkdir(earlier)
    for folder in folders:
        os.rename(folder, os.path.join(earlier, os.path.basename(folder)))


def run_lesson(main):
    """Run a lesson's `main`; what a user can mend ends it with one sentence and status 1, Ctrl-C with status 130."""
    try:
        main()
    except (DataError, OSError) as error:
        sys.exit('{}: {}'.format(os.path.basename(sys.argv[0]), error))
    except KeyboardInterrupt:
        print('Stopped outside the training steps; what was saved is kept.', file=sys.stderr)
        sys.exit(130)
