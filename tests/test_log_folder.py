"""The log folder: nothing of an earlier run, of another run, or of yours is lost."""

import os
import time
from unittest import mock

import pytest
from conftest import curve

from helper import tf
from support.log_folder import lock, start_run

REMEDY = 'Pass another --logdir, or stop other programs that use it.'


def test_earlier_runs_are_kept_under_their_start_time(lesson, tmp_path):
    before = time.strftime('was_%y%m%d_%H%M%S')
    for steps in 1, 2, 3:
        lesson(steps=steps)
        (tmp_path / 'log' / 'train' / '.DS_Store').touch()
    log = tmp_path / 'log'
    earlier = sorted(path.name for path in log.glob('was_*'))
    assert len(earlier) == 2
    assert before <= earlier[0] < earlier[1] <= time.strftime('was_%y%m%d_%H%M%S_')
    for steps, folder in zip((1, 2, 3), [log / name for name in earlier] + [log]):
        for run in 'train', 'test':
            assert list(curve(folder, run)) == [0, steps]


def test_unusable_data_leaves_the_earlier_run(lesson, tmp_path):
    lesson()
    with pytest.raises(ValueError):
        lesson(data=str(tmp_path / 'missing.npz'))
    assert list(curve(tmp_path / 'log', 'train')) == [0]
    assert not list((tmp_path / 'log').glob('was_*'))


def test_a_folder_in_use_is_refused_until_its_run_ends(tmp_path):
    with lock(tmp_path), pytest.raises(OSError) as error:
        with lock(str(tmp_path)):
            pass
    assert str(error.value) == (
        "Can't use {!r} (another run may be using it: database is locked). {}"
    ).format(str(tmp_path), REMEDY)
    with lock(tmp_path):  # The error's traceback, as in a notebook, holds no lock.
        pass


def test_a_run_that_fails_frees_its_folder(lesson):
    with mock.patch.object(tf, 'Session', side_effect=KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            lesson()
    lesson()


def test_your_own_files_stay(tmp_path):
    (tmp_path / 'train').mkdir()
    (tmp_path / 'notes.txt').write_text('mine')
    start_run(tmp_path)  # An empty folder is no obstacle.
    (tmp_path / 'train').mkdir()
    (tmp_path / 'train' / 'cat.jpg').write_text('mine')
    with pytest.raises(OSError) as error:
        start_run(tmp_path)
    assert str(error.value) == (
        "Can't use {!r} (its folder 'train' holds no summaries). {}"
    ).format(str(tmp_path), REMEDY)
    assert (tmp_path / 'train' / 'cat.jpg').read_text() == 'mine'
    assert (tmp_path / 'notes.txt').read_text() == 'mine'


def test_a_folder_that_cannot_move_is_an_oserror(tmp_path, monkeypatch):
    (tmp_path / 'train').mkdir()
    monkeypatch.setattr(os, 'rename', mock.Mock(side_effect=PermissionError('in use')))
    with pytest.raises(OSError, match='in use.*or stop other programs'):
        start_run(tmp_path)


@pytest.mark.parametrize('name', ['file', 'file/log', ''])
def test_a_file_or_nothing_is_no_log_folder(lesson, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'file').write_text('mine')
    with pytest.raises(OSError, match="^Can't use .*Pass another --logdir, "):
        lesson(data='missing.npz', logdir=name)  # noticed before the data
    assert (tmp_path / 'file').read_text() == 'mine'


def test_a_tilde_is_the_home_folder(lesson, tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('USERPROFILE', str(tmp_path))
    lesson(logdir='~/log')
    assert curve(tmp_path / 'log', 'test')


@pytest.mark.skipif(tf.__version__ > '2', reason='TensorBoard 2 can open such a folder')
@pytest.mark.parametrize('name', ['at_12:30', 'a,b'])
def test_a_name_that_tensorboard_1_splits_is_refused(tmp_path, name):
    with pytest.raises(OSError, match='TensorBoard 1 splits'), lock(tmp_path / name):
        pass
    assert not (tmp_path / name).exists()


def test_both_writers_mark_the_start(lesson, tmp_path):
    lesson()
    for run in 'train', 'test':
        (path,) = (tmp_path / 'log' / run).iterdir()
        found = tf.train.summary_iterator(str(path))
        statuses = [event.session_log.status for event in found]
        assert statuses.count(tf.SessionLog.START) == 1
