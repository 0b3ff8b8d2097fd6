"""Sources of digits: MNIST from the cache or the network, a file, or synthetic ones."""

import hashlib
import http.client
import multiprocessing.pool
import os
import sys
import tempfile
import urllib.request

from support import synthetic_digits
from support.npz import DataError, load_npz

URL = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz'
URL_SHA256 = '731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1'
# The hash of the bytes of MNIST's four arrays, however its .npz file is compressed.
MNIST_SHA256 = '06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16'
TIMEOUT = 10  # seconds
loaded = None  # The name of the dataset that was loaded last.


def load_digits(source='auto'):
    """Load digits and print the name of the dataset.

    Args:
        source: 'mnist' (in the Keras cache, downloaded if it is missing), 'synthetic',
            the path of an .npz file in the format of Keras's mnist.npz, or 'auto',
            which is 'mnist' if it is available and 'synthetic' otherwise.

    Returns:
        (x_train, y_train), (x_test, y_test), four uint8 arrays, as Keras's
        `mnist.load_data` returns them: images [n, 28, 28] from 0 to 255, and labels
        [n] from 0 to 9.

    Raises:
        DataError: the file can't be used, or 'mnist' isn't available.
    """
    if source == 'synthetic':
        return announced('synthetic digits (not MNIST)', synthetic_digits.load_data())
    if source not in ('auto', 'mnist'):
        return load_file(source, 'Pass an .npz file in the format of mnist.npz.')

    path = cached_mnist()
    try:
        if not os.path.exists(path):
            download_mnist(path)
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, 'reason', error)
        advice = 'Pass the path of a copy, as in --data mnist.npz.'
        if os.access(os.path.dirname(path), os.W_OK):
            advice = f'Put the file at {path}, or pass --data mnist.npz.'
        notice = f'Could not download MNIST from {URL} ({reason}). {advice}'
        if source == 'mnist':
            raise DataError(notice)
        digits = load_digits('synthetic')
        print(notice)
        return digits
    return load_file(path, 'Remove it to download MNIST.', source == 'mnist')


def load_file(path, advice, only_mnist=False):
    """Return the digits in an .npz file and print whether they are MNIST.

    Raises:
        DataError: the file can't be used, or isn't MNIST although `only_mnist` is true.
            The message ends with the advice.
    """
    path = os.path.expanduser(os.fspath(path))
    train, test = load_npz(path, advice)
    name = f'{os.path.basename(path)!r} (not MNIST)'
    if hashlib.sha256(b''.join(train + test)).hexdigest() == MNIST_SHA256:
        name = 'MNIST'
    elif only_mnist:
        raise DataError(f"{path!r} isn't MNIST. {advice}")
    return announced(name, (train, test))


def announced(name, digits):
    """Print and keep the name of the dataset, and return the digits."""
    global loaded
    loaded = name
    n_train, n_test = [len(labels) for _, labels in digits]
    print(f'{name}, {n_train} training and {n_test} test images')
    return digits


def cached_mnist():
    """Return the path of MNIST in the Keras cache, whether or not it exists."""
    keras = os.environ.get('KERAS_HOME') or os.path.join('~', '.keras')
    return os.path.join(os.path.expanduser(keras), 'datasets', 'mnist.npz')


def open_url():
    """Open MNIST's URL. Wait at most `TIMEOUT` seconds for an answer.

    urlopen alone waits that long for each of the server's addresses.

    Raises:
        OSError, http.client.HTTPException: there is no answer, or a wrong one.
    """
    pool = multiprocessing.pool.ThreadPool(1)
    opening = pool.apply_async(urllib.request.urlopen, [URL], {'timeout': TIMEOUT})
    pool.close()
    try:
        return opening.get(TIMEOUT)
    except multiprocessing.TimeoutError:
        raise OSError(f'no answer within {TIMEOUT} seconds')


def download_mnist(path):
    """Download MNIST to `path` atomically.

    Raises:
        OSError, http.client.HTTPException: the download or the writing failed.
        ValueError: the downloaded file isn't MNIST.
    """
    folder = os.path.dirname(path)
    if folder.startswith('~'):
        raise OSError('there is no home folder to keep it in')
    os.makedirs(folder, exist_ok=True)
    print(f'Downloading MNIST from {URL}', file=sys.stderr)
    with open_url() as response:
        content = response.read()
    if hashlib.sha256(content).hexdigest() != URL_SHA256:
        raise ValueError('the server sent a different file')
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        part = os.path.join(temporary, 'mnist.npz')
        with open(part, 'wb') as file:
            file.write(content)
        os.replace(part, path)
