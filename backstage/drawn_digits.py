"""Digits drawn by the program, where MNIST cannot be had. They are no MNIST: no pixel is of a person's hand."""
import numpy as np
from scipy import interpolate, spatial

# The ways of writing each digit, 0 to 9. A point is its column and its row on a sheet of 10 x 10; a comma lifts the
# pen. The pen rounds every corner but one that is written twice. A way that stands here n times is n times as likely.
WAYS = (
    ['90 30 05 19 59 95 91 50', '80 30 04 07 29 69 95 81 50', '50 20 05 29 79 94 70 40'],
    ['50 54 59'] * 5 + ['50 53 56 59'] * 3 + ['60 54 49'] * 4 + ['80 54 39'] * 4
    + ['33 50 50 54 59', '32 50 50 54 59, 29 79'],
    ['12 20 80 83 46 09 09 59 99', '02 20 80 84 38 08 06 36 79 98', '12 40 70 74 28 08 17 99',
     '22 40 70 64 37 19 19 79'],
    ['11 30 80 83 44 44 94 88 49 08', '10 80 80 44 44 94 88 39 08', '21 40 70 63 44 74 78 49 18'],
    ['20 06 15 95, 80 74 69', '10 15 25 84, 70 74 69', '60 05 05 95, 60 64 59', '10 06 35 80 74 59'],
    ['90 20 20 14 14 64 86 59 39 08', '30 24 24 64 76 59 29 18, 30 60 91', '90 50 34 74 78 39 08',
     '90 40 40 24 24 74 68 08'],
    ['60 30 15 18 39 79 85 54 16 17', '50 22 16 29 69 75 45 27', '50 23 17 39 69 66 36 18'],
    ['01 10 90 80 56 49', '02 10 10 90 80 45 39', '10 80 80 56 49, 35 85', '20 70 70 66 59'],
    ['81 50 20 23 66 78 59 29 27 54 82 80 60', '92 60 11 33 66 58 29 27 46 92', '91 60 22 44 67 49 27 46 91'],
    ['71 30 13 25 65 72 71 71 69', '61 20 14 45 72 60 64 68 39 18', '71 30 13 25 55 71 71 54 39'],
)
STEP = .37  # between two points of the pen's path, on the sheet: under a pixel, so that no gap shows


def pen(corners):
    """The pen's path as a function of the place on it: a spline that rounds these corners [k, ..., 2]."""
    return interpolate.BSpline(np.arange(-2, len(corners) + 1), corners, 2)


def pen_path(way):
    """The corners [k, 2] of one way of writing, and evenly spaced places [p] on the pen's path."""
    corners, places = np.zeros((0, 2)), []
    for stroke in way.split(','):
        points = stroke.split()
        points = np.array([[int(p[0]), int(p[1])] for p in points[:1] + points + points[-1:]], float)
        fine = np.arange(0, len(points) - 2, .05)
        length = np.append(0, np.hypot(*np.diff(pen(points)(fine), axis=0).T).cumsum())
        places.append(len(corners) + fine[np.searchsorted(length, np.arange(0, length[-1], STEP))])
        corners = np.concatenate([corners, points])
    return corners, np.concatenate(places)


def write(way, n, rng):
    """Write a digit n times: the pen's path, x and y [n, p], in a field of 20 x 20, and its half width [n, 1]."""
    corners, places = pen_path(way)
    # How far one hand differs from another was set by comparing with MNIST's training images.
    hands = corners + rng.normal(0, .65, (n,) + corners.shape)
    points = pen(hands.swapaxes(0, 1))(places).swapaxes(0, 1)
    width, slant, turn, ink = rng.normal(size=(4, n, 1))
    y = points[..., 1]
    x = points[..., 0] * .75 * np.exp(.16 * width) - (.1 + .22 * slant) * y
    cos, sin = np.cos(.11 * turn), np.sin(.11 * turn)
    x, y = x * cos - y * sin, x * sin + y * cos
    # A digit with much to write is written larger, and shrinking it to the field makes its lines thinner.
    radius = np.clip(1.98 * (STEP * len(places)) ** -.15 * np.exp(.26 * ink), .7, 2.4)
    size = [np.ptp(v, axis=1)[:, None] for v in (x, y)]
    scale = (20 - 2 * radius) / np.maximum(*size)
    # MNIST's digits fill a box of whole pixels, so the outline begins on the edge of a pixel.
    x, y = [scale * (v - v.min(1)[:, None]) + radius - .5 + np.rint(10 - radius - scale * s / 2)
            for v, s in zip((x, y), size)]
    return x, y, radius


def ink(x, y, radius):
    """Images [n, 28, 28] of pen paths: a pixel is dark where the nearest point of its path is within the radius."""
    n, reach = len(x), radius[:, 0] + .5
    image_of, row, column = np.indices((n, 20, 20)).reshape(3, -1)
    # One tree holds all images, each far to the right of the one before.
    path = np.stack([x + 64 * np.arange(n)[:, None], y], axis=-1).reshape(-1, 2)
    distance, _ = spatial.cKDTree(path, compact_nodes=False, balanced_tree=False).query(
        np.stack([column + 64 * image_of, row], axis=1), distance_upper_bound=reach.max())
    dark = np.clip(reach[image_of] - distance, 0, 1)
    # As in MNIST, the centre of mass goes to pixel (14, 14), by whole pixels. A shift of 1 to 7 keeps the border blank.
    row, column = [v + np.clip(np.rint(14 - np.bincount(image_of, dark * v) / np.bincount(image_of, dark)), 1, 7)
                   .astype(int)[image_of] for v in (row, column)]
    images = np.zeros((n, 28, 28), np.uint8)
    images[image_of, row, column] = np.rint(255 * dark)
    return images


def load_data(n_train=10000, n_test=2000, seed=0):
    """Draw digits in the form of `tf.keras.datasets.mnist.load_data()`; among both sets, all ten are equally frequent.

    As in MNIST, the border is blank and, as far as that allows, the centre of mass at pixel (14, 14). The same seed
    draws the same bytes on every version of NumPy and SciPy.
    """
    rng = np.random.RandomState(seed)
    labels = np.concatenate([rng.permutation(n) % 10 for n in (n_train, n_test)]).astype(np.uint8)
    images = np.zeros((n_train + n_test, 28, 28), np.uint8)
    taste = rng.uniform(size=len(labels))
    for digit, ways in enumerate(WAYS):
        for i, way in enumerate(ways):
            mine = (labels == digit) & (np.floor(taste * len(ways)) == i)
            if mine.any():
                images[mine] = ink(*write(way, mine.sum(), rng))
    return (images[:n_train], labels[:n_train]), (images[n_train:], labels[n_train:])
