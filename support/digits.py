"""Sources of digits: MNIST from the cache or the network, a file, or synthetic ones."""

import hashlib
import os
import sys
import urllib.request

from support.npz import DataError, load_npz

URL = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz'
URL_SHA256 = '731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1'
# The hash of MNIST's four arrays. It doesn't depend on the compression.
MNIST_SHA256 = '06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16'
loaded = None  # The name of the dataset that was loaded last.


def load_data(source='auto'):
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
        from support import synthetic_digits  # SciPy's import takes time.

        return announced('synthetic digits (not MNIST)', synthetic_digits.load_data())
    path, advice = source, 'Pass mnist, synthetic, or an .npz file like mnist.npz.'
    if source in ('auto', 'mnist'):
        path, advice = cached_mnist(), 'Remove it to download MNIST.'
        try:
            if not os.path.exists(path):
                download_mnist(path)
        except Exception as error:  # A network can fail in many ways.
            reason = getattr(error, 'reason', error)
            notice = (
                f'Could not download MNIST from {URL} ({reason}). '
                'Pass the path of a copy, as in --data mnist.npz.'
            )
            if source == 'mnist':
                raise DataError(notice)
            digits = load_data('synthetic')
            print(notice)
            return digits

    path = os.path.expanduser(path)
    train, test = load_npz(path, advice)
    name = f'{os.path.basename(path)!r} (not MNIST)'
    if hashlib.sha256(b''.join(train + test)).hexdigest() == MNIST_SHA256:
        name = 'MNIST'
    elif source == 'mnist':
        raise DataError(f"{path!r} isn't MNIST. {advice}")
    return announced(name, (train, test))


def announced(name, digits):
    """Print and keep the name of the dataset, and return the digits."""
    global loaded
    loaded = name
    (_, y_train), (_, y_test) = digits
    print(f'{name}, {len(y_train)} training and {len(y_test)} test images')
    return digits


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
    if hashlib.sha256(content).hexdigest() != URL_SHA256:
        raise ValueError('the server sent a different file')
    part = f'{path}.{os.getpid()}'
    with open(part, 'wb') as file:
        file.write(content)
    os.replace(part, path)
