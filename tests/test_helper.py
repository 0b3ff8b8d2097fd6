"""The functions that the lessons share."""
import os

import numpy as np
import pytest
from conftest import arrays
from scipy import ndimage, stats

from helper import bias_variable, load_digits, mnist_samples, prewitt_filter, red_and_blue, tf, weight_variable


@pytest.fixture
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_weights_are_glorot_uniform(session):
    W = weight_variable([300, 100], name='weight')
    session.run(tf.global_variables_initializer())
    values = session.run(W)
    limit = np.sqrt(6 / (300 + 100))
    assert W.op.name == 'weight'
    assert values.dtype == np.float32 and values.shape == (300, 100)
    assert stats.kstest(values.ravel(), stats.uniform(-limit, 2 * limit).cdf).pvalue > 1e-4
    assert np.abs(values).max() <= limit


def test_fans_of_a_filter_count_its_area(session):
    W = weight_variable([5, 5, 8, 16])
    session.run(tf.global_variables_initializer())
    limit = np.sqrt(6 / (5 * 5 * (8 + 16)))
    assert 0.98 * limit < np.abs(session.run(W)).max() <= limit


def test_biases_are_zero(session):
    b = bias_variable([7], name='bias')
    session.run(tf.global_variables_initializer())
    values = session.run(b)
    assert b.op.name == 'bias'
    assert values.dtype == np.float32 and values.shape == (7,) and not values.any()


def test_variables_are_what_training_changes(session):
    assert tf.trainable_variables() == []
    assert [weight_variable([2, 1]), bias_variable([1])] == tf.trainable_variables()


def test_prewitt_filter_finds_edges_as_scipy_does(session):
    image = np.zeros((20, 20), np.float32)
    image[10:, :] += 1  # a horizontal edge,
    image[:, 10:] += 2  # and a vertical one
    kernel = prewitt_filter()
    assert kernel.op.name == 'prewitt' and kernel.dtype == tf.float32
    edges = session.run(tf.nn.conv2d(image[np.newaxis, :, :, np.newaxis], kernel, [1, 1, 1, 1], 'VALID'))
    across, down = edges[0, :, :, 0], edges[0, :, :, 1]
    # TensorFlow's "convolution" is a correlation with (1, 0, -1), SciPy's prewitt one with (-1, 0, 1).
    np.testing.assert_allclose(across, -ndimage.prewitt(image, axis=1)[1:-1, 1:-1])
    np.testing.assert_allclose(down, -ndimage.prewitt(image, axis=0)[1:-1, 1:-1])
    assert set(np.nonzero(across.any(axis=0))[0]) == {8, 9} and set(np.nonzero(down.any(axis=1))[0]) == {8, 9}


def test_the_colours_tell_positive_from_negative_from_zero(session):
    picture = session.run(red_and_blue(tf.constant([[[[4.0], [2.0], [0.0], [-2.0], [-4.0]]]])))[0, 0].astype(int)
    assert picture.shape == (5, 3)
    blue, pale_blue, white, pale_red, red = picture
    assert blue.tolist() == [0, 0, 255] and white.tolist() == [255, 255, 255] and red.tolist() == [255, 0, 0]
    assert blue[0] < pale_blue[0] < white[0] and pale_blue[2] == 255
    assert red[2] < pale_red[2] < white[2] and pale_red[0] == 255


def test_samples_as_images_and_classes(small_npz):
    (X_train, y_train), (X_test, y_test) = mnist_samples(digits=load_digits(small_npz))
    assert X_train.shape == (300, 28, 28) and X_test.shape == (120, 28, 28)
    assert y_train.shape == (300, 10) and y_test.shape == (120, 10)
    for array in (X_train, y_train, X_test, y_test):
        assert array.dtype == np.float32
    given = arrays()
    np.testing.assert_allclose(X_train * 255, given['x_train'], rtol=1e-6)
    np.testing.assert_array_equal(np.argmax(y_test, axis=1), given['y_test'])
    assert (y_train.sum(axis=1) == 1).all() and set(np.unique(y_train)) == {0, 1}


def test_samples_flattened_and_binalized(small_npz):
    (X_train, y_train), (X_test, y_test) = mnist_samples(flatten_image=True, binalize_label=True,
                                                         digits=load_digits(small_npz))
    assert X_train.shape == (300, 784) and X_test.shape == (120, 784)
    assert y_train.shape == (300, 1) and y_test.shape == (120, 1)
    given = arrays()
    assert 0 <= X_train.min() < X_train.max() <= 1
    np.testing.assert_allclose(X_test[:, 28 * 5 + 13] * 255, given['x_test'][:, 5, 13], rtol=1e-6)
    assert y_train.dtype == np.float32
    assert y_train[:, 0].tolist() == [1 if label == 1 else 0 for label in given['y_train']]


def test_white_is_exactly_one_and_black_exactly_zero(tmp_path):
    images, labels = np.zeros((2, 28, 28), np.uint8), np.array([0, 1], np.uint8)
    images[1] = 255
    path = str(tmp_path / 'two.npz')
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    (X_train, _), _ = mnist_samples(digits=load_digits(path))
    assert (X_train[0] == 0).all() and (X_train[1] == 1).all()


def test_samples_come_from_kerass_cache_and_say_so(small_npz, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('KERAS_HOME', str(tmp_path))
    os.mkdir(str(tmp_path / 'datasets'))
    os.rename(small_npz, str(tmp_path / 'datasets' / 'mnist.npz'))
    (X_train, y_train), _ = mnist_samples()
    assert X_train.shape == (300, 28, 28) and y_train.shape == (300, 10)
    assert capsys.readouterr().out == 'mnist.npz (not MNIST), 300 training and 120 test images\n'


def test_samples_are_aligned_so_that_feeding_them_copies_nothing(small_npz):
    (X_train, _), (X_test, _) = mnist_samples(flatten_image=True, digits=load_digits(small_npz))
    assert X_train.ctypes.data % 64 == X_test.ctypes.data % 64 == 0
