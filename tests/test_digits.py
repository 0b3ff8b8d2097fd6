"""Loading digits: from a file, from the Keras cache, by download, or synthetic ones."""

import hashlib
import http.client
import inspect
import os
import re
import zlib
from unittest import mock

from helper import tf
from support import digits
from support.digits import load_data
from support.npz import DataError

import numpy as np
import pytest
from conftest import make_arrays, save_npz

SMALL = '(not MNIST), 300 training and 120 test images\n'


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The cache of a new user without a network. It's empty."""
    monkeypatch.setenv('KERAS_HOME', str(tmp_path / 'keras'))
    monkeypatch.setenv('no_proxy', '*')
    monkeypatch.setattr(digits, 'URL', 'http://127.0.0.1:9/mnist.npz')
    (tmp_path / 'keras' / 'datasets').mkdir(parents=True)
    return tmp_path / 'keras' / 'datasets' / 'mnist.npz'


@pytest.fixture
def offered(tmp_path, monkeypatch):
    """The bytes of the small dataset, which is offered at MNIST's URL."""
    path = tmp_path / 'offered.npz'
    save_npz(path)
    monkeypatch.setattr(digits, 'URL', path.as_uri())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(digits, 'URL_SHA256', digest)
    return path.read_bytes()


def assert_small_digits(digits):
    train, test = digits
    for array, expected in zip(train + test, make_arrays().values()):
        assert array.dtype == np.uint8
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize('dtype', ['uint8', '>i4', 'int64'])
def test_reads_integers_of_any_type(tmp_path, capsys, dtype):
    arrays = {name: array.astype(dtype, 'F') for name, array in make_arrays().items()}
    assert_small_digits(load_data(save_npz(tmp_path / 'x.npz', **arrays)))
    assert capsys.readouterr().out == "'x.npz' " + SMALL


GOOD = make_arrays()


@pytest.mark.parametrize(
    'name, array, found',
    [
        ('x_train', GOOD['x_train'] / 255, 'float64 [300, 28, 28]'),
        ('x_train', np.full((300, 28, 28), 256, 'i8'), 'from 256 to 256'),
        ('x_test', np.full((120, 28, 28), -1, 'i8'), 'from -1 to -1'),
        ('x_test', np.ones((9, 784), 'u1'), 'uint8 [9, 784]'),
        ('x_test', GOOD['x_test'][:0], 'uint8 [0, 28, 28]'),
        ('y_test', GOOD['y_test'] + 2, 'from 2 to 10'),
    ],
)
def test_unusable_arrays_are_described(tmp_path, name, array, found):
    path = save_npz(tmp_path / 'x.npz', **{name: array})
    must = '255 in the shape [n, 28, 28]' if 'x' in name else '9 in the shape [n]'
    with pytest.raises(DataError) as error:
        load_data(path)
    assert str(error.value) == (
        f'Could not read {path!r} ({name} is {found}, but must be integers from 0 to '
        f'{must}). Pass mnist, synthetic, or the path of a file like mnist.npz as data.'
    )


def test_a_label_for_each_image_is_required(tmp_path):
    path = save_npz(tmp_path / 'x.npz', y_train=GOOD['y_train'][1:])
    with pytest.raises(DataError, match='train: 300 images, but 299 labels'):
        load_data(path)
    np.savez(path, x_train=GOOD['x_train'], labels=GOOD['y_train'])
    with pytest.raises(DataError, match='it holds x_train, labels, but not y_train'):
        load_data(path)


def test_unreadable_files_are_refused(tmp_path):
    path = tmp_path / 'x.npz'
    with pytest.raises(DataError, match='No such file'):
        load_data(path)
    for content in b'', b'<html>', open(save_npz(path), 'rb').read()[:9000]:
        path.write_bytes(content)
        with pytest.raises(DataError, match='not a zip file'):
            load_data(path)
    save_npz(path, x_train=np.array([print] * 300))  # a pickle
    with pytest.raises(DataError, match='allow_pickle=False'):
        load_data(path)


def pretend_small_is_mnist(monkeypatch):
    content = b''.join(array.tobytes() for array in GOOD.values())
    monkeypatch.setattr(digits, 'MNIST_CRC32', zlib.crc32(content))


@pytest.mark.parametrize('name', GOOD)
def test_changed_mnist_is_not_called_mnist(tmp_path, monkeypatch, capsys, name):
    pretend_small_is_mnist(monkeypatch)
    changed = GOOD[name].copy()
    changed.flat[-1] ^= 1
    load_data(save_npz(tmp_path / 'mnist.npz', **{name: changed}))
    assert capsys.readouterr().out == "'mnist.npz' " + SMALL


def test_url_and_hash_are_those_of_keras(monkeypatch):
    monkeypatch.undo()  # Restore the URL.
    source = inspect.getsource(tf.keras.datasets.mnist.load_data)
    assert digits.URL.rpartition('mnist.npz')[0] in source
    # Old versions have no SHA-256.
    assert re.findall('[0-9a-f]{64}', source) in ([digits.URL_SHA256], [])


def test_cached_file_is_used_and_called_what_it_is(cache, monkeypatch, capsys):
    before = open(save_npz(cache), 'rb').read()
    load_data()
    assert capsys.readouterr().out == "'mnist.npz' " + SMALL
    with pytest.raises(DataError, match="isn't MNIST. Remove it to download"):
        load_data('mnist')
    pretend_small_is_mnist(monkeypatch)
    for source in 'auto', 'mnist':
        assert_small_digits(load_data(source))
        assert capsys.readouterr().out.startswith('MNIST, 300')
    assert cache.read_bytes() == before


def test_damaged_cache_is_kept_and_named(cache):
    cache.write_bytes(b'damaged')
    with pytest.raises(DataError) as error:
        load_data()
    assert repr(str(cache)) in str(error.value)
    advice = ' Remove it to download MNIST, or pass the path of a copy as data.'
    assert str(error.value).endswith(advice)
    assert cache.read_bytes() == b'damaged'


def test_missing_mnist_is_downloaded(cache, offered, monkeypatch, capsys):
    cache.parent.rmdir()
    pretend_small_is_mnist(monkeypatch)
    assert_small_digits(load_data())
    assert os.listdir(str(cache.parent)) == ['mnist.npz']
    assert cache.read_bytes() == offered
    out, err = capsys.readouterr()
    assert out.startswith('MNIST, 300')
    assert err == f'Downloading MNIST from {digits.URL}\n'


def test_a_faster_download_is_used(cache, offered, monkeypatch):
    parts = []

    def replace(part, path):
        parts.append(part)
        cache.write_bytes(offered)  # Another program is faster.
        raise PermissionError

    monkeypatch.setattr('os.replace', replace)
    for _ in range(2):
        assert_small_digits(load_data())
        cache.unlink()
    assert os.listdir(str(cache.parent)) == []
    assert parts[0] != parts[1]
    assert str(cache.parent) in parts[0]  # A file can't be moved to another disk.


def test_a_different_file_is_not_kept(cache, offered, monkeypatch):
    monkeypatch.setattr(digits, 'URL_SHA256', '0' * 64)
    with pytest.raises(DataError) as raised:
        load_data('mnist')
    assert str(raised.value) == (
        f'Could not download MNIST from {digits.URL} (the server sent a different '
        'file). To use a copy, pass its path as data.'
    )
    assert os.listdir(str(cache.parent)) == []


def test_any_failure_of_the_network_is_expected(monkeypatch):
    urlopen = mock.Mock(side_effect=http.client.BadStatusLine('SSH'))
    monkeypatch.setattr('urllib.request.urlopen', urlopen)
    with pytest.raises(DataError, match='SSH'):
        load_data('mnist')
    urlopen.assert_called_once_with(digits.URL, timeout=5)


def test_a_tilde_and_an_empty_variable_mean_the_home_folder(tmp_path, monkeypatch):
    for name in 'HOME', 'USERPROFILE':
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv('KERAS_HOME', '')
    (tmp_path / '.keras' / 'datasets').mkdir(parents=True)
    save_npz(tmp_path / '.keras' / 'datasets' / 'mnist.npz')
    assert_small_digits(load_data())
    assert_small_digits(load_data('~/.keras/datasets/mnist.npz'))


def test_without_a_home_nothing_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('KERAS_HOME')
    monkeypatch.setattr('os.path.expanduser', lambda path: path)
    load_data()
    assert '(there is no home folder to keep it in)' in capsys.readouterr().out
    assert os.listdir('.') == ['keras']


def test_offline_users_get_synthetic_digits(cache, capsys):
    load_data()
    notice, first = capsys.readouterr().out.splitlines()
    assert first == 'synthetic digits (not MNIST), 10000 training and 2000 test images'
    assert notice.startswith('Could not download MNIST from http://127.0.0.1:9/')
    load_data('synthetic')
    assert capsys.readouterr().out == first + '\n'
