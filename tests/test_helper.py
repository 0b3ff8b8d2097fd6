"""The helper functions: weights, biases, the edge filters, and the samples."""

import weakref

from helper import bias_variable, mnist_samples, prewitt_filter, tf, weight_variable
from support.speed import aligned_copy

import numpy as np
import pytest
from conftest import make_arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage, stats


def evaluate(make):
    """Return the value of the tensor that `make()` returns."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        tensor = make()
        session.run(tf.global_variables_initializer())
        return session.run(tensor)


def test_star_import_gives_the_articles_names():
    assert mnist_samples.__defaults__ == (False, False, 'auto')
    names = {}
    exec('from helper import *', names)
    names.pop('__builtins__')
    assert ' '.join(sorted(names)) == (
        'bias_variable mnist_samples np prewitt_filter tf weight_variable'
    )


def test_weights_are_glorot_uniform():
    weights = evaluate(lambda: weight_variable([300, 100]))
    limit = np.sqrt(6 / (300 + 100))
    uniform = stats.uniform(-limit, 2 * limit)
    assert weights.shape == (300, 100)
    assert weights.dtype == np.float32
    assert np.abs(weights).max() <= limit
    assert stats.kstest(weights.ravel(), uniform.cdf)[1] > 1e-4


def test_biases_are_zero():
    biases = evaluate(lambda: bias_variable([7]))
    assert biases.dtype == np.float32
    assert biases.tolist() == [0] * 7


@pytest.mark.parametrize('make', [weight_variable, bias_variable])
def test_variables_are_named_and_trainable(make):
    with tf.Graph().as_default():
        make([2, 3], name='mine')
        assert [variable.op.name for variable in tf.trainable_variables()] == ['mine']


def test_prewitt_filters_find_edges_like_scipy():
    image = np.random.RandomState(1).uniform(size=(1, 20, 20, 1)).astype(np.float32)
    edges = evaluate(lambda: tf.nn.conv2d(image, prewitt_filter(), [1] * 4, 'VALID'))
    for channel, axis in (0, 1), (1, 0):
        # SciPy's kernel is (-1, 0, 1). The article's is (1, 0, -1).
        expected = -ndimage.prewitt(image[0, :, :, 0], axis)[1:-1, 1:-1]
        assert_allclose(edges[0, :, :, channel], expected, atol=1e-5)
    with tf.Graph().as_default():
        assert prewitt_filter().op.name == 'prewitt'


@pytest.mark.parametrize('flatten', [False, True])
@pytest.mark.parametrize('binalize', [False, True])
def test_samples_are_scaled_images_and_labels(small_npz, flatten, binalize):
    given = make_arrays()
    samples = mnist_samples(flatten, binalize, small_npz)
    for (X, y), part in zip(samples, ('train', 'test')):
        images, labels = given['x_' + part], given['y_' + part][:, np.newaxis]
        if flatten:
            images = images.reshape(-1, 784)
        assert X.dtype == y.dtype == np.float32
        assert_allclose(X, images / 255, rtol=1e-6)
        assert_array_equal(y, labels == ([1] if binalize else range(10)))


@pytest.mark.parametrize('size', range(1, 99, 7))
def test_copies_are_aligned(size):
    array = np.arange(size, dtype=np.uint8)
    copy = aligned_copy(array)
    assert_array_equal(copy, array)
    assert copy.ctypes.data % 64 == 0  # So TensorFlow need not copy them.


def test_unscaled_training_images_are_freed_early(monkeypatch):
    sets = [(np.ones((3, 28, 28)), np.arange(3)) for _ in range(2)]
    unscaled = weakref.ref(sets[0][0])
    monkeypatch.setattr('support.digits.load_data', lambda _: (sets.pop(0), sets.pop()))
    is_kept = []

    def copy(array):
        is_kept.append(unscaled() is not None)
        return array.copy()

    monkeypatch.setattr('helper.aligned_copy', copy)
    mnist_samples()
    assert is_kept == [True, False]
