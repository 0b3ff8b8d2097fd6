"""Which digits a run takes, what it says of them, and what it says of those that it cannot take."""
import contextlib
import hashlib
import inspect
import io
import os
import pathlib
import pickle
import re
import socket
import socketserver
import subprocess
import sys
import threading
import tracemalloc
import zipfile
import zlib

import hypothesis
import numpy as np
import pytest
from conftest import ROOT, arrays, environment
from hypothesis import HealthCheck, strategies

from backstage import digits, drawn_digits

NAMES = ['x_train', 'y_train', 'x_test', 'y_test']
GOOD, FEW, PATH = arrays(20, 10), arrays(3, 2), pathlib.Path('digits.npz')
x_train, y_train, x_test, y_test = (GOOD[name] for name in NAMES)
INTEGERS = ['|u1', '|i1'] + [order + kind for order in '<>' for kind in ('u2', 'i2', 'u4', 'i4', 'u8', 'i8')]
FEW_LINE = "'digits.npz' (not MNIST), 3 training and 2 test images"
FIRST_LINE = 'MNIST, 60000 training and 10000 test images'
USUAL_TIMEOUT = 77  # seconds, of this process's sockets
MNIST_URL, KERAS_HOME = digits.URL, os.environ.get('KERAS_HOME') or os.path.join(os.path.expanduser('~'), '.keras')

always_the_same = dict(derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Where a new user's Keras would keep MNIST. The user is at home, offline, and draws quickly."""
    for name in ('HOME', 'USERPROFILE'):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv('KERAS_HOME', raising=False)
    monkeypatch.setenv('no_proxy', '*')
    monkeypatch.setattr(digits, 'URL', 'http://127.0.0.1:9/mnist.npz')
    monkeypatch.setattr(drawn_digits, 'load_data', lambda: ([FEW[n] for n in NAMES[:2]], [FEW[n] for n in NAMES[2:]]))
    monkeypatch.chdir(str(tmp_path))
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(USUAL_TIMEOUT)
    yield tmp_path / '.keras' / 'datasets' / 'mnist.npz'
    socket.setdefaulttimeout(before)


def load(source, given):
    """The line that is printed of a source whose arrays are these, whatever integers they are given as."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        description, train, test = digits.load_digits(source)
    for name, array in zip(NAMES, [*train, *test]):
        assert array.dtype == np.uint8
        np.testing.assert_array_equal(array, given[name])
    line = out.getvalue()[:-1]
    assert out.getvalue() == line + '\n' and line.isprintable() and (line + ';').startswith(description + ';')
    return line


def refusal(source):
    """The sentence with which data are refused; nothing else is printed."""
    with contextlib.redirect_stdout(io.StringIO()) as out, pytest.raises(digits.DataError) as refused:
        digits.load_digits(source)
    sentence = str(refused.value)
    assert out.getvalue() == '' and sentence.isprintable() and sentence.endswith('.')
    assert 'Errno' not in sentence and '():' not in sentence  # some reason, but not the system's number of it
    return sentence


def sha256(given):
    return hashlib.sha256(b''.join(given[name].tobytes() for name in NAMES)).hexdigest()


def npz(given=GOOD, save=np.savez, **changes):
    """The content of a file with these arrays, some of them replaced, or left out where the replacement is None."""
    file = io.BytesIO()
    save(file, **{name: array for name, array in dict(given, **changes).items() if array is not None})
    return file.getvalue()


def holding(x_train, method=zipfile.ZIP_STORED, **declared):
    """Good arrays but for x_train, which are these bytes, of which the archive may declare something else."""
    file = io.BytesIO(npz(x_train=None))
    with zipfile.ZipFile(file, 'a') as archive:
        archive.writestr('x_train.npy', x_train, method)
        for key, value in declared.items():
            setattr(archive.getinfo('x_train.npy'), key, value)
    return file.getvalue()


def npy(header, version=1):
    """An array in a version of NumPy's format, with this text as its header and the good images as its data."""
    length = len(header).to_bytes(2 * version, 'little')
    return b'\x93NUMPY' + bytes([version, 0]) + length + header.encode() + x_train.tobytes()


class Bomb:
    """Unpickled, it would leave a file behind."""
    def __reduce__(self):
        return open, ('unpickled', 'w')


HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (%d, 28, 28), }"
NPZ, X_TRAIN = npz(), npy(HEADER % 20)
ODD = 'x_train is not as NumPy saves it, or too large'
REFUSED = {  # what the file holds, and what the sentence says of it where these are the program's own words
    'missing': (lambda path: None, ''), 'folder': (os.mkdir, ''),
    'empty': (b'', ''), 'no zip': (b'MNIST', ''),
    'cut': (NPZ[:9000], ''), 'damaged': (NPZ[:5000] + b'\xff' * 8 + NPZ[5008:], ''),
    'no training images': (npz(x_train=x_train[:0], y_train=y_train[:0]), 'x_train is uint8 (0, 28, 28)'),
    'no test images': (npz(x_test=x_test[:0], y_test=y_test[:0]), 'x_test is uint8 (0, 28, 28)'),
    'flat': (npz(x_train=x_train.reshape(20, 784)), 'x_train is uint8 (20, 784), but must hold integers from 0 to 255'),
    'small': (npz(x_test=x_test[:, :8, :8]), 'x_test is uint8 (10, 8, 8)'),
    'colour': (npz(x_test=x_test[..., None]), 'x_test is uint8 (10, 28, 28, 1)'),
    'on their side': (npz(x_train=np.moveaxis(x_train, 0, 2)), 'x_train is uint8 (28, 28, 20)'),
    'float': (npz(x_train=x_train * 1.0), 'x_train is float64'), 'bool': (npz(x_test=x_test > 9), 'x_test is bool'),
    'text': (npz(x_test=x_test.astype(str)), 'x_test is <U'),
    'datetime': (npz(x_train=x_train.astype('M8[s]')), 'x_train is datetime64[s]'),
    'structured': (npz(x_train=x_train.astype([('a\x1b\n', 'u1')])), 'x_train is [('),
    'few labels': (npz(y_train=y_train[1:]), '(19,), but'), 'many labels': (npz(y_test=y_train), '(20,), but'),
    'objects': (npz(x_train=np.array([Bomb()] * 20)), ''), 'a pickle': (holding(pickle.dumps(Bomb())), ODD),
    'bzip2': (holding(X_TRAIN, zipfile.ZIP_BZIP2), ODD), 'lzma': (holding(X_TRAIN, zipfile.ZIP_LZMA), ODD),
    'encrypted': (holding(X_TRAIN, flag_bits=1), ''), 'declared huge': (holding(X_TRAIN, file_size=2 ** 40), ODD),
    'promised huge': (holding(npy(HEADER % 10 ** 15)), ''), 'too few bytes': (holding(X_TRAIN[:-1]), ''),
    'version 2': (holding(npy(HEADER % 20, version=2)), ODD),
    'header of 9 KB': (holding(npy((HEADER % 20).ljust(9000))), ODD),
}
for name, array in GOOD.items():
    array, most = array.astype('i2'), 255 if array.ndim == 3 else 9
    says = '{0} is int16 {1}, but must hold integers from 0 to {2} in the shape {1}'.format(name, array.shape, most)
    REFUSED.update({'no ' + name: (npz(**{name: None}), name),
                    name + ' with -1': (npz(**{name: array - array.min() - 1}), says),
                    name + ' beyond': (npz(**{name: array - array.max() + most + 1}), says)})


@pytest.mark.parametrize('name', sorted(REFUSED))
def test_a_file_without_digits_is_refused_in_one_sentence(name):
    content, says = REFUSED[name]
    content('digits.npz') if callable(content) else PATH.write_bytes(content)
    sentence = refusal(PATH)
    assert sentence.startswith("'digits.npz' cannot be read (") and says in sentence
    assert sentence.endswith('): give --data an .npz file with the arrays x_train, y_train, x_test, y_test.')
    assert set(os.listdir('.')) <= {'digits.npz'}  # nothing was unpickled


def test_a_long_header_does_not_end_the_interpreter(tmp_path):
    """It overflows the stack of Python's parser, where NumPy 1.16 asks that for its value."""
    PATH.write_bytes(holding(npy('1' + '+1' * 2 ** 19, version=2)))
    program = """if 1:
        import sys, types, numpy
        sys.modules['backstage.tensorflow1'] = types.SimpleNamespace(np=numpy, tf=None)  # it takes seconds to import
        from backstage import digits
        digits.load_digits('digits.npz')"""
    process = subprocess.Popen([sys.executable, '-B', '-c', program], env=environment(tmp_path, PYTHONPATH=ROOT),
                               stderr=subprocess.PIPE)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 1 and b'backstage.digits.DataError: ' in err


@pytest.mark.parametrize('mb, declared', [(2048, 2 ** 31), (2048, 9000)])
def test_what_weighs_little_and_unpacks_to_much_is_not_unpacked(mb, declared, request):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    parts = [packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH) for part in (X_TRAIN, bytes(2 ** 20))]
    PATH.write_bytes(holding(parts[0] + parts[1] * mb, compress_type=zipfile.ZIP_DEFLATED, file_size=declared))
    tracemalloc.start()
    request.addfinalizer(tracemalloc.stop)
    refusal(PATH)
    assert os.path.getsize('digits.npz') < 3 * 2 ** 20 and tracemalloc.get_traced_memory()[1] < 64 * 2 ** 20


@hypothesis.settings(max_examples=100, **always_the_same)
@hypothesis.given(content=strategies.sampled_from([npz(FEW), npz(FEW, np.savez_compressed)]),
                  where=strategies.one_of(strategies.integers(-600, -1), strategies.integers(0, 2 ** 20)),
                  new=strategies.binary(min_size=1, max_size=4))
def test_a_damaged_file_gives_the_same_digits_or_one_sentence(content, new, where):
    where %= len(content)
    PATH.write_bytes(content[:where] + new + content[where + len(new):])
    try:
        assert load(PATH, FEW) == FEW_LINE
    except digits.DataError:
        refusal(PATH)


@hypothesis.settings(max_examples=100, **always_the_same)
@hypothesis.given(kinds=strategies.tuples(*[strategies.sampled_from(INTEGERS)] * 4),
                  changed=strategies.sampled_from(NAMES),
                  save=strategies.sampled_from([np.savez, np.savez_compressed]), order=strategies.sampled_from('CF'),
                  value=strategies.sampled_from([0, 9, 10, 255, 256, -1, 2 ** 64 - 1, -2 ** 63]))
def test_integers_of_any_kind_and_order_are_digits_where_they_are_in_range(kinds, order, save, changed, value):
    given = {name: np.minimum(FEW[name], 127).astype(kind, order) for name, kind in zip(NAMES, kinds)}
    limits = np.iinfo(given[changed].dtype)
    given[changed][-1:] = value = sorted([limits.min, value, limits.max])[1]
    PATH.write_bytes(npz(given, save))
    if 0 <= value <= (255 if changed.startswith('x') else 9):
        assert load(PATH, given) == FEW_LINE
    else:
        assert changed + ' is ' in refusal(PATH)


@pytest.mark.parametrize('name', [
    'digits.npz', FIRST_LINE, FIRST_LINE + '.npz', FIRST_LINE + '\n.npz', 'x.npz\n' + FIRST_LINE, "'" + FIRST_LINE,
    '\x1b[2J\r' + FIRST_LINE, 'it\'s "so".npz', '\udcff\udcfe.npz', '\u202etsinm.npz\u2028'], ids=ascii)
def test_no_name_of_a_file_makes_a_line_that_reads_like_mnist_s(name):
    try:
        pathlib.Path(name).write_bytes(NPZ)
    except (OSError, UnicodeEncodeError):
        pytest.skip('this system does not allow such a name')
    assert load(name, GOOD) == repr(name) + ' (not MNIST), 20 training and 10 test images'
    os.remove(name)
    assert refusal(name).startswith(repr(name) + ' cannot be read (')


@pytest.mark.parametrize('change', ['', 'x_train', 'y_train', 'x_test', 'y_test', 'one image fewer', 'sets exchanged'])
def test_only_mnist_is_called_mnist_in_whatever_container(change, monkeypatch):
    times = 10000 if change in ('', 'y_test') else 10  # MNIST's size takes a second
    given = {name: np.resize(array, (times * len(array),) + array.shape[1:]) for name, array in arrays(6, 1).items()}
    monkeypatch.setattr(digits, 'MNIST_SHA256', sha256(given))
    if change in given:
        given[change].flat[-1] ^= 1
    elif change == 'one image fewer':
        given.update({name: given[name][1:] for name in NAMES[:2]})
    elif change == 'sets exchanged':
        given = dict(zip(NAMES[2:] + NAMES[:2], map(given.get, NAMES)))
    np.savez('mnist.npz', **dict(given, x_train=np.asfortranarray(given['x_train']), y_test=np.int64(given['y_test'])))
    line = load('mnist.npz', given)
    os.remove('mnist.npz')  # 55 MB
    assert line.startswith("'mnist.npz' (not MNIST), ") if change else line == FIRST_LINE


def test_the_real_mnist_is_called_mnist():
    assert digits.MNIST_SHA256 == '06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16'
    places = [os.path.join(KERAS_HOME, 'datasets', 'mnist.npz'), os.path.join(ROOT, '../shared/data/mnist.npz')]
    for path in filter(zipfile.is_zipfile, places):
        with np.load(path) as archive:
            content = np.array([2051, 60000, 28, 28], '>i4').tobytes() + archive['x_train'].tobytes()
            if hashlib.md5(content).hexdigest() == '6bbc9ace898e44ae57da46a324031adb':  # of the first publication
                assert load(path, archive) == FIRST_LINE
                return
    pytest.skip('the rest needs MNIST, which is none of {}'.format(places))


def test_mnist_comes_from_where_keras_has_it():
    source = inspect.getsource(digits.tf.keras.datasets.mnist.load_data)
    place, name = MNIST_URL.rsplit('/', 1)
    assert re.search('[\'"]{}/[\'"]'.format(place), source) and name == 'mnist.npz'
    assert re.findall('[0-9a-f]{64}', source) in ([digits.URL_SHA256], [])  # the oldest Keras has but an MD5 sum


def test_drawn_digits_by_name():
    assert load('drawn', FEW) == 'drawn digits (not MNIST), 3 training and 2 test images'


@pytest.mark.parametrize('keras_home', [None, '', 'elsewhere'])
def test_what_keras_has_kept_is_used_and_called_what_it_is(keras_home, tmp_path, cache, monkeypatch):
    if keras_home is not None:
        monkeypatch.setenv('KERAS_HOME', keras_home and str(tmp_path / keras_home))
    path = tmp_path / 'elsewhere' / 'datasets' / 'mnist.npz' if keras_home else cache
    os.makedirs(str(path.parent))
    path.write_bytes(NPZ)
    assert load('auto', GOOD) == "'mnist.npz' (not MNIST), 20 training and 10 test images"
    assert refusal('mnist') == '{!r} is not MNIST: move it away, to let MNIST be downloaded.'.format(str(path))
    assert path.read_bytes() == NPZ and os.listdir(str(path.parent)) == ['mnist.npz']
    monkeypatch.setattr(digits, 'MNIST_SHA256', sha256(GOOD))
    assert load('mnist', GOOD) == load('auto', GOOD) == 'MNIST, 20 training and 10 test images'


@pytest.mark.parametrize('content', [b'', NPZ[:9000], npz(y_test=GOOD['y_test'] + 9), None],
                         ids=['empty', 'cut', 'label 10', 'dangling link'])
@pytest.mark.parametrize('source', ['auto', 'mnist'])
def test_a_cache_without_digits_stays_as_it_is_and_the_sentence_says_what_to_do(source, content, cache):
    os.makedirs(str(cache.parent))
    try:
        cache.symlink_to('on another disk') if content is None else cache.write_bytes(content)
    except (OSError, NotImplementedError):
        pytest.skip('this user may not make symbolic links here')
    if not os.path.lexists(str(cache)):
        pytest.skip('no link is seen to dangle here')
    sentence = refusal(source)
    assert sentence.startswith('{!r} cannot be read ('.format(str(cache)))
    assert sentence.endswith('): move it away, to let MNIST be downloaded.')
    assert os.listdir(str(cache.parent)) == ['mnist.npz']
    assert cache.is_symlink() if content is None else cache.read_bytes() == content


@pytest.fixture
def host(cache, monkeypatch):
    """A host in the place of MNIST's, which gives its `answer`, or none, and keeps what holds when it is `asked`."""
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            server.asked.append((socket.getdefaulttimeout(), os.listdir(str(cache.parent))))
            while self.rfile.readline().strip():
                pass
            self.wfile.write(server.answer) if server.answer else over.wait(15)

    server, over = socketserver.ThreadingTCPServer(('127.0.0.1', 0), Handler), threading.Event()
    server.daemon_threads, server.asked = True, []
    monkeypatch.setattr(digits, 'URL', 'http://127.0.0.1:{}/mnist.npz'.format(server.server_address[1]))
    monkeypatch.setattr(digits, 'URL_SHA256', hashlib.sha256(NPZ).hexdigest())
    threading.Thread(target=server.serve_forever, args=[.02], daemon=True).start()
    yield server
    over.set()
    server.shutdown()
    server.server_close()


def reply(content, status='200 OK', length=None):
    return 'HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n'.format(status, length or len(content)).encode() + content


@pytest.mark.parametrize('folder_exists', [False, True])
def test_a_download_is_kept_where_keras_keeps_it_and_used_from_there(folder_exists, cache, host, capsys):
    host.answer = reply(NPZ)
    if folder_exists:
        os.makedirs(str(cache.parent))
    for _ in range(2):
        assert load('auto', GOOD) == "'mnist.npz' (not MNIST), 20 training and 10 test images"
    assert 'Downloading' in capsys.readouterr().err  # Keras's words
    assert cache.read_bytes() == NPZ and os.listdir(str(cache.parent)) == ['mnist.npz']
    (timeout, (name,)), = host.asked  # whole or not at all: until then it has another name, on the same disk
    assert 5 <= timeout <= 30 and name != 'mnist.npz' and socket.getdefaulttimeout() == USUAL_TIMEOUT


FAILURES = {  # what the host answers, and a part of the reason that is given
    'a page': (reply(b'<html>Please log in</html>'), 'something else came'),
    'other digits': (reply(npz(FEW)), 'something else'),
    'forbidden': (reply(b'no', '403 Forbidden'), 'Forbidden'),
    'forbidden strangely': (reply(b'no', '403 Go\x1b[2J away\x07'), r'Go\x1b[2J away\x07'),
    'cut': (reply(NPZ[:9000], length=len(NPZ)), ''),  # which not every Keras notices
    'silence': (b'', 'timed out'),
    'no host': (None, ''), 'no room': (None, ''),
}


@pytest.mark.parametrize('source', ['auto', 'mnist'])
@pytest.mark.parametrize('name', sorted(FAILURES))
def test_what_cannot_be_downloaded_is_told_in_one_sentence_and_not_kept(name, source, cache, host, monkeypatch):
    host.answer, why = FAILURES[name]
    if name == 'silence':
        wait = socket.setdefaulttimeout
        monkeypatch.setattr(socket, 'setdefaulttimeout', lambda seconds: wait(.3 if seconds == 10 else seconds))
    elif name == 'no host':
        monkeypatch.setattr(digits, 'URL', 'http://127.0.0.1:9/mnist.npz')
    elif name == 'no room':
        cache.parent.parent.write_bytes(b'a file, and no folder')
    if source == 'mnist':
        sentence = refusal('mnist')
    else:
        first, sentence = load('auto', FEW).split('; ', 1)
        assert first == 'drawn digits (not MNIST), 3 training and 2 test images'
    assert sentence.startswith('MNIST could not be brought from {} to {!r} ('.format(digits.URL, str(cache)))
    assert sentence.rstrip('.').endswith('): put it there, or give it as --data mnist.npz') and why in sentence
    assert name == 'no room' or os.listdir(str(cache.parent)) == []
    assert socket.getdefaulttimeout() == USUAL_TIMEOUT
