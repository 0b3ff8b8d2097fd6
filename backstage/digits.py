"""Where the digits come from: MNIST, a file in MNIST's layout, or digits drawn on the spot."""
import collections
import contextlib
import hashlib
import io
import os
import socket
import sys
import tempfile
import zipfile

from backstage.tensorflow1 import np, tf

URL = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz'
URL_SHA256 = '731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1'  # of that file
MNIST_SHA256 = '06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16'  # of the bytes of its four arrays
ARRAYS = {'x_train': ((28, 28), 255), 'y_train': ((), 9),  # the shape of an element, and the largest value
          'x_test': ((28, 28), 255), 'y_test': ((), 9)}
LARGEST, LONGEST_HEADER = 2 ** 30, 256  # bytes: of an array, and of the text before it, both far above any MNIST's

Digits = collections.namedtuple('Digits', 'description train test')


class DataError(ValueError):
    """What a run was given cannot be used; the message is one sentence that says why and what to do."""


def reason(error):
    """What an error says, made fit to print, as it may quote a file or a server."""
    error = getattr(error.__context__, 'reason', None) or error  # urllib's own, which Keras hides
    text = getattr(error, 'strerror', None) or str(error) or repr(error)
    return ''.join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def load_digits(source='auto'):
    """Find the digits that a run asks for, and print truthfully what they are.

    Args:
        source: `mnist` (Keras's cache, or a download into it), `drawn` (by drawn_digits.py), an `.npz` file in the
            layout of Keras's `mnist.npz`, or `auto`: `mnist`, and `drawn` where MNIST cannot be had.

    Returns:
        Digits(description, train, test). The description is one line, which says MNIST only of MNIST, to the byte. The
        others are pairs of images, uint8 `(n, 28, 28)` from 0 to 255, and labels, uint8 `(n,)` from 0 to 9.

    Raises:
        DataError: the data cannot be had, or the file does not hold digits in this layout.
    """
    path, advice, why_not = source, 'give --data an .npz file with the arrays {}'.format(', '.join(ARRAYS)), ''
    if source in ('auto', 'mnist'):
        keras = os.path.expanduser(os.environ.get('KERAS_HOME') or os.path.join('~', '.keras'))
        path, advice = os.path.join(keras, 'datasets', 'mnist.npz'), 'move it away, to let MNIST be downloaded'
        why_not = '' if os.path.lexists(path) else download(path)
    if source == 'drawn' or source == 'auto' and why_not:
        from backstage import drawn_digits  # here, because it is slow to import and MNIST does without it
        name, (train, test) = 'drawn digits (not MNIST)', drawn_digits.load_data()
    elif why_not:
        raise DataError(why_not + '.')
    else:
        name, train, test = read_npz(path, advice)
        if source == 'mnist' and name != 'MNIST':
            raise DataError('{!r} is not MNIST: {}.'.format(path, advice))
    description = '{}, {} training and {} test images'.format(name, len(train[0]), len(test[0]))
    print('; '.join(filter(None, [description, why_not])), flush=True)
    return Digits(description, train, test)


def download(path):
    """Put MNIST, as Keras offers it, at `path`, whole or not at all; returns why it cannot be had, or nothing."""
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(10)  # seconds, for a host that does not answer
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
            with contextlib.redirect_stdout(sys.stderr or io.StringIO()):
                part = tf.keras.utils.get_file('mnist.npz', URL, cache_dir=folder, cache_subdir='')
            with open(part, 'rb') as file:
                if hashlib.sha256(file.read()).hexdigest() != URL_SHA256:
                    raise ValueError('something else came, or not all of it')
            os.replace(part, path)
    except Exception as error:  # Keras and urllib raise nearly anything
        return 'MNIST could not be brought from {} to {!r} ({}): put it there, or give it as --data mnist.npz'.format(
            URL, path, reason(error))
    finally:
        socket.setdefaulttimeout(timeout)


def read_npz(path, advice):
    """The name and the two sets of an `.npz` file, or DataError. Nothing is unpickled, or unpacked at any size."""
    try:
        arrays = []
        with zipfile.ZipFile(path) as archive:
            for name, (shape, largest) in ARRAYS.items():
                info = archive.getinfo(name + '.npy')
                plain = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
                content = archive.open(info).read(info.file_size) if plain and info.file_size <= LARGEST else b''
                if content[:8] != b'\x93NUMPY\1\0' or int.from_bytes(content[8:10], 'little') > LONGEST_HEADER:
                    raise ValueError('{} is not as NumPy saves it, or too large'.format(name))
                array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
                n = array.size // 784 or 1 if shape else len(arrays[-1])  # a label for each image
                if (array.dtype.kind not in 'iu' or array.shape != (n,) + shape
                        or not 0 <= array.min() <= array.max() <= largest):
                    raise ValueError('{} is {} {}, but must hold integers from 0 to {} in the shape {}'.format(
                        name, array.dtype, array.shape, largest, (n,) + shape))
                arrays.append(np.ascontiguousarray(array, np.uint8))
    except Exception as error:  # a damaged or hostile file can make zlib and NumPy raise nearly anything
        raise DataError('{!r} cannot be read ({}): {}.'.format(os.fspath(path), reason(error), advice))
    is_mnist = hashlib.sha256(b''.join(arrays)).hexdigest() == MNIST_SHA256
    return 'MNIST' if is_mnist else '{!r} (not MNIST)'.format(os.path.basename(path)), arrays[:2], arrays[2:]
