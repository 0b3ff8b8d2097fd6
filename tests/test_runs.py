"""What becomes of the log folder, run after run; and how the script begins and ends: flags, sentences, Ctrl-C."""
import contextlib
import errno
import functools
import glob
import io
import os
import pathlib
import re
import shlex
import signal
import sys
import time

import hypothesis
import pytest
from conftest import ROOT, arrays, end, events, printed, save, start, steps, text
from hypothesis import strategies

from helper import summary_writers, tf

on_unix = pytest.mark.skipif(os.name != 'posix', reason='Windows sends no Ctrl-C to one process alone')
FLUSHES = not tf.__version__.startswith('1.13.')
if_saved_at_once = pytest.mark.skipif(not FLUSHES, reason='TensorFlow 1.13 saves the last kilobytes when the run ends')
LESSON = os.path.join(ROOT, 'logistic.py')
NAME = os.fsdecode('\xe9 \u6570\u5b57'.encode('utf-8'))  # e with an accent, and "digits" in Japanese
THEN = 1555555555  # 2019-04-18 02:45:55 UTC, as the names of event files give it


def point(value, tag='accuracy'):
    return tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=value)]).SerializeToString()


def write_run(logdir, n=3):
    with summary_writers(logdir, tf.Graph(), {'steps': n}) as writers:
        for step in range(n):
            for writer in writers:
                writer.add_summary(point(step / n), step)


def tree(folder):
    """All that is in a folder: {path: what a file holds, None for a folder}."""
    paths = [path for path in pathlib.Path(str(folder)).rglob('*')]
    return {path.relative_to(str(folder)).as_posix(): None if path.is_dir() else path.read_bytes() for path in paths}


def put(path, what=b'mine'):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(what)


def event_file(logdir, run):
    path, = glob.glob(os.path.join(glob.escape(str(logdir)), run, 'events.*'))
    return path


def assert_one_sentence(err, *parts):
    line, = err.splitlines()
    assert line.endswith('.') and err.endswith('\n')
    for part in parts:
        assert str(part) in line


def test_the_newest_run_is_in_train_and_test_and_the_earlier_ones_are_kept(lesson):
    written = []
    for last in [10, 20, 30]:
        logdir = lesson(steps=last, SUMMARY_INTERVAL=10)
        written += [pathlib.Path(event_file(logdir, run)).read_bytes() for run in ('train', 'test')]
        assert set(written) == set(what for what in tree(logdir).values() if what)  # all as it was, to the byte
    earlier = sorted(name for name in os.listdir(logdir) if name not in ('train', 'test'))
    assert len(earlier) == 2 and all(re.match(r'was_\d{6}_\d{6}_?$', name) for name in earlier)
    lasts = [[steps(logdir, os.path.join(name, run))[-1] for run in ('train', 'test')] for name in earlier]
    assert sorted(lasts) == [[10, 10], [20, 20]] and steps(logdir, 'test')[-1] == 30


@pytest.mark.parametrize('train, test', [(THEN, THEN + 1), (THEN + 1, THEN), (THEN, None), (None, THEN)])
def test_an_earlier_run_is_named_by_when_it_began_in_local_time(train, test, tmp_path, monkeypatch):
    began = time.strftime('was_%y%m%d_%H%M%S', time.localtime(THEN))
    if hasattr(time, 'tzset'):
        monkeypatch.setenv('TZ', 'JST-9')
        time.tzset()
        began = 'was_190418_114555'
    for run, second in [('train', train), ('test', test)]:
        if second:
            for later in 0, 9:  # the article's program writes into one folder again and again
                put(tmp_path / run / 'events.out.tfevents.{}.host'.format(second + later))
            put(tmp_path / run / '.DS_Store')  # which Finder leaves where it has been
    before = {'{}/{}'.format(began, path): what for path, what in tree(tmp_path).items()}
    write_run(tmp_path)
    monkeypatch.undo()
    getattr(time, 'tzset', int)()
    assert sorted(os.listdir(str(tmp_path))) == ['test', 'train', began]
    assert before.items() <= tree(tmp_path).items()


def test_runs_that_began_in_the_same_second_are_told_apart(tmp_path):
    for count in range(4):
        put(tmp_path / 'train' / 'events.out.tfevents.{}.host'.format(THEN), str(count).encode())
        with summary_writers(tmp_path, tf.Graph(), {}):
            pass
        for run in 'train', 'test':
            os.remove(event_file(tmp_path, run))
    assert sorted(filter(None, tree(tmp_path).values())) == [b'0', b'1', b'2', b'3']
    assert len(os.listdir(str(tmp_path))) == 4 + 2


@pytest.mark.parametrize('strange', ['train/notes.txt', 'test/notes.txt', 'train/more/events.out.tfevents.1555555555.x',
                                     'test/events.out.tfevents.mine', 'train', 'test'])
def test_what_is_no_run_is_refused_and_nothing_is_moved(strange, tmp_path):
    write_run(tmp_path)
    kept = 'train' if strange.startswith('test') else 'test'
    os.rename(str(tmp_path / strange.split('/')[0]), str(tmp_path / 'elsewhere'))
    put(tmp_path / strange)
    before = tree(tmp_path)
    for _ in range(2):
        with pytest.raises(OSError) as refusal:
            write_run(tmp_path)
        assert_one_sentence(str(refusal.value) + '\n', tmp_path.name, 'give --logdir another folder.')
        assert '/' not in strange or 'move it away' in str(refusal.value)
        assert tree(tmp_path) == before and (tmp_path / kept).is_dir()


def test_empty_folders_and_other_things_in_the_log_folder_do_not_matter(tmp_path):
    for name in ['.gitignore', 'photos/1.jpg', 'trains/x', 'was_here', 'Test.txt']:
        put(tmp_path / name)
    (tmp_path / 'train').mkdir()
    before = tree(tmp_path)
    write_run(tmp_path)
    assert before.items() <= tree(tmp_path).items() and not glob.glob(str(tmp_path / 'was_[0-9]*'))


@pytest.mark.skipif(os.name != 'posix', reason='shlex reads commands as a Unix shell does')
@hypothesis.given(strategies.text('ab-~ \'"%$&;!*?[]{}()<>|\\#=.\xe9\u6570\u3000\U0001f600', min_size=1, max_size=9))
@hypothesis.settings(database=None, deadline=None, derandomize=True, max_examples=50,
                     suppress_health_check=list(hypothesis.HealthCheck))
def test_the_printed_command_names_exactly_the_folder(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp('names') / os.fsdecode(name.encode('utf-8'))
    try:
        folder.exists()
    except UnicodeError:
        hypothesis.reject()  # the locale C of Python 3.6 has no letters for it
    with contextlib.redirect_stdout(io.StringIO()) as out:
        write_run(folder, 1)
    program, flag, logdir = shlex.split(out.getvalue().strip('\n').split('To see them: ')[1])
    assert os.path.isfile(program) and os.path.dirname(program) == os.path.dirname(sys.executable)
    assert flag == '--logdir' and os.path.samefile(logdir, str(folder)) and (folder / 'train').is_dir()


def test_a_tilde_is_the_home_and_nothing_is_the_folder_one_is_in(tmp_path, monkeypatch, capsys):
    for name in ('HOME', 'USERPROFILE'):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / 'here').mkdir()
    monkeypatch.chdir(tmp_path / 'here')
    for logdir in pathlib.Path('~', 'a'), os.path.join('~', 'b'), '':
        write_run(logdir)
    assert sorted(os.listdir(str(tmp_path))) == ['a', 'b', 'here'] and os.listdir('train')
    assert str(tmp_path / 'a') in capsys.readouterr().out


def test_a_folder_that_cannot_be_is_refused_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(tmp_path / 'file')
    for logdir in ['file', os.path.join('file', 'x'), 'x' * 300, 'gs://b/x', 'file:///tmp/x']:
        with pytest.raises(OSError) as refusal:
            write_run(logdir)
        assert_one_sentence(str(refusal.value) + '\n', repr(logdir), 'cannot be used (', 'another folder.')
        why = re.search(r'used \((.*)\): give', str(refusal.value)).group(1)
        assert why in ['it is not a folder of this machine'] if '://' in logdir else map(os.strerror, errno.errorcode)
    assert tree(tmp_path) == {'file': b'mine'}


def read_events(logdir, run):
    """All events of the run, by TensorFlow's own reader, which checks every record's two checksums."""
    return list(tf.train.summary_iterator(event_file(logdir, run)))


@if_saved_at_once
def test_every_save_can_be_read_at_once_and_the_file_opens_with_a_session_start(tmp_path):
    with summary_writers(tmp_path, tf.Graph(), {}) as writers:
        for run, writer in zip(['train', 'test'], writers):
            head = len(read_events(tmp_path, run))
            for step in range(20):
                writer.add_summary(point(step / 32, tag='x' * (1 + step ** 2)), 10 * step)
                saved = read_events(tmp_path, run)
                assert len(saved) == head + step + 1 and saved[-1].step == 10 * step
                assert saved[-1].summary.value[0].simple_value == step / 32
            assert saved[0].file_version == 'brain.Event:2'
            assert [event.session_log.status for event in saved[:2]] == [0, tf.SessionLog.START]
    for writer in writers:
        with pytest.raises(OSError):  # it is closed, so that Windows lets the next run move it
            writer.add_summary(point(0.5), 1)


def test_a_full_disk_ends_the_run_with_one_sentence_and_keeps_what_was_printed(lesson, tmp_path, capsys):
    resource = pytest.importorskip('resource', reason='only Unix limits the size of files')
    sizes = [30, os.path.getsize(event_file(lesson(steps=100, SUMMARY_INTERVAL=5), 'train'))]
    for size in sizes:
        capsys.readouterr()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))  # to write more fails just as on a full disk
        try:
            with pytest.raises(OSError) as failure:
                lesson(steps=1000 if size > 30 else 0, SUMMARY_INTERVAL=5, logdir=tmp_path / 'full')
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert_one_sentence(str(failure.value) + '\n', 'full', os.strerror(errno.EFBIG))
        assert '.)' not in str(failure.value)  # no sentence within the sentence
        lines = printed(capsys.readouterr().out)
        assert (size == 30) == (len(lines) == 0) or not FLUSHES
        for run, column in [('train', 1), ('test', 2)] if lines and FLUSHES else []:
            points = {event.step: event.value for event in events(tmp_path / 'full', run).Scalars('accuracy')}
            assert [points[int(line[0])] for line in lines] == pytest.approx([float(line[column]) for line in lines])


# How a shell leaves SIGINT to a job in front.
FRONT = ['-c', 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); '
         'os.execv(sys.executable, [sys.executable] + sys.argv[1:])'] if os.name == 'posix' else []


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    """A folder with small data, and what was done there: a whole run, and two that would take minutes.

    Into the folder of one of these a second run writes; then Ctrl-C ends it. A kill ends the other.
    """
    folder = tmp_path_factory.mktemp('place')
    for name in ['small', NAME]:
        save(folder / (name + '.npz'), **arrays())
    letters = {'PYTHONIOENCODING': 'cp932'} if sys.version_info >= (3, 7) else {}
    run = functools.partial(start, folder, LESSON)
    processes = {
        'whole': run('--data', NAME + '.npz', '--logdir', folder / NAME, '--steps', 2000, env=letters),
        'stopped': run('--data', 'small.npz', '--logdir', 'stopped', '--steps', 10 ** 6, python=FRONT),
        'killed': run('--data', 'small.npz', '--logdir', 'killed', '--steps', 10 ** 6)}
    try:
        out = {name: b''.join(iter_until(process, b'step: 2000')) if name != 'whole' else b''
               for name, process in processes.items()}
        if os.name == 'posix':
            write_run(folder / 'stopped')
            out['stopped'] += b''.join(iter_until(processes['stopped'], b'step: [1-9]'))
            processes['stopped'].send_signal(signal.SIGINT)
        else:
            processes['stopped'].kill()
        processes['killed'].kill()
        results = {name: end(process) for name, process in processes.items()}
    finally:
        for process in processes.values():
            process.kill()
    return folder, {name: (status, out[name] + rest, text(err)) for name, (status, rest, err) in results.items()}


def iter_until(process, pattern):
    """The lines that the process prints up to one that begins so, which comes 2000 steps later at the earliest."""
    for line in iter(process.stdout.readline, b''):
        yield line
        if re.match(pattern, line):
            break


def assert_all_printed_points_are_saved(logdir, out):
    lines = printed(out[:out.rfind('\n')])  # where it was killed, the last one may be half a line
    assert len(lines) >= 3
    for run, column in [('train', 1), ('test', 2)]:
        points = {event.step: event.value for event in events(logdir, run).Scalars('accuracy')}
        assert [points[int(line[0])] for line in lines] == pytest.approx([float(line[column]) for line in lines])


def test_nothing_but_the_lesson_itself_speaks_on_any_console(place):
    folder, results = place
    status, out, err = results['whole']
    if not tf.__version__.startswith('2.20.'):  # it has two late lines, which the README names
        assert err == ''
    console = 'cp932' if sys.version_info >= (3, 7) else 'utf-8'
    first, *lines, last = out.decode(console, 'replace').splitlines()
    assert status == 0 and first.endswith(' (not MNIST), 300 training and 120 test images')
    assert [line[0] for line in printed('\n'.join(lines))] == ['0', '1000', '2000'] and len(lines) == 3
    assert last.startswith('The summaries are in ') and event_file(folder / NAME, 'train')
    assert os.name != 'posix' or steps(folder / NAME, 'test')[-1] == 2000  # TensorFlow for Windows cannot read there
    if console == 'cp932' and NAME.isprintable():
        assert r'\xe9' in last and '\u6570\u5b57' in last  # the letter that this console lacks, and those that it has


@on_unix
def test_ctrl_c_ends_the_run_with_one_sentence_and_its_points_went_along_with_its_folder(place):
    folder, results = place
    status, out, err = results['stopped']
    assert status == 130
    assert_one_sentence(err.splitlines(True)[-1], 'Stopped')  # below 2.20's two late lines
    assert steps(folder / 'stopped', 'test') == [0, 1, 2]  # the second run's
    earlier, = folder.glob('stopped/was_*')
    assert_all_printed_points_are_saved(earlier, text(out))


@if_saved_at_once
def test_after_a_kill_every_printed_point_can_be_read_and_the_folder_is_free(place):
    folder, results = place
    status, out, err = results['killed']
    assert status != 0
    assert_all_printed_points_are_saved(folder / 'killed', text(out))
    write_run(folder / 'killed')
    assert len(list(folder.glob('killed/was_*'))) == 1


FAKE = '''
import os, sys

class Anything:
    def __getattr__(self, name):
        return self

    def __call__(self, *given, **more):
        return self

sys.__stderr__ and os.write(2, b'a notice\\n')
print(os.environ.get('TF_CPP_MIN_LOG_LEVEL'))
module, sys.modules[__name__] = sys.modules[__name__], Anything()
sys.modules[__name__].__dict__.update((name, getattr(module, name)) for name in ('__name__', '__path__', '__spec__'))
'''
SCRIPT = '''
import os, sys, time
sys.path.insert(0, {!r})
before = dict(os.environ)
from backstage.running import DataError, run_lesson
assert dict(os.environ) == before
BATCH_SIZE, BUFFER_SIZE, SUMMARY_INTERVAL = 1, 1, 1

def main(data='auto', steps=7, logdir='log', seed=0):
    """What it does."""
    print([data, steps, logdir, seed])
    assert os.environ['TF_CPP_MIN_LOG_LEVEL']  # which TensorFlow 1 reads again and again
    {{}}
run_lesson(main)
'''.format(ROOT)


@pytest.fixture
def script(tmp_path):
    """A function that runs a lesson's script whose `main` ends as told: (exit status, stdout without level, stderr)."""
    for name in ['', 'compat', os.path.join('compat', 'v1')]:
        (tmp_path / 'fake' / 'tensorflow' / name).mkdir(parents=True)
        put(tmp_path / 'fake' / 'tensorflow' / name / '__init__.py', FAKE.encode() if name.endswith('v1') else b'')

    def run(ending, *flags, change=('', ''), python=(), then=lambda process: None, **env):
        put(tmp_path / 'script.py', SCRIPT.format(ending).replace(*change, 1).encode())
        env.update(PYTHONPATH=str(tmp_path / 'fake'), PYTHONUNBUFFERED='1')
        process = start(tmp_path, tmp_path / 'script.py', *flags, python=python, env=env)
        then(process)
        status, out, err = end(process, 60)
        return status, text(out), text(err)
    return run


def test_a_script_ends_well_and_in_silence_and_its_flags_are_the_arguments_of_main(script):
    assert script('pass') == (0, "3\n['auto', 7, 'log', 0]\n", '')
    flags = ['--steps=0', '--logdir', 'y', '--seed', '99999999999', '--data', 'x']
    assert script('pass', *flags) == (0, "3\n['x', 0, 'y', 99999999999]\n", '')
    change = "logdir='log'", "logdir=__import__('pathlib').Path('log')"
    assert script('pass', '--logdir', 'y', change=change)[1].endswith("Path('y'), 0]\n")
    no_console = FRONT[:1] + [FRONT[1].replace('signal.signal(', 'os.close(2); signal.signal(')] if FRONT else []
    assert script('pass', python=no_console)[0] == 0
    # Who sets TensorFlow's log level sees its notices.
    assert script('pass', TF_CPP_MIN_LOG_LEVEL='0') == (0, "0\n['auto', 7, 'log', 0]\n", 'a notice\n')


@pytest.mark.parametrize('ending, status, sentence', [
    ('raise DataError("No digits: give --data others.")', 1, 'script.py: No digits: give --data others.'),
    ('raise OSError("The folder is gone: give --logdir another.")', 1, 'script.py: The folder is gone: give'),
    ('raise OSError(28, os.strerror(28))', 1, 'script.py: ' + os.strerror(28) + '.'),
    ('raise MemoryError', 1, 'script.py: There is too little memory'),
    ('raise KeyboardInterrupt', 130, 'Stopped: ')])
def test_what_a_user_can_mend_is_one_sentence(ending, status, sentence, script):
    found, _, err = script(ending)
    assert found == status
    assert_one_sentence(err, sentence)


def test_a_mistake_in_the_program_is_not_hidden(script):
    status, _, err = script('1 / 0')
    assert status == 1 and err.startswith('Traceback') and 'ZeroDivisionError' in err


@pytest.mark.parametrize('flags, change, what', [
    (['--steps', '-1'], ('', ''), 'steps is -1'), (['--seed', '-1'], ('', ''), 'seed is -1'),
    ([], ('BATCH_SIZE, BUFFER_SIZE, SUMMARY_INTERVAL = 1,', 'BATCH_SIZE, BUFFER_SIZE, SUMMARY_INTERVAL = 0,'),
     'BATCH_SIZE is 0'),
    ([], ('= 1, 1, 1', '= 1, 0, 1'), 'BUFFER_SIZE is 0'), ([], ('= 1, 1, 1', '= 1, 1, 0'), 'SUMMARY_INTERVAL is 0'),
    (['--steps', 'x'], ('', ''), 'steps'), (['--seed', '1.5'], ('', ''), 'seed'), (['--more'], ('', ''), '--more'),
    (['x'], ('', ''), 'x')])
def test_wrong_flags_and_sizes_end_with_status_2_and_run_nothing(flags, change, what, script):
    status, out, err = script('pass', *flags, change=change)
    assert (status, out) == (2, '3\n') and what in err.splitlines()[-1] and 'Traceback' not in err
    assert 'usage' in err or len(err.splitlines()) == 1


def test_help_shows_every_flag_and_its_default(script):
    _, out, _ = script('pass', '--help')
    words = ' '.join(out.split())
    assert 'What it does.' in words
    for name, default in dict(data='auto', steps=7, logdir='log', seed=0).items():
        assert re.search(r'--{} [^-].*?\(default: {}\)'.format(name, default), words.split('--help', 1)[1])


@on_unix
def test_a_reader_that_has_gone_ends_the_run_with_one_sentence(script):
    def then(process):
        process.stdout.readline()
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
    status, _, err = script('time.sleep(1); print("more", flush=True); time.sleep(60)', then=then)
    assert status == 1
    assert_one_sentence(err, 'script.py: ', os.strerror(errno.EPIPE))


@on_unix
def test_ctrl_c_at_a_prompt_after_the_run_is_pythons(script):
    def then(process):
        process.stdin.write(b'os.kill(os.getpid(), 2); time.sleep(60)\nprint(6 * 7)\n')
        process.stdin.flush()
    _, out, err = script('raise KeyboardInterrupt', python=FRONT + ['-i'], then=then)
    assert 'KeyboardInterrupt' in err and out.endswith('42\n')
