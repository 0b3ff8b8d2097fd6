"""What becomes of the log folder when runs follow one another, are interrupted, or find the disk full."""
import os
import re
import resource
import signal
import sys

import numpy as np
import pytest
from conftest import ROOT, arrays, lesson_lines, run, start
from test_logistic import events, lesson, printed  # noqa: F401 (lesson is a fixture)

import plumbing


def runs(logdir):
    return sorted(os.path.relpath(folder, logdir) for folder, _, files in os.walk(logdir) if files)


def test_the_newest_run_is_in_train_and_test_and_the_earlier_ones_are_kept(lesson, small_npz):  # noqa: F811
    for steps in [10, 20, 30]:
        logdir = lesson('--data', small_npz, '--steps', steps, SUMMARY_INTERVAL=10)
    names = runs(logdir)
    earlier = [name for name in names if os.sep in name]
    assert len(earlier) == 4 and set(names) - set(earlier) == {'test', 'train'}
    assert all(re.match(r'\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(_\d+)?/(train|test)$', name) for name in earlier)
    last_steps = [events(logdir, name).Scalars('accuracy')[-1].step for name in names]
    points = [len(events(logdir, name).Scalars('accuracy')) for name in names]
    assert sorted(last_steps) == [10, 10, 20, 20, 30, 30] and sorted(points) == [2, 2, 3, 3, 4, 4]
    assert events(logdir, 'train').Scalars('accuracy')[-1].step == 30


@pytest.mark.parametrize('strange', ['train/notes.txt', 'test/more/events.out.tfevents.1.x', 'train',
                                     'test/events.out.tfevents.mine'])
def test_what_is_not_ours_stays_untouched(strange, lesson, small_npz, tmp_path):  # noqa: F811
    logdir = lesson('--data', small_npz, '--steps', 0)
    if strange == 'train':
        os.rename(os.path.join(logdir, 'train'), str(tmp_path / 'elsewhere'))
    path = os.path.join(logdir, strange)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write('mine')
    before = sorted((folder, sorted(files)) for folder, _, files in os.walk(logdir))
    with pytest.raises(OSError, match='move it away'):
        lesson('--data', small_npz, '--steps', 0)
    assert sorted((folder, sorted(files)) for folder, _, files in os.walk(logdir)) == before
    with open(path) as file:
        assert file.read() == 'mine'


def test_other_things_in_the_log_folder_do_not_matter(lesson, small_npz, tmp_path):  # noqa: F811
    os.makedirs(str(tmp_path / 'log' / 'photos'))
    (tmp_path / 'log' / '.gitignore').write_text(u'*')
    logdir = lesson('--data', small_npz, '--steps', 0)
    assert sorted(os.listdir(logdir)) == ['.gitignore', 'photos', 'test', 'train']


def test_names_beyond_ascii(lesson, small_npz, tmp_path, capsys):  # noqa: F811
    os.rename(small_npz, str(tmp_path / u'\u6570\u5b57.npz'))
    lesson('--data', tmp_path / u'\u6570\u5b57.npz', '--steps', 0, '--logdir', tmp_path / u'\u8a18\u9332')
    assert u'\u6570\u5b57.npz (not MNIST)' in capsys.readouterr().out
    assert events(str(tmp_path / u'\u8a18\u9332'), 'train').Scalars('accuracy')[0].step == 0
    with pytest.raises(OSError, match='ASCII'):  # as Python 3.6 reads such a name in the locale C
        plumbing.prepare_log_folder(os.fsencode(u'\u8a18').decode('ascii', 'surrogateescape'))


def test_an_earlier_run_is_named_by_when_it_began(tmp_path):
    for name in plumbing.RUNS:
        (tmp_path / name).mkdir()
        (tmp_path / name / ('events.out.tfevents.1555555555.host')).write_text(u'')
    plumbing.prepare_log_folder(str(tmp_path))
    earlier, = set(os.listdir(str(tmp_path))) - set(plumbing.RUNS)
    assert earlier.startswith('2019-04-1')  # the 18th in most of the world
    assert os.listdir(str(tmp_path / 'train')) == []


@pytest.fixture
def long_run(tmp_path):
    """A run that would take minutes, when it has printed a few lines."""
    np.savez(str(tmp_path / 'small.npz'), **arrays())
    process = start(tmp_path, '--data', 'small.npz', '--logdir', 'log', '--steps', 10 ** 6)
    lines = [process.stdout.readline() for _ in range(5)]
    yield process, lines
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()


def test_ctrl_c_ends_the_run_with_one_sentence_and_keeps_the_summaries(long_run, tmp_path):
    process, lines = long_run
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    sentence, = lesson_lines(err).splitlines()
    stopped, = re.match(r'Stopped at step (\d+): the summaries up to there are kept\.', sentence).groups()
    lines = printed(''.join(lines) + out)
    assert int(lines[-1][0]) <= int(stopped) < int(lines[-1][0]) + 1000
    for name in ['train', 'test']:
        assert [point.step for point in events(str(tmp_path / 'log'), name).Scalars('accuracy')] == [
            int(line[0]) for line in lines]


def test_after_kill_every_printed_point_can_be_read(long_run, tmp_path):
    process, lines = long_run
    process.kill()
    lines = printed(''.join(lines) + process.communicate()[0])
    for column, name in enumerate(['train', 'test'], 1):
        points = {point.step: point.value for point in events(str(tmp_path / 'log'), name).Scalars('accuracy')}
        for line in lines:
            assert points[int(line[0])] == pytest.approx(float(line[column]))


def test_a_full_disk_ends_the_run_with_one_sentence(tmp_path):
    """A limit on the size of files makes writing fail just as a full disk does, and needs no disk to fill."""
    np.savez(str(tmp_path / 'small.npz'), **arrays())
    status, out, err = run(tmp_path, '--data', 'small.npz', '--logdir', 'log', '--steps', 60000,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (130000, 130000)))
    assert status == 1
    assert re.match(r'logistic.py: The summaries of step \d+ could not be written to .*: is the disk full,.*\n$', err)
    steps = [int(line[0]) for line in printed(out)]
    assert 0 < steps[-1] < 60000
    points = [point.step for point in events(str(tmp_path / 'log'), 'train').Scalars('accuracy')]
    assert points[:len(steps)] == steps


def test_help_shows_every_default(monkeypatch, capsys):
    import logistic
    monkeypatch.setattr(sys, 'argv', [os.path.join(ROOT, 'logistic.py'), '--help'])
    with pytest.raises(SystemExit) as stop:
        logistic.main()
    assert stop.value.code == 0
    text = ' '.join(capsys.readouterr().out.split())
    for flag, default in [('--data', 'auto'), ('--steps', '20000'), ('--logdir', 'log_logistic'), ('--seed', '0')]:
        assert re.search(r'{} .*\(default: {}\)'.format(flag, default), text)
