"""The lesson: what it calculates, what it prints and what it leaves for TensorBoard."""
import collections
import concurrent.futures
import contextlib
import glob
import io
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
from unittest import mock

import numpy as np
import pytest
from conftest import ROOT, arrays, environment, events, pixels, printed, run, steps, text
from scipy import optimize, special

import logistic
from backstage.digits import DataError
from helper import tf

CURVES = 'accuracy', 'optimize/log_likelihood'


@contextlib.contextmanager
def recorded_graphs():
    """A list that gets the graph of every run that begins within."""
    graphs, original = [], logistic.summary_writers

    def summary_writers(logdir, graph, *rest, **more):
        graphs.append(graph)
        return original(logdir, graph, *rest, **more)
    with mock.patch.object(logistic, 'summary_writers', summary_writers):
        yield graphs


@pytest.fixture
def graphs():
    with recorded_graphs() as graphs:
        yield graphs


def save(path, x_train, y_train, x_test, y_test):
    np.savez(str(path), x_train=np.asarray(x_train, np.uint8), y_train=np.asarray(y_train, np.uint8),
             x_test=np.asarray(x_test, np.uint8), y_test=np.asarray(y_test, np.uint8))
    return str(path)


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


Known = collections.namedtuple('Known', 'logdir out err graph steps batches models test')
LAST, INTERVAL = 333, 50


@pytest.fixture(scope='module')
def known(tmp_path_factory):
    """A run whose batches are known, because a buffer of one image shuffles nothing, and its float64 reference.

    Of 250 images come batches of 100, 100 and 50. Some test labels are wrong, for mistakes of both kinds.
    models[i] are the weights and the bias after step i, batches[i] is that step's own.
    """
    folder = tmp_path_factory.mktemp('known')
    given = arrays(n_train=250)
    wrong = np.random.RandomState(9).uniform(size=120) < 0.15
    given['y_test'][wrong] = np.where(given['y_test'][wrong] == 1, 7, 1)
    path, logdir = save(folder / 'known.npz', **given), str(folder / 'log')
    out, err = io.StringIO(), io.StringIO()
    constants = mock.patch.multiple(logistic, BUFFER_SIZE=1, BATCH_SIZE=100, SUMMARY_INTERVAL=INTERVAL)
    with recorded_graphs() as graphs, constants, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        logistic.main(data=path, steps=LAST, logdir=logdir, seed=5)
    X, Y = as_samples(given['x_train'], given['y_train'])
    epoch = [(X[:100], Y[:100]), (X[100:200], Y[100:200]), (X[200:], Y[200:])]
    batches = [epoch[i % 3] for i in range(LAST + 1)]
    W, b, models = first_weights(graphs[0]), 0.0, []
    for X, Y in batches:
        error = Y - special.expit(X.dot(W) + b)
        W, b = W + 0.1 * error.dot(X) / len(X), b + 0.1 * error.mean()
        models.append((W, b))
    return Known(logdir, out.getvalue(), err.getvalue(), graphs[0], [0, 10, 30, 50, 100, 150, 200, 250, 300, LAST],
                 batches, models, as_samples(given['x_test'], given['y_test']))


# --- what one step and one evaluation calculate

@pytest.fixture
def model(known):
    """The lesson's graph in a session of its own, and the few operations that the tests need, by their public names."""
    names = dict(x='input/input_images:0', y_='input/labels:0', W='readout/weight', b='readout/bias',
                 train_step='optimize/GradientDescent', log_likelihood='optimize/log_likelihood:0',
                 accuracy='accuracy:0')
    session, variables = started(known.graph)
    with session:
        def set_variables(W, b):
            variables['readout/weight'].load(W, session)
            variables['readout/bias'].load(b, session)

        def calculate(what, X, Y):
            value = session.run(names[what], {names['x']: X, names['y_']: Y})
            return tf.Summary.FromString(value).value[0].simple_value if isinstance(value, bytes) else value

        def read(what):
            return session.run(variables[names[what]])

        yield collections.namedtuple('Model', 'set_variables calculate read')(set_variables, calculate, read)


def batch(n=50, seed=3):
    random = np.random.RandomState(seed)
    return random.uniform(size=(n, 784)).astype(np.float32), (random.uniform(size=(n, 1)) < 0.4).astype(np.float32)


def reference(parameters, X, Y):
    """The log-likelihood of logistic regression in float64, with SciPy's functions and without a clip."""
    p = special.expit(X.astype(np.float64).dot(parameters[:784]) + parameters[784])
    return np.mean(special.xlogy(Y[:, 0], p) + special.xlog1py(1 - Y[:, 0], -p))


def test_log_likelihood_agrees_with_scipy(model):
    X, Y = batch()
    parameters = np.random.RandomState(4).normal(scale=0.1, size=785)
    model.set_variables(parameters[:784, np.newaxis].astype(np.float32), parameters[784:].astype(np.float32))
    assert model.calculate('log_likelihood', X, Y) == pytest.approx(reference(parameters, X, Y), rel=1e-5)


def test_one_step_climbs_the_gradient_that_scipy_finds(model):
    X, Y = batch()
    parameters = np.random.RandomState(5).normal(scale=0.1, size=785)
    model.set_variables(parameters[:784, np.newaxis].astype(np.float32), parameters[784:].astype(np.float32))
    before = np.concatenate([model.read('W')[:, 0], model.read('b')]).astype(np.float64)
    model.calculate('train_step', X, Y)
    after = np.concatenate([model.read('W')[:, 0], model.read('b')]).astype(np.float64)
    gradient = optimize.approx_fprime(before, reference, 1e-6, X, Y)
    np.testing.assert_allclose((after - before) / 0.1, gradient, atol=2e-5)


@pytest.mark.parametrize('label', [0, 1])
@pytest.mark.parametrize('sign', [-1, 1])
def test_saturated_outputs_leave_everything_finite(model, label, sign):
    X, Y = np.ones((10, 784), np.float32), np.full((10, 1), label, np.float32)
    model.set_variables(np.full((784, 1), sign * 100, np.float32), np.zeros(1, np.float32))
    log_likelihood = model.calculate('log_likelihood', X, Y)
    if (sign > 0) == (label == 1):
        assert -1e-6 < log_likelihood <= 0  # certain, and right
    else:
        assert np.log(1e-8) < log_likelihood < np.log(1e-6)  # certain, and wrong: bounded by the clip
    model.calculate('train_step', X, Y)
    assert np.isfinite(model.read('W')).all() and np.isfinite(model.read('b')).all()


def test_the_first_bias_is_zero_and_an_output_of_exactly_one_half_says_one(model):
    X = np.zeros((8, 784), np.float32)
    assert not model.read('b').any()  # so that, of a black image, the output is one half
    assert model.calculate('accuracy', X, np.ones((8, 1), np.float32)) == 1
    assert model.calculate('accuracy', X, np.zeros((8, 1), np.float32)) == 0


def test_accuracy_is_the_share_of_right_answers(model):
    X, Y = batch(n=200)
    parameters = np.random.RandomState(6).normal(scale=0.1, size=785)
    model.set_variables(parameters[:784, np.newaxis].astype(np.float32), parameters[784:].astype(np.float32))
    says_one = X.astype(np.float64).dot(parameters[:784]) + parameters[784] > 0
    assert 0.2 < model.calculate('accuracy', X, Y) < 0.8
    assert model.calculate('accuracy', X, Y) == pytest.approx(np.mean(says_one == (Y[:, 0] == 1)))


# --- a whole run, beside the same steps in float64

def logits(model, X):
    return X.dot(model[0]) + model[1]


def measured(model, X, Y):
    """Accuracy and log-likelihood of a model on these samples."""
    return np.mean((logits(model, X) >= 0) == (Y == 1)), reference(np.append(*model), X, Y[:, np.newaxis])


def test_the_curves_have_the_early_steps_every_intervals_and_the_last(known):
    for name, tag in itertools.product(['train', 'test'], CURVES):
        assert steps(known.logdir, name, tag) == known.steps


def test_every_training_point_is_of_the_steps_own_batch_after_the_step(known):
    """The tolerances are far above float32's rounding, and far below any other batch or the model before the step."""
    train = events(known.logdir, 'train')
    expected = [measured(known.models[i], *known.batches[i]) for i in known.steps]
    for tag, values in zip(CURVES, zip(*expected)):
        np.testing.assert_allclose([point.value for point in train.Scalars(tag)], values, rtol=1e-4)
    before = [measured(known.models[i - 1], *known.batches[i]) for i in known.steps[1:]]
    assert (np.abs(np.divide(before, expected[1:])[:, 1] - 1) > 1e-3).all()


def test_every_test_point_is_of_the_whole_test_set_after_the_step(known):
    test = events(known.logdir, 'test')
    expected = [measured(known.models[i], *known.test) for i in known.steps]
    for tag, values in zip(CURVES, zip(*expected)):
        np.testing.assert_allclose([point.value for point in test.Scalars(tag)], values, rtol=1e-4)


def test_the_printed_lines_are_the_points_of_every_interval_and_nothing_else_is_printed(known):
    lines = known.out.splitlines()
    assert lines[0] == 'known.npz (not MNIST), 250 training and 120 test images'
    assert 'tensorboard' in lines[-1] and known.logdir in lines[-1]
    lines = printed('\n'.join(lines[1:-1]))
    assert [int(step) for step, _, _ in lines] == list(range(0, LAST, INTERVAL))
    assert len(lines) == len(known.out.splitlines()) - 2
    for column, name in enumerate(['train', 'test'], 1):
        points = {point.step: np.float32(point.value) for point in events(known.logdir, name).Scalars('accuracy')}
        assert [np.float32(line[column]) for line in lines] == [points[int(line[0])] for line in lines]
    assert known.err == ''


def pictures(logdir, name, tag):
    """{step: pixels} of a run's pictures."""
    found = {}
    for picture in events(logdir, name).Images(tag):
        found[picture.step] = pixels(picture.encoded_image_string)
        assert found[picture.step].shape == (picture.height, picture.width, 3)
    return found


def numbers(pixels):
    """What red and blue stand for, from -1, red, to 1, blue."""
    red, green, blue = np.moveaxis(pixels.astype(float), -1, 0)
    assert (np.minimum(red, blue) == green).all() and (np.maximum(red, blue) == 255).all()
    return (1 - green / 255) * np.where(blue == 255, 1, -1)


def test_the_pictures_of_the_weights_are_the_weights_after_their_step(known):
    found = pictures(known.logdir, 'train', 'optimize/weight')
    assert list(found) == [0, 10, 30, 100, 300, LAST]
    for step, picture in found.items():
        W = known.models[step][0]
        assert picture.shape == (28, 28, 3)
        np.testing.assert_allclose(numbers(picture).ravel(), W / np.abs(W).max(), atol=0.0025)  # 1 / 255 / 2 and a bit


def test_the_pictures_of_the_mistakes_are_the_first_25_wrong_answers_after_their_step(known):
    found = pictures(known.logdir, 'test', 'accuracy/mistakes')
    assert list(found) == [0, 10, 30, 100, 300, LAST]
    X, Y = known.test
    counts, kinds = [], set()
    for step, picture in found.items():
        says_one = logits(known.models[step], X) >= 0
        wrong = np.flatnonzero(says_one != (Y == 1))
        counts.append(len(wrong))
        brightest = X[wrong[:25]].max()
        shown = numbers(picture)
        assert shown.shape == (140, 140)
        for cell in range(25):
            top, left = 28 * (cell // 5), 28 * (cell % 5)
            expected = np.zeros(784)
            if cell < len(wrong):
                sign = 1 if says_one[wrong[cell]] else -1  # blue: taken for a 1; red: a 1 not seen
                expected = sign * X[wrong[cell]] / brightest
                kinds.add((step, sign))
            np.testing.assert_allclose(shown[top:top + 28, left:left + 28].ravel(), expected, atol=0.0025)
    assert max(counts) > 25 > min(counts) > 0 and {(LAST, 1), (LAST, -1)} <= kinds  # else too little was shown


# --- pictures that a reader can check by eye

def flag():
    """An F, which looks different however it is turned, mirrored or shifted."""
    image = np.zeros((28, 28), bool)
    image[3:17, 5:8] = image[3:6, 5:15] = image[9:12, 5:11] = True
    return image


@pytest.mark.parametrize('trained_as, shown_as, colour', [(1, 7, [0, 0, 255]), (7, 1, [255, 0, 0])])
def test_what_speaks_for_a_one_is_blue_and_what_speaks_against_it_is_red(
        trained_as, shown_as, colour, lesson, tmp_path):
    image = flag() * 255
    logdir = lesson(save(tmp_path / 'flag.npz', [image] * 10, [trained_as] * 10, [image], [shown_as]), LEARNING_RATE=10)
    weights = pictures(logdir, 'train', 'optimize/weight')[0].astype(int)
    assert np.abs(weights[flag()] - colour).max() < 30
    assert np.abs(weights[~flag()] - 255).max() < 30
    mistakes = pictures(logdir, 'test', 'accuracy/mistakes')[0]
    assert (mistakes[:28, :28][flag()] == colour).all()
    mistakes[:28, :28][flag()] = 255
    assert (mistakes == 255).all() and mistakes.shape == (140, 140, 3)


def test_where_there_are_no_mistakes_the_sheet_is_white(lesson, tmp_path):
    image = flag() * 255
    logdir = lesson(save(tmp_path / 'flag.npz', [image] * 10, [1] * 10, [image] * 3, [1] * 3), LEARNING_RATE=10)
    assert events(logdir, 'test').Scalars('accuracy')[0].value == 1
    sheet = pictures(logdir, 'test', 'accuracy/mistakes')[0]
    assert sheet.shape == (140, 140, 3) and (sheet == 255).all()


@pytest.mark.parametrize('last', [0, 5, 10, 200, 20000, 10 ** 6])
def test_of_each_picture_there_are_ten_at_most_with_the_first_step_and_the_last(last, lesson, monkeypatch):
    # What happens between the points takes its time and does not matter here.
    monkeypatch.setattr(logistic.fast, 'prepared_run', lambda session, fetches: lambda: None)
    logdir = lesson(steps=last, SUMMARY_INTERVAL=10 ** 7)
    for name, tag in [('train', 'optimize/weight'), ('test', 'accuracy/mistakes')]:
        found = [picture.step for picture in events(logdir, name).Images(tag)]
        assert found == sorted(set(found)) and len(found) <= 10
        assert found[0] == 0 and found[-1] == last
        assert last < 200 or len(found) >= 5


def test_event_files_stay_small_for_a_whole_run(lesson):
    logdir = lesson(steps=2000, SUMMARY_INTERVAL=100)
    files = glob.glob(os.path.join(glob.escape(logdir), '*', 'events*'))
    assert len(files) == 2 and sum(map(os.path.getsize, files)) < 200000
    assert events(logdir, 'test').Scalars('accuracy')[-1].value > 0.95  # it has learned


# --- batches and seeds

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


def test_every_image_is_seen_once_an_epoch_in_new_batches(lesson, graphs):
    lesson(steps=0)
    batches = order(graphs[0], arrays(), 9)
    assert [len(places) for places in batches] == [100] * 9
    epochs = [batches[:3], batches[3:6], batches[6:]]
    for epoch in epochs:
        assert sorted(sum(epoch, [])) == list(range(300)) != sum(epoch, [])
    # Not only their order is new, but also which images are together.
    assert len({tuple(sorted(places)) for places in batches}) == 9


def test_images_are_shuffled_within_a_buffer_of_buffer_size(lesson, graphs):
    lesson(steps=0)  # by default a buffer for 1000 of the 300 images
    assert max(order(graphs[-1], arrays(), 1)[0][:20]) > 200
    lesson(steps=0, BUFFER_SIZE=20)
    ahead = np.array(sum(order(graphs[-1], arrays(), 3), [])) - np.arange(300)
    assert 10 < ahead.max() < 20  # the next image is one of the next 20 that have not been seen


@pytest.fixture(scope='module')
def seeded(tmp_path_factory):
    """Three runs, of the seeds 1, 1 and 2: the graph of each, what it printed, and its log-likelihoods."""
    folder = tmp_path_factory.mktemp('seeded')
    path, runs = save(folder / 'small.npz', **arrays()), []
    for name, seed in [('first', 1), ('again', 1), ('other', 2)]:
        logdir, out = str(folder / name), io.StringIO()
        constants = mock.patch.multiple(logistic, SUMMARY_INTERVAL=10)
        with recorded_graphs() as graphs, constants, contextlib.redirect_stdout(out):
            logistic.main(data=path, steps=60, logdir=logdir, seed=seed)
        points = [events(logdir, curve).Scalars('optimize/log_likelihood') for curve in ('train', 'test')]
        runs.append((graphs[0], printed(out.getvalue()), [[point.value for point in curve] for curve in points]))
    return list(zip(*runs))


def test_the_weights_follow_the_seed(seeded):
    first, again, other = map(first_weights, seeded[0])
    assert (first == again).all() and not (first == other).any()
    assert np.sqrt(6 / 785) >= np.abs(first).max() > 0.95 * np.sqrt(6 / 785)  # Glorot-uniform


def test_the_shuffling_follows_the_seed(seeded):
    first, again, other = [order(graph, arrays(), 6) for graph in seeded[0]]
    assert first == again and first[0] != other[0]


def test_the_seed_decides_the_run(seeded):
    _, lines, (first, again, other) = seeded
    assert lines[0] == lines[1] != lines[2]
    np.testing.assert_allclose(first, again, rtol=1e-5)  # more threads may sum in another order
    assert (np.abs(np.divide(first, other) - 1) > 1e-5).mean() > 0.9


def test_fewer_images_than_one_batch(lesson, tmp_path, capsys):
    logdir = lesson(save(tmp_path / 'tiny.npz', **arrays(n_train=7, n_test=1)), steps=20, SUMMARY_INTERVAL=10)
    assert [line[0] for line in printed(capsys.readouterr().out)] == ['0', '10', '20']
    assert steps(logdir, 'train') == steps(logdir, 'test') == [0, 10, 20]


# --- what is written beside the curves: the settings and the graph

def settings(logdir):
    table = tf.make_ndarray(events(logdir, 'train').Tensors('settings')[0].tensor_proto)
    assert table.ndim == 2 and table.shape[1] == 2  # what TensorBoard shows as a table of two columns
    return {name.decode(): value.decode() for name, value in table}


def test_the_settings_tell_what_a_run_depends_on(lesson):
    logdir = lesson(steps=20, seed=7, SUMMARY_INTERVAL=10, LEARNING_RATE=0.25)
    events_of_train = events(logdir, 'train')
    assert 'settings' in events_of_train.Tags()['tensors']
    assert events_of_train.SummaryMetadata('settings').plugin_data.plugin_name == 'text'
    expected = dict(data='small.npz (not MNIST), 300 training and 120 test images', steps='20', seed='7',
                    IMAGE_SIZE='784', CATEGORY_NUM='1', LEARNING_RATE='0.25', TRAINING_LOOP='20000', BATCH_SIZE='100',
                    SUMMARY_DIR='log_logistic', SUMMARY_INTERVAL='10', BUFFER_SIZE='1000', EPS='1e-07',
                    TensorFlow=tf.__version__, NumPy=np.__version__)
    found = settings(logdir)
    assert {name: found.get(name) for name in expected} == expected


def test_the_settings_tell_two_seeds_apart(lesson, tmp_path):
    first, second = [settings(lesson(seed=seed, logdir=tmp_path / str(seed))) for seed in (1, 2)]
    assert {name for name in first if first[name] != second[name]} == {'seed'}


def test_the_graph_is_the_lessons_parts_and_holds_no_data(lesson, graphs):
    logdir = lesson(steps=20, SUMMARY_INTERVAL=10)
    graph = tf.GraphDef.FromString(events(logdir, 'train').Graph().SerializeToString())
    nodes = {node.name: node for node in graph.node}
    assert {'input/labels', 'input/input_images', 'readout/weight', 'readout/bias', 'optimize/log_likelihood',
            'accuracy'} <= set(nodes)
    parts = {'data', 'input', 'readout', 'optimize', 'evaluate', 'run'}
    others = [node for name, node in nodes.items() if name.split('/')[0] not in parts]
    assert parts == {name.split('/')[0] for name in nodes} - {node.name.split('/')[0] for node in others}
    assert {node.op for node in others} <= {'Const', 'ScalarSummary', 'MergeSummary'} and len(others) < 6
    assert max(node.ByteSize() for node in graph.node) < 10000  # no data set among its constants
    assert nodes['readout/weight'].attr['shape'].shape.dim[0].size == 784
    assert len(nodes) == len(graphs[0].get_operations())  # the run has added nothing


def test_nothing_can_grow_in_the_graph_when_the_first_line_is_printed(lesson, graphs, monkeypatch):
    finalized = []

    class Stream(io.StringIO):
        def write(self, text):
            if text.startswith('step'):
                finalized.append(graphs[0].finalized)
            return super().write(text)

    monkeypatch.setattr(sys, 'stdout', Stream())
    lesson(steps=20, SUMMARY_INTERVAL=10)
    assert finalized == [True] * 3


# --- what is no result, and what cannot be one

def test_one_less_eps_is_less_than_one_in_float32():
    assert np.float32(1) - np.float32(logistic.EPS) < 1
    assert np.float32(1 - logistic.EPS) < 1


def test_a_run_whose_values_are_lost_says_at_which_step_and_in_which_curve(lesson, tmp_path, capsys):
    # One image a step: the black one shifts the bias by less than 10, the white one then drives the output to 1.
    black, white = np.zeros((28, 28)), np.full((28, 28), 255)
    path = save(tmp_path / 'two.npz', [black, white], [0, 1], [black], [0])
    constants = dict(LEARNING_RATE=10, BUFFER_SIZE=1, BATCH_SIZE=1, SUMMARY_INTERVAL=1)
    with pytest.raises(DataError, match=r'step 1\b.*optimize/log_likelihood.* nan') as error:
        lesson(path, steps=5, EPS=0, **constants)
    assert str(error.value).endswith('.') and '\n' not in str(error.value)
    assert [line[0] for line in printed(capsys.readouterr().out)] == ['0']
    logdir = lesson(path, steps=5, EPS=1e-7, **constants)
    for name in ('train', 'test'):
        assert np.isfinite([point.value for point in events(logdir, name).Scalars('optimize/log_likelihood')]).all()


def standing(tmp_path, labels):
    """White images only: with a large step all outputs are clipped alike, and the gradient is zero ever after."""
    return save(tmp_path / 'white.npz', np.full((len(labels), 28, 28), 255), labels, np.full((5, 28, 28), 255),
                labels[:5])


def test_training_that_stands_still_says_so_once(lesson, tmp_path, capsys):
    lesson(standing(tmp_path, [1, 1, 1, 0, 0] * 20), steps=300, LEARNING_RATE=10, SUMMARY_INTERVAL=50)
    line, = capsys.readouterr().err.splitlines()
    assert 'LEARNING_RATE' in line


def test_training_with_steps_too_small_to_change_anything_says_so_once(lesson, capsys):
    lesson(steps=300, LEARNING_RATE=1e-12, SUMMARY_INTERVAL=50)
    line, = capsys.readouterr().err.splitlines()
    assert 'LEARNING_RATE' in line


@pytest.mark.parametrize('name, value', [
    ('CATEGORY_NUM', 10), ('IMAGE_SIZE', 100), ('SUMMARY_INTERVAL', 0), ('SUMMARY_INTERVAL', -1),
    ('SUMMARY_INTERVAL', 1e3), ('BATCH_SIZE', 0), ('BUFFER_SIZE', 0), ('TRAINING_LOOP', 'x'),
    ('LEARNING_RATE', float('nan')), ('LEARNING_RATE', -0.1), ('EPS', -1), ('EPS', 0.7), ('steps', -1), ('seed', -1),
    ('seed', 2 ** 31 - 1)])
def test_what_cannot_work_is_named_before_anything_is_moved_or_made(name, value, lesson, tmp_path):
    earlier = tmp_path / 'log' / 'train' / 'events.out.tfevents.1555555555.host'
    earlier.parent.mkdir(parents=True)
    earlier.write_bytes(b'')
    for logdir in (tmp_path / 'log', tmp_path / 'new'):
        with pytest.raises(DataError) as error:
            lesson(logdir=logdir, **{name: value})
        assert name in str(error.value) and str(error.value).endswith('.') and '\n' not in str(error.value)
    assert [folder for folder, _, _ in os.walk(str(tmp_path / 'log'))] == [
        str(tmp_path / 'log'), str(tmp_path / 'log' / 'train')]
    assert earlier.exists() and not (tmp_path / 'new').exists()


def test_the_largest_seed_works(lesson, capsys):
    lesson(seed=2 ** 31 - 2)
    assert len(printed(capsys.readouterr().out)) == 1


# --- the lesson among other programs

HANDLED = signal.SIGINT, signal.SIGTERM
HOOKS = (sys, 'excepthook'), (sys, 'unraisablehook'), (threading, 'excepthook')


@pytest.fixture
def program(monkeypatch):
    """A program with ways of its own, which no earlier run can have left; a function that says what they are now."""
    def handler(number, frame):
        raise KeyboardInterrupt

    for module, name in HOOKS:
        monkeypatch.setattr(module, name, lambda *error: None, raising=False)  # Python 3.6 has only the first
    monkeypatch.setattr(sys, 'argv', ['other', '--nonsense'])
    handlers, random = [signal.signal(number, handler) for number in HANDLED], np.random.get_state()
    np.random.seed(123456)
    yield lambda: ([signal.getsignal(number) for number in range(1, signal.NSIG)],
                   [getattr(module, name) for module, name in HOOKS], list(sys.argv), sys.stdout, sys.stderr,
                   threading.enumerate(), dict(os.environ), os.getcwd(), np.random.get_state()[1].tolist(),
                   tf.get_default_session(), len(tf.get_default_graph().get_operations()))
    np.random.set_state(random)
    for number, earlier in zip(HANDLED, handlers):
        signal.signal(number, earlier)


def test_a_run_leaves_nothing_behind_and_can_follow_another_and_be_in_any_thread(lesson, program, monkeypatch):
    sessions, results = [], []

    class Session(tf.Session):
        def __init__(self, *arguments, **more):
            super().__init__(*arguments, **more)
            sessions.append(self)

    monkeypatch.setattr(tf, 'Session', Session)
    before = program()
    for _ in range(2):
        results.append(lesson(steps=20))
        assert program() == before
        assert steps(results[-1], 'train') == [0, 10, 20]
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        results.append(thread.submit(lesson, steps=20).result(60))
    assert program() == before
    assert steps(results[-1], 'train') == [0, 10, 20]
    assert len(results) == 3 <= len(sessions)
    for session in sessions:
        with pytest.raises(RuntimeError, match='closed'):
            session.run([])


def test_importing_the_lesson_trains_nothing():
    assert logistic.IMAGE_SIZE == 784 and logistic.TRAINING_LOOP == 20000 and logistic.SUMMARY_DIR == 'log_logistic'
    assert (logistic.CATEGORY_NUM, logistic.LEARNING_RATE, logistic.BATCH_SIZE) == (1, 0.1, 100)
    assert (logistic.SUMMARY_INTERVAL, logistic.BUFFER_SIZE) == (1000, 1000)


AFTER_EAGER_CALLS = """
import os, signal, sys
import tensorflow as tf
tf.constant(1) + 1
sys.path.insert(0, sys.argv.pop())
signal.signal(signal.SIGINT, signal.default_int_handler)  # who began this may have had it ignored
files = os.listdir('.')
import logistic
assert signal.getsignal(signal.SIGINT) == signal.default_int_handler and os.listdir('.') == files
print('imported')
logistic.main('small.npz', steps=30, logdir='log', seed=1)
"""


def test_the_lesson_runs_in_a_program_that_has_used_tensorflow_2s_own_ways(small_npz, tmp_path):
    process = subprocess.Popen([sys.executable, '-c', AFTER_EAGER_CALLS, ROOT], cwd=str(tmp_path), env=environment(
        tmp_path), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = map(text, process.communicate(timeout=100))
    assert process.returncode == 0, err
    assert out.splitlines()[:2] == ['imported', 'small.npz (not MNIST), 300 training and 120 test images']
    assert [line[0] for line in printed(out)] == ['0']
    assert steps(tmp_path / 'log', 'test') == [0, 10, 30]


def test_the_articles_own_program_runs_on_our_helper(tmp_path):
    shutil.copy(os.path.join(ROOT, 'helper.py'), str(tmp_path))
    shutil.copytree(os.path.join(ROOT, 'backstage'), str(tmp_path / 'backstage'),
                    ignore=shutil.ignore_patterns('__pycache__'))
    with open(os.path.join(ROOT, 'tests', 'article.py'), encoding='utf-8') as file:
        program = file.read()
    with open(str(tmp_path / 'logistic.py'), 'w', encoding='utf-8') as file:
        file.write(program.replace('TRAINING_LOOP = 20000', 'TRAINING_LOOP = 300').replace(
            'SUMMARY_INTERVAL = 1000', 'SUMMARY_INTERVAL = 100'))
    os.makedirs(str(tmp_path / '.keras' / 'datasets'))
    np.savez(str(tmp_path / '.keras' / 'datasets' / 'mnist.npz'), **arrays())
    status, out, err = run(tmp_path, script=str(tmp_path / 'logistic.py'))
    assert (status, err) == (0, '')
    assert out.splitlines()[0] == 'mnist.npz (not MNIST), 300 training and 120 test images'
    assert [line[0] for line in printed(out)] == ['0', '100', '200', '300']
    assert float(printed(out)[-1][2]) > 0.9
    assert steps(tmp_path / 'log_logistic', 'test') == [0, 100, 200, 300]
