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
    for steps, folder in (1, log), (2, f'{log}/run_2'), (3, f'{log}/run_3'):
        out = lesson(steps=steps).out
        assert f'\nWriting summaries to {folder}\nstep: 0,' in out
        assert list(curve(folder, 'test')) == [0, steps]


@pytest.mark.parametrize(
    'taken, name',
    [
        (['notes.txt', 'was_261124_015425/train'], ''),
        (['train/'], 'run_2'),
        (['test/'], 'run_2'),
        (['test'], 'run_2'),
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
    before = set(tmp_path.rglob('*'))
    assert pathlib.Path(log_folder.new_run(tmp_path)) == tmp_path / name
    assert set(tmp_path.rglob('*')) - before == {tmp_path / (name or 'train')}
    assert all(path.is_dir() or path.read_text() == 'mine' for path in before)


def test_wrong_input_creates_nothing(lesson, tmp_path):
    wrong = dict(data='missing.npz'), dict(steps=-1), dict(seed=-1)
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


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setattr('os.path.expanduser', lambda p: p.replace('~', str(tmp_path)))
    assert log_folder.new_run('~/new/log') == f'{tmp_path}/new/log'


@pytest.mark.skipif(tf.__version__ > '2', reason='TensorBoard 2 can open such a folder')
def test_a_name_that_tensorboard_1_splits_is_refused(tmp_path):
    for name in 'at_12:30', 'a,b/c':
        with pytest.raises(OSError, match='TensorBoard 1 splits'):
            log_folder.new_run(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == 'nt', reason="Windows can't remove an open file")
@pytest.mark.parametrize('name', ['train', 'test'])
def test_removed_summaries_are_reported(lesson, tmp_path, monkeypatch, name):
    folder = str(tmp_path / 'log' / name)
    monkeypatch.setattr(summaries, 'stop_if_diverged', lambda *_: shutil.rmtree(folder))
    with pytest.raises(OSError, match='log. were removed during the run'):
        lesson()
