"""Properties of the synthetic digits."""

from support.synthetic_digits import load_data

import numpy as np
import pytest
from scipy import ndimage


@pytest.fixture(scope='module')
def digits():
    return load_data(4000, 800, seed=3)


def test_arrays_have_the_format_of_mnist(digits):
    for (images, labels), n in zip(digits, (4000, 800)):
        assert images.shape == (n, 28, 28)
        assert images.dtype == labels.dtype == np.uint8
        assert np.mean(images == 0) > 0.68
        assert np.mean(images == 255) > 0.05
        assert np.bincount(labels).tolist() == [n // 10] * 10
        assert 0.05 < np.mean(labels[1:] == labels[:-1]) < 0.15  # random order


def test_digits_are_centered_and_as_high_as_in_mnist(digits):
    (images, _), _ = digits
    for image in images[:300]:
        np.testing.assert_allclose(ndimage.center_of_mass(image), 14, atol=2.5)
        rows, _ = np.nonzero(image > 60)
        assert 13 <= np.ptp(rows) <= 23


def test_a_seed_means_the_same_digits():
    first, again, other = [load_data(50, 10, seed)[0][0] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_digits_are_upright_and_lean_to_the_right(digits):
    (images, labels), _ = digits
    one, seven = [images[labels == digit].mean(axis=0) for digit in (1, 7)]
    top = ndimage.center_of_mass(one[4:10])[1]
    bottom = ndimage.center_of_mass(one[18:24])[1]
    assert top > bottom + 0.5
    assert seven.sum(axis=1).argmax() < 12  # A 7 has its bar above.
