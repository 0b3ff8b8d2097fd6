"""Which data a run takes, what it says of them, and what it says of data that it cannot use."""
import base64
import concurrent.futures
import contextlib
import hashlib
import importlib.util
import io
import json
import os
import pickle
import queue
import re
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
import types
import unicodedata
import urllib.request
import warnings
import zipfile
import zlib

import hypothesis
import numpy as np
import pytest
from conftest import ROOT, arrays, environment, run, text
from hypothesis import strategies

from backstage import digits, drawn_digits
from backstage.printing import one_line, say

GOOD = arrays(20, 10)
IMAGES = GOOD['x_train'].tobytes()
KERAS_CACHE, MNIST_URL = digits.cache_path(), digits.URL  # before the tests change where they point

hypothesis.configuration.set_hypothesis_home_dir(os.devnull)  # or it would leave a folder where pytest is called
always_the_same = dict(derandomize=True, database=None, deadline=None,
                       suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much])


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """A user whose home is empty, in a folder of its own, and a network without any host but this one."""
    (tmp_path / 'home').mkdir()
    (tmp_path / 'here').mkdir()
    for name in ('HOME', 'USERPROFILE'):
        monkeypatch.setenv(name, str(tmp_path / 'home'))
    monkeypatch.setenv('no_proxy', '*')
    monkeypatch.delenv('KERAS_HOME', raising=False)
    monkeypatch.chdir(str(tmp_path / 'here'))
    monkeypatch.setattr(digits, 'URL', 'http://127.0.0.1:9/mnist.npz')


@pytest.fixture
def cache(tmp_path):
    """Where this user's Keras keeps MNIST. There is nothing yet."""
    return tmp_path / 'home' / '.keras' / 'datasets' / 'mnist.npz'


@pytest.fixture
def quick_drawing(monkeypatch):
    monkeypatch.setattr(drawn_digits, 'load_data', lambda: drawn_from(GOOD))


def drawn_from(given):
    return (given['x_train'], given['y_train']), (given['x_test'], given['y_test'])


def within(seconds, function, *arguments):
    """What the function returns or raises; it fails, where it would hang."""
    results = queue.Queue()

    def call():
        try:
            results.put((function(*arguments), None))
        except BaseException as error:
            results.put((None, error))

    threading.Thread(target=call, daemon=True).start()
    try:
        result, error = results.get(timeout=seconds)
    except queue.Empty:
        pytest.fail('it takes longer than {} s'.format(seconds))
    if error:
        raise error
    return result


def load(source):
    """The digits, and the one line that was printed of them."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        found = digits.load_digits(source)
    assert out.getvalue() == found.description + '\n' and shows_nothing_else_than_a_line(found.description)
    return found, found.description


def refusal(source, name=None):
    """The sentence with which data are refused: on one line, it names the file and, in whatever words, a cause."""
    with contextlib.redirect_stdout(io.StringIO()) as out, pytest.raises(digits.DataError) as refused:
        digits.load_digits(source)
    sentence = str(refused.value)
    assert out.getvalue() == ''
    assert_is_a_sentence(sentence, os.path.basename(source) if name is None else name)
    return sentence


def assert_is_a_sentence(sentence, name):
    assert shows_nothing_else_than_a_line(sentence) and sentence.endswith('.')
    assert name in sentence
    assert ' ()' not in re.sub(r'has the shape \(\)|not a dictionary: \(\)', '', sentence)
    assert 'Errno' not in sentence  # the system's reason without its number
    assert 'allow_pickle' not in sentence  # that would be bad advice


def shows_nothing_else_than_a_line(line):
    """No line end, no control character, nothing that turns the direction of writing, no half of a pair."""
    return all(c in u' \u3000' or unicodedata.category(c)[0] not in 'CZ' for c in line)


def assert_same(found, given=GOOD):
    for (images, labels), kind in zip((found.train, found.test), ('train', 'test')):
        for array, name in [(images, 'x_' + kind), (labels, 'y_' + kind)]:
            assert array.dtype == np.uint8
            np.testing.assert_array_equal(array, given[name])


# Files

def npy(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array))
    return file.getvalue()


def npz(given=GOOD, save=np.savez):
    file = io.BytesIO()
    save(file, **given)
    return file.getvalue()


NPZ = npz()


def with_header(header, data=IMAGES, version=1):
    """An array of a version of NumPy's format, with this text in the place of its description."""
    header = header.encode('latin-1')
    return b'\x93NUMPY' + bytes([version, 0]) + struct.pack('<H' if version == 1 else '<I', len(header)) + header + data


def description(shape, descr='|u1'):
    return "{{'descr': {!r}, 'fortran_order': False, 'shape': {}, }}\n".format(descr, shape)


def changed(**changes):
    """Write good arrays with some of them replaced, or left out where the replacement is None."""
    def write(path):
        np.savez(path, **{key: value for key, value in dict(GOOD, **changes).items() if value is not None})
    return write


def holding(x_train, **declared):
    """Write good arrays but for x_train, which are these bytes, of which the archive may declare something else."""
    def write(path):
        changed(x_train=None)(path)
        with zipfile.ZipFile(path, 'a') as archive:
            archive.writestr('x_train.npy', x_train)
            for key, value in declared.items():
                setattr(archive.getinfo('x_train.npy'), key, value)
    return write


def packed_by(method):
    def write(path):
        with zipfile.ZipFile(path, 'w', method) as archive:
            for name, array in GOOD.items():
                archive.writestr(name + '.npy', npy(array))
    return write


def with_content(content):
    def write(path):
        with open(path, 'wb') as file:
            file.write(content)
    return write


def overwritten(position, content):
    return with_content(NPZ[:position] + content + NPZ[position + len(content):])


def linked_to(target):
    def write(path):
        try:
            os.symlink(target, path)
        except (OSError, NotImplementedError):
            pytest.skip('this user may not make symbolic links here')
    return write


class Bomb:
    """Unpickled, it would leave a file behind."""
    def __reduce__(self):
        return open, ('unpickled', 'w')


BAD_FILES = {
    'no such file': (lambda path: None, 'no such file'),
    'dangling link': (linked_to('nowhere.npz'), 'no such file'),
    'link to itself': (linked_to('digits.npz'), 'cannot be read'),
    'folder': (os.mkdir, 'is not a file'),
    'empty file': (with_content(b''), 'empty'),
    'no zip': (with_content(b'MNIST'), 'not an .npz'),
    'truncated zip': (with_content(NPZ[:9000]), 'cut short'),
    'damaged images': (overwritten(5000, b'\xff' * 8), 'damaged'),
    'damaged directory': (overwritten(len(NPZ) - 300, b'\xff' * 60), 'cannot be read'),
    'no training images': (changed(x_train=GOOD['x_train'][:0], y_train=GOOD['y_train'][:0]), 'x_train is empty'),
    'no test images': (changed(x_test=GOOD['x_test'][:0], y_test=GOOD['y_test'][:0]), 'x_test is empty'),
    'flat images': (changed(x_train=GOOD['x_train'].reshape(20, 784)), 'x_train has the shape (20, 784)'),
    'small images': (changed(x_test=GOOD['x_test'][:, :8, :8]), 'x_test has the shape (10, 8, 8)'),
    'images on their side': (changed(x_train=np.moveaxis(GOOD['x_train'], 0, 2)), 'x_train has the shape (28, 28, 20)'),
    'images in colour': (changed(x_test=GOOD['x_test'][..., None]), 'x_test has the shape (10, 28, 28, 1)'),
    'a single number': (changed(x_train=np.uint8(7)), 'x_train has the shape ()'),
    'float images': (changed(x_train=GOOD['x_train'] / 255), 'x_train holds float64'),
    'text images': (changed(x_test=GOOD['x_test'].astype(str)), 'x_test holds <U'),
    'truth values': (changed(x_test=GOOD['x_test'] > 9), 'x_test holds bool'),
    'times': (changed(x_train=GOOD['x_train'].astype('M8[s]')), 'x_train does not begin as'),
    'records': (changed(x_train=GOOD['x_train'].astype([(u'a\x1b\n', 'u1')])), 'x_train'),
    'nothings': (holding(with_header(description((10 ** 15, 28, 28), '|V0'), b'')), 'x_train'),
    'images above 255': (changed(x_train=GOOD['x_train'].astype(int) * 2), 'x_train holds values from'),
    'negative images': (changed(x_test=GOOD['x_test'].astype(int) - 1), 'x_test holds values from -1'),
    'too few labels': (changed(y_train=GOOD['y_train'][:-1]), 'y_train has the shape (19,)'),
    'too many labels': (changed(y_test=GOOD['y_train']), 'y_test has the shape (20,)'),
    'label 10': (changed(y_train=GOOD['y_train'] + 9), 'y_train holds values from'),
    'label -1': (changed(y_test=GOOD['y_test'].astype(int) - 1 - GOOD['y_test'].min()), 'y_test holds values from -1'),
    'float labels': (changed(y_train=GOOD['y_train'] * 1.0), 'y_train holds float64'),
    'one-hot labels': (changed(y_test=np.eye(10)[GOOD['y_test']]), 'y_test has the shape (10, 10)'),
    'objects': (changed(x_train=np.array([Bomb()] * 20)), 'x_train holds Python objects'),
    'objects in records': (changed(y_test=np.array([(Bomb(),)] * 10, [('a', object)])), 'y_test does not begin as'),
    'a pickle': (holding(pickle.dumps(Bomb())), 'x_train'),
    'no array': (holding(b''), 'x_train'),
    'encrypted': (holding(npy(GOOD['x_train']), flag_bits=1), 'encrypted'),
    'compressed by bzip2': (packed_by(zipfile.ZIP_BZIP2), 'compressed'),
    'compressed by lzma': (packed_by(zipfile.ZIP_LZMA), 'compressed'),
    'compressed by nobody': (holding(npy(GOOD['x_train']), compress_type=77), 'compressed'),
    'too few bytes': (holding(npy(GOOD['x_train'])[:-1]), 'x_train'),
    'declared too short': (holding(npy(GOOD['x_train']), file_size=9000), 'cannot be read'),
    'declared huge': (holding(npy(GOOD['x_train']), file_size=2 ** 40), str(2 ** 40)),
    'declared beyond all sizes': (holding(npy(GOOD['x_train']), file_size=2 ** 63 - 1), str(2 ** 63 - 1)),
    'promises 10 GB': (holding(with_header(description((14 * 10 ** 6, 28, 28)))), 'cannot be read'),
    'promises too much': (holding(with_header(description((10 ** 15, 28, 28)))), 'memory'),
    'promises beyond all': (holding(with_header(description((2 ** 60, 28, 28)))), 'cannot be read'),
}
BAD_FILES.update({'no ' + name: (changed(**{name: None}), 'it lacks the array ' + name) for name in GOOD})


@pytest.mark.parametrize('name', sorted(BAD_FILES))
def test_bad_data_are_refused_in_one_sentence(name):
    write, cause = BAD_FILES[name]
    write('digits.npz')
    assert cause in within(30, refusal, 'digits.npz')
    assert set(os.listdir('.')) <= {'digits.npz'}  # nothing was unpickled


@pytest.mark.parametrize('source', [os.path.join('nowhere', 'digits.npz'), os.path.join('digits.npz', 'digits.npz'),
                                    'digits' * 60 + '.npz'])
def test_a_path_that_leads_nowhere_is_refused_in_one_sentence(source):
    changed()('digits.npz')
    refusal(source)


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='this system knows no named pipes')
def test_a_pipe_is_not_waited_for():
    os.mkfifo('digits.npz')
    assert 'is not a file' in within(10, refusal, 'digits.npz')


@contextlib.contextmanager
def not_as_root():
    """root may read everything, so let this be the user `nobody` for a moment."""
    if os.geteuid():
        yield
        return
    try:
        os.seteuid(65534)
    except OSError:
        pytest.skip('root cannot become another user here')
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name != 'posix', reason='chmod closes no file to its owner here')
@pytest.mark.parametrize('source, closed', [('digits.npz', 'digits.npz'),
                                            (os.path.join('folder', 'digits.npz'), 'folder')])
def test_what_may_not_be_read_is_refused_in_one_sentence(source, closed):
    os.mkdir('folder')
    changed()(source)
    os.chmod('.', 0o755)
    os.chmod(closed, 0)
    try:
        with not_as_root():
            assert os.strerror(13) in refusal(source)
    finally:
        os.chmod(closed, 0o700)


def deflated(start, block, times):
    """What deflate makes of `start` and of `times` times this block, at the cost of one."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    once = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return packed + once * times + packer.flush()


MB = 2 ** 20
IMAGES_OF_2_GB = with_header(description((2 ** 31 // 784, 28, 28)), b'')
BOMBS = {  # what stands first, with what it goes on, and the size that the archive declares
    '2 GB of images': (IMAGES_OF_2_GB, b'\0', 2 ** 31),
    '2 GB that are said to be few images': (npy(GOOD['x_train']), b'\0', len(npy(GOOD['x_train']))),
    'a description of 900 MB': (with_header('', b'', version=2)[:8] + struct.pack('<I', 900 * MB), b' ',
                                901 * MB),
}


@pytest.mark.parametrize('name', sorted(BOMBS))
def test_what_unpacks_to_far_more_than_it_weighs_costs_neither_time_nor_memory(name):
    start, more, size = BOMBS[name]
    holding(deflated(start, more * MB, 2048), compress_type=zipfile.ZIP_DEFLATED, file_size=size)('digits.npz')
    assert os.path.getsize('digits.npz') < 4 * MB
    began = time.time()
    tracemalloc.start()
    try:
        within(60, refusal, 'digits.npz')
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.time() - began < 5 and peak < 32 * MB


GOOD_HEADER = description((20, 28, 28))
BAD_HEADERS = {
    'nothing': '',
    'line ends': '\n' * 9,
    'zeros': '\0' * 99,
    'control characters': '\x1b[2J\r\n',
    'no ASCII': u'\xff' * 99,
    'number': '1',
    'list': '[1, 2]',
    'short sum': '1' + '+1' * 120,
    'long sum': '1' + '+1' * 4600,
    'many minus': '-' * 250 + '1',
    'more minus': '-' * 9000 + '1',
    'open brackets': '(' * 250,
    'more open brackets': '(' * 9000,
    'brackets': '(' * 95 + ')' * 95,
    'brackets in a description': description('(' * 80 + ')' * 80),
    'long spaces': GOOD_HEADER.strip() + ' ' * 9000 + '\n',
    'strange escape': GOOD_HEADER.replace('|u1', r'|u1\d'),
    'condition': GOOD_HEADER.replace('20', '1if 1else 1'),
    'power': GOOD_HEADER.replace('20', '9**9**9'),
    'long number': GOOD_HEADER.replace('20', '9' * 150),
    'negative number': GOOD_HEADER.replace('20', '-20'),
    'fraction': GOOD_HEADER.replace('20', '20.5'),
    'many dimensions': GOOD_HEADER.replace('20,', '1,' * 80),
    'no tuple': GOOD_HEADER.replace('(20, 28, 28)', '15680'),
    'no dtype': GOOD_HEADER.replace('|u1', '%s'),
    'huge dtype': GOOD_HEADER.replace('|u1', '|V2147483647'),
    'dtype of dtypes': GOOD_HEADER.replace("'|u1'", "[('a', '|u1'), ('b', [('c', '|O')])]"),
    'missing key': GOOD_HEADER.replace("'fortran_order': False, ", ''),
    'surplus key': GOOD_HEADER.replace('}', "'a': 1}"),
    'objects': GOOD_HEADER.replace('|u1', '|O'),
}
READ_ALL = '''
import json, os, sys
sys.path.insert(0, sys.argv[1])
from backstage import digits
refused = {}
for name in os.listdir('.'):
    try:
        digits.load_digits(name)
    except digits.DataError as error:
        refused[name] = str(error)
print(json.dumps(refused))
'''


@pytest.fixture(scope='module')
def bad_headers(tmp_path_factory):
    """A process, for what might end it, that reads files with bad headers: (its status, {file: sentence}, stderr)."""
    folder = tmp_path_factory.mktemp('headers')
    for name, header in BAD_HEADERS.items():
        holding(with_header(header))(str(folder / (name + '.npz')))
    process = subprocess.Popen([sys.executable, '-c', READ_ALL, ROOT], cwd=str(folder), env=environment(folder),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=100)
    return process.returncode, json.loads(text(out) or '{}'), text(err)


@pytest.mark.parametrize('name', sorted(BAD_HEADERS))
def test_a_bad_header_is_refused_in_one_sentence(bad_headers, name):
    status, refused, _ = bad_headers
    assert status == 0 and name + '.npz' in refused
    assert_is_a_sentence(refused[name + '.npz'], name)
    assert 'memory' not in refused[name + '.npz'] or 'huge' in name


def test_bad_headers_make_neither_python_nor_numpy_write_warnings(bad_headers):
    _, _, err = bad_headers
    assert err == ''


# Any file

@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('any')


def same_or_refused(path, given):
    """Either these digits or one sentence: nothing else is raised, or taken for digits."""
    try:
        found, line = load(path)
    except digits.DataError as error:
        assert_is_a_sentence(str(error), 'digits.npz')
    else:
        assert line == 'digits.npz (not MNIST), {} training and {} test images'.format(
            len(given['y_train']), len(given['y_test']))
        assert_same(found, given)


def as_numpy_or_refused(path):
    """What NumPy reads in the file, or one sentence; the sentence, where NumPy cannot read it."""
    try:
        with np.load(path) as archive, warnings.catch_warnings():
            warnings.simplefilter('ignore')
            given = {name: archive[name] for name in GOOD}
    except Exception:
        refusal(path)
    else:
        same_or_refused(path, given)


@hypothesis.settings(max_examples=150, **always_the_same)
@hypothesis.given(content=strategies.one_of(
    strategies.binary(max_size=999),
    strategies.tuples(strategies.binary(max_size=99), strategies.binary(max_size=30)).map(
        lambda parts: b'PK\3\4' + parts[0] + b'PK\1\2' + parts[0] + b'PK\5\6' + parts[1])))
def test_no_bytes_are_taken_for_digits(folder, content):
    path = str(folder / 'digits.npz')
    with_content(content)(path)
    refusal(path)


FEW = arrays(3, 2)
FEW_FILES = [npz(FEW), npz(FEW, np.savez_compressed)]


@hypothesis.settings(max_examples=300, **always_the_same)
@hypothesis.given(data=strategies.data())
def test_a_damaged_file_gives_the_same_digits_or_one_sentence(folder, data):
    content = data.draw(strategies.sampled_from(FEW_FILES))
    anywhere = strategies.integers(0, len(content))
    # What matters most stands at the end, in the archive's directory, and at the beginning of each array.
    starts = [found.start() for found in re.finditer(b'PK|NUMPY', content)]
    where = strategies.one_of(anywhere, strategies.integers(len(content) - 300, len(content)), strategies.builds(
        lambda start, offset: min(start + offset, len(content)), strategies.sampled_from(starts),
        strategies.integers(0, 50)))
    for _ in range(data.draw(strategies.integers(1, 3))):
        at, gone = data.draw(where), data.draw(strategies.sampled_from([0, 1, 1, 1, 2, 4, 99, len(content)]))
        new = data.draw(strategies.one_of(strategies.binary(max_size=4), strategies.sampled_from(
            [b'\0', b'\1', b'\xff' * 4, content[:300], content[-300:]])))
        content = content[:at] + new + content[at + gone:]
    path = str(folder / 'digits.npz')
    with_content(content)(path)
    same_or_refused(path, FEW)


@hypothesis.settings(max_examples=200, **always_the_same)
@hypothesis.given(descr=strategies.sampled_from(['|u1', '|i1', '<i2', '>i8', '<f4', '|b1', '|S1', '<M8[s]', 'x']),
                  order=strategies.sampled_from(['True', 'False', 'None', '1']),
                  shape=strategies.one_of(strategies.sampled_from([[3, 28, 28], [3, 28, 27], [2, 28, 28], [3, 784]]),
                                          strategies.lists(strategies.integers(-1, 30), max_size=4)),
                  data=strategies.binary(max_size=3 * 784), fill=strategies.integers(0, 255))
@hypothesis.example(descr='|u1', order='False', shape=[3, 28, 28], data=b'', fill=7)
@hypothesis.example(descr='|u1', order='True', shape=[3, 28, 28], data=bytes(range(256)) * 9, fill=7)
@hypothesis.example(descr='>i2', order='False', shape=[3, 28, 28], data=b'\0\7', fill=0)
def test_an_array_is_what_numpy_makes_of_it_or_is_refused(folder, descr, order, shape, data, fill):
    path = str(folder / 'digits.npz')
    header = description(tuple(shape), descr).replace('False', order)
    np.savez(path, **{name: FEW[name] for name in FEW if name != 'x_train'})
    with zipfile.ZipFile(path, 'a') as archive:
        archive.writestr('x_train.npy', with_header(header, data + bytes([fill]) * (3 * 8 * 784 - len(data))))
    as_numpy_or_refused(path)


INTEGERS = ['|u1', '|i1'] + [order + kind for order in '<>' for kind in ('u2', 'i2', 'u4', 'i4', 'u8', 'i8')]
ORDERS = [np.ascontiguousarray, np.asfortranarray]
kinds = strategies.fixed_dictionaries(
    {name: strategies.tuples(strategies.sampled_from(INTEGERS), strategies.sampled_from(ORDERS)) for name in FEW})


@hypothesis.settings(max_examples=100, **always_the_same)
@hypothesis.given(kinds=kinds, save=strategies.sampled_from([np.savez, np.savez_compressed]),
                  seed=strategies.integers(0, 2 ** 32 - 1))
def test_integers_of_any_kind_and_order_are_digits(folder, kinds, save, seed):
    random, given, saved = np.random.RandomState(seed), {}, {}
    for name, (dtype, order) in kinds.items():
        top = 9 if name.startswith('y') else min(255, np.iinfo(dtype).max)
        values = random.randint(0, top + 1, size=FEW[name].shape)
        values.flat[0], values.flat[-1] = 0, top
        given[name], saved[name] = values, order(values.astype(dtype))
    path = str(folder / 'digits.npz')
    save(path, **saved)
    found, _ = load(path)
    assert_same(found, given)


@hypothesis.settings(max_examples=100, **always_the_same)
@hypothesis.given(name=strategies.sampled_from(sorted(FEW)), dtype=strategies.sampled_from(INTEGERS),
                  where=strategies.integers(0), data=strategies.data())
def test_one_value_out_of_range_is_refused(folder, name, dtype, where, data):
    top, least, most = 9 if name.startswith('y') else 255, np.iinfo(dtype).min, np.iinfo(dtype).max
    wrong = [value for value in (-1, least, top + 1, most, 256) if least <= value <= most and not 0 <= value <= top]
    hypothesis.assume(wrong)
    values = FEW[name].astype(dtype)
    values.flat[where % values.size] = data.draw(strategies.sampled_from(wrong))
    path = str(folder / 'digits.npz')
    np.savez(path, **dict(FEW, **{name: np.clip(FEW[name], 0, 127).astype(dtype)}))
    load(path)
    np.savez(path, **dict(FEW, **{name: values}))
    assert name + ' holds values from' in refusal(path)


def with_two_of_one_name(path):
    changed(x_train=GOOD['x_train'][::-1])(path)
    with warnings.catch_warnings(), zipfile.ZipFile(path, 'a') as archive:
        warnings.simplefilter('ignore')
        archive.writestr('x_train.npy', npy(GOOD['x_train']))


def later_version(version):
    def write(path):
        header = GOOD_HEADER.strip().ljust(127 - 12) + '\n'
        holding(with_header(header, version=version))(path)
    return write


ODD_FILES = {
    'two arrays of one name': with_two_of_one_name,
    'another array': changed(z=GOOD['x_test']),
    'another file': changed(**{'../notes': np.array([1])}),
    'something behind the archive': with_content(NPZ + bytes(99)),
    'something behind an array': holding(npy(GOOD['x_train']) + bytes(99)),
    'more declared than there is': holding(npy(GOOD['x_train']), file_size=2 ** 29),
    'version 2': later_version(2),
    'version 3': later_version(3),
}


@pytest.mark.parametrize('name', sorted(ODD_FILES))
def test_an_odd_file_is_read_as_numpy_reads_it_or_refused(name):
    ODD_FILES[name]('digits.npz')
    as_numpy_or_refused('digits.npz')
    assert os.listdir('.') == ['digits.npz']


# Names

def test_only_mnist_is_called_mnist_whatever_its_name_and_container(standin, monkeypatch):
    given, digest, content = standin
    monkeypatch.setattr(digits, 'MNIST_SHA256', digest)
    with_content(content)('renamed.npz')
    assert load('renamed.npz')[1] == 'MNIST, 60000 training and 10000 test images'
    np.savez('stored.zip', **dict(given, y_train=given['y_train'].astype('>i8'),
                                  x_test=np.asfortranarray(given['x_test'])))
    assert load('stored.zip.npz')[1] == 'MNIST, 60000 training and 10000 test images'
    os.remove('stored.zip.npz')


@pytest.fixture(scope='module')
def standin():
    """Arrays of MNIST's size, the SHA-256 of their bytes, and a file that holds them."""
    random = np.random.RandomState(0)
    images = np.zeros((70000, 28, 28), np.uint8)
    images[:, 0, 0] = random.randint(0, 256, size=70000)
    labels = random.randint(0, 10, size=70000).astype(np.uint8)
    given = dict(x_train=images[:60000], y_train=labels[:60000], x_test=images[60000:], y_test=labels[60000:])
    return given, hashlib.sha256(b''.join(
        given[name].tobytes() for name in ('x_train', 'y_train', 'x_test', 'y_test'))).hexdigest(), npz(
            given, np.savez_compressed)


def with_one_more(array):
    array = array.copy()
    array.flat[-1] += 1
    return array


NEARLY_MNIST = {
    'other digits of the same size': lambda given: dict(given, x_train=255 - given['x_train']),
    'a grey in the last test image': lambda given: dict(given, x_test=with_one_more(given['x_test'])),
    'the last training label': lambda given: dict(given, y_train=(with_one_more(given['y_train'])) % 10),
    'the last test label': lambda given: dict(given, y_test=(with_one_more(given['y_test'])) % 10),
    'another order': lambda given: dict(given, x_train=given['x_train'][::-1], y_train=given['y_train'][::-1]),
    'sets exchanged': lambda given: dict(x_train=given['x_test'], y_train=given['y_test'],
                                         x_test=given['x_train'], y_test=given['y_train']),
    'one image fewer': lambda given: dict(given, x_train=given['x_train'][:-1], y_train=given['y_train'][:-1]),
}


@pytest.mark.parametrize('name', sorted(NEARLY_MNIST))
def test_what_is_nearly_mnist_is_not_called_mnist(name, standin, monkeypatch):
    given, digest, _ = standin
    monkeypatch.setattr(digits, 'MNIST_SHA256', digest)
    np.savez('mnist.npz', **NEARLY_MNIST[name](given))
    assert load('mnist.npz')[1].startswith('mnist.npz (not MNIST), ')
    os.remove('mnist.npz')


def test_the_real_mnist_is_called_mnist():
    if not os.path.isfile(KERAS_CACHE):
        pytest.skip('needs MNIST in the cache of Keras, {}'.format(KERAS_CACHE))
    with open(KERAS_CACHE, 'rb') as file:
        if hashlib.sha256(file.read()).hexdigest() != digits.URL_SHA256:
            pytest.skip('needs MNIST in the cache of Keras, and {} is not as Keras offers it'.format(KERAS_CACHE))
    assert load(KERAS_CACHE)[1] == 'MNIST, 60000 training and 10000 test images'


def test_mnist_comes_from_where_keras_has_it():
    packages = os.path.dirname(os.path.dirname(importlib.util.find_spec('numpy').origin))
    places = [os.path.join(packages, *place, 'datasets', 'mnist.py') for place in (
        ('keras', 'src'), ('tensorflow_core', 'python', 'keras'), ('tensorflow', 'python', 'keras'))]
    sources = [place for place in places if os.path.isfile(place)]
    if not sources:
        pytest.skip('the Keras of this TensorFlow is none of {}'.format(places))
    with open(sources[0], encoding='utf-8') as file:
        source = file.read()
    place, name = MNIST_URL.rsplit('/', 1)
    assert place + '/' in source and name in source
    assert re.findall('[0-9a-f]{64}', source) in ([digits.URL_SHA256], [])  # the oldest Keras has but an MD5 sum


def as_name(content):
    """A file name of these bytes, or, where names are texts, of the text that they spell in UTF-8."""
    return os.fsdecode(content) if os.name == 'posix' else content.decode('utf-8', 'ignore')


FIRST_LINE = b'MNIST, 60000 training and 10000 test images'


@hypothesis.settings(max_examples=100, **always_the_same)
@hypothesis.given(name=strategies.lists(strategies.one_of(
    strategies.sampled_from([FIRST_LINE, b'MNIST', b',', b' ', b'\n', b'\r', b'\x1b[2J', b"'", b'"', b'\\', b'.npz']),
    strategies.binary(max_size=9), strategies.text(max_size=9).map(lambda name: name.encode('utf-8'))),
    min_size=1, max_size=4).map(b''.join))
@hypothesis.example(name=FIRST_LINE + b'.npz')
@hypothesis.example(name=FIRST_LINE)
@hypothesis.example(name=b'two  blanks.npz')
@hypothesis.example(name=FIRST_LINE + b'\n.npz')
@hypothesis.example(name=b'x.npz\n' + FIRST_LINE)
@hypothesis.example(name=b'\x1b[2J\r' + FIRST_LINE)
@hypothesis.example(name=b'\xff\xfe.npz')
@hypothesis.example(name=u'\u202etsinm.npz\u2028'.encode('utf-8'))
def test_no_name_of_a_file_makes_a_line_that_reads_like_mnist_s(folder, name):
    name = as_name(name.replace(b'/', b'').replace(b'\0', b''))
    path = os.path.join(str(folder), name)
    hypothesis.assume(name not in ('', '.', '..') and len(os.fsencode(name)) < 200)
    try:
        with_content(FEW_FILES[0])(path)
    except OSError:
        hypothesis.reject()  # this system does not allow such a name
    _, line = load(path)  # which proves that it is one line, without control characters
    assert line.endswith(' (not MNIST), 3 training and 2 test images') and not line.startswith('MNIST,')
    os.remove(path)
    refusal(path, str(folder))


@pytest.mark.parametrize('name', ['digits.npz', 'my-digits_2.npz', u'\u6570\u5b57.npz', 'MNIST'])
def test_a_plain_name_is_printed_as_it_is(name):
    try:
        np.savez('x.npz', **FEW)
        os.rename('x.npz', name)
    except (UnicodeEncodeError, OSError):
        pytest.skip('this system cannot spell {!a}'.format(name))
    assert load(name)[1] == name + ' (not MNIST), 3 training and 2 test images'


def test_the_line_is_printed_at_once_and_on_any_terminal():
    name = as_name(u'\u6570\u5b57.npz'.encode('utf-8'))
    changed()('x.npz')
    os.rename('x.npz', name)
    stdout = io.TextIOWrapper(io.BytesIO(), encoding='ascii', newline='\n')
    with contextlib.redirect_stdout(stdout):
        digits.load_digits(name)
    assert re.match(br".*\\u.*\.npz'? \(not MNIST\), 20 training and 10 test images\n$", stdout.buffer.getvalue())


# Places

def test_drawn_digits_by_name(quick_drawing):
    found, line = load('drawn')
    assert_same(found)
    assert line == 'drawn digits (not MNIST), 20 training and 10 test images'


def put(path, content=None):
    os.makedirs(os.path.dirname(str(path)))
    with_content(NPZ if content is None else content)(str(path))


@pytest.mark.parametrize('keras_home', [None, '', 'elsewhere'])
def test_what_keras_has_kept_is_used(keras_home, tmp_path, cache, monkeypatch):
    if keras_home is not None:
        monkeypatch.setenv('KERAS_HOME', keras_home and str(tmp_path / keras_home))
    put(tmp_path / 'elsewhere' / 'datasets' / 'mnist.npz' if keras_home else cache)
    found, line = load('auto')
    assert_same(found)
    assert line == 'mnist.npz (not MNIST), 20 training and 10 test images'


def test_a_user_without_a_home_gets_no_folder_of_that_name(tmp_path, monkeypatch, host):
    for name in ('HOME', 'USERPROFILE', 'HOMEPATH', 'HOMEDRIVE'):
        monkeypatch.delenv(name, raising=False)
    with contextlib.suppress(ImportError):  # Windows
        import pwd
        monkeypatch.setattr(pwd, 'getpwuid', {}.__getitem__)  # no entry, no user
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))
    host(reply(NPZ))
    monkeypatch.setattr(digits, 'URL_SHA256', hashlib.sha256(NPZ).hexdigest())
    found, _ = load('auto')
    assert_same(found)
    assert os.listdir('.') == []
    assert (tmp_path / '.keras' / 'datasets' / 'mnist.npz').read_bytes() == NPZ


@pytest.mark.parametrize('content', [b'half a download', b'', NPZ[:9000]])
@pytest.mark.parametrize('source', ['auto', 'mnist'])
def test_a_damaged_cache_is_an_error_that_says_what_to_do_and_stays_as_it_is(cache, source, content):
    put(cache, content)
    sentence = refusal(source, str(cache))
    assert 'cannot be read' in sentence and 'move it away' in sentence
    assert cache.read_bytes() == content and os.listdir(str(cache.parent)) == ['mnist.npz']


def test_a_file_in_the_cache_that_holds_no_digits_may_be_moved_away_too(cache):
    put(cache, npz(dict(GOOD, y_test=GOOD['y_test'] + 9)))
    sentence = refusal('auto', str(cache))
    assert 'y_test holds values from' in sentence and 'move it away' in sentence


def test_mnist_by_name_refuses_another_file_in_the_cache(cache):
    put(cache)
    sentence = refusal('mnist', str(cache))
    assert 'is not MNIST' in sentence and 'move it away' in sentence
    assert cache.read_bytes() == NPZ


def test_mnist_by_name_takes_mnist_from_the_cache(cache, standin, monkeypatch):
    _, digest, content = standin
    put(cache, content)
    monkeypatch.setattr(digits, 'MNIST_SHA256', digest)
    assert load('mnist')[1] == 'MNIST, 60000 training and 10000 test images'


def test_a_dangling_link_in_the_cache_is_not_overwritten(cache, host, monkeypatch):
    asked = host(reply(NPZ))
    monkeypatch.setattr(digits, 'URL_SHA256', hashlib.sha256(NPZ).hexdigest())
    os.makedirs(str(cache.parent))
    linked_to('on another disk')(str(cache))
    assert 'move it away' in refusal('auto', str(cache))
    assert os.listdir(str(cache.parent)) == ['mnist.npz'] and os.readlink(str(cache)) == 'on another disk'
    assert not asked


# Download

@pytest.fixture
def host(monkeypatch):
    """A host on loopback in the place of MNIST's: a function that takes what it answers, and gives the requests."""
    servers, over = [], threading.Event()

    def serve(answer):
        asked = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                asked.append(self.rfile.readline())
                while self.rfile.readline().strip():
                    pass
                with contextlib.suppress(OSError):  # the lesson has hung up
                    answer(self.wfile.write, over)

        server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=[.02], daemon=True).start()
        servers.append(server)
        monkeypatch.setattr(digits, 'URL', 'http://127.0.0.1:{}/mnist.npz'.format(server.server_address[1]))
        return asked

    yield serve
    over.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def reply(content, status=b'200 OK', length=None, *lines):
    """Answer with this content, of which it says that it has this length; False: it says nothing of that."""
    if length is not False:
        lines += (b'Content-Length: ' + str(len(content) if length is None else length).encode(),)

    def answer(send, over):
        send(b'HTTP/1.1 ' + status + b'\r\n' + b''.join(line + b'\r\n' for line in lines) + b'\r\n' + content)
    return answer


def bit_by_bit(start, more, pause=.02):
    """Send `start`, and then some more now and then, without end."""
    def answer(send, over):
        send(start)
        while not over.wait(pause):
            send(more)
    return answer


@pytest.fixture
def offered(host, monkeypatch):
    """A host that offers what the lesson expects."""
    monkeypatch.setattr(digits, 'URL_SHA256', hashlib.sha256(NPZ).hexdigest())
    return host(reply(NPZ))


def test_a_download_is_kept_where_keras_keeps_it_and_used_from_there(cache, offered):
    for _ in range(2):
        found, line = load('auto')
        assert_same(found)
        assert line == 'mnist.npz (not MNIST), 20 training and 10 test images'
    assert os.listdir(str(cache.parent)) == ['mnist.npz'] and cache.read_bytes() == NPZ
    assert len(offered) == 1


@pytest.mark.parametrize('answer', [
    reply(NPZ, length=False),
    reply(b''.join(b'%x\r\n%s\r\n' % (len(part), part) for part in (NPZ[:99], NPZ[99:], b'')), b'200 OK', False,
          b'Transfer-Encoding: chunked')])
def test_a_download_of_unknown_length_is_as_good(answer, cache, host, monkeypatch):
    host(answer)
    monkeypatch.setattr(digits, 'URL_SHA256', hashlib.sha256(NPZ).hexdigest())
    with contextlib.redirect_stderr(Terminal()):
        found, _ = load('auto')
    assert_same(found)
    assert cache.read_bytes() == NPZ


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_how_far_the_download_is(offered):
    with contextlib.redirect_stderr(Terminal()) as err:
        load('auto')
    shown = [int(percent) for percent in re.findall(r'(\d+) %', err.getvalue())]
    assert shown == sorted(shown) and shown[-1] == 100
    assert err.getvalue().startswith('Downloading MNIST')


def test_a_download_is_waited_for_seconds_and_then_for_minutes():
    assert 5 <= digits.TIMEOUT <= 30 and 60 <= digits.DEADLINE <= 600  # 11 MB take a slow line half a minute


@pytest.mark.parametrize('stream', ['none', 'closed'])
def test_nobody_has_to_be_there_to_see_a_download(stream, offered, monkeypatch, capsys):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr('sys.stderr', None if stream == 'none' else closed)
    assert_same(digits.load_digits('auto'))
    assert 'Downloading' not in capsys.readouterr().out


def test_a_file_gets_no_percentages(offered):
    with contextlib.redirect_stderr(io.StringIO()) as err:
        load('auto')
    assert err.getvalue() == 'Downloading MNIST ...\n'


def why_not(source='mnist'):
    """Why MNIST could not be had, from the sentence that says so and where a copy may be put."""
    with contextlib.redirect_stderr(io.StringIO()) as err:
        sentence = refusal(source, digits.cache_path())
    assert all(map(shows_nothing_else_than_a_line, err.getvalue().split('\n')))
    why = re.match(r'MNIST could not be had \((.+)\): put a copy at ', sentence).group(1)
    assert 'Error' not in why.replace('HTTP Error', '')  # words, and not Python's names
    return why


BAD_ANSWERS = {
    'something else': (reply(b'<html>Please log in</html>'), 'something else'),
    'other digits': (reply(npz(FEW)), 'something else'),
    'nothing': (reply(b''), 'something else'),
    'too much': (reply(NPZ + b'\0'), 'something else'),
    'refused': (reply(b'no', b'403 Forbidden'), 'Forbidden'),
    'refused without a reason': (reply(b'no', b'403 '), ''),
    'refused in strange letters': (reply(b'no', b'403 Go\x1b[2J away\x07 \xff\x80'), 'Go'),
    'sent in a circle': (reply(b'', b'302 Found', None, b'Location: /mnist.npz'), ''),
    'cut': (reply(NPZ[:9000], length=len(NPZ)), '9000 '),
    'cut at once': (reply(b'', length=len(NPZ)), '0 '),
    'cut in a chunk': (reply(b'%x\r\n' % len(NPZ) + NPZ[:9000], b'200 OK', False, b'Transfer-Encoding: chunked'),
                       ''),
    'another protocol': (lambda send, over: send(b'SSH-2.0-OpenSSH_9.2\r\n'), 'SSH'),
    'hung up': (lambda send, over: None, ''),
    'a length that is no number': (reply(b'<html>', length='many'), ''),
    'a negative length': (reply(b'<html>', length=-1), ''),
    'a length beyond all': (reply(b'<html>', length='9' * 5000), ''),
}


@pytest.mark.parametrize('name', sorted(BAD_ANSWERS))
def test_a_bad_answer_is_told_in_one_sentence_and_not_kept(name, host, tmp_path):
    answer, cause = BAD_ANSWERS[name]
    host(answer)
    why = within(30, why_not)
    assert cause in why
    assert ('something else' in why) == (cause == 'something else') or cause == ''
    assert not name.startswith('cut') or 'something else' not in why
    assert os.listdir(str(tmp_path / 'home')) == os.listdir('.') == []


def test_a_host_that_is_down_is_told_in_one_sentence():
    assert within(30, why_not)


def test_where_mnist_cannot_be_had_digits_are_drawn_and_the_line_says_why(host, cache, quick_drawing):
    host(reply(b'no', b'403 Go\x1b[2J away'))
    found, line = load('auto')
    assert_same(found)
    assert line.startswith('drawn digits (not MNIST), 20 training and 10 test images; MNIST could not be had (Go')
    assert '--data mnist.npz' in line and str(cache) in line


def test_no_name_of_keras_s_folder_breaks_the_line(quick_drawing, monkeypatch):
    monkeypatch.setenv('KERAS_HOME', '\x1b[2J\nMNIST, 60000 training and 10000 test images')
    _, line = load('auto')  # which proves that it is one line
    assert line.startswith('drawn digits (not MNIST)')


SLOW_ANSWERS = {
    'nothing': bit_by_bit(b'', b'', .1),
    'half a head': bit_by_bit(b'HTTP/1.1 200', b'', .1),
    'a head bit by bit': bit_by_bit(b'HTTP/1.1 200 OK\r\n', b'X-More: x\r\n'),
    'a head that never ends a line': bit_by_bit(b'HTTP/1.1 200 OK\r\nX-More: ', b'x'),
    'half': bit_by_bit(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % len(NPZ) + NPZ[:9000], b'', .1),
    'bit by bit': bit_by_bit(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % len(NPZ), b'P'),
    'bit by bit without a length': bit_by_bit(b'HTTP/1.1 200 OK\r\n\r\n', b'P'),
    'chunk by chunk': bit_by_bit(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', b'1\r\nP\r\n'),
}


@pytest.mark.parametrize('name', sorted(SLOW_ANSWERS))
def test_a_host_that_takes_forever_is_waited_for_a_little(name, host, tmp_path, monkeypatch):
    monkeypatch.setattr(digits, 'TIMEOUT', .3)
    monkeypatch.setattr(digits, 'DEADLINE', .5)
    host(SLOW_ANSWERS[name])
    why = within(6, why_not)
    assert 'something else' not in why and 'cut' not in why
    assert os.listdir(str(tmp_path / 'home')) == []


@pytest.mark.parametrize('lines', [b'', b'Content-Length: 99999999999\r\n'])
def test_an_endless_answer_comes_to_an_end(lines, host):
    sent = []

    def answer(send, over):
        send(b'HTTP/1.1 200 OK\r\n' + lines + b'\r\n')
        while not over.is_set():
            send(bytes(MB))
            sent.append(MB)
            assert sum(sent) < 400 * MB

    host(answer)
    why = within(60, why_not)
    assert sum(sent) < 200 * MB
    assert 'cut' not in why  # it was not


def test_a_look_up_of_the_name_that_hangs_is_waited_for_a_little(monkeypatch):
    over = threading.Event()

    def hang(*_, **__):
        over.wait(30)
        raise socket.gaierror('no such name')

    monkeypatch.setattr(socket, 'getaddrinfo', hang)
    monkeypatch.setattr(digits, 'URL', MNIST_URL)
    monkeypatch.setattr(digits, 'TIMEOUT', .3)
    try:
        assert 'no answer' in within(6, why_not)
    finally:
        over.set()


def test_mnist_is_asked_for_over_tls_and_through_the_proxy_that_is_set(monkeypatch):
    with socket.socket() as proxy:  # it accepts connections, and says nothing
        proxy.bind(('127.0.0.1', 0))
        proxy.listen(5)
        proxy.settimeout(10)
        monkeypatch.delenv('no_proxy')
        monkeypatch.delenv('NO_PROXY', raising=False)
        monkeypatch.setenv('https_proxy', 'http://127.0.0.1:{}'.format(proxy.getsockname()[1]))
        monkeypatch.setattr(digits, 'URL', MNIST_URL)
        monkeypatch.setattr(digits, 'TIMEOUT', .5)
        within(6, why_not)
        connection, _ = proxy.accept()
        with connection:
            assert connection.recv(99).startswith(b'CONNECT storage.googleapis.com:443 ')


CERTIFICATE = base64.b64decode(  # of nobody; the other differs in its name, and nothing checks its signature
    'MIIBEzCBuwIUHJSCLrvxynRdmItOfMTzTJJJpkgwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjQwNzI2MDVaGA8y'
    'MTI2MTAzMTA3MjYwNVowDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAQUl4LzM6g3zApMy/qTsXYum27D'
    'GaBEWcZwJNjdGnrgQpkVkBw+wRErorqyNCQKd/dJyABG6MhRnJJjpUm2jTEwCgYIKoZIzj0EAwIDRwAwRAIgYYBlKhXVxxUxnIoi'
    'OyB9azjSWuXyqzV//mv2HbTZBIYCIG587aLem+hStSprnZ+1I0bfjKijDoLT9hepX+slhjot')
ANOTHER = CERTIFICATE.replace(b'\x0c\1a', b'\x0c\1b')


@pytest.mark.parametrize('certifi, trusted', [('installed', {CERTIFICATE, ANOTHER}), ('missing', {CERTIFICATE}),
                                              ('damaged', {CERTIFICATE})])
def test_certificates_are_checked_and_those_of_certifi_count_too(certifi, trusted, monkeypatch):
    """Python on macOS has no certificates but certifi's; a company's proxy has one that only the system knows."""
    with_content(ssl.DER_cert_to_PEM_cert(CERTIFICATE).encode())('system.pem')
    if certifi == 'installed':
        with_content(ssl.DER_cert_to_PEM_cert(ANOTHER).encode())('certifi.pem')
    monkeypatch.setenv('SSL_CERT_FILE', 'system.pem')
    monkeypatch.setitem(sys.modules, 'certifi', None if certifi == 'missing' else types.SimpleNamespace(
        where=lambda: 'certifi.pem'))
    contexts = []

    def urlopen(*_, **options):
        contexts.append(options['context'])
        raise OSError('enough seen')

    monkeypatch.setattr(urllib.request, 'urlopen', urlopen)
    assert why_not() == 'enough seen'
    context, = contexts
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
    assert {CERTIFICATE, ANOTHER} & set(context.get_ca_certs(binary_form=True)) == trusted


# Keeping

def test_what_cannot_be_kept_is_learned_from_all_the_same(cache, host, standin, monkeypatch):
    given, digest, content = standin
    host(reply(content))
    monkeypatch.setattr(digits, 'URL_SHA256', hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(digits, 'MNIST_SHA256', digest)
    os.mkdir(str(cache.parent.parent))
    cache.parent.write_bytes(b'a file, and no folder')
    found, line = load('mnist')
    assert_same(found, given)
    assert line.startswith('MNIST, 60000 training and 10000 test images; it could not be kept at {} ('.format(cache))
    assert '()' not in line
    assert cache.parent.read_bytes() == b'a file, and no folder'


@pytest.mark.parametrize('error', [OSError(28, 'No space left on device'), PermissionError(13, 'Permission denied')])
def test_a_download_that_is_not_whole_is_not_kept(error, cache, offered, monkeypatch):
    def fail(*_, **__):
        raise error

    for name in ('replace', 'rename', 'link'):
        monkeypatch.setattr(os, name, fail, raising=False)
    found, line = load('auto')
    assert_same(found)
    assert line == ('mnist.npz (not MNIST), 20 training and 10 test images; it could not be kept at {} ({})'.format(
        cache, error.strerror))
    assert os.listdir(str(cache.parent)) == []


def test_a_full_disk_leaves_nothing_in_the_cache(cache):
    resource = pytest.importorskip('resource', reason='only Unix can limit the size of files')
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9000, before[1]))
    try:
        note = digits.keep(NPZ, str(cache))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert 'could not be kept' in note and os.listdir(str(cache.parent)) == []


def test_ctrl_c_leaves_nothing_in_the_cache(cache, offered, monkeypatch):
    def interrupt(*_, **__):
        assert not cache.exists()  # until it is whole
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', interrupt)
    with pytest.raises(KeyboardInterrupt):
        load('auto')
    assert os.listdir(str(cache.parent)) == []


# Printing

any_text = strategies.text(strategies.one_of(
    strategies.characters(), strategies.integers(0xd800, 0xdfff).map(chr), strategies.integers(0, 0xa0).map(chr),
    strategies.sampled_from(u'\n\r\t \u3000\u2028\u202e\u200d\ufeff\u3042\\')))


@hypothesis.settings(max_examples=400, **always_the_same)
@hypothesis.given(text=any_text)
def test_one_line_is_one_line_and_shows_all_that_can_be_shown(text):
    line = one_line(text)
    assert shows_nothing_else_than_a_line(line)
    assert one_line(line) == line
    shown = [c for c in text if c.isprintable() and c != ' ']
    rest = iter(line)
    assert all(c in rest for c in shown)  # in this order
    if shows_nothing_else_than_a_line(text):
        assert line == text


@pytest.mark.parametrize('given, line', [
    ('two\nlines', 'two lines'), ('two\r\nlines\n', 'two lines'), ('a  b', 'a  b'), ('bell\x07', r'bell\x07'),
    ('\x1b[2J', r'\x1b[2J'), (u'\udcff.npz', r'\udcff.npz'), (u'\u202e', r'\u202e'), (7, '7'), ('', ''),
    (u'\u6570\u3000\u5b57', u'\u6570\u3000\u5b57'),
    (OSError(2, 'No such file'), 'No such file'), (ValueError('two\nlines'), 'two lines'), (EOFError(), 'EOFError'),
    (socket.timeout('timed out'), 'timed out')])
def test_texts_and_errors_on_one_line(given, line):
    assert one_line(given) == line


@hypothesis.settings(max_examples=200, **always_the_same)
@hypothesis.given(text=any_text, encoding=strategies.sampled_from(
    ['ascii', 'cp932', 'utf-8', 'latin-1', 'cp1252', 'shift_jis', 'euc_jp', 'utf-16']))
def test_saying_something_writes_one_line_in_any_encoding(text, encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline='\n')
    say(text, stream)
    said = stream.buffer.getvalue().decode(encoding)  # it has been written, not only kept for later
    assert said.endswith('\n') and shows_nothing_else_than_a_line(said[:-1])
    if shows_nothing_else_than_a_line(text):
        with contextlib.suppress(UnicodeError):
            assert text.encode(encoding).decode(encoding) == said[:-1]


def test_what_an_encoding_lacks_is_escaped():
    stream = io.TextIOWrapper(io.BytesIO(), encoding='ascii', newline='\n')
    say(u'\u6570\u5b57.npz', stream)
    assert stream.buffer.getvalue() == b'\\u6570\\u5b57.npz\n'


def test_something_is_said_on_standard_output_unless_told_otherwise():
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        say('a')
        say('b', end='\r')
        say('c', sys.stderr)
    assert (out.getvalue(), err.getvalue()) == ('a\nb\r', 'c\n')


# The lesson as its users call it

HOSTILE_NAME = 'digits\x1b[2J\nMNIST, 60000 training and 10000 test images.npz' if os.name == 'posix' else 'digits.npz'
RUNS = {
    'a bad file': ['--data', HOSTILE_NAME],
    'mnist offline': ['--data', 'mnist'],
    'offline': ['--steps', 1000],
}


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Of each of these runs, two at a time: its folder, exit status, stdout and stderr."""
    folders = {name: tmp_path_factory.mktemp('run') for name in sorted(RUNS)}
    changed(x_train=np.array([Bomb()] * 20))(str(folders['a bad file'] / HOSTILE_NAME))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ended = {name: pool.submit(run, folders[name], '--logdir', 'log', *RUNS[name]) for name in sorted(RUNS)}
        return {name: (folders[name],) + ended[name].result() for name in ended}


@pytest.mark.parametrize('name, says', [
    ('a bad file', ['digits', '.npz cannot be read (x_train holds Python objects)']),
    ('mnist offline', ['MNIST could not be had (', os.path.join('.keras', 'datasets', 'mnist.npz')])])
def test_data_that_cannot_be_used_end_the_lesson_with_one_sentence(runs, name, says):
    folder, status, out, err = runs[name]
    assert (status, out) == (1, '')
    assert err.startswith('logistic.py: ') and all(part in err for part in says)
    assert err.endswith('.\n') and shows_nothing_else_than_a_line(err[:-1])
    assert set(os.listdir(str(folder))) <= {HOSTILE_NAME, '.keras'}  # no log folder, and nothing unpickled
    assert not (folder / '.keras' / 'datasets').exists()


def test_without_a_network_the_lesson_draws_its_digits_and_says_so(runs):
    folder, status, out, err = runs['offline']
    lines = out.splitlines()
    assert (status, err) == (0, '')
    assert lines[0].startswith('drawn digits (not MNIST), 10000 training and 2000 test images; MNIST could not be had')
    assert '--data mnist.npz' in lines[0]
    assert str(folder / '.keras' / 'datasets' / 'mnist.npz') in lines[0]
    assert [line.split(',')[0] for line in lines[1:3]] == ['step: 0', 'step: 1000']
    assert float(lines[2].split()[-1]) > 0.95
    assert set(os.listdir(str(folder))) <= {'log', '.keras'} and not (folder / '.keras' / 'datasets').exists()
