"""Digits in an .npz file."""

import zipfile

import numpy as np


class DataError(ValueError):
    """Raised for unusable data. The message gives the cause and a remedy."""


def load_npz(path, advice):
    """Return the digits in an .npz file.

    Returns:
        (x_train, y_train), (x_test, y_test), four uint8 arrays: images [n, 28, 28]
        from 0 to 255, and labels [n] from 0 to 9.

    Raises:
        DataError: the file can't be used. The message ends with the advice.
    """
    try:
        # For any other file, NumPy's message would mention only pickles.
        zipfile.ZipFile(path).close()
        with np.load(path, allow_pickle=False) as file:
            return images_and_labels(file, 'train'), images_and_labels(file, 'test')
    except Exception as error:  # A damaged file can raise nearly anything.
        raise DataError(f'Could not read {path!r} ({error}). {advice}')


def images_and_labels(file, part):
    images = integers(file, f'x_{part}', 255, (28, 28), '[n, 28, 28]')
    labels = integers(file, f'y_{part}', 9, (), '[n]')
    if len(images) != len(labels):
        raise ValueError(f'{part}: {len(images)} images, but {len(labels)} labels')
    return images, labels


def integers(file, name, largest, shape, described):
    """Return an array of integers from 0 to `largest` as uint8.

    Raises:
        ValueError: the array is missing, empty, or of another type, range, or shape.
    """
    if name not in file.files:
        raise ValueError(f'it holds {", ".join(file)}, but not {name}')
    array = file[name]
    found = f'{array.dtype} {list(array.shape)}'
    if array.dtype.kind in 'iu' and array.size and array.shape[1:] == shape:
        if 0 <= array.min() and array.max() <= largest:
            return np.ascontiguousarray(array, np.uint8)
        found = f'from {array.min()} to {array.max()}'
    raise ValueError(
        f'{name} is {found}, but must be integers from 0 to {largest} '
        f'in the shape {described}'
    )
