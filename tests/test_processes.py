"""The lesson as a program: a whole run, Ctrl-C, and a kill."""

import os
import re
import signal
import subprocess
import sys

from helper import tf

import pytest
from conftest import ROOT, assert_printed_points_are_saved, printed, save_npz


def start(folder, *flags, **changes):
    """Start the lesson on the small dataset, with changed environment variables."""
    save_npz(folder / 'small.npz')
    script = os.path.join(ROOT, 'logistic.py')
    env = dict(os.environ, KERAS_HOME=str(folder))
    for name in 'PYTHONUNBUFFERED', 'TF_CPP_MIN_LOG_LEVEL', 'TF_ENABLE_ONEDNN_OPTS':
        env.pop(name, None)
    env.update(changes)
    command = [sys.executable, script, '--data', 'small.npz'] + list(flags)
    if os.name == 'posix':  # A shell's background jobs ignore Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return subprocess.Popen(
        command,
        cwd=str(folder),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )


def read_until(process, text):
    """Return the lines that the process prints, up to the first one with this text."""
    lines = []
    while not lines or text not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    return ''.join(lines)


def finish(process):
    """Return what else the process prints, and its errors."""
    out, err = process.communicate(timeout=100)
    if tf.__version__.startswith('2.20.'):  # No setting hides these lines.
        err = re.sub('(WARNING: All log messages before absl|I0000).*\n', '', err)
    return out, err


def test_a_run_prints_its_lines_and_no_others(tmp_path):
    logdir = os.fsdecode('私のログ'.encode())
    console = dict(PYTHONIOENCODING='ascii', LC_ALL='C')
    flags = '--steps', '1000', '--logdir', logdir
    process = start(tmp_path, *flags, **console)
    out, err = finish(process)
    assert (process.returncode, err) == (0, '')
    first, second, _, _, last = out.splitlines()
    assert first == "'small.npz' (not MNIST), 300 training and 120 test images"
    assert second.startswith('Writing summaries to \\u')  # The console lacks it.
    assert [step for step, _, _ in printed(out)] == [0, 1000]
    assert last.startswith('The summaries are in \\u')
    assert_printed_points_are_saved(out, tmp_path / logdir)


@pytest.mark.skipif(os.name != 'posix', reason='Windows has no such signals')
@pytest.mark.parametrize('name, status', [('SIGINT', 130), ('SIGKILL', -9)])
def test_all_printed_points_survive(tmp_path, name, status):
    process = start(tmp_path, '--logdir', 'log', '--steps=9000000')
    try:
        out = read_until(process, 'step: 2000,')
        process.send_signal(getattr(signal, name))
        rest, err = finish(process)
    finally:
        process.kill()
    if name == 'SIGINT':  # A kill may come between a line and the next.
        out += rest
        assert err.count('\n') == 1
    assert_printed_points_are_saved(out, tmp_path / 'log')
    assert process.returncode == status


def test_two_runs_at_once_keep_apart(tmp_path):
    both = [start(tmp_path, '--logdir=log', '--steps=90') for _ in range(2)]
    found = set()
    for process in both:
        out, err = finish(process)
        assert (process.returncode, err) == (0, '')
        folder = re.search('^Writing summaries to (.*)', out, re.M).group(1)
        assert_printed_points_are_saved(out, tmp_path / folder)
        found.add(folder)
    assert found == {'log', 'log/run_2'}


@pytest.mark.skipif(os.name != 'posix', reason='Windows has no such pipes')
def test_a_closed_pipe_ends_the_run_with_one_line(tmp_path):
    process = start(tmp_path, '--logdir', 'log', TF_CPP_MIN_LOG_LEVEL='1')
    read_until(process, 'step: 0,')
    process.stdout.close()
    err = process.stderr.read()
    assert err.endswith('logistic.py: [Errno 32] Broken pipe\n')
    assert 'session' not in err  # TensorFlow would warn of a graph that changes.
    assert process.wait() == 1


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux has prlimit')
@pytest.mark.skipif(tf.__version__ < '2', reason='TensorFlow 1 ignores a full disk')
def test_a_full_disk_ends_the_run_with_one_line(tmp_path):
    import resource

    process = start(tmp_path, '--logdir', 'log')
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (9000, 9000))
    err = finish(process)[1]
    assert err.startswith("logistic.py: Can't write summaries (")
    assert err.count('\n') == process.returncode == 1
