"""The lesson: what it calculates, what it prints and what it leaves for TensorBoard."""
import collections
import concurrent.futures
import contextlib
import glob
import inspect
import io
import os
import signal
import sys
import time
from unittest import mock

import numpy as np
import pytest
from conftest import ROOT, arrays, events, printed, recorded_graphs, save, settings, steps
from scipy import special

import logistic
from backstage.digits import DataError
from helper import tf

CURVES = 'accuracy', 'optimize/log_likelihood'


def as_samples(images, labels):
    """Images and labels as the lesson uses them, in float64 and without the helper."""
    return np.reshape(images, (-1, 784)) / 255.0, (np.asarray(labels) == 1).astype(float)


def started(graph):
    """A new session of a run's graph, in which the variables have their first values, and the variables by name."""
    session = tf.Session(graph=graph)
    variables = {variable.op.name: variable for variable in graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)}
    session.run([variable.initializer for variable in variables.values()])
    return session, variables


def first_weights(graph):
    session, variables = started(graph)
    with session:
        return session.run(variables['readout/weight'])[:, 0].astype(np.float64)


Known = collections.namedtuple('Known', 'logdir out err graph steps batches models test learned')
LAST, INTERVAL = 333, 50


@pytest.fixture(scope='module')
def known(tmp_path_factory):
    """A run whose batches are known, because a buffer of one image shuffles nothing, and its float64 reference.

    Of 250 images come batches of 100, 100 and 50. Some test labels are wrong, for mistakes of both kinds.
    models[i] are the weights and the bias after step i, batches[i] is that step's own.
    """
    folder = tmp_path_factory.mktemp('known')
    given = arrays(n_train=250, n_test=1200)
    wrong = np.random.RandomState(9).uniform(size=1200) < 0.04
    given['y_test'][wrong] = np.where(given['y_test'][wrong] == 1, 7, 1)
    path, logdir = save(folder / 'known.npz', **given), str(folder / 'log')
    out, err = io.StringIO(), io.StringIO()
    constants = mock.patch.multiple(logistic, BUFFER_SIZE=1, SUMMARY_INTERVAL=INTERVAL, TRAINING_LOOP=1)
    with recorded_graphs() as graphs, constants, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        learned = logistic.main(data=path, steps=LAST, logdir=logdir, seed=5)
    X, Y = as_samples(given['x_train'], given['y_train'])
    epoch = [(X[:100], Y[:100]), (X[100:200], Y[100:200]), (X[200:], Y[200:])]
    batches = [epoch[i % 3] for i in range(LAST + 1)]
    W, b, models = first_weights(graphs[0]), 0.0, []
    for X, Y in batches:
        error = Y - special.expit(X.dot(W) + b)
        W, b = W + 0.1 * error.dot(X) / len(X), b + 0.1 * error.mean()
        models.append((W, b))
    return Known(logdir, out.getvalue(), err.getvalue(), graphs[0], [0, 10, 30, 50, 100, 150, 200, 250, 300, LAST],
                 batches, models, as_samples(given['x_test'], given['y_test']), learned)


def logits(model, X):
    return X.dot(model[0]) + model[1]


def measured(model, X, Y):
    """Accuracy and log-likelihood of a model on these samples, with SciPy's functions and without a clip."""
    p = special.expit(logits(model, X))
    return np.mean((p >= 0.5) == (Y == 1)), np.mean(special.xlogy(Y, p) + special.xlog1py(1 - Y, -p))


def test_the_run_learns_what_gradient_descent_learns(known):
    W, b = known.learned
    assert W.dtype == b.dtype == np.float32 and W.shape == (784, 1) and b.shape == (1,)
    np.testing.assert_allclose(W[:, 0], known.models[-1][0], atol=1e-5)
    np.testing.assert_allclose(b, known.models[-1][1], rtol=1e-4)


def test_every_point_is_of_the_model_after_its_step(known):
    """Of the step's own batch, and of the whole test set.

    The tolerance is far above float32's rounding, and far below any other batch or the model before the step.
    """
    train = [measured(known.models[i], *known.batches[i]) for i in known.steps]
    test = [measured(known.models[i], *known.test) for i in known.steps]
    for name, expected in [('train', train), ('test', test)]:
        run = events(known.logdir, name)
        for tag, values in zip(CURVES, zip(*expected)):
            points = run.Scalars(tag)
            assert [point.step for point in points] == known.steps
            np.testing.assert_allclose([point.value for point in points], values, rtol=1e-4)
            assert all(time.time() - 600 < point.wall_time <= time.time() for point in points)
    before = [measured(known.models[i - 1], *known.batches[i]) for i in known.steps[1:]]
    assert (np.abs(np.divide(before, train[1:])[:, 1] - 1) > 1e-3).all()


def test_the_printed_lines_are_the_points_of_every_interval_and_nothing_else_is_printed(known):
    first, *lines, last = known.out.splitlines()
    assert first == "'known.npz' (not MNIST), 250 training and 1200 test images"
    assert last.startswith('The summaries are in {}. To see them: '.format(known.logdir))
    lines = printed('\n'.join(lines))
    assert [int(step) for step, _, _ in lines] == list(range(0, LAST, INTERVAL))
    assert len(lines) == len(known.out.splitlines()) - 2
    for column, name in enumerate(['train', 'test'], 1):
        points = {point.step: np.float32(point.value) for point in events(known.logdir, name).Scalars('accuracy')}
        assert [np.float32(line[column]) for line in lines] == [points[int(line[0])] for line in lines]
    assert known.err == ''


def pictures(logdir, name, tag):
    """{step: what red and blue stand for, from -1, red, to 1, blue} of a run's pictures, by TensorFlow's decoder."""
    found = {}
    for picture in events(logdir, name).Images(tag):
        with tf.Graph().as_default(), tf.Session() as session:
            pixels = session.run(tf.image.decode_png(picture.encoded_image_string))
        assert pixels.shape == (picture.height, picture.width, 3)
        red, green, blue = np.moveaxis(pixels.astype(float), -1, 0)
        assert (np.minimum(red, blue) == green).all() and (np.maximum(red, blue) == 255).all()
        found[picture.step] = (1 - green / 255) * np.where(blue == 255, 1, -1)
    return found


def test_the_pictures_of_the_weights_are_the_weights_after_their_step(known):
    found = pictures(known.logdir, 'train', 'optimize/weight')
    assert list(found) == [0, 10, 30, 100, 300, LAST]
    for step, picture in found.items():
        W = known.models[step][0]
        np.testing.assert_allclose(picture, W.reshape(28, 28) / np.abs(W).max(), atol=0.0025)  # 1 / 255 / 2 and a bit


def test_the_pictures_of_the_mistakes_are_the_first_25_wrong_answers_after_their_step(known):
    found = pictures(known.logdir, 'test', 'accuracy/mistakes')
    assert list(found) == [0, 10, 30, 100, 300, LAST]
    X, Y = known.test
    kinds = set()
    for step, shown in found.items():
        says_one = logits(known.models[step], X) >= 0
        wrong = np.flatnonzero(says_one != (Y == 1))[:25]
        assert len(wrong) == 25 and shown.shape == (140, 140)
        for cell, place in enumerate(wrong):
            top, left, sign = 28 * (cell // 5), 28 * (cell % 5), 1 if says_one[place] else -1  # blue: taken for a 1
            np.testing.assert_allclose(shown[top:top + 28, left:left + 28].ravel(), sign * X[place] / X[wrong].max(),
                                       atol=0.0025)
            kinds.add((step, sign))
    assert {(LAST, 1), (LAST, -1)} <= kinds  # else too little was shown


def test_few_mistakes_leave_the_rest_of_the_sheet_white(lesson, tmp_path):
    image = np.zeros((28, 28))
    image[3:17, 5:8] = image[3:6, 5:15] = image[9:12, 5:11] = 255  # an F
    ones = dict(x_train=[image] * 10, y_train=[1] * 10, x_test=[image] * 3)
    for labels, expected in [([1, 1, 1], None), ([1, 7, 1], image / 255)]:
        logdir = lesson(save(tmp_path / 'flag.npz', y_test=labels, **ones), LEARNING_RATE=10)
        sheet = pictures(logdir, 'test', 'accuracy/mistakes')[0]
        if expected is not None:
            np.testing.assert_array_equal(sheet[:28, :28], expected)
            sheet[:28, :28] = 0
        assert sheet.shape == (140, 140) and not sheet.any()


@pytest.mark.parametrize('last', [0, 5, 10, 20000, 10 ** 6])
def test_of_each_picture_there_are_ten_at_most_with_the_first_step_and_the_last(last, lesson, monkeypatch):
    # What happens between the points takes its time and does not matter here.
    samples = as_samples(**{'images': arrays()['x_test'], 'labels': arrays()['y_test']})
    monkeypatch.setattr(logistic.fast, 'prepared_run', lambda *_: lambda: (samples[0], samples[1][:, np.newaxis], None))
    logdir = lesson(steps=last, SUMMARY_INTERVAL=10 ** 7)
    for name, tag in [('train', 'optimize/weight'), ('test', 'accuracy/mistakes')]:
        found = [picture.step for picture in events(logdir, name).Images(tag)]
        assert found == sorted(set(found)) and len(found) <= 10 and found[0] == 0 and found[-1] == last
        assert last < 200 or len(found) >= 5


@pytest.fixture
def model(known):
    """Set the variables of the lesson's graph, and calculate: a function that takes W, b, and what to fetch of X, Y."""
    session, variables = started(known.graph)
    feeds = 'input/input_images:0', 'input/labels:0'
    with session:
        def calculate(weight, bias, label, *names):
            for name, value in [('readout/weight', np.full((784, 1), weight)), ('readout/bias', np.full(1, bias))]:
                variables[name].load(value.astype(np.float32), session)
            given = dict(zip(feeds, [np.ones((10, 784), np.float32), np.full((10, 1), label, np.float32)]))
            values = [tf.Summary.FromString(value).value[0].simple_value if isinstance(value, bytes) else value
                      for value in session.run(list(names), given)]
            return values, session.run(list(variables.values()))
        yield calculate


@pytest.mark.parametrize('label', [0, 1])
@pytest.mark.parametrize('weight', [-100, 100])
def test_saturated_outputs_leave_everything_finite(model, label, weight):
    (log_likelihood, _), after = model(weight, 0, label, 'optimize/log_likelihood:0', 'optimize/GradientDescent')
    if (weight > 0) == (label == 1):
        assert -1e-6 < log_likelihood <= 0  # certain, and right
    else:
        assert np.log(1e-8) < log_likelihood < np.log(1e-6)  # certain, and wrong: bounded by the clip
    assert all(np.isfinite(value).all() for value in after)
    assert np.float32(1) - np.float32(logistic.EPS) < 1


def test_an_output_of_exactly_one_half_says_one(model):
    assert [model(0, 0, label, 'accuracy:0')[0] for label in (1, 0)] == [[1], [0]]


def order(graph, given, n_batches):
    """The first batches of a run's data set, as the places that their images have in the data, by label checked."""
    X, Y = as_samples(given['x_train'], given['y_train'])
    X, Y = X.astype(np.float32), Y[:, np.newaxis].astype(np.float32)
    places = {row.tobytes(): place for place, row in enumerate(X)}
    initializer, = [op for op in graph.get_operations() if op.type == 'MakeIterator']
    batches = []
    with tf.Session(graph=graph) as session:
        session.run(initializer, {'data/images:0': X, 'data/labels:0': Y})
        for _ in range(n_batches):
            images, labels = session.run(['input/input_images:0', 'input/labels:0'])
            batches.append([places[row.tobytes()] for row in images])
            np.testing.assert_array_equal(labels, Y[batches[-1]])
    return batches


def test_every_image_is_seen_once_an_epoch_in_new_batches_shuffled_within_a_buffer(lesson, graphs):
    lesson(steps=0)
    batches = order(graphs[0], arrays(), 9)
    assert [len(places) for places in batches] == [100] * 9
    for epoch in batches[:3], batches[3:6], batches[6:]:
        assert sorted(sum(epoch, [])) == list(range(300)) != sum(epoch, [])
    assert len({tuple(sorted(places)) for places in batches}) == 9  # which images are together is new, too
    assert max(batches[0][:20]) > 200  # by default a buffer for 1000 of the 300 images
    lesson(steps=0, BUFFER_SIZE=20)
    ahead = np.array(sum(order(graphs[-1], arrays(), 3), [])) - np.arange(300)
    assert 10 < ahead.max() < 20  # the next image is one of the next 20 that have not been seen


def test_the_seed_decides_weights_shuffling_and_results(lesson, graphs, tmp_path):
    runs = [lesson(steps=30, seed=seed, logdir=tmp_path / str(i)) for i, seed in enumerate([1, 1, 2 ** 40])]
    first, again, other = map(first_weights, graphs)
    assert (first == again).all() and not (first == other).any()
    assert np.sqrt(6 / 785) >= np.abs(first).max() > 0.95 * np.sqrt(6 / 785)  # Glorot-uniform
    first, again, other = [order(graph, arrays(), 6) for graph in graphs]
    assert first == again and first[0] != other[0]
    first, again, other = [[point.value for point in events(run, 'test').Scalars(CURVES[1])] for run in runs]
    np.testing.assert_allclose(first, again, rtol=1e-5)  # more threads may sum in another order
    assert (np.abs(np.divide(first, other) - 1) > 1e-5).all()


def test_the_settings_tell_what_a_run_depends_on(lesson):
    logdir = lesson(steps=20, seed=7, SUMMARY_INTERVAL=10, LEARNING_RATE=0.25)
    assert settings(logdir) == dict(
        data="'small.npz' (not MNIST), 300 training and 120 test images", steps='20', seed='7', logdir=logdir,
        IMAGE_SIZE='784', CATEGORY_NUM='1', LEARNING_RATE='0.25', TRAINING_LOOP='20000', BATCH_SIZE='100', EPS='1e-07',
        SUMMARY_DIR='log_logistic', SUMMARY_INTERVAL='10', BUFFER_SIZE='1000', TensorFlow=tf.__version__,
        NumPy=np.__version__)


def test_the_graph_is_the_lessons_parts_and_holds_no_data(lesson, graphs):
    logdir = lesson(steps=20, SUMMARY_INTERVAL=10)
    graph = tf.GraphDef.FromString(events(logdir, 'train').Graph().SerializeToString())
    nodes = {node.name: node for node in graph.node}
    assert {'input/labels', 'input/input_images', 'readout/weight', 'readout/bias', 'optimize/log_likelihood',
            'accuracy'} <= set(nodes)
    assert {name.split('/')[0] for name in nodes if '/' in name} - {'accuracy', 'Merge'} == {
        'data', 'input', 'readout', 'optimize', 'evaluate'}
    assert max(node.ByteSize() for node in graph.node) < 10000  # no data set among its constants
    assert nodes['readout/weight'].attr['shape'].shape.dim[0].size == 784
    assert len(nodes) == len(graphs[0].get_operations())  # the loop has added nothing
    files = glob.glob(os.path.join(glob.escape(logdir), '*', 'events*'))
    assert len(files) == 2 and sum(map(os.path.getsize, files)) < 200000


def test_a_run_whose_values_are_lost_says_at_which_step_and_in_which_curve(lesson, tmp_path, capsys):
    # One image a step: the black one shifts the bias by less than 10, the white one then drives the output to 1.
    black, white = np.zeros((28, 28)), np.full((28, 28), 255)
    path = save(tmp_path / 'two.npz', x_train=[black, white], y_train=[0, 1], x_test=[black], y_test=[0])
    constants = dict(LEARNING_RATE=10, BUFFER_SIZE=1, BATCH_SIZE=1, SUMMARY_INTERVAL=1)
    with pytest.raises(DataError, match=r'step 1\b.*optimize/log_likelihood.* nan') as error:
        lesson(path, steps=5, EPS=0.0, **constants)
    assert str(error.value).endswith('.') and '\n' not in str(error.value)
    assert [line[0] for line in printed(capsys.readouterr().out)] == ['0']
    logdir = lesson(path, steps=5, EPS=1e-7, **constants)
    assert np.isfinite([point.value for point in events(logdir, 'train').Scalars(CURVES[1])]).all()


@pytest.mark.parametrize('constants', [dict(LEARNING_RATE=10), dict(LEARNING_RATE=1e-12), dict(LEARNING_RATE=0.1)])
def test_training_that_stands_still_says_so_once(constants, lesson, tmp_path, capsys):
    white, labels = np.full((100, 28, 28), 255), [1, 1, 1, 0, 0] * 20  # with a large step all outputs are clipped alike
    path = save(tmp_path / 'white.npz', x_train=white, y_train=labels, x_test=white[:5], y_test=labels[:5])
    data = {} if constants['LEARNING_RATE'] == 0.1 else dict(data=path)
    lesson(steps=300, SUMMARY_INTERVAL=50, **dict(data, **constants))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == (1 if data else 0) and all('LEARNING_RATE' in line for line in lines)


def test_main_has_the_articles_constants_as_its_defaults():
    assert {name: value.default for name, value in inspect.signature(logistic.main).parameters.items()} == dict(
        data='auto', steps=20000, logdir='log_logistic', seed=0)
    assert (logistic.IMAGE_SIZE, logistic.CATEGORY_NUM, logistic.LEARNING_RATE, logistic.TRAINING_LOOP,
            logistic.BATCH_SIZE, logistic.SUMMARY_DIR, logistic.SUMMARY_INTERVAL, logistic.BUFFER_SIZE) == (
                784, 1, 0.1, 20000, 100, 'log_logistic', 1000, 1000)


def state():
    """What a run must leave as it was."""
    return ([signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)], sys.excepthook, list(sys.argv),
            sys.stdout, sys.stderr, dict(os.environ), os.getcwd(), np.random.get_state()[1].tolist(),
            tf.get_default_session(), len(tf.get_default_graph().get_operations()), tf.logging.get_verbosity())


def test_a_run_leaves_nothing_behind_and_can_follow_another_and_be_in_any_thread(lesson):
    before = state()
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        for logdir in lesson(steps=20), thread.submit(lesson, steps=20).result(60):
            assert state() == before and steps(logdir, 'train') == [0, 10, 20]


@pytest.mark.skipif(tf.__version__.startswith('1.'), reason='TensorFlow 1 has no ways of TensorFlow 2 to disturb')
def test_tensorflow_2s_own_ways_work_before_and_after_the_lesson(lesson):
    import tensorflow as tf2

    def model():
        model = tf2.keras.Sequential([tf2.keras.layers.Dense(1)])
        model.compile('sgd', 'mse')
        return model

    def fit(model):
        model.fit(np.ones((4, 2)), np.ones(4), verbose=0)

    made_before = model()
    fit(made_before)
    lesson(steps=0)
    assert (tf2.constant([1.5]) + 1).numpy() == [2.5]
    assert tf2.function(lambda x: 2 * x)(tf2.constant(21)).numpy() == 42
    assert [int(element) for element in tf2.data.Dataset.range(3)] == [0, 1, 2]
    fit(model())
    fit(made_before)


def test_the_articles_own_program_runs_on_our_helper(tmp_path, monkeypatch, capsys):
    with open(os.path.join(ROOT, 'tests', 'article.py'), encoding='utf-8') as file:
        program = file.read().replace('TRAINING_LOOP = 20000', 'TRAINING_LOOP = 300').replace(
            'SUMMARY_INTERVAL = 1000', 'SUMMARY_INTERVAL = 100')
    (tmp_path / 'datasets').mkdir()
    save(tmp_path / 'datasets' / 'mnist.npz', **arrays())
    monkeypatch.setenv('KERAS_HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(program, names)
    for run in 'train', 'test':
        names[run + '_writer'].close()
        assert steps('log_logistic', run) == [0, 100, 200, 300]
    lines = printed(capsys.readouterr().out)
    assert [line[0] for line in lines] == ['0', '100', '200', '300'] and float(lines[-1][2]) > 0.9
