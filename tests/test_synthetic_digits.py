"""Properties of the synthetic digits."""

import numpy as np
import pytest
from scipy import ndimage, spatial

from support.synthetic_digits import load_data


@pytest.fixture(scope='module')
def digits():
    return load_data(3000, 600, seed=3)


def test_arrays_have_the_format_of_mnist(digits):
    for (images, labels), n in zip(digits, (3000, 600)):
        assert images.shape == (n, 28, 28)
        assert labels.shape == (n,)
        assert images.dtype == labels.dtype == np.uint8
        assert (images.min(), images.max()) == (0, 255)
        assert np.bincount(labels).tolist() == [n // 10] * 10


def test_labels_are_in_random_order(digits):
    (_, labels), _ = digits
    assert 0.05 < np.mean(labels[1:] == labels[:-1]) < 0.15


def test_no_two_images_are_equal(digits):
    (x_train, _), (x_test, _) = digits
    assert len({image.tobytes() for image in [*x_train, *x_test]}) == 3600


def test_digits_are_centered_and_as_large_as_in_mnist(digits):
    (images, _), _ = digits
    for image in images[:300]:
        row, column = ndimage.center_of_mass(image)
        assert abs(row - 14) < 2.5
        assert abs(column - 14) < 2.5
        rows, columns = np.nonzero(image > 60)
        assert 14 <= np.ptp(rows) + 1 <= 24


def test_nearest_neighbor_recognizes_most_digits(digits):
    (x_train, y_train), (x_test, y_test) = digits
    tree = spatial.cKDTree(x_train.reshape(-1, 784)[:1000] / 255)
    _, nearest = tree.query(x_test.reshape(-1, 784)[:200] / 255)
    assert np.mean(y_train[nearest] == y_test[:200]) > 0.8


def test_a_seed_means_the_same_digits():
    np.random.seed(5)
    state = np.random.get_state()[1].tolist()
    (first, _), _ = load_data(50, 10)
    (again, _), _ = load_data(50, 10, seed=0)
    (other, _), _ = load_data(50, 10, seed=1)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert np.random.get_state()[1].tolist() == state  # NumPy's own seed is kept.
