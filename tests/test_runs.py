"""What becomes of the log folder when runs follow one another, collide, end early or cannot write; and how the script
begins and ends: flags, sentences, exit status, Ctrl-C, streams.
"""
import argparse
import builtins
import contextlib
import datetime
import errno
import glob
import importlib.abc
import importlib.util
import inspect
import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys

import hypothesis
import numpy as np
import pytest
from conftest import ROOT, arrays, environment, events, printed, start, steps, text
from hypothesis import example, strategies

import logistic
from helper import run_lesson, summary_writers, tf

hypothesis.configuration.set_hypothesis_home_dir(os.devnull)  # or it would leave a folder where pytest is called

on_unix = pytest.mark.skipif(os.name != 'posix', reason='Windows sends no Ctrl-C to one process alone')
NAME = os.fsdecode('\xe9 \u6570\u5b57'.encode('utf-8'))  # e with an accent, and "digits" in Japanese
THEN = 1555555555  # 2019-04-18, as the names of event files give it


def named_by(second):
    return datetime.datetime.fromtimestamp(second).strftime('was_%y%m%d_%H%M%S')


def point(value, tag='accuracy'):
    return tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=value)]).SerializeToString()


def write_run(logdir, n=3):
    with summary_writers(str(logdir), tf.Graph(), {'steps': n}) as writers:
        for step in range(n):
            for writer in writers:
                writer.add_summary(point(step / n), step)


def small_lesson(data='auto', steps=2, logdir='log', seed=0):
    write_run(logdir, steps + 1)


def tree(folder):
    """All that is in a folder: {path: what a file holds, where a link leads, None for a folder}."""
    found = {}
    for parent, folders, files in os.walk(str(folder)):
        for name in folders + files:
            path = os.path.join(parent, name)
            found[os.path.relpath(path, str(folder))] = (
                os.readlink(path) if os.path.islink(path) else content(path) if name in files else None)
    return found


def content(path):
    with open(path, 'rb') as file:
        return file.read()


def put(path, what=b'mine'):
    os.makedirs(os.path.dirname(str(path)), exist_ok=True)
    with open(str(path), 'wb') as file:
        file.write(what)


def event_file(logdir, run):
    path, = glob.glob(os.path.join(glob.escape(str(logdir)), run, '*'))
    return path


@pytest.fixture
def script(monkeypatch, capsys):
    """A function that begins and ends as a lesson's script does, in this process: (exit status, stdout, stderr)."""
    def run(main, *flags):
        handler = signal.getsignal(signal.SIGINT)
        monkeypatch.setattr(sys, 'argv', ['logistic.py'] + [str(flag) for flag in flags])
        capsys.readouterr()
        try:
            with pytest.raises(SystemExit) as stop:
                run_lesson(main)
        finally:
            signal.signal(signal.SIGINT, handler)
        return (stop.value.code or 0,) + tuple(capsys.readouterr())
    return run


def assert_one_sentence(err, *parts):
    line, = err.splitlines()
    assert line.endswith('.') and err.endswith('\n')
    for part in parts:
        assert str(part) in line


# Runs that follow one another


def test_the_newest_run_is_in_train_and_test_and_the_earlier_ones_are_kept(lesson):
    written = []
    for last in [10, 20, 30]:
        logdir = lesson(steps=last, SUMMARY_INTERVAL=10)
        written += [content(event_file(logdir, run)) for run in ('train', 'test')]
        assert set(written) == set(what for what in tree(logdir).values() if what)  # all as it was, to the byte
    earlier = sorted(name for name in os.listdir(logdir) if name not in ('train', 'test'))
    assert len(earlier) == 2 and all(re.match(r'was_\d{6}_\d{6}(_2)?$', name) for name in earlier)
    assert steps(logdir, 'train') == steps(logdir, 'test') == [0, 10, 20, 30]
    lasts = [[steps(logdir, os.path.join(name, run))[-1] for run in ('train', 'test')] for name in earlier]
    assert sorted(lasts) == [[10, 10], [20, 20]]


@pytest.mark.parametrize('train, test', [(THEN, THEN + 1), (THEN + 1, THEN), (THEN, None), (None, THEN)])
def test_an_earlier_run_is_named_by_when_it_began_and_stands_below_the_newest(train, test, tmp_path):
    for run, second in [('train', train), ('test', test)]:
        if second:
            put(tmp_path / run / 'events.out.tfevents.{}.host'.format(second))
    before = {os.path.join(named_by(THEN), path) for path in tree(tmp_path)}
    write_run(tmp_path)
    assert sorted(os.listdir(str(tmp_path))) == ['test', 'train', named_by(THEN)]
    assert before <= set(tree(tmp_path))


def test_runs_that_began_in_the_same_second_are_told_apart(tmp_path):
    put(tmp_path / (named_by(THEN) + '_4'), b'a file')
    for count in range(11):
        shutil.rmtree(str(tmp_path / 'train'), ignore_errors=True)
        shutil.rmtree(str(tmp_path / 'test'), ignore_errors=True)
        put(tmp_path / 'train' / 'events.out.tfevents.{}.host'.format(THEN), str(count).encode())
        write_run(tmp_path)
    names = [named_by(THEN)] + ['{}_{}'.format(named_by(THEN), count) for count in range(2, 13) if count != 4]
    for count, name in enumerate(names):
        assert content(event_file(tmp_path, os.path.join(name, 'train'))) == str(count).encode()
    assert content(str(tmp_path / (named_by(THEN) + '_4'))) == b'a file'


def test_what_tensorflows_own_writer_left_is_an_earlier_run(tmp_path):
    for run in ['train', 'train', 'test']:
        with tf.Graph().as_default(), tf.summary.FileWriter(str(tmp_path / run)) as writer:
            writer.add_summary(point(0.5), 7)
    before = sorted(what for what in tree(tmp_path).values() if what)
    write_run(tmp_path)
    earlier, = set(os.listdir(str(tmp_path))) - {'train', 'test'}
    assert sorted(what for what in tree(tmp_path / earlier).values() if what) == before
    assert steps(tmp_path, os.path.join(earlier, 'test')) == [7]


def test_empty_folders_are_no_run(tmp_path):
    (tmp_path / 'train').mkdir()
    write_run(tmp_path)
    assert sorted(os.listdir(str(tmp_path))) == ['test', 'train']


STRANGE = ['train/notes.txt', 'test/notes.txt', 'train/more/events.out.tfevents.1.x', 'test/events.out.tfevents.mine',
           'train/my.events.out.tfevents.1555555555.host', 'train', 'test', 'link to a run as train',
           'link to nothing as test', 'link in test']


@pytest.mark.parametrize('strange', STRANGE)
def test_nothing_is_moved_when_anything_there_is_not_a_summary(strange, script, tmp_path):
    logdir = tmp_path / 'log'
    write_run(logdir)
    if strange in ('train', 'test') or strange.startswith('link to'):
        os.rename(str(logdir / strange.split()[-1]), str(tmp_path / 'elsewhere'))
    if strange.startswith('link'):
        there = logdir / 'test' / 'notes' if 'in' in strange.split() else logdir / strange.split()[-1]
        to = tmp_path / ('nothing' if 'nothing' in strange else 'elsewhere' if 'run' in strange else 'log')
        try:
            os.symlink(str(to), str(there), target_is_directory=True)
        except OSError as error:
            pytest.skip('this user cannot make links: {}'.format(error))
    else:
        put(logdir / strange)
        there = logdir / '/'.join(strange.split('/')[:2])
    before = tree(tmp_path)
    for _ in range(2):
        status, out, err = script(small_lesson, '--logdir', logdir)
        assert (status, out) == (1, '')
        assert_one_sentence(err, there, 'move it away')
        assert tree(tmp_path) == before


def test_other_things_in_the_log_folder_do_not_matter(tmp_path):
    for name in ['.gitignore', 'photos/1.jpg', 'trains/x', 'was_here', 'Test.txt']:
        put(tmp_path / name)
    before = tree(tmp_path)
    write_run(tmp_path)
    write_run(tmp_path)
    after = tree(tmp_path)
    assert before.items() <= after.items() and {'train', 'test'} <= set(after)


@pytest.mark.parametrize('failing', [1, 2])
def test_where_one_folder_cannot_be_moved_none_is(failing, script, tmp_path, monkeypatch):
    write_run(tmp_path)
    before = tree(tmp_path)
    calls, rename = [], os.rename

    def fail_once(*paths):
        calls.append(paths)
        if len(calls) == failing:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), paths[0])
        rename(*paths)

    monkeypatch.setattr(os, 'rename', fail_once)
    for _ in range(3):
        del calls[:]
        status, out, err = script(small_lesson, '--logdir', tmp_path)
        assert (status, out) == (1, '') and len(calls) >= failing
        assert_one_sentence(err, tmp_path, os.strerror(errno.EACCES))
        assert tree(tmp_path) == before  # to the last empty folder
    monkeypatch.setattr(os, 'rename', rename)
    assert script(small_lesson, '--logdir', tmp_path)[0] == 0


# Which folder


@pytest.mark.skipif(os.name != 'posix', reason='shlex reads commands as a Unix shell does')
@hypothesis.given(strategies.text('ab-~ \'"%$&;!*?[]{}()<>|\\#=:.\xe9\u6570\u3000\U0001f600', min_size=1, max_size=9))
@example('a  b')
@example('a\u3000b')  # the space of a Japanese keyboard
@example('-a')
@example('%TEMP%')
@example('$HOME')
@example("it's")
@hypothesis.settings(database=None, deadline=None, derandomize=True, max_examples=100,
                     suppress_health_check=list(hypothesis.HealthCheck))
def test_the_printed_command_names_exactly_the_folder(tmp_path_factory, name):
    name = os.fsdecode(name.encode('utf-8'))
    if name in ('.', '..') or not name.encode('utf-8', 'replace') == os.fsencode(name):
        return  # the locale C of Python 3.6 has no characters for it
    parser = argparse.ArgumentParser()  # which TensorBoard uses too
    parser.add_argument('--logdir')
    out, here = io.StringIO(), os.getcwd()
    os.chdir(str(tmp_path_factory.mktemp('names')))
    try:
        with contextlib.redirect_stdout(out):
            write_run(name, 1)
        assert os.listdir('.') == [name] and sorted(os.listdir(os.path.join('.', name))) == ['test', 'train']
        program, *arguments = shlex.split(out.getvalue().strip('\n').split('To see them: ')[1])
        assert os.path.basename(program) == 'tensorboard'
        assert os.path.samefile(parser.parse_args(arguments).logdir, os.path.join('.', name))
    finally:
        os.chdir(here)


@pytest.mark.parametrize('logdir', ['gs://b/x', 's3://b/x', 'hdfs://host/x', 'file:///tmp/x', 'x+y.z-1://x'])
def test_a_folder_of_another_machine_is_refused_before_anything_is_made(logdir, script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = script(small_lesson, '--logdir', logdir)
    assert (status, out) == (1, '')
    assert_one_sentence(err, logdir, 'not a folder of this machine')
    assert tree(tmp_path) == {}


def reason_why_not(path):
    """What the system itself says of a folder that cannot be made."""
    with pytest.raises(OSError) as failure:
        os.mkdir(str(path))
    return failure.value.strerror


@pytest.mark.parametrize('logdir', ['', 'file', 'file/x', 'x' * 300])
def test_a_folder_that_cannot_be_is_refused_with_the_systems_reason(logdir, script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(tmp_path / 'file')
    status, out, err = script(small_lesson, '--logdir', logdir)
    assert (status, out) == (1, '')
    assert_one_sentence(err, logdir, reason_why_not(logdir))
    assert tree(tmp_path) == {'file': b'mine'}


@pytest.mark.skipif(os.name != 'posix' or getattr(os, 'geteuid', int)() == 0, reason='this user may write everywhere')
@pytest.mark.parametrize('logdir', ['', 'new', 'old'])
def test_a_folder_without_permission_is_refused_with_the_systems_reason(logdir, script, tmp_path):
    parent = tmp_path / 'parent'
    write_run(parent / 'old')
    before = tree(parent)
    for folder in [parent, parent / 'old']:
        os.chmod(str(folder), 0o500)
    try:
        status, out, err = script(small_lesson, '--logdir', parent / logdir)
        assert (status, out) == (1, '')
        assert_one_sentence(err, parent / logdir, reason_why_not(parent / 'x'))
        assert tree(parent) == before
    finally:
        for folder in [parent, parent / 'old']:
            os.chmod(str(folder), 0o700)


def test_a_refusal_of_the_system_is_told_to_any_user(script, tmp_path, monkeypatch):
    def refuse(path, *rest, **more):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(os, 'mkdir', refuse)
    status, out, err = script(small_lesson, '--logdir', tmp_path / 'log')
    assert (status, out) == (1, '')
    assert_one_sentence(err, tmp_path / 'log', os.strerror(errno.EACCES))


# Two runs at once


def test_a_second_run_in_the_same_folder_ends_and_the_first_goes_on(script, tmp_path):
    pytest.importorskip('fcntl', reason='only Unix has locks of folders')
    with summary_writers(str(tmp_path), tf.Graph(), {}) as writers:
        writers[0].add_summary(point(0.25), 0)
        before = tree(tmp_path)
        for _ in range(2):
            status, out, err = script(small_lesson, '--logdir', tmp_path)
            assert (status, out) == (1, '')
            assert_one_sentence(err, tmp_path, 'another run')
        assert tree(tmp_path) == before
        writers[0].add_summary(point(0.5), 1)
    assert steps(tmp_path, 'train') == [0, 1]
    write_run(tmp_path)  # the lock has gone


@pytest.mark.parametrize('error', [OSError, KeyboardInterrupt, ZeroDivisionError])
def test_the_lock_and_the_files_are_free_after_an_exception(error, tmp_path):
    with pytest.raises(error):
        with summary_writers(str(tmp_path), tf.Graph(), {}) as writers:
            raise error('x')
    for writer in writers:
        with pytest.raises(ValueError):  # it is closed
            writer.add_summary(point(0.5), 1)
    write_run(tmp_path)
    put(tmp_path / 'train' / 'notes')
    with pytest.raises(OSError, match='notes'):
        write_run(tmp_path)
    os.remove(str(tmp_path / 'train' / 'notes'))
    write_run(tmp_path)


# Saved means saved


def read_events(logdir, run):
    """All events of the run, by TensorFlow's own reader, which checks every record's two checksums."""
    return list(tf.train.summary_iterator(event_file(logdir, run)))


def test_the_file_can_be_read_after_every_save_and_opens_with_a_session_start(tmp_path):
    with summary_writers(str(tmp_path), tf.Graph(), {}) as writers:
        for run, writer in zip(['train', 'test'], writers):
            head = len(read_events(tmp_path, run))
            for step in range(40):
                value = np.float32(np.random.RandomState(step).uniform())
                writer.add_summary(point(value, tag='x' * (1 + step ** 2)), 10 * step)
                saved = read_events(tmp_path, run)
                assert len(saved) == head + step + 1
                assert (saved[-1].step, saved[-1].summary.value[0].simple_value) == (10 * step, value)
                assert saved[-1].summary.value[0].tag == 'x' * (1 + step ** 2)
                assert saved[-2].wall_time <= saved[-1].wall_time
            assert saved[0].file_version == 'brain.Event:2'
            assert saved[1].session_log.status == tf.SessionLog.START
            assert [event.session_log.status for event in saved].count(tf.SessionLog.START) == 1
    for writer in writers:
        with pytest.raises(ValueError):  # it is closed
            writer.add_summary(point(0.5), 1)


def test_a_line_is_printed_at_once_and_after_its_points_are_saved(lesson, tmp_path, monkeypatch):
    seen = []

    class Stream(io.StringIO):
        def flush(self):
            line = self.getvalue().splitlines()[-1]
            if line.startswith('step'):
                saved = [read_events(tmp_path / 'log', run)[-1].step for run in ('train', 'test')]
                seen.append((line.split(',')[0], saved))

    monkeypatch.setattr(sys, 'stdout', Stream())
    lesson(steps=30, SUMMARY_INTERVAL=10)
    monkeypatch.undo()
    assert seen == [('step: {}'.format(step), [step, step]) for step in (0, 10, 20, 30)]


def test_a_save_costs_the_same_whether_the_file_is_short_or_long(tmp_path, monkeypatch):
    opened, sizes = [], []
    with summary_writers(str(tmp_path), tf.Graph(), {}) as writers:
        path = event_file(tmp_path, 'train')
        for module in builtins, io, os:
            original = module.open
            monkeypatch.setattr(module, 'open', lambda *given, original=original, **more: (
                opened.append(given) or original(*given, **more)))
        for step in range(128, 328):  # numbers that take as many bytes
            writers[0].add_summary(point((step + 1) / 1024), step)
            sizes.append(os.path.getsize(path))
        monkeypatch.undo()
    assert opened == []  # so nothing can be read again
    assert len(set(np.diff(sizes))) == 1  # and nothing is written again


@contextlib.contextmanager
def files_no_larger_than(size):
    """To write more fails just as on a full disk, and needs no disk to fill."""
    resource = pytest.importorskip('resource', reason='only Unix limits the size of files')
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_ends_the_run_with_one_sentence_and_keeps_what_was_printed(script, lesson, small_npz, tmp_path):
    size = os.path.getsize(event_file(lesson(steps=100, SUMMARY_INTERVAL=5), 'train'))
    with files_no_larger_than(size):
        status, out, err = script(logistic.main, '--data', small_npz, '--steps', 1000, '--logdir', tmp_path / 'full')
    assert status == 1
    assert_one_sentence(err, tmp_path / 'full', os.strerror(errno.EFBIG))
    lines = printed(out)
    assert 5 < len(lines) < 50
    for run, column in [('train', 1), ('test', 2)]:
        points = {event.step: event.value for event in events(tmp_path / 'full', run).Scalars('accuracy')}
        for line in lines:
            assert points[int(line[0])] == pytest.approx(float(line[column]))


@pytest.mark.parametrize('size', [0, 30, 100])
def test_a_disk_that_is_full_from_the_start_is_told_in_one_sentence(size, script, tmp_path):
    with files_no_larger_than(size):
        status, out, err = script(small_lesson, '--logdir', tmp_path)
    assert status == 1 and 'step' not in out
    assert_one_sentence(err, tmp_path, os.strerror(errno.EFBIG))
    assert '.)' not in err  # no sentence within the sentence


@pytest.mark.skipif(os.name != 'posix', reason='Windows keeps the files of a run that is writing them')
@pytest.mark.parametrize('what', ['the folder', 'one run', 'replaced', 'moved'])
def test_a_run_whose_summaries_are_gone_ends_and_does_not_claim_them(what, script, tmp_path):
    logdir = tmp_path / 'log'

    def main(data='auto', steps=0, logdir=str(logdir), seed=0):
        with summary_writers(logdir, tf.Graph(), {}) as writers:
            for step in range(3):
                for writer in writers:
                    writer.add_summary(point(step / 4), step)
                print('step: {}'.format(step))
                if step == 1:
                    if what == 'the folder':
                        shutil.rmtree(logdir)
                    elif what == 'one run':
                        shutil.rmtree(os.path.join(logdir, 'test'))
                    elif what == 'moved':
                        os.rename(logdir, logdir + '_2')
                    else:
                        path = event_file(logdir, 'train')
                        os.rename(path, str(tmp_path / 'taken'))
                        put(path)

    status, out, err = script(main)
    assert status == 1
    assert_one_sentence(err, logdir)
    assert out == 'step: 0\nstep: 1\n'  # not that they are in the folder
    assert 'kept' not in err
    if what == 'replaced':
        assert content(event_file(logdir, 'train')) == b'mine'


# Real processes, in pairs: each takes seconds to import TensorFlow, and two do so at a time


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    """A folder with small data, under a name beyond ASCII too."""
    folder = tmp_path_factory.mktemp('place')
    for name in ['small', NAME]:
        np.savez(str(folder / (name + '.npz')), **arrays())
    return folder


def lines_until(process, pattern):
    """What the process prints up to a line that matches; all that it prints where none does."""
    lines = []
    for line in iter(process.stdout.readline, b''):
        lines.append(text(line))
        if re.match(pattern, lines[-1]):
            break
    return ''.join(lines)


def end(process, decode=text):
    """Wait for the process and close its streams: (exit status, the rest of stdout, stderr)."""
    try:
        out, err = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return process.returncode, decode(out), decode(err)


def hooked(folder, code):
    """A folder for PYTHONPATH from which Python runs this code as it starts, before the lesson."""
    folder.mkdir()
    put(folder / 'sitecustomize.py', code.encode())
    return os.pathsep.join(filter(None, [str(folder), os.environ.get('PYTHONPATH')]))


ON_IMPORT = '''
import os, signal, sys, threading
class Hook:
    def find_spec(self, name, path=None, target=None):
        if name == 'tensorflow':
            sys.meta_path.remove(self)
            {}
sys.meta_path.insert(0, Hook())
'''
CTRL_C = 'os.kill(os.getpid(), signal.SIGINT)'
CTRL_C_AT_EXIT = 'import atexit, os, signal\natexit.register(lambda: {})\n'.format(CTRL_C)
CTRL_C_LATER = 'threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()'


def begin_with(handler):
    """What starts Python so that it finds SIGINT as a shell leaves it to a job in front, or to one behind, SIG_IGN."""
    code = 'import os, signal, sys; signal.signal(signal.SIGINT, signal.{}); '.format(handler)
    code += 'os.execv(sys.executable, [sys.executable] + sys.argv[1:])'
    return ['-c', code] if os.name == 'posix' else []


@pytest.fixture(scope='module')
def long_runs(place):
    """Two runs that would take minutes, of which Ctrl-C ends one and a kill the other: {name: (status, out, err)}.

    Meanwhile a run in the first one's folder was tried: `second` is what it raised.
    """
    processes = {name: start(place, '--data', 'small.npz', '--logdir', name, '--steps', 10 ** 6,
                             python=begin_with('SIG_DFL')) for name in ('stopped', 'killed')}
    try:
        out = {name: lines_until(process, 'step: 2000') for name, process in processes.items()}
        second = None
        try:
            write_run(place / 'stopped')
        except OSError as error:
            second = str(error)
        more = int(printed(out['stopped'])[-1][0]) + 2000
        out['stopped'] += lines_until(processes['stopped'], 'step: {}'.format(more))
        if os.name == 'posix':
            processes['stopped'].send_signal(signal.SIGINT)
        else:
            processes['stopped'].kill()
        processes['killed'].kill()
        results = {name: end(process) for name, process in processes.items()}
    finally:
        for process in processes.values():
            process.kill()
    results = {name: (status, out[name] + rest, err) for name, (status, rest, err) in results.items()}
    return dict(results, second=second)


def assert_all_printed_points_are_saved(logdir, out):
    lines = printed(out[:out.rfind('\n')])  # where it was killed, the last one may be half a line
    assert len(lines) >= 3
    for run, column in [('train', 1), ('test', 2)]:
        points = {event.step: event.value for event in events(logdir, run).Scalars('accuracy')}
        for line in lines:
            assert points[int(line[0])] == pytest.approx(float(line[column]))
        assert list(points) == sorted(points)


def test_a_run_goes_on_undisturbed_by_a_second_one_in_its_folder(long_runs, place):
    pytest.importorskip('fcntl', reason='only Unix has locks of folders')
    assert 'another run' in long_runs['second']
    assert_all_printed_points_are_saved(place / 'stopped', long_runs['stopped'][1])
    assert sorted(os.listdir(str(place / 'stopped')))[:2] == ['test', 'train']


@on_unix
def test_ctrl_c_ends_the_run_with_one_sentence_and_keeps_what_was_printed(long_runs, place):
    status, out, err = long_runs['stopped']
    assert status == 130
    assert_one_sentence(err, 'Stopped')
    assert out.splitlines()[-1].startswith('The summaries are in stopped. ')
    assert_all_printed_points_are_saved(place / 'stopped', out)


def test_after_a_kill_every_printed_point_can_be_read_and_the_folder_is_free(long_runs, place):
    status, out, err = long_runs['killed']
    assert status != 0 and err == ''
    assert_all_printed_points_are_saved(place / 'killed', out)
    before = tree(place / 'killed')
    write_run(place / 'killed')
    earlier, = set(os.listdir(str(place / 'killed'))) - {'train', 'test'}
    assert tree(place / 'killed' / earlier) == before


@on_unix
@pytest.mark.parametrize('when', [CTRL_C, CTRL_C_LATER], ids=['at once', 'later'])
def test_ctrl_c_while_tensorflow_is_imported_ends_the_script_without_a_traceback(when, tmp_path):
    hook = hooked(tmp_path / 'hook', ON_IMPORT.format(when))
    status, out, err = end(start(tmp_path, '--data', 'drawn', env={'PYTHONPATH': hook}, python=begin_with('SIG_DFL')))
    assert status in (130, -signal.SIGINT)
    assert (out, err) == ('', '') and os.listdir(str(tmp_path)) == ['hook']


def test_ctrl_c_before_the_first_step_ends_with_one_sentence(script, tmp_path, monkeypatch):
    def interrupted(data):
        raise KeyboardInterrupt

    monkeypatch.setattr(logistic, 'load_digits', interrupted)
    status, out, err = script(logistic.main, '--logdir', tmp_path / 'log')
    assert (status, out) == (130, '')
    assert_one_sentence(err, 'Stopped')
    assert tree(tmp_path) == {}


def test_ctrl_c_after_the_last_line_ends_with_one_sentence(script, tmp_path):
    def main(data='auto', steps=2, logdir=str(tmp_path), seed=0):
        small_lesson(logdir=logdir)
        raise KeyboardInterrupt

    status, out, err = script(main)
    assert status == 130 and out.startswith('The summaries are in ')
    assert_one_sentence(err, 'Stopped')


@pytest.fixture(scope='module')
def last_moments(place):
    """A run that gets a Ctrl-C in its very last moment, and a program that only uses the lesson, in a thread."""
    hook = hooked(place / 'hook_last', CTRL_C_AT_EXIT)
    program = '''
import signal, sys, threading

class Hook:
    def find_spec(self, name, path=None, target=None):
        if name in ('tensorflow', 'backstage.running'):
            handlers.append(signal.getsignal(signal.SIGINT))

signal.signal(signal.SIGINT, signal.default_int_handler)
handlers = []
sys.meta_path.insert(0, Hook())
sys.path.insert(0, {!r})
import logistic
thread = threading.Thread(target=logistic.main, kwargs=dict(data={!r}, steps=20, logdir={!r}))
thread.start()
thread.join()
handlers.append(signal.getsignal(signal.SIGINT))
print(len(handlers), 'times', *set(handlers))
'''.format(ROOT, str(place / 'small.npz'), str(place / 'thread'))
    processes = [start(place, '--data', 'small.npz', '--logdir', 'last', '--steps', 1000, env={'PYTHONPATH': hook},
                       python=begin_with('SIG_DFL')),
                 subprocess.Popen([sys.executable, '-c', program], cwd=os.path.join(ROOT, 'tests'),
                                  env=environment(place), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)]
    return [end(process) for process in processes]


@on_unix
def test_ctrl_c_in_the_last_moment_of_the_process_brings_no_traceback(last_moments, place):
    status, out, err = last_moments[0]
    assert status in (0, 130, -signal.SIGINT) and err == ''
    assert [line[0] for line in printed(out)] == ['0', '1000'] and 'The summaries are in' in out
    assert steps(place / 'last', 'test')[-1] == 1000


def test_a_program_that_only_uses_the_lesson_keeps_its_own_ctrl_c_and_may_call_it_in_a_thread(last_moments):
    status, out, err = last_moments[1]
    assert (status, err) == (0, '')
    assert out.splitlines()[1].startswith('step: 0,')
    assert out.splitlines()[-1] == '3 times {}'.format(signal.default_int_handler)


@pytest.fixture(scope='module')
def consoles(place):
    """Runs with folders beyond ASCII on consoles that have no such letters, in bytes: (status, stdout, stderr).

    The first finds no cache and no network, so it prints the path of the cache. The second ignores Ctrl-C, and gets one
    while it imports TensorFlow, one in the loop and one in its last moment.
    """
    hook = hooked(place / 'hook_ascii', ON_IMPORT.format(CTRL_C) + CTRL_C_AT_EXIT) if os.name == 'posix' else None
    cp932 = start(place, '--logdir', 'log ' + NAME, '--steps', 0,
                  env={'PYTHONIOENCODING': 'cp932', 'KERAS_HOME': str(place / NAME)})
    ascii = start(place, '--data', NAME + '.npz', '--logdir', place / NAME / 'log', '--steps', 4000,
                  python=begin_with('SIG_IGN'),
                  env={'PYTHONIOENCODING': 'ascii', 'PYTHONPATH': hook})
    out = b''
    for line in iter(ascii.stdout.readline, b''):
        out += line
        if line.startswith(b'step: '):
            if os.name == 'posix':
                ascii.send_signal(signal.SIGINT)
            break
    status, rest, err = end(ascii, bytes)
    return {'ascii': (status, out + rest, err), 'cp932': end(cp932, bytes)}


@pytest.mark.parametrize('console, last', [('cp932', 0), ('ascii', 4000)])
def test_names_beyond_ascii_do_no_harm_on_any_console(console, last, consoles):
    status, out, err = consoles[console]
    assert (status, err) == (0, b'')
    lines = out.decode(console).splitlines()
    assert [line[0] for line in printed('\n'.join(lines))] == [str(step) for step in range(0, last + 1, 1000)]
    assert '(not MNIST)' in lines[0]
    if NAME.isprintable():  # else Python 3.6 does not know the name's letters, in the locale C
        told = NAME.encode(console, 'backslashreplace').decode(console)
        assert told in lines[0] and told in lines[-1] and '\\xe9' in told


@on_unix
def test_a_run_that_was_started_to_ignore_ctrl_c_ignores_it(consoles):
    status, out, err = consoles['ascii']
    assert (status, err) == (0, b'') and b'step: 4000' in out


@pytest.fixture(scope='module')
def streams(place):
    """A run whose reader goes after the first line, and one whose output finds the disk full: (status, stderr)."""
    gone = start(place, '--data', 'small.npz', '--logdir', 'gone', '--steps', 20000)
    if os.path.exists('/dev/full'):
        with open('/dev/full', 'wb') as device:
            full = start(place, '--data', 'small.npz', '--logdir', 'full', '--steps', 0, stdout=device)
    else:
        full = None
    first = text(gone.stdout.readline())
    gone.stdout.close()
    err = text(gone.stderr.read())
    gone.stderr.close()
    return {'first': first, 'gone': (gone.wait(120), err), 'full': full and end(full)}


@pytest.mark.skipif(os.name != 'posix', reason='Windows tells a closed pipe from others by no error of its own')
def test_a_reader_that_has_gone_ends_the_run_quietly(streams):
    assert streams['first'].startswith('small.npz')
    assert streams['gone'] == (141, '')


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='this system has no /dev/full')
def test_output_that_cannot_be_written_is_told_on_the_other_stream(streams):
    status, _, err = streams['full']
    assert status == 1
    assert_one_sentence(err, 'logistic.py: ', 'cannot be written', os.strerror(errno.ENOSPC))


# Flags, statuses and sentences


@pytest.mark.parametrize('flags', [['--steps', '-1'], ['--steps', 'x'], ['--steps', '2147483647'], ['--seed', '1.5'],
                                   ['--seed', '-1'], ['--seed', '2147483647'], ['--nonsense'], ['x'], ['--seed']])
def test_wrong_flags_end_with_status_2_and_usage_and_run_nothing(flags, script):
    def main(data='auto', steps=20, logdir='log', seed=0):
        raise AssertionError('it has begun')

    status, out, err = script(main, *flags)
    assert (status, out) == (2, '')
    assert err.startswith('usage: logistic.py ') and flags[0] in err.splitlines()[-1]


def test_help_shows_every_flag_and_its_default(script):
    status, out, err = script(logistic.main, '--help')
    assert (status, err) == (0, '')
    words = ' '.join(out.split())
    flags = inspect.signature(logistic.main).parameters
    assert list(flags) == ['data', 'steps', 'logdir', 'seed']
    assert set(re.findall(r'--(\w+)', words)) - {'help'} == set(flags)
    for name, flag in flags.items():
        assert re.search(r'--{} [^-].*?\(default: {}\)'.format(name, flag.default), words.split('--help', 1)[1])


def test_the_flags_are_the_arguments_of_main(script):
    given_to = []

    def main(data='auto', steps=20, logdir='log', seed=0):
        given_to.append((data, steps, logdir, seed))

    assert script(main) == (0, '', '')
    assert script(main, '--steps=7', '--logdir', 'y', '--seed', '2147483646', '--data', 'x')[0] == 0
    assert given_to == [('auto', 20, 'log', 0), ('x', 7, 'y', 2147483646)]


def test_the_smallest_and_the_largest_seed_give_different_runs(script, small_npz, tmp_path, monkeypatch):
    monkeypatch.setattr(logistic, 'SUMMARY_INTERVAL', 1)
    runs = []
    for seed in [0, 2147483646, 0]:
        status, out, err = script(
            logistic.main, '--data', small_npz, '--steps', 20, '--seed', seed, '--logdir', tmp_path / 'log')
        assert (status, err) == (0, '')
        runs.append(printed(out))
    assert len(runs[0]) == 21 and runs[0] == runs[2] != runs[1]


def test_bad_data_end_the_run_with_one_sentence_and_leave_no_folder(script, tmp_path):
    put(tmp_path / 'bad.npz', b'no digits')
    for name in ['bad.npz', 'missing.npz']:
        status, out, err = script(logistic.main, '--data', tmp_path / name, '--logdir', tmp_path / 'log')
        assert (status, out) == (1, '')
        assert_one_sentence(err, 'logistic.py: ', tmp_path / name)
    assert os.listdir(str(tmp_path)) == ['bad.npz']


def failing(error):
    def main(data='auto', steps=0, logdir='log', seed=0):
        raise error
    return main


def test_too_little_memory_is_told_in_one_sentence(script):
    status, out, err = script(failing(MemoryError()))
    assert (status, out) == (1, '')
    assert_one_sentence(err, 'memory')


@pytest.mark.parametrize('error', [ZeroDivisionError('x'), ValueError('x'), AttributeError('x')])
def test_a_mistake_in_the_program_is_not_hidden(error, script):
    with pytest.raises(type(error)):
        script(failing(error))


class Stripped(importlib.abc.MetaPathFinder):
    """Imports the lesson's files as `python -OO` does: without docstrings and asserts."""
    def find_spec(self, name, path=None, target=None):
        file = os.path.join(ROOT, *name.split('.'))
        file = os.path.join(file, '__init__.py') if os.path.isdir(file) else file + '.py'
        if name.split('.')[0] not in ('logistic', 'helper', 'backstage'):
            return None
        return importlib.util.spec_from_file_location(name, file, loader=self.Loader(name, file))

    class Loader(importlib.machinery.SourceFileLoader):
        def get_code(self, name):
            return compile(self.get_data(self.path), self.path, 'exec', dont_inherit=True, optimize=2)


def test_the_lesson_needs_neither_docstrings_nor_asserts(small_npz, tmp_path, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.split('.')[0] in ('logistic', 'helper', 'backstage')]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, 'meta_path', [Stripped()] + sys.meta_path)
    handler = signal.getsignal(signal.SIGINT)
    try:
        stripped = importlib.import_module('logistic')
        assert stripped.__doc__ is stripped.main.__doc__ is None
        for flags in [['--help'], ['--data', small_npz, '--logdir', str(tmp_path / 'log'), '--steps', '1000']]:
            monkeypatch.setattr(sys, 'argv', ['logistic.py'] + flags)
            with pytest.raises(SystemExit) as stop:
                stripped.run_lesson(stripped.main)
            assert not stop.value.code
    finally:
        signal.signal(signal.SIGINT, handler)
        for name in [name for name in sys.modules if name.split('.')[0] in ('logistic', 'helper', 'backstage')]:
            del sys.modules[name]  # monkeypatch brings back those that it took away
    out, err = capsys.readouterr()
    assert err == '' and [line[0] for line in printed(out)] == ['0', '1000']
