"""The lesson as a program: a whole run, two at once, Ctrl-C, and lost output."""

import os
import re
import signal
import subprocess
import sys

from helper import tf

import pytest
from conftest import ROOT, assert_printed_points_are_saved, printed, save_npz

JAPANESE = os.fsdecode('私のログ'.encode())


def start(folder, *flags, **changes):
    """Start the lesson on the small dataset, with changed environment variables."""
    script = os.path.join(ROOT, 'logistic.py')
    env = dict(os.environ)
    for name in 'PYTHONUNBUFFERED', 'TF_CPP_MIN_LOG_LEVEL', 'TF_ENABLE_ONEDNN_OPTS':
        env.pop(name, None)
    env.update(changes)
    return subprocess.Popen(
        [sys.executable, script, '--data', 'small.npz'] + list(flags),
        cwd=str(folder),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """The folder that all runs start in."""
    folder = tmp_path_factory.mktemp('runs')
    save_npz(folder / 'small.npz')
    return folder


@pytest.fixture(scope='module')
def runs(folder):
    """Four runs. All start at once, because TensorFlow's import takes seconds."""
    # A shell's background jobs ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    endless = '--steps=9000000'
    console = dict(PYTHONIOENCODING='ascii', LC_ALL='C')
    runs = {
        'whole': start(folder, '--steps=1000', '--logdir', JAPANESE, **console),
        'stopped': start(folder, '--logdir=log', endless),
        'closed': start(folder, '--logdir=log', endless, TF_CPP_MIN_LOG_LEVEL='1'),
        'full': start(folder, '--logdir=full', endless),
    }
    if sys.platform == 'linux':
        import resource

        resource.prlimit(runs['full'].pid, resource.RLIMIT_FSIZE, (9000, 9000))
    yield runs
    for process in runs.values():
        process.kill()


def read_until(process, text):
    """Return the lines that the process prints, up to the first one with this text."""
    out = ''
    while text not in out:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        out += line
    return out


def finish(process):
    """Return what else the process prints, and its errors."""
    out, err = process.communicate(timeout=100)
    if tf.__version__.startswith('2.20.'):  # No setting hides these lines.
        err = re.sub('(WARNING: All log messages before absl|I0000).*\n', '', err)
    return out, err


def test_a_run_prints_its_lines_and_no_others(folder, runs):
    out, err = finish(runs['whole'])
    assert (runs['whole'].returncode, err) == (0, '')
    first, second, _, _, last = out.splitlines()
    assert first == "'small.npz' (not MNIST), 300 training and 120 test images"
    assert second.startswith('Writing summaries to \\u')  # The console lacks it.
    assert [step for step, _, _ in printed(out)] == [0, 1000]
    assert last.startswith('The summaries are in \\u')
    assert_printed_points_are_saved(out, folder / JAPANESE)


@pytest.fixture(scope='module')
def two(folder, runs):
    """The folders of two runs that have the same log folder."""
    folders = {}
    for name in 'stopped', 'closed':
        out = read_until(runs[name], 'step: 2000,')
        written = re.search('^Writing summaries to (.*)', out, re.M)
        folders[name] = folder / written.group(1)
        # From now on, even a kill keeps these points.
        assert_printed_points_are_saved(out, folders[name])
    return folders


def test_two_runs_at_once_keep_apart(folder, two):
    assert set(two.values()) == {folder / 'log', folder / 'log' / 'run_2'}


@pytest.mark.skipif(os.name != 'posix', reason='Windows has no such signals')
def test_ctrl_c_keeps_all_printed_points(runs, two):
    out = read_until(runs['stopped'], 'step: 5000,')
    runs['stopped'].send_signal(signal.SIGINT)
    rest, err = finish(runs['stopped'])
    assert err.count('\n') == 1
    assert runs['stopped'].returncode == 130
    assert_printed_points_are_saved(out + rest, two['stopped'])


@pytest.mark.skipif(os.name != 'posix', reason='Windows has no such pipes')
def test_a_closed_pipe_ends_the_run_with_one_line(runs, two):
    runs['closed'].stdout.close()
    err = runs['closed'].stderr.read()
    assert err.endswith('logistic.py: [Errno 32] Broken pipe\n')
    assert 'session' not in err  # TensorFlow would warn of a graph that changes.
    assert runs['closed'].wait() == 1


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux has prlimit')
@pytest.mark.skipif(tf.__version__ < '2', reason='TensorFlow 1 ignores a full disk')
def test_a_full_disk_ends_the_run_with_one_line(runs):
    err = finish(runs['full'])[1]
    assert err.startswith("logistic.py: Can't write summaries (")
    assert err.count('\n') == runs['full'].returncode == 1
