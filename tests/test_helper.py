"""What the lessons share, and what makes their small steps fast without changing what is calculated."""
import os

import numpy as np
import pytest
from conftest import arrays
from scipy import ndimage, stats

from backstage.fast import aligned_array, prepared_run, streamlined
from helper import bias_variable, load_digits, mnist_samples, prewitt_filter, tf, weight_variable


@pytest.fixture
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_a_script_that_imports_everything_gets_the_articles_names_and_the_lessons():
    names = {}
    exec('from helper import *', names)
    assert {'tf', 'np', 'weight_variable', 'bias_variable', 'prewitt_filter', 'mnist_samples'} <= set(names)
    assert {'load_digits', 'lesson_settings', 'summary_writers', 'run_lesson'} <= set(names)
    assert names['np'] is np and names['tf'].placeholder and names['tf'].glorot_uniform_initializer
    assert not tf.executing_eagerly()  # whose graphs are to be run, also outside of any `with`


def test_weights_are_glorot_uniform(session):
    W = weight_variable([300, 100], name='weight')
    session.run(tf.global_variables_initializer())
    values = session.run(W)
    limit = np.sqrt(6 / (300 + 100))
    assert W.op.name == 'weight'
    assert values.dtype == np.float32 and values.shape == (300, 100)
    assert stats.kstest(values.ravel(), stats.uniform(-limit, 2 * limit).cdf)[1] > 1e-4
    assert np.abs(values).max() <= limit


def test_fans_of_a_filter_count_its_area(session):
    W = weight_variable([5, 5, 8, 16])
    session.run(tf.global_variables_initializer())
    limit = np.sqrt(6 / (5 * 5 * (8 + 16)))
    assert 0.98 * limit < np.abs(session.run(W)).max() <= limit


def test_no_two_variables_start_alike(session):
    tf.set_random_seed(1)
    first, second = weight_variable([4, 4]), weight_variable([4, 4])
    session.run(tf.global_variables_initializer())
    first, second = session.run([first, second])
    assert not np.isin(first, second).any() and len(np.unique(first)) == 16


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


def test_samples_as_images_and_classes(small_npz):
    (X_train, y_train), (X_test, y_test) = mnist_samples(digits=load_digits(small_npz))
    assert X_train.shape == (300, 28, 28) and X_test.shape == (120, 28, 28)
    assert y_train.shape == (300, 10) and y_test.shape == (120, 10)
    for array in (X_train, y_train, X_test, y_test):
        assert array.dtype == np.float32
    given = arrays()
    for name, X, y in ('train', X_train, y_train), ('test', X_test, y_test):
        np.testing.assert_allclose(X * 255, given['x_' + name], rtol=1e-6)
        np.testing.assert_array_equal(np.argmax(y, axis=1), given['y_' + name])
        assert (y.sum(axis=1) == 1).all() and set(np.unique(y)) == {0, 1}


def test_samples_flattened_and_binalized(small_npz):
    (X_train, y_train), (X_test, y_test) = mnist_samples(flatten_image=True, binalize_label=True,
                                                         digits=load_digits(small_npz))
    assert X_train.shape == (300, 784) and X_test.shape == (120, 784)
    assert y_train.shape == (300, 1) and y_test.shape == (120, 1)
    assert y_train.dtype == y_test.dtype == np.float32
    given = arrays()
    np.testing.assert_allclose(X_test[:, 28 * 5 + 13] * 255, given['x_test'][:, 5, 13], rtol=1e-6)
    for name, y in ('train', y_train), ('test', y_test):
        assert y[:, 0].tolist() == [1 if label == 1 else 0 for label in given['y_' + name]]


def test_every_grey_is_the_float32_nearest_to_its_share_of_white(tmp_path):
    images, labels = np.zeros((2, 28, 28), np.uint8), np.array([0, 1], np.uint8)
    images[0].flat[:256] = range(256)
    images[1] = 255
    path = str(tmp_path / 'two.npz')
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    (X_train, _), _ = mnist_samples(flatten_image=True, digits=load_digits(path))
    assert (X_train[0, :256] == np.array([grey / 255 for grey in range(256)], np.float32)).all()
    assert (X_train[0, 256:] == 0).all() and (X_train[1] == 1).all()


def test_samples_come_from_kerass_cache_and_say_so(small_npz, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('KERAS_HOME', str(tmp_path))
    os.mkdir(str(tmp_path / 'datasets'))
    os.rename(small_npz, str(tmp_path / 'datasets' / 'mnist.npz'))
    (X_train, y_train), _ = mnist_samples()
    assert X_train.shape == (300, 28, 28) and y_train.shape == (300, 10)
    assert capsys.readouterr().out == 'mnist.npz (not MNIST), 300 training and 120 test images\n'


def test_samples_are_aligned_so_that_feeding_them_copies_nothing(small_npz):
    for flatten_image in (True, False):
        (X_train, _), (X_test, _) = mnist_samples(flatten_image=flatten_image, digits=load_digits(small_npz))
        assert X_train.ctypes.data % 64 == X_test.ctypes.data % 64 == 0
        assert X_train.flags.c_contiguous and X_test.flags.c_contiguous


def test_aligned_arrays_are_aligned_whatever_their_shape():
    random, kept = np.random.RandomState(0), []
    shapes = [(1,), (7,), (2, 3), (5, 28, 28), (300, 784), (10001, 784)]
    for shape in shapes + [tuple(random.randint(1, 40, size=random.randint(1, 4))) for _ in range(200)]:
        array = aligned_array(shape)
        assert array.ctypes.data % 64 == 0
        assert array.dtype == np.float32 and array.shape == shape and array.flags.c_contiguous
        kept.append(array)
    for i, array in enumerate(kept):
        array[...] = i
    for i, array in enumerate(kept):
        assert (array == i).all()  # no two share a byte


def elements(dataset):
    batch = tf.data.make_one_shot_iterator(dataset).get_next()
    with tf.Session() as session:
        found = []
        while True:
            try:
                found.append(session.run(batch).tolist())
            except tf.errors.OutOfRangeError:
                return found


def test_a_streamlined_data_set_has_the_same_elements_in_the_same_order():
    def dataset():
        return tf.data.Dataset.range(25).shuffle(25, seed=3).batch(4).repeat(3)

    with tf.Graph().as_default():
        tf.set_random_seed(1)
        plain, fast = elements(dataset()), elements(streamlined(dataset()))
    assert plain == fast
    assert [len(batch) for batch in fast] == [4, 4, 4, 4, 4, 4, 1] * 3
    assert sorted(sum(fast[:7], [])) == list(range(25)) != sum(fast[:7], [])


def test_every_call_of_a_prepared_run_is_one_run(session):
    count = tf.Variable(0)
    add, twice = count.assign_add(1), tf.constant(2.0) * 2
    session.run(tf.global_variables_initializer())
    step, several = prepared_run(session, add.op), prepared_run(session, [add, twice])
    for expected in range(1, 21):
        assert step() is None
        assert session.run(count) == expected
    assert several() == [21, 4.0]
    assert session.run(count) == 21


def test_a_prepared_run_raises_what_a_run_raises(session):
    element = prepared_run(session, tf.data.make_one_shot_iterator(tf.data.Dataset.range(3)).get_next())
    assert [element() for _ in range(3)] == [0, 1, 2]
    with pytest.raises(tf.errors.OutOfRangeError):
        element()
