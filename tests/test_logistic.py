"""The lesson: what it calculates, what it prints and what it leaves for TensorBoard."""
import collections
import glob
import os
import re
import shutil
import sys

import numpy as np
import pytest
from conftest import ROOT, arrays, run
from scipy import optimize, special
from tensorboard.backend.event_processing import event_accumulator

import logistic
from helper import tf

LINE = re.compile(r'step: (\d+), train-acc: ([01]\.\d+), test-acc: ([01]\.\d+)')


@pytest.fixture
def lesson(monkeypatch, tmp_path):
    """A function that runs the lesson in this process; its log folder is the function's result."""
    def main(*flags, **constants):
        for name, value in constants.items():
            monkeypatch.setattr(logistic, name, value)
        logdir = str(tmp_path / 'log')
        monkeypatch.setattr(sys, 'argv', ['logistic.py', '--logdir', logdir] + [str(flag) for flag in flags])
        logistic.main()
        return logdir
    return main


@pytest.fixture
def graph(lesson, small_npz):
    """The lesson's graph in a session of its own, and the few operations that the tests need, by their public names."""
    lesson('--data', small_npz, '--steps', 0)
    names = dict(x='input/input_images:0', y_='input/labels:0', W='readout/weight', b='readout/bias',
                 train_step='optimize/GradientDescent', log_likelihood='optimize/log_likelihood:0',
                 accuracy='accuracy:0')
    variables = {variable.op.name: variable for variable in tf.global_variables()}
    with tf.Session(graph=tf.get_default_graph()) as session:
        def set_variables(W, b):
            variables['readout/weight'].load(W, session)
            variables['readout/bias'].load(b, session)

        def calculate(what, X, Y):
            value = session.run(names[what], {names['x']: X, names['y_']: Y})
            return tf.Summary.FromString(value).value[0].simple_value if isinstance(value, bytes) else value

        def read(what):
            return session.run(variables[names[what]])

        session.run([variable.initializer for variable in variables.values()])
        yield collections.namedtuple('Graph', 'set_variables calculate read')(set_variables, calculate, read)


def batch(n=50, seed=3):
    random = np.random.RandomState(seed)
    return random.uniform(size=(n, 784)).astype(np.float32), (random.uniform(size=(n, 1)) < 0.4).astype(np.float32)


def reference(parameters, X, Y):
    """The log-likelihood of logistic regression in float64, with SciPy's functions and without a clip."""
    p = special.expit(X.astype(np.float64).dot(parameters[:784]) + parameters[784])
    return np.mean(special.xlogy(Y[:, 0], p) + special.xlog1py(1 - Y[:, 0], -p))


def test_log_likelihood_agrees_with_scipy(graph):
    X, Y = batch()
    parameters = np.random.RandomState(4).normal(scale=0.1, size=785)
    graph.set_variables(parameters[:784, np.newaxis].astype(np.float32), parameters[784:].astype(np.float32))
    assert graph.calculate('log_likelihood', X, Y) == pytest.approx(reference(parameters, X, Y), rel=1e-5)


def test_one_step_climbs_the_gradient_that_scipy_finds(graph):
    X, Y = batch()
    parameters = np.random.RandomState(5).normal(scale=0.1, size=785)
    graph.set_variables(parameters[:784, np.newaxis].astype(np.float32), parameters[784:].astype(np.float32))
    before = np.concatenate([graph.read('W')[:, 0], graph.read('b')]).astype(np.float64)
    graph.calculate('train_step', X, Y)
    after = np.concatenate([graph.read('W')[:, 0], graph.read('b')]).astype(np.float64)
    gradient = optimize.approx_fprime(before, reference, 1e-6, X, Y)
    np.testing.assert_allclose((after - before) / 0.1, gradient, atol=2e-5)


@pytest.mark.parametrize('label', [0, 1])
@pytest.mark.parametrize('sign', [-1, 1])
def test_saturated_outputs_leave_everything_finite(graph, label, sign):
    X, Y = np.ones((10, 784), np.float32), np.full((10, 1), label, np.float32)
    graph.set_variables(np.full((784, 1), sign * 100, np.float32), np.zeros(1, np.float32))
    log_likelihood = graph.calculate('log_likelihood', X, Y)
    if (sign > 0) == (label == 1):
        assert -1e-6 < log_likelihood <= 0  # certain, and right
    else:
        assert np.log(1e-8) < log_likelihood < np.log(1e-6)  # certain, and wrong: bounded by the clip
    graph.calculate('train_step', X, Y)
    assert np.isfinite(graph.read('W')).all() and np.isfinite(graph.read('b')).all()


def test_an_output_of_exactly_one_half_says_one(graph):
    X = np.zeros((8, 784), np.float32)
    graph.set_variables(np.zeros((784, 1), np.float32), np.zeros(1, np.float32))
    assert graph.calculate('accuracy', X, np.ones((8, 1), np.float32)) == 1
    assert graph.calculate('accuracy', X, np.zeros((8, 1), np.float32)) == 0


def test_accuracy_is_the_share_of_right_answers(graph):
    X, Y = batch(n=200)
    parameters = np.random.RandomState(6).normal(scale=0.1, size=785)
    graph.set_variables(parameters[:784, np.newaxis].astype(np.float32), parameters[784:].astype(np.float32))
    says_one = X.astype(np.float64).dot(parameters[:784]) + parameters[784] > 0
    assert 0.2 < graph.calculate('accuracy', X, Y) < 0.8
    assert graph.calculate('accuracy', X, Y) == pytest.approx(np.mean(says_one == (Y[:, 0] == 1)))


def test_the_curve_is_that_of_gradient_descent(lesson, tmp_path):
    """With 100 training images every batch is the whole set, so 500 steps must end where float64 gradient descent ends.

    Both start at the lesson's own first weights, drawn again in a second session of the same graph and seed.
    The tolerance, 1e-4 of the log-likelihood, is far above float32's rounding and far below any other algorithm.
    """
    path = str(tmp_path / 'hundred.npz')
    np.savez(path, **arrays(n_train=100))
    logdir = lesson('--data', path, '--steps', 500, '--seed', 5, SUMMARY_INTERVAL=100)
    with tf.Session(graph=tf.get_default_graph()) as session:
        variables = {variable.op.name: variable for variable in tf.global_variables()}
        session.run([variable.initializer for variable in variables.values()])
        W = session.run(variables['readout/weight'])[:, 0].astype(np.float64)
    X = arrays(n_train=100)['x_train'].reshape(100, 784) / 255.0
    Y = (arrays(n_train=100)['y_train'] == 1).astype(np.float64)
    b, expected = 0.0, []
    for step in range(501):
        error = Y - special.expit(X.dot(W) + b)
        W, b = W + 0.1 * error.dot(X) / 100, b + 0.1 * error.mean()
        if step % 100 == 0:
            expected.append(reference(np.append(W, b), X, Y[:, np.newaxis]))
    curve = [event.value for event in events(logdir, 'train').Scalars('optimize/log_likelihood')]
    np.testing.assert_allclose(curve, expected, rtol=1e-4)
    assert curve[-1] > curve[0] / 5


def events(logdir, name):
    accumulator = event_accumulator.EventAccumulator(os.path.join(logdir, name), {'scalars': 0, 'images': 0})
    accumulator.Reload()
    return accumulator


def printed(out):
    return [LINE.fullmatch(line).groups() for line in out.splitlines() if line.startswith('step')]


def test_a_run_prints_the_articles_lines_and_leaves_the_same_points(lesson, small_npz, capsys):
    logdir = lesson('--data', small_npz, '--steps', 200, SUMMARY_INTERVAL=10)
    out = capsys.readouterr().out
    lines = printed(out)
    steps = list(range(0, 201, 10))
    assert [int(step) for step, _, _ in lines] == steps
    assert out.splitlines()[0] == 'small.npz (not MNIST), 300 training and 120 test images'
    assert out.splitlines()[-1].endswith('tensorboard --logdir ' + logdir)
    for column, name in enumerate(['train', 'test'], 1):
        accumulator = events(logdir, name)
        for tag in ['accuracy', 'optimize/log_likelihood']:
            assert [event.step for event in accumulator.Scalars(tag)] == steps
        np.testing.assert_allclose([event.value for event in accumulator.Scalars('accuracy')],
                                   [float(line[column]) for line in lines], rtol=1e-6)
    assert float(lines[-1][2]) > 0.95  # it has learned


def test_summaries_hold_the_graph_the_picture_and_the_name_of_the_data(lesson, small_npz):
    logdir = lesson('--data', small_npz, '--steps', 20, SUMMARY_INTERVAL=10)
    train = events(logdir, 'train')
    graph = tf.GraphDef.FromString(train.Graph().SerializeToString())
    names = {node.name for node in graph.node}
    assert {'input/labels', 'input/input_images', 'readout/weight', 'readout/bias'} <= names
    assert len({name.split('/')[0] for name in names}) <= 10
    assert max(node.ByteSize() for node in graph.node) < 10000  # no data set among its constants
    picture, = [tag for tag in train.Tags()['images'] if tag.startswith('readout/')]
    images = train.Images(picture)
    assert [image.step for image in images] == [0, 10, 20]
    assert images[0].encoded_image_string.startswith(b'\x89PNG')
    description, = [tag for tag in train.Tags()['tensors'] if tag.startswith('data/')]
    text = train.Tensors(description)[0].tensor_proto.string_val
    assert b'small.npz (not MNIST), 300 training and 120 test images' in text[0]


def test_mistakes_are_shown_and_are_test_images(lesson, tmp_path):
    given = arrays(n_test=20)
    given['y_test'] = np.where(given['y_test'] == 1, 7, 1).astype(np.uint8)  # every answer is going to be wrong
    path = str(tmp_path / 'wrong.npz')
    np.savez(path, **given)
    test = events(lesson('--data', path, '--steps', 300, SUMMARY_INTERVAL=100), 'test')
    tags = [tag for tag in test.Tags()['images'] if tag.startswith('evaluate/mistakes')]
    assert len(tags) == 10 and {test.Images(tag)[0].step for tag in tags} == {300}


def test_a_perfect_model_makes_no_mistakes_to_show(lesson, tmp_path):
    given = arrays()
    path = str(tmp_path / 'same.npz')
    np.savez(path, **dict(given, x_test=given['x_train'][:5], y_test=given['y_train'][:5]))
    logdir = lesson('--data', path, '--steps', 600, SUMMARY_INTERVAL=100)
    assert events(logdir, 'test').Scalars('accuracy')[-1].value == 1
    assert not events(logdir, 'test').Tags()['images']


def test_event_files_stay_small_for_a_whole_run(lesson, small_npz):
    logdir = lesson('--data', small_npz, '--steps', 2000, SUMMARY_INTERVAL=100)
    files = glob.glob(os.path.join(logdir, '*', 'events*'))
    assert len(files) == 2 and sum(map(os.path.getsize, files)) < 200000


def test_nothing_can_grow_in_the_graph(lesson, small_npz):
    lesson('--data', small_npz, '--steps', 0)
    with pytest.raises(RuntimeError, match='finalized'):
        tf.constant(0)


def test_the_seed_decides_the_run(lesson, small_npz, capsys):
    outputs = []
    for seed in [1, 1, 2]:
        lesson('--data', small_npz, '--steps', 60, '--seed', seed, SUMMARY_INTERVAL=5)
        outputs.append(printed(capsys.readouterr().out))
    assert outputs[0] == outputs[1] != outputs[2]


def test_every_image_is_seen_once_an_epoch_and_in_random_order(lesson, small_npz, monkeypatch):
    shuffles = []
    original = tf.data.Dataset.shuffle
    monkeypatch.setattr(tf.data.Dataset, 'shuffle', lambda self, size, *rest, **more: shuffles.append(size) or original(
        self, size, *rest, **more))
    lesson('--data', small_npz, '--steps', 0)
    assert shuffles == [1000]
    with tf.Session(graph=tf.get_default_graph()) as session:
        names = [op.name for op in session.graph.get_operations()]
        initializer, = [name for name in names if name.endswith('MakeIterator')]
        X = arrays()['x_train'].reshape(-1, 784).astype(np.float32) / 255
        Y = (arrays()['y_train'] == 1).astype(np.float32)[:, np.newaxis]
        session.run(initializer, {'data/images:0': X, 'data/labels:0': Y})
        batches = [session.run('input/input_images:0') for _ in range(6)]
    order = [[row.tobytes() for row in rows] for rows in batches]
    given = [row.tobytes() for row in X]
    first, second = sum(order[:3], []), sum(order[3:], [])
    assert sorted(first) == sorted(second) == sorted(given)
    assert first != second != given != first


def test_fewer_images_than_one_batch(lesson, tmp_path, capsys):
    path = str(tmp_path / 'tiny.npz')
    np.savez(path, **arrays(n_train=7, n_test=1))
    lesson('--data', path, '--steps', 20, SUMMARY_INTERVAL=10)
    assert [line[0] for line in printed(capsys.readouterr().out)] == ['0', '10', '20']


def test_importing_the_lesson_trains_nothing():
    assert logistic.IMAGE_SIZE == 784 and logistic.TRAINING_LOOP == 20000 and logistic.SUMMARY_DIR == 'log_logistic'
    assert (logistic.CATEGORY_NUM, logistic.LEARNING_RATE, logistic.BATCH_SIZE) == (1, 0.1, 100)
    assert (logistic.SUMMARY_INTERVAL, logistic.BUFFER_SIZE) == (1000, 1000)
    assert np.float32(1) - np.float32(logistic.EPS) < 1


def test_the_articles_own_program_runs_on_our_helper(tmp_path):
    for name in glob.glob(os.path.join(ROOT, '*.py')):
        shutil.copy(name, str(tmp_path))
    with open(os.path.join(ROOT, 'tests', 'article.py')) as file:
        program = file.read()
    with open(str(tmp_path / 'logistic.py'), 'w') as file:
        file.write(program.replace('TRAINING_LOOP = 20000', 'TRAINING_LOOP = 300').replace(
            'SUMMARY_INTERVAL = 1000', 'SUMMARY_INTERVAL = 100'))
    os.makedirs(str(tmp_path / '.keras' / 'datasets'))
    np.savez(str(tmp_path / '.keras' / 'datasets' / 'mnist.npz'), **arrays())
    status, out, err = run(tmp_path, script=str(tmp_path / 'logistic.py'))
    assert (status, err) == (0, '')
    assert out.splitlines()[0] == 'mnist.npz (not MNIST), 300 training and 120 test images'
    assert [line[0] for line in printed(out)] == ['0', '100', '200', '300']
    assert float(printed(out)[-1][2]) > 0.9
    points = events(str(tmp_path / 'log_logistic'), 'test').Scalars('accuracy')
    assert [point.step for point in points] == [0, 100, 200, 300]
