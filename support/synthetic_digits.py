"""Synthetic digits, for use when MNIST isn't available. They aren't handwriting."""

import re

import numpy as np
from scipy import ndimage

# The shapes in which people write each digit. A shape is one or more strokes, separated
# by commas. A stroke is a list of points. A point is a column and a row of a 10 x 10
# grid, so "05" is the left end of row 5.
SHAPES = """
0  90 30 05 19 59 95 91 50
0  80 30 04 07 29 69 95 81 50
1  50 54 59
1  60 54 49
1  80 54 39
1  33 50 50 54 59
2  12 20 80 83 46 09 09 59 99
2  02 20 80 84 38 08 06 36 79 98
3  11 30 80 83 44 44 94 88 49 08
3  10 80 80 44 44 94 88 39 08
4  20 06 15 95, 80 74 69
4  10 15 25 84, 70 74 69
4  10 06 35 80 74 59
5  90 20 20 14 14 64 86 59 39 08
5  30 24 24 64 76 59 29 18, 30 60 91
6  60 30 15 18 39 79 85 54 16 17
6  50 22 16 29 69 75 45 27
7  01 10 90 80 56 49
7  02 10 10 90 80 45 39
7  10 80 80 56 49, 35 85
8  81 50 20 23 66 78 59 29 27 54 82 80 60
8  92 60 11 33 66 58 29 27 46 92
9  71 30 13 25 65 72 71 71 69
9  61 20 14 45 72 60 64 68 39 18
"""


def load_data(n_train=10000, n_test=2000, seed=0):
    """Draw digits in the format of `tf.keras.datasets.mnist.load_data()`.

    Args:
        n_train, n_test: the number of images in each set. Each set holds all ten
            digits equally often, as far as its size allows.
        seed: the same seed draws the same digits.

    Returns:
        (x_train, y_train), (x_test, y_test), four uint8 arrays: images [n, 28, 28]
        from 0 to 255, and labels [n] from 0 to 9.
    """
    rng = np.random.RandomState(seed)
    return draw_set(n_train, rng), draw_set(n_test, rng)


def draw_set(n, rng):
    """Return n images and their labels in random order."""
    labels = (rng.permutation(n) % 10).astype(np.uint8)
    images = np.zeros((n, 28, 28), np.uint8)
    for digit in range(10):
        shapes = re.findall(f'^{digit}  (.*)', SHAPES, re.M)
        places = np.flatnonzero(labels == digit)
        for i, shape in enumerate(shapes):
            chosen = places[i :: len(shapes)]
            images[chosen] = rasterize(pen_paths(shape, len(chosen), rng), rng)
    return images, labels


def pen_paths(shape, n, rng):
    """Return n variations of a shape, float [n, points, 2], in columns and rows."""
    strokes = []
    for stroke in shape.split(','):
        points = np.array([[int(c) for c in point] for point in stroke.split()])
        moved = rng.normal(points, 0.65, (n,) + points.shape)
        dense = np.repeat(moved, 12, axis=1)
        strokes.append(ndimage.gaussian_filter1d(dense, 5, axis=1, mode='nearest'))
    paths = np.concatenate(strokes, axis=1)
    paths[..., 0] *= rng.normal(0.75, 0.12, (n, 1))  # the width of the digit
    paths[..., 0] -= rng.normal(0.1, 0.22, (n, 1)) * paths[..., 1]  # its slant
    return paths


def rasterize(paths, rng):
    """Return images [n, 28, 28] from 0 to 255 of pen paths [n, points, 2].

    As in MNIST, a digit is about 20 pixels high and lies in the middle.
    """
    n = len(paths)
    paths = paths - paths.mean(axis=1, keepdims=True)
    paths *= 9.5 / np.abs(paths).max(axis=(1, 2), keepdims=True)
    columns, rows = np.rint(paths + 14).astype(int).transpose(2, 0, 1)
    images = np.zeros((n, 28, 28))
    images[np.arange(n)[:, np.newaxis], rows, columns] = 255
    images = ndimage.gaussian_filter(images, (0, 0.8, 0.8))
    ink = rng.uniform(1.5, 4.5, (n, 1, 1))  # More ink makes a thicker line.
    return np.minimum(ink * images, 255)
