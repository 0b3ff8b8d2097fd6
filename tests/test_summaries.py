"""The log folder: earlier runs are kept, and other files stay as they are."""

import os
import pathlib
import time
from unittest import mock

import pytest
from conftest import curve

from support.summaries import new_run


def test_earlier_runs_are_kept_under_their_start_time(lesson, tmp_path):
    before = time.strftime('was_%y%m%d_%H%M%S')
    for steps in 1, 2, 3:
        lesson(steps=steps)
        (tmp_path / 'log' / 'train' / '.DS_Store').touch()
    log = tmp_path / 'log'
    earlier = sorted(set(os.listdir(str(log))) - {'train', 'test'})
    assert len(earlier) == 2
    assert before <= earlier[0] < earlier[1] <= time.strftime('was_%y%m%d_%H%M%S_')
    for steps, folder in zip((1, 2, 3), [log / name for name in earlier] + [log]):
        assert list(curve(folder, 'train')) == [0, steps]
        assert list(curve(folder, 'test')) == [0, steps]


def test_other_files_stay_and_an_empty_run_is_no_obstacle(tmp_path):
    (tmp_path / 'notes.txt').write_text('mine')
    new_run(tmp_path)
    new_run(tmp_path)
    assert (tmp_path / 'notes.txt').read_text() == 'mine'


def test_a_folder_of_other_data_is_refused(tmp_path):
    (tmp_path / 'train').mkdir()
    (tmp_path / 'train' / 'cat.jpg').write_text('mine')
    with pytest.raises(OSError) as error:
        new_run(tmp_path)
    assert str(error.value) == (
        "Can't use {!r} (its folder 'train' holds no summaries). "
        'Pass another --logdir.'.format(str(tmp_path))
    )
    assert os.listdir(str(tmp_path)) == ['train']
    assert (tmp_path / 'train' / 'cat.jpg').read_text() == 'mine'


def test_a_folder_in_use_names_tensorboard(tmp_path, monkeypatch):
    new_run(tmp_path)
    monkeypatch.setattr(os, 'rename', mock.Mock(side_effect=PermissionError))
    with pytest.raises(OSError, match='; on Windows, stop TensorBoard first'):
        new_run(tmp_path)


@pytest.mark.parametrize('name', ['file', 'file/log', ''])
def test_a_file_or_nothing_is_no_log_folder(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'file').write_text('mine')
    with pytest.raises(OSError, match="^Can't use .*Pass another --logdir.$"):
        new_run(name)
    assert (tmp_path / 'file').read_text() == 'mine'


@pytest.mark.parametrize('make', [str, pathlib.Path])
def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch, make):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('USERPROFILE', str(tmp_path))
    assert pathlib.Path(new_run(make('~/log'))) == tmp_path / 'log'
    assert sorted(os.listdir(str(tmp_path / 'log'))) == ['test', 'train']
