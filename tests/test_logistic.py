"""The lesson: what it computes, prints, and saves."""

import collections
import logging
import os
import re

import logistic
from helper import tf

import numpy as np
import pytest
from conftest import (
    assert_printed_points_are_saved,
    curve,
    events,
    make_arrays,
    printed,
    read,
    run_lesson,
    save_npz,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special

LAST, INTERVAL = 333, 50
POINTS = [0, 10, 30, 50, 100, 150, 200, 250, 300, LAST]


def to_samples(images, labels):
    """Return flat float64 images and the answers to "is it a 1", without the helper."""
    return images.reshape(-1, 784) / 255.0, (labels == 1).astype(float)


def initial_weights(graph):
    """Return the weights that the run started with."""
    with tf.Session(graph=graph) as session:
        session.run(graph.get_operation_by_name('readout/weight/Assign'))
        values = graph.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES)[0]
        return session.run(values)[:, 0].astype(np.float64)


def metrics(W, b, X, Y):
    """Return accuracy and log-likelihood, computed by SciPy without clipping."""
    p = special.expit(X.dot(W) + b)
    log_likelihood = np.mean(special.xlogy(Y, p) + special.xlog1py(1 - Y, -p))
    return np.mean((p >= 0.5) == (Y == 1)), log_likelihood


Known = collections.namedtuple('Known', 'run models expected test')


@pytest.fixture(scope='module')
def known(tmp_path_factory):
    """A run with known batches, and the same training in NumPy and SciPy.

    A buffer of one image doesn't shuffle. Some test labels are wrong on purpose, so
    that there are mistakes of both kinds.
    """
    folder = tmp_path_factory.mktemp('known')
    given = make_arrays(n_train=250, n_test=1200)
    wrong = np.random.RandomState(9).uniform(size=1200) < 0.04
    given['y_test'][wrong] = np.where(given['y_test'][wrong] == 1, 7, 1)
    path = save_npz(folder / 'known.npz', **given)
    constants = dict(BUFFER_SIZE=1, SUMMARY_INTERVAL=INTERVAL)
    run = run_lesson(path, folder / 'log', steps=LAST, seed=5, **constants)

    X, Y = to_samples(given['x_train'], given['y_train'])
    test = to_samples(given['x_test'], given['y_test'])
    W, b, models = initial_weights(run.graph), 0.0, []
    expected = {'train': [], 'test': []}
    for step in range(LAST + 1):
        start = 100 * (step % 3)
        batch = X[start : start + 100], Y[start : start + 100]
        error = batch[1] - special.expit(batch[0].dot(W) + b)
        W, b = W + 0.1 * error.dot(batch[0]) / len(error), b + 0.1 * error.mean()
        models.append((W, b))
        expected['train'].append(metrics(W, b, *batch))
        expected['test'].append(metrics(W, b, *test))
    return Known(run, models, expected, test)


def test_learns_what_gradient_descent_learns(known):
    assert known.run.W.dtype == known.run.b.dtype == np.float32
    assert known.run.W.shape == (784, 1)
    W, b = known.models[-1]
    assert_allclose(known.run.W[:, 0], W, atol=1e-5)
    assert_allclose(known.run.b, [b], rtol=1e-4)


@pytest.mark.parametrize('name', ['train', 'test'])
def test_points_are_of_the_model_after_their_step(known, name):
    for i, tag in enumerate(['accuracy', 'optimize/log_likelihood']):
        points = curve(known.run.logdir, name, tag)
        assert list(points) == POINTS
        for step in POINTS:
            expected = known.expected[name][step][i]
            assert_allclose(points[step], expected, rtol=1e-4)


def decode(png):
    """Return the values of an image, from -1 (red) to 1 (blue)."""
    with tf.Graph().as_default(), tf.Session() as session:
        pixels = session.run(tf.image.decode_png(png)).astype(float)
    assert (pixels.max(axis=-1) == 255).all()
    assert_allclose(pixels.min(axis=-1), pixels[..., 1], atol=1)
    return (pixels[..., 2] - pixels[..., 0]) / 255  # blue - red


def images(logdir, run, tag):
    """Return the images of a run as {step: values}."""
    return {
        event.step: decode(event.encoded_image_string)
        for event in events(logdir, run).Images(tag + '/image')
    }


def test_weight_images_show_the_weights(known):
    found = images(known.run.logdir, 'train', 'optimize/weight')
    assert list(found) == [0, 10, 30, 100, 300, LAST]
    for step, image in found.items():
        W = known.models[step][0]
        assert_allclose(image, W.reshape(28, 28) / abs(W).max(), atol=0.005)


def test_mistakes_image_shows_the_first_25_mistakes(known):
    found = images(known.run.logdir, 'test', 'accuracy/mistakes')
    assert list(found) == [0, 10, 30, 100, 300, LAST]
    X, Y = known.test
    for step, image in found.items():
        W, b = known.models[step]
        answers = X.dot(W) + b >= 0
        wrong = np.flatnonzero(answers != Y)[:25]
        expected = np.zeros((25, 28, 28))
        expected[: len(wrong)] = ((1 - 2 * Y) * X.T).T[wrong].reshape(-1, 28, 28)
        expected = np.block([list(row) for row in expected.reshape(5, 5, 28, 28)])
        assert_allclose(image, expected, atol=0.005)
    assert set(answers[wrong]) == {False, True}  # The last image has both colors.


def operations(graph, kind):
    """Return the graph's operations of a kind."""
    return [op for op in graph.get_operations() if op.type == kind]


def evaluate(known, output, label, tag):
    """Return the value of a summary for one white image with this output."""
    (sigmoid,) = operations(known.run.graph, 'Sigmoid')
    feeds = {
        'input/input_images:0': np.ones((1, 784)),
        'input/labels:0': [[label]],
        sigmoid.outputs[0]: [[output]],
    }
    with tf.Session(graph=known.run.graph) as session:
        summary = tf.Summary.FromString(session.run(tag + ':0', feeds))
    return summary.value[0]


@pytest.mark.parametrize('output, label', [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_log_likelihood_of_saturated_outputs_is_finite(known, output, label):
    found = evaluate(known, output, label, 'optimize/log_likelihood')
    expected = 0 if output == label else np.log(1e-7)
    assert_allclose(found.simple_value, expected, rtol=0.05, atol=1e-6)


@pytest.mark.parametrize('label', [0, 1])
def test_an_output_of_one_half_counts_as_a_1(known, label):
    assert evaluate(known, 0.5, label, 'accuracy').simple_value == label
    found = evaluate(known, 0.5, label, 'accuracy/mistakes')
    image = decode(found.image.encoded_image_string)
    assert image.sum() == 784 * (1 - label)  # A mistake is blue.


def drawn_batches(graph, n):
    """Return the first n batches of 300 images, as the images' positions."""
    X = np.zeros((300, 784))
    X[:, 0] = np.arange(300)
    (start,) = operations(graph, 'MakeIterator')
    (next_batch,) = operations(graph, 'IteratorGetNext')
    with tf.Session(graph=graph) as session:
        session.run(start, {'data/images:0': X, 'data/labels:0': X[:, :1]})
        images = next_batch.outputs[0]
        return [session.run(images)[:, 0].tolist() for _ in range(n)]


def test_each_epoch_shuffles_every_image_once(lesson):
    batches = drawn_batches(lesson().graph, 9)
    epochs = [sum(batches[i : i + 3], []) for i in (0, 3, 6)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(300))
    assert list(range(300)) != epochs[0] != epochs[1] != epochs[2]
    assert np.ptp(batches[0]) > 200  # A batch holds images from far apart.


def test_the_seed_decides_weights_and_shuffling(lesson, tmp_path):
    models = [lesson(steps=2, seed=seed).W for seed in (0, 0, 1)]
    assert_array_equal(models[0], models[1])
    assert (models[0] != models[2]).mean() > 0.9


def test_graph_has_the_articles_names_and_no_data(lesson):
    run = lesson(steps=20, SUMMARY_INTERVAL=10)
    nodes = {node.name: node for node in events(run.logdir, 'train').Graph().node}
    for name in 'input/labels', 'input/input_images', 'readout/weight', 'readout/bias':
        assert '_output_shapes' in nodes[name].attr
    assert max(node.ByteSize() for node in nodes.values()) < 10000
    scopes = {name.split('/')[0] for name in nodes}
    boxes = {'data', 'input', 'readout', 'optimize', 'evaluate', 'summaries'}
    assert scopes - {'accuracy', 'Merge'} == boxes
    later = {op.name for op in run.graph.get_operations()} - set(nodes)
    assert later == {'init'}  # The initializer. The loop adds nothing.


def test_divergence_names_its_step_and_a_remedy(lesson, tmp_path):
    ones = save_npz(tmp_path / 'ones.npz', y_train=np.ones(300, int))
    for rate, value in (1e9, 'nan'), (-1e9, '-inf'):
        with pytest.raises(FloatingPointError) as error:
            lesson(ones, steps=5, LEARNING_RATE=rate, EPS=0.0)
        assert str(error.value) == (
            f'Training diverged: optimize/log_likelihood is {value} by step 0. '
            'Try EPS = 1e-7 or a smaller LEARNING_RATE.'
        )


def test_constants_and_defaults_are_the_articles():
    article = read('docs/article.py')
    for name, value in re.findall(r'^([A-Z_]+) = (.*)$', article, re.M):
        assert name == 'EPS' or getattr(logistic, name) == eval(value)
    assert logistic.main.__defaults__ == ('auto', 20000, 'log_logistic', 0)


def kernel_state():
    """Return the state of a notebook's kernel that a run must not change."""
    return (
        dict(os.environ),
        logging.getLogger('tensorflow').level,
        np.random.get_state()[1].tolist(),
        len(tf.get_default_graph().get_operations()),
    )


def test_a_run_leaves_the_kernel_as_it_was(lesson):
    before = kernel_state()
    lesson(steps=20)
    assert kernel_state() == before


@pytest.mark.parametrize('last', [0, 25, 40])
def test_the_last_step_is_printed_once(lesson, last):
    out = lesson(steps=np.int64(last), SUMMARY_INTERVAL=20).out
    expected = sorted({last}.union(range(0, last, 20)))
    assert [step for step, _, _ in printed(out)] == expected


@pytest.mark.skipif(tf.__version__ < '2', reason='TensorFlow 1 has no TensorFlow 2 API')
def test_tensorflow_2_code_works_after_a_run(lesson):
    import tensorflow as tf2

    lesson()
    assert tf2.function(lambda x: 2 * x)(tf2.constant(21)).numpy() == 42


def test_the_articles_program_runs_on_our_helper(small_cache, capsys):
    program = re.sub('(LOOP|INTERVAL) = .*', r'\1 = 100', read('docs/article.py'))
    names = {}
    exec(program, names)
    names['train_writer'].close()
    names['test_writer'].close()
    out = capsys.readouterr().out
    assert [step for step, _, _ in printed(out)] == [0, 100]
    assert printed(out)[-1][2] > 0.9
    assert_printed_points_are_saved(out, 'log_logistic')
