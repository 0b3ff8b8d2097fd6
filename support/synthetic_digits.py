"""Synthetic digits, for use when MNIST isn't available. They aren't handwriting."""

import numpy as np
from scipy import ndimage

# Four ways to write each digit from 0 to 9 in one stroke. A stroke is a list of
# points. A point is a column and a row of a 10 x 10 grid, so "05" is the left end of
# row 5.
STROKES = """\
90 30 05 19 59 95 91 50
80 30 04 07 29 69 95 81 50
60 30 02 06 29 69 84 60 60
81 40 13 06 39 79 85 72 31
50 54 59
80 54 39
33 50 50 54 59
60 54 49
12 20 80 83 46 09 09 59 99
02 20 80 84 38 08 06 36 79 98
11 40 92 74 29 07 36 66 98 98
03 30 71 73 46 19 18 37 69 99
11 30 80 83 44 44 94 88 49 08
10 80 80 44 44 94 88 39 08
20 60 82 44 34 76 79 49 18
21 70 73 45 45 76 69 29 07
69 80 05 05 95 95
20 06 06 85 74 80 69 69
10 15 25 84 84 70 74 59
60 60 53 06 06 96 63 63 59
90 20 20 14 14 64 86 59 39 08
91 30 30 24 64 76 59 29 18
80 30 13 33 84 88 49 08
80 20 20 15 45 77 69 19
60 30 15 18 39 79 85 54 16 17
50 22 16 29 69 75 45 27
70 34 07 39 69 76 45 18
50 31 15 18 49 79 67 45 16
01 10 90 80 56 49
02 10 10 90 80 45 39
10 80 80 56 56 35 85 56 49
00 20 80 83 57 39
81 50 20 23 66 78 59 29 27 54 82 80 60
92 60 11 33 66 58 29 27 46 92
80 40 22 44 77 69 39 17 54 72 71
60 30 22 35 67 59 29 17 45 73 60
71 30 13 25 65 72 71 71 69
61 20 14 45 72 60 64 68 39 18
80 30 13 35 75 80 80 59 59
91 50 21 24 65 82 91 81 79 59
""".splitlines()


def load_data(n_train=10000, n_test=2000, seed=0):
    """Draw digits in the format of `tf.keras.datasets.mnist.load_data()`.

    Args:
        n_train, n_test: the number of images in each set. A multiple of 40 gives the
            same number of images of each digit.
        seed: the same seed draws the same digits.

    Returns:
        (x_train, y_train), (x_test, y_test), four uint8 arrays: images [n, 28, 28]
        from 0 to 255, and labels [n] from 0 to 9.
    """
    rng = np.random.RandomState(seed)
    return draw_set(n_train, rng), draw_set(n_test, rng)


def draw_set(n, rng):
    """Return n images and their labels in random order."""
    kinds = rng.permutation(n) % 40
    images = np.zeros((n, 28, 28), np.uint8)
    for kind, stroke in enumerate(STROKES):
        chosen = kinds == kind
        points = np.array([list(point) for point in stroke.split()], int)
        images[chosen] = draw(points, chosen.sum(), rng)
    return images, (kinds // 4).astype(np.uint8)


def draw(points, n, rng):
    """Draw n variations of a stroke as images [n, 28, 28] from 0 to 255.

    As in MNIST, a digit is about 20 pixels high and lies in the middle.
    """
    paths = np.repeat(rng.normal(points, 0.65, (n,) + points.shape), 12, axis=1)
    paths = ndimage.gaussian_filter1d(paths, 5, axis=1, mode='nearest')
    paths[..., 0] *= rng.normal(0.75, 0.12, (n, 1))  # the width of the digit
    paths[..., 0] -= rng.normal(0.1, 0.22, (n, 1)) * paths[..., 1]  # its slant
    paths -= paths.mean(axis=1, keepdims=True)
    paths *= 9.5 / np.abs(paths).max(axis=(1, 2), keepdims=True)
    columns, rows = np.rint(paths + 14).astype(int).transpose(2, 0, 1)
    images = np.zeros((n, 28, 28))
    images[np.arange(n)[:, np.newaxis], rows, columns] = 255
    images = ndimage.gaussian_filter(images, (0, 0.8, 0.8))
    ink = rng.uniform(1.5, 4.5, (n, 1, 1))  # More ink makes a thicker line.
    return np.minimum(ink * images, 255)
