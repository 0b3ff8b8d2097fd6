"""Sources of digits: MNIST from the cache or the network, a file, or synthetic ones."""

import os
import sys
import tempfile
import urllib.request
import zlib
from hashlib import sha256

from support.npz import DataError, load_npz

URL = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz'
URL_SHA256 = '731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1'
MNIST_CRC32 = 0x1939F699  # The CRC-32 of MNIST's four arrays, one after the other.


def find_data(data):
    """Return the data to use for 'auto', or any other `data` as it is.

    MNIST is downloaded if it's asked for and missing.

    Args:
        data: 'auto', 'mnist', 'synthetic', or the path of an .npz file.

    Returns:
        For 'auto', the path of MNIST in the Keras cache. If MNIST isn't available,
        print the reason and return 'synthetic'.

    Raises:
        DataError: `data` is 'mnist', and MNIST isn't available.
    """
    if data not in ('auto', 'mnist'):
        return data
    path = cached_mnist()
    try:
        if not os.path.exists(path):
            download_mnist(path)
    except Exception as error:  # A network can fail in many ways.
        reason = getattr(error, 'reason', error)
        notice = (
            f'Could not download MNIST from {URL} ({reason}). '
            'To use a copy, pass its path as data.'
        )
        if data == 'mnist':
            raise DataError(notice)
        print(notice)
        return 'synthetic'
    return path if data == 'auto' else data


def load_data(data='auto'):
    """Load digits and print the name of the dataset.

    Args:
        data: 'mnist' (in the Keras cache, downloaded if it is missing), 'synthetic',
            the path of an .npz file in the format of Keras's mnist.npz, or 'auto',
            which is 'mnist' if it is available and 'synthetic' otherwise.

    Returns:
        (x_train, y_train), (x_test, y_test), four uint8 arrays, as Keras's
        `mnist.load_data` returns them: images [n, 28, 28] from 0 to 255, and labels
        [n] from 0 to 9.

    Raises:
        DataError: the file can't be used, or 'mnist' isn't available.
    """
    data = find_data(data)
    if data == 'synthetic':
        from support import synthetic_digits  # SciPy's import takes time.

        name = 'synthetic digits (not MNIST)'
        train, test = synthetic_digits.load_data()
    else:
        path = cached_mnist() if data == 'mnist' else os.path.expanduser(data)
        advice = 'Pass mnist, synthetic, or the path of a file like mnist.npz as data.'
        if path == cached_mnist():
            advice = 'Remove it to download MNIST, or pass the path of a copy as data.'
        train, test = load_npz(path, advice)
        name = f'{os.path.basename(path)!r} (not MNIST)'
        checksum = 0
        for array in train + test:
            checksum = zlib.crc32(array, checksum)
        if checksum == MNIST_CRC32:
            name = 'MNIST'
        elif data == 'mnist':
            raise DataError(f"{path!r} isn't MNIST. {advice}")
    print(f'{name}, {len(train[1])} training and {len(test[1])} test images')
    return train, test


def cached_mnist():
    """Return the path of MNIST in the Keras cache, whether or not it exists."""
    keras = os.environ.get('KERAS_HOME') or '~/.keras'
    return os.path.join(os.path.expanduser(keras), 'datasets', 'mnist.npz')


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
    # It waits up to 5 seconds for each of the server's addresses.
    with urllib.request.urlopen(URL, timeout=5) as response:
        content = response.read()
    if sha256(content).hexdigest() != URL_SHA256:
        raise ValueError('the server sent a different file')
    # The folder's name is its own, so several downloads can run at once.
    with tempfile.TemporaryDirectory(dir=folder) as own_folder:
        part = os.path.join(own_folder, 'mnist.npz')
        with open(part, 'wb') as file:
            file.write(content)
        try:
            os.replace(part, path)
        except OSError:
            # Another program may have been faster, and it may have the file open.
            if not os.path.exists(path):
                raise
