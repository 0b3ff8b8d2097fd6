"""The lesson: what it computes, prints, and saves."""

import collections
import glob
import inspect
import logging
import os
import signal
import sys

import numpy as np
import pytest
from conftest import (
    ROOT,
    assert_printed_points_are_saved,
    curve,
    events,
    make_arrays,
    printed,
    run_lesson,
    save_npz,
)
from scipy import special

import logistic
from helper import tf

CURVES = 'accuracy', 'optimize/log_likelihood'
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


Known = collections.namedtuple('Known', 'run models batches test')


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
    starts = [100 * (step % 3) for step in range(LAST + 1)]
    batches = [(X[start : start + 100], Y[start : start + 100]) for start in starts]
    W, b, models = initial_weights(run.graph), 0.0, []
    for X, Y in batches:
        error = Y - special.expit(X.dot(W) + b)
        W, b = W + 0.1 * error.dot(X) / len(X), b + 0.1 * error.mean()
        models.append((W, b))
    return Known(run, models, batches, to_samples(given['x_test'], given['y_test']))


def test_learns_what_gradient_descent_learns(known):
    assert known.run.W.dtype == known.run.b.dtype == np.float32
    assert known.run.W.shape == (784, 1)
    assert known.run.b.shape == (1,)
    W, b = known.models[-1]
    np.testing.assert_allclose(known.run.W[:, 0], W, atol=1e-5)
    np.testing.assert_allclose(known.run.b, b, rtol=1e-4)


@pytest.mark.parametrize('i, tag', list(enumerate(CURVES)), ids=CURVES)
def test_train_points_are_of_the_steps_own_batch(known, i, tag):
    points = curve(known.run.logdir, 'train', tag)
    assert list(points) == POINTS
    for step in POINTS:
        expected = metrics(*known.models[step], *known.batches[step])[i]
        np.testing.assert_allclose(points[step], expected, rtol=1e-4)


@pytest.mark.parametrize('i, tag', list(enumerate(CURVES)), ids=CURVES)
def test_test_points_are_of_the_whole_test_set(known, i, tag):
    points = curve(known.run.logdir, 'test', tag)
    assert list(points) == POINTS
    for step in POINTS:
        expected = metrics(*known.models[step], *known.test)[i]
        np.testing.assert_allclose(points[step], expected, rtol=1e-4)


def test_prints_the_data_and_a_line_per_interval(known):
    first, *lines = known.run.out.splitlines()
    assert first == "'known.npz' (not MNIST), 250 training and 1200 test images"
    assert len(lines) == len(printed(known.run.out))
    assert [step for step, _, _ in printed(known.run.out)] == POINTS[:1] + POINTS[3:-1]
    assert_printed_points_are_saved(known.run.out, known.run.logdir)


def decode_images(logdir, run, tag):
    """Return the images of a run as {step: values}, from -1 (red) to 1 (blue)."""
    images = {}
    for event in events(logdir, run).Images(tag + '/image'):
        with tf.Graph().as_default(), tf.Session() as session:
            png = tf.image.decode_png(event.encoded_image_string)
            red, green, blue = np.moveaxis(session.run(png).astype(float), -1, 0)
        assert (np.maximum(red, blue) == 255).all()
        np.testing.assert_allclose(np.minimum(red, blue), green, atol=1)
        images[event.step] = (1 - green / 255) * np.where(blue == 255, 1, -1)
    return images


def test_weight_images_show_the_weights(known):
    images = decode_images(known.run.logdir, 'train', 'optimize/weight')
    assert list(images) == [0, 10, 30, 100, 300, LAST]
    for step, image in images.items():
        W = known.models[step][0]
        np.testing.assert_allclose(image, W.reshape(28, 28) / abs(W).max(), atol=0.005)


def test_mistakes_image_shows_the_first_25_mistakes(known):
    images = decode_images(known.run.logdir, 'test', 'accuracy/mistakes')
    assert list(images) == [0, 10, 30, 100, 300, LAST]
    X, Y = known.test
    for step, image in images.items():
        W, b = known.models[step]
        answers = X.dot(W) + b >= 0
        wrong = np.flatnonzero(answers != Y)[:25]
        assert image.shape == (140, 140)
        for cell, i in enumerate(wrong):
            top, left = 28 * (cell // 5), 28 * (cell % 5)
            shown = image[top : top + 28, left : left + 28].ravel()
            color = 1 if answers[i] else -1
            np.testing.assert_allclose(shown, color * X[i], atol=0.005)
    assert set(answers[wrong]) == {False, True}  # The last image has both colors.


def test_few_mistakes_leave_the_rest_white(lesson, tmp_path):
    # The model has never seen a 1, so it takes this one for another digit.
    given = make_arrays()
    others = given['y_train'] != 1
    one = given['x_test'][given['y_test'] == 1][:1]
    path = save_npz(
        tmp_path / 'one.npz',
        x_train=given['x_train'][others],
        y_train=given['y_train'][others],
        x_test=one,
        y_test=[1],
    )
    run = lesson(path, steps=30)
    image = decode_images(run.logdir, 'test', 'accuracy/mistakes')[30]
    np.testing.assert_allclose(image[:28, :28], one[0] / -255, atol=0.005)
    image[:28, :28] = 0
    assert (image == 0).all()


def test_ten_thousand_is_an_image_step(lesson):
    run = lesson(steps=10001, BATCH_SIZE=1, SUMMARY_INTERVAL=10**6)
    expected = [0, 10, 30, 100, 300, 1000, 3000, 10000, 10001]
    for name, tag in ('train', 'optimize/weight'), ('test', 'accuracy/mistakes'):
        images = events(run.logdir, name).Images(tag + '/image')
        assert [image.step for image in images] == expected


def evaluate(graph, W, b, label, *names):
    """Evaluate tensors for ten white images with this label, and then the variables."""
    variables = graph.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES)
    images = np.ones((10, 784), np.float32)
    feeds = {
        'input/input_images:0': images,
        'input/labels:0': np.full((10, 1), label, np.float32),
    }
    with tf.Session(graph=graph) as session:
        variables[0].load(np.full((784, 1), W, np.float32), session)
        variables[1].load(np.full(1, b, np.float32), session)
        return session.run(list(names), feeds), session.run(variables)


@pytest.mark.parametrize('label', [0, 1])
@pytest.mark.parametrize('weight', [-100, 100])
def test_saturated_outputs_stay_finite(known, label, weight):
    names = 'optimize/Mean:0', 'optimize/GradientDescent'
    (log_likelihood, _), after = evaluate(known.run.graph, weight, 0, label, *names)
    if (weight > 0) == (label == 1):
        assert -1e-6 < log_likelihood <= 0
    else:
        assert np.log(1e-8) < log_likelihood < np.log(1e-6)
    assert all(np.isfinite(value).all() for value in after)


def test_an_output_of_one_half_counts_as_a_1(known):
    for label, expected in (1, 1), (0, 0):
        (accuracy,), _ = evaluate(known.run.graph, 0, 0, label, 'evaluate/Mean:0')
        assert accuracy == expected


def drawn_batches(graph, n):
    """Return the first n batches of a run, as positions of their training images."""
    given = make_arrays()
    X, Y = to_samples(given['x_train'], given['y_train'])
    X, Y = X.astype(np.float32), Y[:, np.newaxis].astype(np.float32)
    positions = {row.tobytes(): i for i, row in enumerate(X)}
    (start,) = [op for op in graph.get_operations() if op.type == 'MakeIterator']
    batches = []
    with tf.Session(graph=graph) as session:
        session.run(start, {'data/images:0': X, 'data/labels:0': Y})
        for _ in range(n):
            rows, labels = session.run(['input/input_images:0', 'input/labels:0'])
            batches.append([positions[row.tobytes()] for row in rows])
            np.testing.assert_array_equal(labels, Y[batches[-1]])
    return batches


def test_each_epoch_shuffles_every_image_once(lesson):
    batches = drawn_batches(lesson().graph, 9)
    epochs = [sum(batches[i : i + 3], []) for i in (0, 3, 6)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(300))
    assert list(range(300)) != epochs[0] != epochs[1] != epochs[2]
    assert [len(batch) for batch in batches] == [100] * 9


def test_buffer_size_limits_the_shuffling(lesson):
    batches = drawn_batches(lesson(BUFFER_SIZE=20).graph, 3)
    ahead = np.array(sum(batches, [])) - np.arange(300)
    assert 10 < ahead.max() < 20


def test_the_same_seed_gives_the_same_run(lesson, tmp_path):
    first, again = (lesson(steps=30, logdir=tmp_path / name) for name in 'ab')
    np.testing.assert_array_equal(*map(initial_weights, (first.graph, again.graph)))
    assert drawn_batches(first.graph, 6) == drawn_batches(again.graph, 6)
    np.testing.assert_allclose(first.W, again.W, rtol=1e-4, atol=1e-6)


def test_another_seed_gives_another_run(lesson, tmp_path):
    zero, one = (lesson(seed=seed, logdir=tmp_path / str(seed)) for seed in (0, 1))
    assert not np.isin(initial_weights(zero.graph), initial_weights(one.graph)).any()
    assert drawn_batches(zero.graph, 1) != drawn_batches(one.graph, 1)


def test_settings_name_what_the_run_depends_on(lesson):
    run = lesson(seed=7, LEARNING_RATE=0.25, BATCH_SIZE=30, EPS=1e-6)
    tensor = events(run.logdir, 'train').Tensors('summaries/settings')[0].tensor_proto
    settings = tf.make_ndarray(tensor).item().decode()
    for text in [
        'small.npz, 300 training images',
        'seed 7',
        'LEARNING_RATE 0.25',
        'BATCH_SIZE 30',
        'EPS 1e-06',
    ]:
        assert text in settings


def test_graph_has_the_articles_parts_and_no_data(lesson):
    run = lesson(steps=20, SUMMARY_INTERVAL=10)
    graph = tf.GraphDef.FromString(
        events(run.logdir, 'train').Graph().SerializeToString()
    )
    nodes = {node.name: node for node in graph.node}
    article = {'input/labels', 'input/input_images', 'readout/weight', 'readout/bias'}
    assert article <= set(nodes)
    scopes = {name.split('/')[0] for name in nodes}
    ours = {'data', 'input', 'readout', 'optimize', 'evaluate', 'accuracy', 'summaries'}
    assert scopes == ours
    assert max(node.ByteSize() for node in graph.node) < 10000
    assert '_output_shapes' in nodes['readout/weight'].attr
    later = {op.name for op in run.graph.get_operations()} - set(nodes)
    assert later == {'init'}  # The loop adds nothing.
    files = glob.glob(os.path.join(str(run.logdir), '*', '*tfevents*'))
    assert len(files) == 2
    assert sum(map(os.path.getsize, files)) < 200000


def test_divergence_names_its_step_and_a_remedy(lesson, tmp_path):
    black, white = np.zeros((28, 28), int), np.full((28, 28), 255)
    path = save_npz(tmp_path / 'two.npz', x_train=[black, white], y_train=[0, 1])
    constants = dict(LEARNING_RATE=10, BUFFER_SIZE=1, BATCH_SIZE=1, SUMMARY_INTERVAL=1)
    with pytest.raises(FloatingPointError) as error:
        lesson(path, steps=5, EPS=0.0, **constants)
    assert str(error.value) == (
        'Training diverged: optimize/log_likelihood is nan at step 1. '
        'Try EPS = 1e-7 or a smaller LEARNING_RATE.'
    )
    lesson(path, steps=5, EPS=1e-7, **constants)


def test_constants_and_defaults_are_the_articles():
    arguments = inspect.signature(logistic.main).parameters
    assert {name: argument.default for name, argument in arguments.items()} == dict(
        data='auto', steps=20000, logdir='log_logistic', seed=0
    )
    constants = dict(
        IMAGE_SIZE=784,
        CATEGORY_NUM=1,
        LEARNING_RATE=0.1,
        TRAINING_LOOP=20000,
        BATCH_SIZE=100,
        SUMMARY_DIR='log_logistic',
        SUMMARY_INTERVAL=1000,
        BUFFER_SIZE=1000,
    )
    assert constants.items() <= vars(logistic).items()


def kernel_state():
    """Return what a run must leave as it was in a notebook's kernel."""
    return (
        signal.getsignal(signal.SIGINT),
        dict(os.environ),
        os.getcwd(),
        sys.stdout,
        logging.getLogger('tensorflow').level,
        np.random.get_state()[1].tolist(),
        len(tf.get_default_graph().get_operations()),
        tf.executing_eagerly(),
    )


def test_a_run_leaves_the_kernel_as_it_was(lesson):
    before = kernel_state()
    lesson(steps=20)
    assert kernel_state() == before


@pytest.mark.skipif(tf.__version__ < '2', reason='TensorFlow 1 has no TensorFlow 2 API')
def test_tensorflow_2_code_works_before_and_after(lesson):
    import tensorflow as tf2

    def new_model():
        model = tf2.keras.Sequential([tf2.keras.layers.Dense(1)])
        model.compile('sgd', 'mse')
        return model

    def fit(model):
        model.fit(np.ones((4, 2)), np.ones(4), verbose=0)

    old = new_model()
    fit(old)
    lesson()
    assert (tf2.constant([1.5]) + 1).numpy() == [2.5]
    assert tf2.function(lambda x: 2 * x)(tf2.constant(21)).numpy() == 42
    assert [int(element) for element in tf2.data.Dataset.range(3)] == [0, 1, 2]
    fit(old)
    fit(new_model())


def test_the_articles_program_runs_on_our_helper(tmp_path, monkeypatch, capsys):
    with open(os.path.join(ROOT, 'tests', 'article.py'), encoding='utf-8') as file:
        program = file.read()
    for old, new in ('TRAINING_LOOP = 20000', '300'), ('INTERVAL = 1000', '100'):
        assert program.count(old) == 1
        program = program.replace(old, old.split('=')[0] + '= ' + new)
    (tmp_path / 'datasets').mkdir()
    save_npz(tmp_path / 'datasets' / 'mnist.npz')
    monkeypatch.setenv('KERAS_HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(program, names)
    names['train_writer'].close()
    names['test_writer'].close()
    out = capsys.readouterr().out
    assert [step for step, _, _ in printed(out)] == [0, 100, 200, 300]
    assert printed(out)[-1][2] > 0.9
    assert_printed_points_are_saved(out, 'log_logistic')
