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
        zipfile.ZipFile(path).close()  # NumPy calls any other file pickled.
        with np.load(path, allow_pickle=False) as file:
            return checked('train', file), checked('test', file)
    except Exception as error:  # A damaged file can raise nearly anything.
        raise DataError(f'Could not read {path!r} ({error}). {advice}')


def checked(part, file):
    """Return the images and labels of 'train' or 'test' as uint8 arrays.

    Raises:
        ValueError: they aren't images of digits and their labels.
    """
    names = 'x_' + part, 'y_' + part
    for name in names:
        if name not in file.files:
            raise ValueError(f'it holds {", ".join(file.files)}, but not {name}')
    images, labels = file[names[0]], file[names[1]]
    if images.shape[1:] != (28, 28) or not integers_up_to(255, images):
        raise ValueError(
            f'{names[0]} is {described(images)}, '
            'but must be integers from 0 to 255 in the shape [n, 28, 28]'
        )
    if labels.shape != images.shape[:1] or not integers_up_to(9, labels):
        raise ValueError(
            f'{names[1]} is {described(labels)}, '
            f'but must be integers from 0 to 9 in the shape [{len(images)}]'
        )
    images = np.ascontiguousarray(images, np.uint8)
    return images, np.ascontiguousarray(labels, np.uint8)


def described(array):
    """Return the type, shape, and range of an array as text."""
    text = f'{array.dtype} {list(array.shape)}'
    if array.size > 0 and np.issubdtype(array.dtype, np.number):
        text += f' from {array.min():g} to {array.max():g}'
    return text


def integers_up_to(largest, array):
    """Tell whether the array is nonempty and holds integers from 0 to `largest`."""
    return (
        array.size > 0
        and np.issubdtype(array.dtype, np.integer)
        and array.min() >= 0
        and array.max() <= largest
    )
