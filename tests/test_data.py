"""Which data a run takes, what it says of them, and what it says of data that it cannot use."""
import concurrent.futures
import http.server
import io
import os
import socket
import threading
import time
import zipfile

import numpy as np
import pytest
from conftest import arrays, run

import mnist_data


def damaged(**changes):
    """Write good arrays with some of them replaced, or left out where the replacement is None."""
    def write(path):
        np.savez(path, **{key: value for key, value in dict(arrays(20, 10), **changes).items() if value is not None})
    return write


def truncated(path):
    damaged()(path)
    with open(path, 'r+b') as file:
        file.truncate(os.path.getsize(path) // 2)


def bit_flipped(path):
    damaged()(path)
    with open(path, 'r+b') as file:
        file.seek(5000)
        file.write(b'\xff' * 8)


def claims_to_be_huge(path):
    """A header that promises more images than any memory holds."""
    damaged(x_train=None)(path)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {'descr': '|u1', 'fortran_order': False, 'shape': (10 ** 15, 28, 28)})
    with zipfile.ZipFile(path, 'a') as file:
        file.writestr('x_train.npy', header.getvalue())


def text(content):
    def write(path):
        with open(path, 'w') as file:
            file.write(content)
    return write


class Bomb:
    """Unpickled, it would leave a file behind."""
    def __reduce__(self):
        return open, ('unpickled', 'w')


GOOD = arrays(20, 10)
BAD_FILES = {
    'no such file': (lambda path: None, 'no such file'),
    'folder': (os.mkdir, 'is not a file'),
    'empty file': (text(''), 'empty'),
    'no zip': (text('MNIST'), 'not an .npz'),
    'truncated zip': (truncated, 'cut short'),
    'missing array': (damaged(y_test=None), 'y_test'),
    'object arrays': (damaged(x_train=np.array([Bomb()] * 20)), 'cannot be read'),
    'flat images': (damaged(x_train=GOOD['x_train'].reshape(20, 784)), 'x_train has the shape (20, 784)'),
    'small images': (damaged(x_test=GOOD['x_test'][:, :8, :8]), 'x_test has the shape (10, 8, 8)'),
    'float images': (damaged(x_train=GOOD['x_train'] / 255), 'x_train holds float64'),
    'images above 255': (damaged(x_train=GOOD['x_train'].astype(int) * 2), 'x_train holds values from'),
    'too few labels': (damaged(y_train=GOOD['y_train'][:-1]), 'y_train has the shape (19,)'),
    'label 10': (damaged(y_train=GOOD['y_train'] + 9), 'y_train holds values from'),
    'no training images': (damaged(x_train=GOOD['x_train'][:0], y_train=GOOD['y_train'][:0]), 'x_train is empty'),
    'no test images': (damaged(x_test=GOOD['x_test'][:0], y_test=GOOD['y_test'][:0]), 'x_test is empty'),
}
MORE_BAD_FILES = {
    'damaged zip': (bit_flipped, 'cannot be read'),
    'promised too much': (claims_to_be_huge, 'cannot be read'),
    'negative images': (damaged(x_test=GOOD['x_test'].astype(int) - 1), 'x_test holds values from -1'),
    'text images': (damaged(x_test=GOOD['x_test'].astype(str)), 'x_test holds <U'),
    'truth values': (damaged(x_test=GOOD['x_test'] > 9), 'x_test holds bool'),
    'a single number': (damaged(x_train=np.uint8(7)), 'x_train has the shape ()'),
    'one-hot labels': (damaged(y_test=np.eye(10)[GOOD['y_test']]), 'y_test has the shape (10, 10)'),
    'float labels': (damaged(y_train=GOOD['y_train'] * 1.0), 'y_train holds float64'),
}


@pytest.fixture(scope='module')
def bad_runs(tmp_path_factory):
    """All the runs that must fail, two at a time: folder, exit status, stdout and stderr of each."""
    def bad_run(name):
        folder = tmp_path_factory.mktemp('run')
        flags = ['--data', 'digits.npz', '--logdir', 'log']
        if name in BAD_FILES:
            BAD_FILES[name][0](str(folder / 'digits.npz'))
        elif name == 'mnist':
            flags[1] = 'mnist'
        else:
            damaged()(str(folder / 'digits.npz'))
            (folder / 'a file').write_text(u'not a folder')
            flags[-1] = os.path.join('a file', 'log')
        return (folder,) + run(folder, *flags)

    names = sorted(BAD_FILES) + ['mnist', 'logdir']
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(bad_run, names)))


@pytest.mark.parametrize('name', sorted(BAD_FILES))
def test_bad_data_get_one_sentence(bad_runs, name):
    folder, status, out, err = bad_runs[name]
    assert status == 1
    assert out == ''
    assert err.startswith('logistic.py: ') and err.count('\n') == 1 and 'digits.npz' in err
    assert BAD_FILES[name][1] in err
    assert not (folder / 'log').exists()
    assert not (folder / 'unpickled').exists()


@pytest.mark.parametrize('name', sorted(MORE_BAD_FILES))
def test_bad_data_are_refused(name, tmp_path):
    path = str(tmp_path / 'digits.npz')
    MORE_BAD_FILES[name][0](path)
    with pytest.raises(mnist_data.DataError) as refusal:
        mnist_data.load_digits(path)
    assert MORE_BAD_FILES[name][1] in str(refusal.value) and '\n' not in str(refusal.value)


def test_mnist_that_cannot_be_had_gets_one_sentence(bad_runs):
    folder, status, out, err = bad_runs['mnist']
    assert (status, out) == (1, '')
    assert err.startswith('logistic.py: MNIST could not be had (') and err.count('\n') == 1
    assert not (folder / 'log').exists() and not (folder / '.keras' / 'datasets').exists()


def test_a_log_folder_that_cannot_be_written_gets_one_sentence(bad_runs):
    folder, status, out, err = bad_runs['logdir']
    assert status == 1
    assert err.startswith('logistic.py: The log folder ') and err.count('\n') == 1
    assert (folder / 'a file').read_text() == u'not a folder'


@pytest.mark.parametrize('flags', [('--steps', '-1'), ('--steps', 'x'), ('--seed', '1.5'), ('--nonsense',)])
def test_wrong_flags_get_the_usage(flags, tmp_path, monkeypatch, capsys):
    import logistic
    monkeypatch.setattr('sys.argv', ['logistic.py', '--logdir', str(tmp_path / 'log')] + list(flags))
    with pytest.raises(SystemExit) as stop:
        logistic.main()
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith('usage: logistic.py')
    assert not (tmp_path / 'log').exists()


def test_without_a_network_the_lesson_draws_its_digits_and_says_so(tmp_path):
    status, out, err = run(tmp_path, '--steps', 1000)
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith('drawn digits (not MNIST), 10000 training and 2000 test images; MNIST could not be had')
    assert '--data mnist.npz' in lines[0]
    assert str(tmp_path / '.keras' / 'datasets' / 'mnist.npz') in lines[0]
    assert [line.split(',')[0] for line in lines[1:3]] == ['step: 0', 'step: 1000']
    assert float(lines[2].split()[-1]) > 0.95
    assert err == ''
    assert not (tmp_path / '.keras' / 'datasets').exists()


def test_drawn_digits_by_name(capsys):
    digits = mnist_data.load_digits('drawn')
    assert digits.description == 'drawn digits (not MNIST), 10000 training and 2000 test images'


def test_a_host_that_never_answers_counts_as_unreachable(tmp_path, monkeypatch):
    with socket.socket() as silent:  # it accepts connections, and says nothing
        silent.bind(('127.0.0.1', 0))
        silent.listen(5)
        monkeypatch.setenv('https_proxy', 'http://127.0.0.1:{}'.format(silent.getsockname()[1]))
        monkeypatch.setenv('KERAS_HOME', str(tmp_path))
        monkeypatch.setattr(mnist_data, 'TIMEOUT', 1)
        began = time.time()
        with pytest.raises(mnist_data.DataError, match='could not be had'):
            mnist_data.load_digits('mnist')
        assert time.time() - began < 5
    assert os.listdir(str(tmp_path)) == []


@pytest.fixture
def host(monkeypatch, tmp_path):
    """A host on loopback in the place of MNIST's; the function takes what it shall answer."""
    servers = []

    def serve(content, status=200):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=server.serve_forever).start()
        servers.append(server)
        monkeypatch.setattr(mnist_data, 'URL', 'http://127.0.0.1:{}/mnist.npz'.format(server.server_port))

    monkeypatch.setenv('no_proxy', '*')
    monkeypatch.setenv('KERAS_HOME', str(tmp_path))
    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_download_goes_to_kerass_cache(host, tmp_path, monkeypatch):
    file = io.BytesIO()
    np.savez(file, **arrays(20, 10))
    host(file.getvalue())
    monkeypatch.setattr(mnist_data, 'URL_SHA256', mnist_data.hashlib.sha256(file.getvalue()).hexdigest())
    digits = mnist_data.load_digits()
    np.testing.assert_array_equal(digits.train[0], arrays(20, 10)['x_train'])
    assert os.listdir(str(tmp_path / 'datasets')) == ['mnist.npz']
    assert (tmp_path / 'datasets' / 'mnist.npz').read_bytes() == file.getvalue()


@pytest.mark.parametrize('answer', [(b'<html>Please log in</html>', 200), (b'no', 403)])
def test_what_is_not_mnist_is_not_kept(host, tmp_path, answer):
    host(*answer)
    digits = mnist_data.load_digits()
    assert digits.description.startswith('drawn digits (not MNIST)')
    assert os.listdir(str(tmp_path)) == []


def cached(tmp_path, monkeypatch, content=None):
    monkeypatch.setenv('KERAS_HOME', str(tmp_path))
    os.mkdir(str(tmp_path / 'datasets'))
    path = str(tmp_path / 'datasets' / 'mnist.npz')
    if content is None:
        np.savez(path, **arrays(20, 10))
    else:
        text(content)(path)
    return path


def test_a_damaged_cache_is_an_error_and_stays_as_it_is(tmp_path, monkeypatch):
    path = cached(tmp_path, monkeypatch, 'half a download')
    for source in ['auto', 'mnist']:
        with pytest.raises(mnist_data.DataError, match='cannot be read'):
            mnist_data.load_digits(source)
    with open(path) as file:
        assert file.read() == 'half a download'


def test_only_mnist_is_called_mnist(tmp_path, monkeypatch):
    cached(tmp_path, monkeypatch)
    assert mnist_data.load_digits().description.startswith('mnist.npz (not MNIST), 20 training')
    with pytest.raises(mnist_data.DataError, match='is not MNIST'):
        mnist_data.load_digits('mnist')


def test_mnist_is_known_by_the_bytes_of_its_arrays(tmp_path, monkeypatch):
    """Stand-ins of MNIST's size: the digest decides, not the file's name or its container."""
    random = np.random.RandomState(0)
    images = np.zeros((60000, 28, 28), np.uint8)
    images[:, 0, 0] = random.randint(0, 256, size=60000)
    given = dict(x_train=images, y_train=images[:, 0, 0] % 10, x_test=images[:10000], y_test=images[:10000, 0, 0] % 10)
    digest = mnist_data.hashlib.sha256(b''.join(given[name].tobytes() for name in mnist_data.ARRAYS)).hexdigest()
    path = str(tmp_path / 'renamed.npz')
    np.savez_compressed(path, **dict(given, y_train=given['y_train'].astype(np.int64)))
    assert mnist_data.load_digits(path).description.startswith('renamed.npz (not MNIST), 60000 training')
    monkeypatch.setattr(mnist_data, 'MNIST_SHA256', digest)
    assert mnist_data.load_digits(path).description == 'MNIST, 60000 training and 10000 test images'


def test_integers_of_any_width_and_order_are_digits(tmp_path):
    given = arrays(20, 10)
    path = str(tmp_path / 'wide.npz')
    np.savez(path, **dict(given, x_train=np.asfortranarray(given['x_train'].astype('>i8')),
                          y_train=given['y_train'].astype(np.int32)))
    digits = mnist_data.load_digits(path)
    np.testing.assert_array_equal(digits.train[0], given['x_train'])
    assert digits.train[0].dtype == digits.train[1].dtype == np.uint8
