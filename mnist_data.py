"""Where the digits come from: MNIST, a file in MNIST's layout, or digits drawn on the spot."""
import collections
import hashlib
import http.client
import os
import sys
import threading
import urllib.request
import zipfile

import numpy as np

URL = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz'
URL_SHA256 = '731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1'  # of that file
MNIST_SHA256 = '06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16'  # of its four arrays' bytes
ARRAYS = ('x_train', 'y_train', 'x_test', 'y_test')
TIMEOUT = 10  # seconds: a host that has not answered by then counts as unreachable

Digits = collections.namedtuple('Digits', 'description train test')


class DataError(ValueError):
    """The digits asked for cannot be used; the message is one sentence that says why and what to do."""


def load_digits(source='auto'):
    """Find the digits that a run asks for, and say truthfully what they are.

    Args:
        source: `mnist` (Keras's cache, or a download into it), `drawn` (by drawn_digits.py), the path of an `.npz` file
            in the layout of Keras's `mnist.npz`, or `auto`: `mnist`, and `drawn` where MNIST cannot be had.

    Returns:
        Digits(description, train, test). The description is one line that names the data, and names it MNIST only if
        the four arrays are MNIST's to the byte. `train` and `test` are pairs of images, uint8 `(n, 28, 28)` from 0 to
        255, and labels, uint8 `(n,)` from 0 to 9.

    Raises:
        DataError: the data cannot be had, or the file does not hold digits in this layout.
    """
    if source == 'drawn':
        return drawn()
    if source not in ('auto', 'mnist'):
        return read_npz(source)
    path = os.path.join(os.environ.get('KERAS_HOME') or os.path.join(os.path.expanduser('~'), '.keras'),
                        'datasets', 'mnist.npz')
    if not os.path.exists(path):
        try:
            download(path)
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = 'MNIST could not be had ({})'.format(one_line(getattr(error, 'reason', error)))
            if source == 'mnist':
                raise DataError('{}: put a copy at {}, or take another --data.'.format(reason, path))
            return drawn('; {}: for the real thing use --data mnist.npz, or put that file at {}'.format(reason, path))
    digits = read_npz(path)
    if source == 'mnist' and not digits.description.startswith('MNIST,'):
        raise DataError('{} is not MNIST: move it away, and MNIST will be downloaded.'.format(path))
    return digits


def drawn(note=''):
    """Digits(...) of the default set of drawn_digits.py; `note` ends its description."""
    from drawn_digits import load_data  # here, because it is slow to import and MNIST does without it
    return describe('drawn digits (not MNIST)', *load_data(), note=note)


def describe(name, train, test, note=''):
    description = '{}, {} training and {} test images{}'.format(name, len(train[0]), len(test[0]), note)
    # In the locale C, Python 3.6 holds names that are not ASCII as surrogates, which no summary can hold.
    return Digits(description.encode('utf-8', 'replace').decode('utf-8'), train, test)


def download(path):
    """Download Keras's own mnist.npz to `path`, whole or not at all; OSError or HTTPException where that fails."""
    answer = []

    def ask():  # in a thread: the look-up of the name and every address of the host would each have its own timeout
        try:
            answer.append(urllib.request.urlopen(URL, timeout=TIMEOUT))
        except Exception as error:
            answer.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(TIMEOUT)
    if not answer:
        raise OSError('no answer within {} s'.format(TIMEOUT))
    if isinstance(answer[0], Exception):
        raise answer[0]
    print('Downloading MNIST ...', file=sys.stderr, flush=True)
    with answer[0] as response:
        content = response.read(2 ** 26)  # 11 MB, if it is what it should be
    if hashlib.sha256(content).hexdigest() != URL_SHA256:
        raise OSError('something else came in its place')
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = '{}.{}.part'.format(path, os.getpid())
    try:
        with open(part, 'wb') as file:
            file.write(content)
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)


def read_npz(path):
    """Digits(...) from an `.npz` file; DataError where it holds anything else. Nothing in it is ever unpickled."""
    if not os.path.exists(path):
        raise DataError('{}: there is no such file; give --data the path of an .npz file.'.format(path))
    if not os.path.isfile(path):
        raise DataError('{} is not a file; give --data the path of an .npz file.'.format(path))
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError('it is empty, cut short or not an .npz file')
        with np.load(path, allow_pickle=False) as npz:
            arrays = [npz[name] for name in ARRAYS]
    except Exception as error:  # a damaged or hostile file can make zipfile, zlib and NumPy raise nearly anything
        raise DataError('{} cannot be read ({}); it must hold the arrays {}.'.format(
            path, one_line(error), ', '.join(ARRAYS)))
    x_train, y_train, x_test, y_test = arrays
    train = checked(path, 'x_train', x_train), checked(path, 'y_train', y_train, x_train)
    test = checked(path, 'x_test', x_test), checked(path, 'y_test', y_test, x_test)
    digest = hashlib.sha256()
    if len(x_train) == 60000 and len(x_test) == 10000:  # nothing else can be MNIST, and hashing takes its time
        for array in train + test:
            digest.update(array)
    is_mnist = digest.hexdigest() == MNIST_SHA256
    return describe('MNIST' if is_mnist else '{} (not MNIST)'.format(os.path.basename(path)), train, test)


def checked(path, name, array, images=None):
    """The array as uint8, if its shape and values are those of images, or of the labels of `images`."""
    largest = 255 if images is None else 9
    shape = np.shape(array)
    if images is None and (len(shape) != 3 or shape[1:] != (28, 28)):
        raise DataError('{}: {} has the shape {}, but images must be (n, 28, 28).'.format(path, name, shape))
    if images is not None and shape != (len(images),):
        raise DataError('{}: {} has the shape {}, but {} images need as many labels, ({},).'.format(
            path, name, shape, len(images), len(images)))
    if not len(array):
        raise DataError('{}: {} is empty, but at least one image is needed.'.format(path, name))
    if array.dtype.kind not in 'iu':
        raise DataError('{}: {} holds {} values, but must hold integers from 0 to {}.'.format(
            path, name, array.dtype, largest))
    if array.min() < 0 or array.max() > largest:
        raise DataError('{}: {} holds values from {} to {}, but must hold integers from 0 to {}.'.format(
            path, name, array.min(), array.max(), largest))
    return np.ascontiguousarray(array, np.uint8)


def one_line(error):
    return ' '.join(str(error).split())
