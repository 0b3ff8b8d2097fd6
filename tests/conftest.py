"""Small data, a function that runs the lesson, and readers of its results."""

import collections
import contextlib
import io
import os
import pathlib
import re
from unittest import mock

import logistic
from helper import tf

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINE = r'^step: (\d+), train-acc: ([01]\.\d+), test-acc: ([01]\.\d+)$'
Run = collections.namedtuple('Run', 'logdir graph out W b')


def read(name):
    """Return the text of one of the project's files."""
    return (ROOT / name).read_text(encoding='utf-8')


def make_digits(n, seed):
    """Return n images and labels. A 1 is a vertical bar; the rest are horizontal."""
    rng = np.random.RandomState(seed)
    images = rng.randint(0, 60, size=(n, 28, 28))
    labels = rng.randint(0, 9, size=n)  # No image is a 9.
    labels[::3] = 1
    for image, label in zip(images, labels):
        bar = image if label == 1 else image.T
        bar[4:24, 12:16] += 180
    return images.astype(np.uint8), labels.astype(np.uint8)


def make_arrays(n_train=300, n_test=120):
    """Return the four arrays of a small dataset by name."""
    x_train, y_train = make_digits(n_train, seed=1)
    x_test, y_test = make_digits(n_test, seed=2)
    return dict(x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def save_npz(path, **changes):
    """Save the small dataset, with some of its arrays replaced, and return the path."""
    np.savez(str(path), **dict(make_arrays(), **changes))
    return str(path)


@pytest.fixture
def small_npz(tmp_path):
    return save_npz(tmp_path / 'small.npz')


@pytest.fixture
def small_cache(tmp_path, monkeypatch):
    """A Keras cache with the small dataset, and a folder to work in."""
    (tmp_path / 'datasets').mkdir()
    save_npz(tmp_path / 'datasets' / 'mnist.npz')
    monkeypatch.setenv('KERAS_HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)


def run_lesson(data, logdir, steps=0, seed=0, **constants):
    """Run the lesson in this process with some of its constants changed."""
    graph = tf.Graph()
    changed = mock.patch.dict(vars(logistic), constants)
    known_graph = mock.patch.object(tf, 'Graph', return_value=graph)
    with changed, known_graph, contextlib.redirect_stdout(io.StringIO()) as out:
        W, b = logistic.main(data, steps, logdir, seed)
    return Run(logdir, graph, out.getvalue(), W, b)


@pytest.fixture
def lesson(tmp_path, small_npz):
    """A function that runs the lesson on the small dataset."""

    def run(data=small_npz, logdir=tmp_path / 'log', **changes):
        return run_lesson(data, logdir, **changes)

    return run


def printed(out):
    """Return the steps, training accuracies, and test accuracies that were printed."""
    lines = re.findall(LINE, out, re.M)
    assert len(lines) == out.count('step: ')
    return [(int(i), np.float32(train), np.float32(test)) for i, train, test in lines]


def events(logdir, run):
    """Read all summaries of a run with TensorBoard's own reader."""
    from tensorboard.backend.event_processing import event_accumulator

    folder = os.path.join(str(logdir), run)
    reader = event_accumulator.EventAccumulator(folder, {'scalars': 0, 'images': 0})
    reader.Reload()
    return reader


def curve(logdir, run, tag='accuracy'):
    """Return the points of a curve as {step: value}."""
    return {e.step: np.float32(e.value) for e in events(logdir, run).Scalars(tag)}


def assert_printed_points_are_saved(out, logdir):
    """Check that the summaries hold every printed accuracy."""
    lines = printed(out)
    assert lines
    train, test = curve(logdir, 'train'), curve(logdir, 'test')
    for step, train_acc, test_acc in lines:
        assert train[step] == train_acc
        assert test[step] == test_acc
