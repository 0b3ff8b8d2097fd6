"""The log folder: each run has its own, and nothing in it is lost."""

import os
import pathlib
import shutil

from helper import tf
from support import log_folder, summaries

import pytest
from conftest import curve


def test_later_runs_have_numbers(lesson, tmp_path):
    log = tmp_path / 'log'
    for steps, folder in (1, log), (2, log / 'run_2'), (3, log / 'run_3'):
        out = lesson(steps=steps).out
        assert '\nWriting summaries to {}\nstep: 0,'.format(folder) in out
        for name in 'train', 'test':
            assert list(curve(folder, name)) == [0, steps]
    assert list(curve(log, 'train')) == [0, 1]


def contents(folder):
    """Return the names and the bytes of all files in a folder."""
    return {
        str(path): path.is_file() and path.read_bytes() for path in folder.rglob('*')
    }


@pytest.mark.parametrize(
    'taken, name',
    [
        ([], ''),
        (['notes.txt', 'was_261124_015425/train'], ''),
        (['train/'], 'run_2'),
        (['test/'], 'run_2'),
        (['train'], 'run_2'),
        (['test'], 'run_2'),
        (['train/cat.jpg', 'run_2/'], 'run_3'),
        (['train/', 'run_2', 'run_3/cat.jpg', 'run_5/'], 'run_4'),
    ],
)
def test_whatever_exists_is_left_alone(tmp_path, taken, name):
    for path in taken:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        if path.endswith('/'):
            (tmp_path / path).mkdir()
        else:
            (tmp_path / path).write_text('mine')
    before = contents(tmp_path)
    assert pathlib.Path(log_folder.new_run(tmp_path)) == tmp_path / name
    after = contents(tmp_path)
    assert set(after) - set(before) == {str(tmp_path / (name or 'train'))}
    assert before.items() <= after.items()


def test_a_run_that_died_early_is_no_obstacle(lesson, tmp_path):
    log_folder.new_run(tmp_path / 'log')
    lesson()
    assert list(curve(tmp_path / 'log' / 'run_2', 'test')) == [0]


def test_wrong_input_creates_nothing(lesson, tmp_path):
    wrong = dict(data=str(tmp_path / 'missing.npz')), dict(steps=-1), dict(seed=-1)
    for changes in wrong:
        with pytest.raises(ValueError):
            lesson(**changes)
    assert not (tmp_path / 'log').exists()


@pytest.mark.parametrize('name', ['file', 'file/log', ''])
def test_a_file_or_nothing_is_no_log_folder(lesson, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'file').write_text('mine')
    with pytest.raises(OSError, match=r"^Can't use .*\)\. Pass another logdir\.$"):
        lesson(logdir=name)
    assert (tmp_path / 'file').read_text() == 'mine'


def test_a_tilde_is_the_home_folder(lesson, tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('USERPROFILE', str(tmp_path))
    lesson(logdir='~/log')
    assert curve(tmp_path / 'log', 'test')


@pytest.mark.skipif(tf.__version__ > '2', reason='TensorBoard 2 can open such a folder')
@pytest.mark.parametrize('name', ['at_12:30', 'a,b/c'])
def test_a_name_that_tensorboard_1_splits_is_refused(tmp_path, name):
    with pytest.raises(OSError, match='TensorBoard 1 splits'):
        log_folder.new_run(tmp_path / name)
    assert not list(tmp_path.iterdir())


def empty(folder):
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))


@pytest.mark.skipif(os.name == 'nt', reason="Windows can't remove an open file")
@pytest.mark.parametrize(
    'name, remove',
    [('train', shutil.rmtree), ('test', shutil.rmtree), ('train', empty)],
)
def test_removed_summaries_are_reported(lesson, tmp_path, monkeypatch, name, remove):
    folder = tmp_path / 'log' / name
    monkeypatch.setattr(summaries, 'stop_if_diverged', lambda *_: remove(str(folder)))
    with pytest.raises(OSError, match='log. were removed during the run'):
        lesson()
