"""The log folder: nothing of an earlier run, of another run, or of yours is lost."""

import contextlib
import os
import pathlib
import time
from unittest import mock

import pytest
from conftest import curve, events

from helper import tf
from support.log_folder import check, start_run


@contextlib.contextmanager
def empty_run(folder):
    """Use a log folder as a run does, without any summaries."""
    with start_run(check(folder)):
        (folder / 'train').mkdir()
        (folder / 'test').mkdir()
        yield


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


def test_unusable_data_leaves_the_earlier_run_in_its_place(lesson, tmp_path):
    lesson()
    with pytest.raises(ValueError):
        lesson(data=str(tmp_path / 'missing.npz'))
    assert list(curve(tmp_path / 'log', 'train')) == [0]
    assert not list((tmp_path / 'log').glob('was_*'))


@pytest.mark.parametrize('use', [check, start_run])
def test_a_folder_in_use_is_refused_until_its_run_ends(tmp_path, use):
    with empty_run(tmp_path):
        with pytest.raises(OSError) as error:
            use(str(tmp_path))
    assert str(error.value) == (
        "Can't use {!r} (another run is writing to it). "
        'Pass another --logdir, or stop other programs that use it.'.format(
            str(tmp_path)
        )
    )
    with empty_run(tmp_path):
        pass


def test_a_run_that_fails_frees_its_folder(lesson):
    with mock.patch.object(tf, 'Session', side_effect=KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            lesson()
    lesson()


def test_other_files_stay_and_an_empty_run_is_no_obstacle(tmp_path):
    (tmp_path / 'notes.txt').write_text('mine')
    for _ in range(2):
        with empty_run(tmp_path):
            assert (tmp_path / 'notes.txt').read_text() == 'mine'


def test_a_folder_of_other_data_is_refused(tmp_path):
    (tmp_path / 'train').mkdir()
    (tmp_path / 'train' / 'cat.jpg').write_text('mine')
    with pytest.raises(OSError) as error:
        check(tmp_path)
    assert str(error.value) == (
        "Can't use {!r} (its folder 'train' holds no summaries). "
        'Pass another --logdir, or stop other programs that use it.'.format(
            str(tmp_path)
        )
    )
    assert (tmp_path / 'train' / 'cat.jpg').read_text() == 'mine'


def test_a_folder_that_cannot_move_is_an_oserror(tmp_path, monkeypatch):
    (tmp_path / 'train').mkdir()
    monkeypatch.setattr(os, 'rename', mock.Mock(side_effect=PermissionError('in use')))
    with pytest.raises(OSError, match='in use.*or stop other programs') as error:
        start_run(str(tmp_path))
    monkeypatch.undo()
    with empty_run(tmp_path):  # The traceback, as in a notebook, holds no lock.
        assert error.tb


@pytest.mark.parametrize('name', ['file', 'file/log', ''])
def test_a_file_or_nothing_is_no_log_folder(lesson, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'file').write_text('mine')
    with pytest.raises(OSError, match="^Can't use .*Pass another --logdir, "):
        lesson(data='missing.npz', logdir=name)  # noticed before the data
    assert (tmp_path / 'file').read_text() == 'mine'


@pytest.mark.parametrize('make', [str, pathlib.Path])
def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch, make):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('USERPROFILE', str(tmp_path))
    assert pathlib.Path(check(make('~/log'))) == tmp_path / 'log'
    assert (tmp_path / 'log').is_dir()


def test_a_writers_error_is_an_oserror_of_one_line(lesson, monkeypatch):
    failure = RuntimeError('No space left on device\n\tFailed to flush 1 events')
    monkeypatch.setattr(tf.summary.FileWriter, 'flush', mock.Mock(side_effect=failure))
    with pytest.raises(OSError) as error:
        lesson()
    assert '(No space left on device). ' in str(error.value)


@pytest.mark.skipif(tf.__version__ > '2', reason='TensorBoard 2 can open such a folder')
@pytest.mark.parametrize('name', ['at_12:30', 'a,b'])
def test_a_name_that_tensorboard_1_splits_is_refused(tmp_path, name):
    with pytest.raises(OSError, match='TensorBoard 1 splits'):
        check(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_both_writers_mark_the_start(lesson, tmp_path):
    lesson()
    for run in 'train', 'test':
        (path,) = (tmp_path / 'log' / run).iterdir()
        marks = [
            e for e in tf.train.summary_iterator(str(path)) if e.session_log.status
        ]
        assert [e.session_log.status for e in marks] == [tf.SessionLog.START]
    assert events(tmp_path / 'log', 'test').Scalars('accuracy')
