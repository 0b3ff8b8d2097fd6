"""What the lessons share, and what makes their small steps fast without changing what is calculated."""

import numpy as np
import pytest
from conftest import arrays
from scipy import ndimage, stats

import helper
from backstage.fast import aligned_array, prefetched, prepared_run
from helper import bias_variable, load_digits, mnist_samples, prewitt_filter, tf, weight_variable


@pytest.fixture
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_a_script_that_imports_everything_gets_the_articles_names_and_four_more():
    names = {}
    exec('from helper import *', names)
    articles = {'tf', 'np', 'weight_variable', 'bias_variable', 'prewitt_filter', 'mnist_samples'}
    assert set(names) - {'__builtins__'} == set(helper.__all__) >= articles and len(set(names) - articles) <= 1 + 4
    assert names['np'] is np and names['tf'].placeholder and names['tf'].glorot_uniform_initializer


def test_weights_are_glorot_uniform(session):
    W = weight_variable([300, 100], name='weight')
    session.run(tf.global_variables_initializer())
    values = session.run(W)
    limit = np.sqrt(6 / (300 + 100))
    assert W.op.name == 'weight'
    assert values.dtype == np.float32 and values.shape == (300, 100)
    assert stats.kstest(values.ravel(), stats.uniform(-limit, 2 * limit).cdf)[1] > 1e-4
    assert np.abs(values).max() <= limit


def test_no_two_variables_start_alike(session):
    tf.set_random_seed(1)
    first, second = weight_variable([4, 4]), weight_variable([4, 4])
    session.run(tf.global_variables_initializer())
    first, second = session.run([first, second])
    assert not np.isin(first, second).any() and len(np.unique(first)) == 16


def test_biases_are_zero_and_both_kinds_are_what_training_changes(session):
    assert tf.trainable_variables() == []
    b, W = bias_variable([7], name='bias'), weight_variable([2, 1])
    assert [variable.op.name for variable in tf.trainable_variables()] == [b.op.name, W.op.name] and b.op.name == 'bias'
    session.run(tf.global_variables_initializer())
    values = session.run(b)
    assert values.dtype == np.float32 and values.shape == (7,) and not values.any()


def test_prewitt_filter_finds_edges_as_scipy_does(session):
    image = np.zeros((20, 20), np.float32)
    image[10:, :] += 1  # a horizontal edge,
    image[:, 10:] += 2  # and a vertical one
    kernel = prewitt_filter()
    assert kernel.op.name == 'prewitt' and kernel.dtype == tf.float32 and kernel.shape.as_list() == [3, 3, 1, 2]
    edges = session.run(tf.nn.conv2d(image[np.newaxis, :, :, np.newaxis], kernel, [1, 1, 1, 1], 'VALID'))
    across, down = edges[0, :, :, 0], edges[0, :, :, 1]
    # TensorFlow's "convolution" is a correlation with (1, 0, -1), SciPy's prewitt one with (-1, 0, 1).
    np.testing.assert_allclose(across, -ndimage.prewitt(image, axis=1)[1:-1, 1:-1])
    np.testing.assert_allclose(down, -ndimage.prewitt(image, axis=0)[1:-1, 1:-1])


@pytest.mark.parametrize('flatten_image', [False, True])
@pytest.mark.parametrize('binalize_label', [False, True])
def test_samples_are_the_digits_in_the_form_asked_for(flatten_image, binalize_label, small_npz):
    given = arrays()
    sets = mnist_samples(flatten_image=flatten_image, binalize_label=binalize_label, digits=load_digits(small_npz))
    for (X, y), name, n in zip(sets, ('train', 'test'), (300, 120)):
        assert X.dtype == y.dtype == np.float32
        assert X.shape == ((n, 784) if flatten_image else (n, 28, 28))
        np.testing.assert_allclose(X.reshape(n, 28, 28) * 255, given['x_' + name], rtol=1e-6)
        assert X.ctypes.data % 64 == 0 and X.flags.c_contiguous  # so that TensorFlow feeds it without a copy
        if binalize_label:
            assert y.shape == (n, 1) and y[:, 0].tolist() == [1 if label == 1 else 0 for label in given['y_' + name]]
        else:
            assert y.shape == (n, 10) and (y.sum(axis=1) == 1).all() and set(np.unique(y)) == {0, 1}
            np.testing.assert_array_equal(np.argmax(y, axis=1), given['y_' + name])


def test_aligned_arrays_are_writable_and_share_no_byte():
    kept = [aligned_array(shape) for shape in [(1,), (7,), (2, 3), (5, 28, 28), (300, 784), (10001, 784)]]
    for i, array in enumerate(kept):
        assert array.ctypes.data % 64 == 0 and array.dtype == np.float32 and array.flags.c_contiguous
        array[...] = i
    assert [array.shape for array in kept][3] == (5, 28, 28)
    assert all((array == i).all() for i, array in enumerate(kept))


def elements(dataset):
    batch = tf.data.make_one_shot_iterator(dataset).get_next()
    found = []
    with tf.Session() as session, pytest.raises(tf.errors.OutOfRangeError):
        while True:
            found.append(session.run(batch).tolist())
    return found


def test_a_prefetched_data_set_has_the_same_elements_in_the_same_order():
    def dataset():
        return tf.data.Dataset.range(25).shuffle(25, seed=3).batch(4).repeat(3)

    with tf.Graph().as_default():
        tf.set_random_seed(1)
        plain, fast = elements(dataset()), elements(prefetched(dataset()))
    assert plain == fast
    assert [len(batch) for batch in fast] == [4, 4, 4, 4, 4, 4, 1] * 3
    assert sorted(sum(fast[:7], [])) == list(range(25)) != sum(fast[:7], [])


def test_every_call_of_a_prepared_run_is_one_run_and_raises_what_a_run_raises(session):
    count = tf.Variable(0)
    add, twice = count.assign_add(1), tf.constant(2.0) * 2
    element = tf.data.make_one_shot_iterator(tf.data.Dataset.range(3)).get_next()
    session.run(tf.global_variables_initializer())
    step = prepared_run(session, [add, twice, element])
    assert [step() for _ in range(3)] == [[1, 4.0, 0], [2, 4.0, 1], [3, 4.0, 2]]
    assert session.run(count) == 3
    with pytest.raises(tf.errors.OutOfRangeError):
        step()
