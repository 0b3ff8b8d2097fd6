"""Where the digits come from: MNIST, a file in MNIST's layout, or digits drawn on the spot."""
import collections
import contextlib
import hashlib
import http.client
import io
import os
import re
import ssl
import stat
import sys
import tempfile
import time
import urllib.request
import zipfile
from multiprocessing import pool

import numpy as np

from backstage.printing import one_line, say

URL = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz'
URL_SHA256 = '731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1'  # of that file
MNIST_SHA256 = '06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16'  # of its four arrays' bytes
ARRAYS = ('x_train', 'y_train', 'x_test', 'y_test')
ADVICE = 'give --data an .npz file with the arrays {}'.format(', '.join(ARRAYS))
TIMEOUT, DEADLINE = 10, 120  # seconds: for the first answer of the host, and for the whole download
LARGEST, LONGEST_HEADER = 2 ** 30, 256  # bytes: of an array, and of the text before it, both far above any MNIST's
HEADER = re.compile(  # the only kind that NumPy shall see, which parses it as Python
    rb"\x93NUMPY\x01\x00..{'descr': '[<>|=]?\w+', 'fortran_order': \w+, 'shape': \([\dL, ]*\), } *\n", re.DOTALL)

Digits = collections.namedtuple('Digits', 'description train test')


class DataError(ValueError):
    """What a run was given cannot be used; the message is one sentence that says why and what to do."""
    def __init__(self, sentence):
        super().__init__(one_line(sentence))


def load_digits(source='auto'):
    """Find the digits that a run asks for, and print truthfully what they are.

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
        digits = drawn()
    elif source in ('auto', 'mnist'):
        digits = mnist(or_drawn=source == 'auto')
    else:
        digits = read_npz(source)
    say(digits.description)
    return digits


def mnist(or_drawn):
    """Digits(...) from Keras's cache or its host."""
    path = cache_path()
    advice = 'move it away, and MNIST will be downloaded'
    if os.path.lexists(path):
        digits = read_npz(path, advice)
    else:
        try:
            content = download()
        except (OSError, ValueError, http.client.HTTPException) as error:
            if isinstance(error, http.client.IncompleteRead):
                error = 'the connection was cut'
            reason = 'MNIST could not be had ({})'.format(one_line(getattr(error, 'reason', None) or error))
            if or_drawn:
                note = '; {}: for the real thing use --data mnist.npz, or put that file at {}'
                return drawn(note.format(reason, path))
            raise DataError('{}: put a copy at {}, or take another --data.'.format(reason, path))
        digits = read_npz(path, advice, io.BytesIO(content), keep(content, path))
    if not or_drawn and not digits.description.startswith('MNIST,'):
        raise DataError('{} is not MNIST: {}.'.format(path, advice))
    return digits


def cache_path():
    """Where Keras keeps its mnist.npz."""
    home = os.path.expanduser('~')
    home = home if os.path.isabs(home) else tempfile.gettempdir()  # of a user whom the system does not know
    return os.path.join(os.environ.get('KERAS_HOME') or os.path.join(home, '.keras'), 'datasets', 'mnist.npz')


def drawn(note=''):
    """Digits(...) of the default set of drawn_digits.py; `note` ends its description."""
    from backstage import drawn_digits  # here, because it is slow to import and MNIST does without it
    return describe('drawn digits (not MNIST)', *drawn_digits.load_data(), note=note)


def describe(name, train, test, note=''):
    return Digits(one_line('{}, {} training and {} test images{}'.format(name, len(train[0]), len(test[0]), note)),
                  train, test)


def download():
    """The bytes of Keras's own mnist.npz; OSError, ValueError or HTTPException where they cannot be had."""
    context = ssl.create_default_context()
    with contextlib.suppress(ImportError, OSError):
        import certifi  # Python from python.org on macOS knows no certificates but these
        context.load_verify_locations(certifi.where())
    deadline = time.monotonic() + DEADLINE
    with pool.ThreadPool(1) as asking:  # the look-up of the name and each address would have a timeout of their own
        answer = asking.apply_async(urllib.request.urlopen, (URL,), dict(timeout=TIMEOUT, context=context))
        answer.wait(TIMEOUT)
        if not answer.ready():
            raise OSError('no answer within {} s'.format(TIMEOUT))
    content = bytearray()
    with answer.get() as response:
        tell('Downloading MNIST ...')
        size = response.length or 0
        while time.monotonic() < deadline and len(content) < 2 ** 26:  # 11 MB, if it is what it should be
            part = response.read1(2 ** 16)
            if not part:
                break
            content += part
            if size:
                tell('{:.0f} %'.format(100 * len(content) / size), on_terminal_only=True, end='\r')
    if len(content) < size or time.monotonic() > deadline:
        raise OSError('only {} bytes of it came'.format(len(content)))
    if hashlib.sha256(content).hexdigest() != URL_SHA256:
        raise OSError('something else came in its place')
    return content


def tell(text, on_terminal_only=False, **options):
    with contextlib.suppress(OSError, ValueError):  # nobody has to read it
        if sys.stderr and (sys.stderr.isatty() or not on_terminal_only):
            say(text, sys.stderr, **options)


def keep(content, path):
    """Put a file at `path`, whole or not at all; returns an empty note, or one that says why it could not be put."""
    part = '{}.{}.part'.format(path, os.getpid())
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            with open(part, 'wb') as file:
                file.write(content)
            os.replace(part, path)
        finally:
            if os.path.exists(part):
                os.remove(part)
    except OSError as error:
        return '; it could not be kept at {} ({})'.format(path, one_line(error))
    return ''


def read_npz(path, advice=ADVICE, file=None, note=''):
    """Digits(...) from the `.npz` file at `path`, or from `file`; DataError where it holds anything else.

    Nothing in it is ever unpickled, nor unpacked or parsed before its declared size is known.
    """
    try:
        if file is None and not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would be waited for
            raise ValueError('it is not a file')
        with zipfile.ZipFile(file or path) as archive:
            x_train, y_train, x_test, y_test = [read_array(archive, name) for name in ARRAYS]
    except FileNotFoundError:
        raise DataError('{}: there is no such file; {}.'.format(path, advice))
    except zipfile.BadZipFile:
        raise DataError('{} cannot be read (it is empty, damaged, cut short or not an .npz file): {}.'.format(
            path, advice))
    except Exception as error:  # a damaged or hostile file can make zlib and NumPy raise nearly anything
        raise DataError('{} cannot be read ({}): {}.'.format(path, one_line(error), advice))
    try:
        train = checked('x_train', x_train), checked('y_train', y_train, x_train)
        test = checked('x_test', x_test), checked('y_test', y_test, x_test)
    except ValueError as error:
        raise DataError('{}: {}; {}.'.format(path, error, advice))
    digest = hashlib.sha256()
    if len(x_train) == 60000 and len(x_test) == 10000:  # nothing else can be MNIST, and hashing takes its time
        for array in train + test:
            digest.update(array)
    name = os.path.basename(path)
    name = name if re.fullmatch(r'[\w.-]+', name) else repr(name)  # in quotes, if it might read like a description
    is_mnist = digest.hexdigest() == MNIST_SHA256
    return describe('MNIST' if is_mnist else '{} (not MNIST)'.format(name), train, test, note)


def read_array(archive, name):
    """One array of an open `.npz` file, if it declares nothing that costs more than it can be worth."""
    member = name + '.npy'
    if member not in archive.namelist():
        raise ValueError('it lacks the array {}'.format(name))
    info = archive.getinfo(member)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError('{} is compressed as NumPy never does it'.format(name))
    if info.file_size > LARGEST:
        raise ValueError('{} has {} bytes, and the lesson takes {} at most'.format(name, info.file_size, LARGEST))
    with archive.open(info) as file:
        start = file.read(LONGEST_HEADER)
    if not HEADER.match(start) or int.from_bytes(start[8:10], 'little') > LONGEST_HEADER:
        raise ValueError('{} does not begin as an array of numbers does'.format(name))
    with archive.open(info) as file:
        try:
            return np.lib.format.read_array(file, allow_pickle=False)
        except MemoryError:
            raise ValueError('{} is larger than the memory'.format(name))
        except ValueError as error:
            raise ValueError('{} holds Python objects'.format(name) if 'pickle' in str(error) else error)


def checked(name, array, images=None):
    """The array as uint8, if its shape and values are those of images, or of the labels of `images`."""
    largest = 255 if images is None else 9
    shape = np.shape(array)
    if images is None and shape[1:] != (28, 28):
        raise ValueError('{} has the shape {}, but images must be (n, 28, 28)'.format(name, shape))
    if images is not None and shape != (len(images),):
        raise ValueError('{} has the shape {}, but {} images need as many labels, ({},)'.format(
            name, shape, len(images), len(images)))
    if not len(array):
        raise ValueError('{} is empty, but at least one image is needed'.format(name))
    if array.dtype.kind not in 'iu':
        raise ValueError('{} holds {} values, but must hold integers from 0 to {}'.format(name, array.dtype, largest))
    if array.min() < 0 or array.max() > largest:
        raise ValueError('{} holds values from {} to {}, but must hold integers from 0 to {}'.format(
            name, array.min(), array.max(), largest))
    return np.ascontiguousarray(array, np.uint8)
