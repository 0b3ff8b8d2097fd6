"""The helper functions: weights, biases, the edge filters, and the samples."""

import importlib
import os
import sys

import numpy as np
import pytest
from conftest import make_arrays
from scipy import ndimage, stats

import helper
from helper import bias_variable, mnist_samples, prewitt_filter, tf, weight_variable
from support import speed


def evaluate(make, seed=1):
    """Return the value of the tensor that `make()` returns."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(seed)
        tensor = make()
        session.run(tf.global_variables_initializer())
        return session.run(tensor)


def test_star_import_gives_the_articles_names():
    names = {}
    exec('from helper import *', names)
    functions = {'weight_variable', 'bias_variable', 'prewitt_filter', 'mnist_samples'}
    assert set(names) - {'__builtins__'} == functions | {'tf', 'np'}


def test_your_log_level_is_kept(monkeypatch):
    monkeypatch.setenv('TF_CPP_MIN_LOG_LEVEL', '0')
    importlib.reload(helper)
    assert os.environ['TF_CPP_MIN_LOG_LEVEL'] == '0'


@pytest.mark.parametrize(
    'program, module, before, after',
    [
        ('logistic.py', 'no notebook', None, '0'),
        ('logistic.py', 'no notebook', '1', '1'),
        ('logistic.py', 'IPython', None, None),
        ('my_program.py', 'no notebook', None, None),
    ],
)
def test_onednn_is_off_only_if_the_lesson_was_started(
    monkeypatch, program, module, before, after
):
    monkeypatch.setattr(sys, 'argv', ['lesson/' + program])
    monkeypatch.delitem(sys.modules, 'IPython', raising=False)
    monkeypatch.setitem(sys.modules, module, speed)
    monkeypatch.delenv('TF_ENABLE_ONEDNN_OPTS', raising=False)
    if before:
        monkeypatch.setenv('TF_ENABLE_ONEDNN_OPTS', before)
    importlib.reload(speed)
    assert os.environ.get('TF_ENABLE_ONEDNN_OPTS') == after


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
    assert biases.shape == (7,)
    assert biases.dtype == np.float32
    assert (biases == 0).all()


@pytest.mark.parametrize('make', [weight_variable, bias_variable])
def test_variables_are_named_and_trainable(make):
    with tf.Graph().as_default():
        variable = make([2, 3], name='mine')
        assert variable.op.name == 'mine'
        assert tf.trainable_variables() == [variable]


def test_prewitt_filters_find_edges_like_scipy():
    image = np.zeros((20, 20), np.float32)
    image[10:, :] += 1  # a horizontal edge
    image[:, 10:] += 2  # a vertical edge
    batch = image.reshape(1, 20, 20, 1)
    edges = evaluate(lambda: tf.nn.conv2d(batch, prewitt_filter(), [1] * 4, 'VALID'))
    # SciPy's kernel is (-1, 0, 1). The article's is (1, 0, -1).
    horizontal = -ndimage.prewitt(image, axis=1)[1:-1, 1:-1]
    vertical = -ndimage.prewitt(image, axis=0)[1:-1, 1:-1]
    np.testing.assert_allclose(edges[0, :, :, 0], horizontal)
    np.testing.assert_allclose(edges[0, :, :, 1], vertical)


def test_prewitt_constant_has_its_name():
    with tf.Graph().as_default():
        filters = prewitt_filter()
    assert filters.op.name == 'prewitt'


def test_samples_are_scaled_images_and_one_hot_labels(small_npz):
    given = make_arrays()
    (X, y), _ = mnist_samples(data=small_npz)
    assert X.dtype == y.dtype == np.float32
    np.testing.assert_allclose(X, given['x_train'] / 255, rtol=1e-6)
    np.testing.assert_array_equal(y, np.arange(10) == given['y_train'][:, np.newaxis])


def test_flattened_images_are_rows_of_784(small_npz):
    (X, y), _ = mnist_samples(data=small_npz)
    (rows, labels), _ = mnist_samples(flatten_image=True, data=small_npz)
    assert rows.shape == (300, 784)
    np.testing.assert_array_equal(rows.reshape(300, 28, 28), X)
    np.testing.assert_array_equal(labels, y)


def test_binalized_labels_are_1_only_for_a_1(small_npz):
    (X, y), _ = mnist_samples(binalize_label=True, data=small_npz)
    assert X.shape == (300, 28, 28)
    assert y.shape == (300, 1)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y[:, 0], make_arrays()['y_train'] == 1)


def test_second_pair_is_the_test_set(small_npz):
    given = make_arrays()
    _, (X, y) = mnist_samples(data=small_npz)
    np.testing.assert_allclose(X, given['x_test'] / 255, rtol=1e-6)
    np.testing.assert_array_equal(y.argmax(axis=1), given['y_test'])


def test_tensorflow_can_share_the_images_memory(small_npz):
    (X, _), _ = mnist_samples(data=small_npz)
    assert X.ctypes.data % 4096 == 0
