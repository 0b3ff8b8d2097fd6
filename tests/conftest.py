"""What several test files share: small data, the lesson as a function and a process, readers of what it leaves."""
import contextlib
import os
import re
import subprocess
import sys
from unittest import mock

import hypothesis
import numpy as np
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
hypothesis.configuration.set_hypothesis_home_dir(os.devnull)  # or it would leave a folder where pytest is called

LINE = re.compile(r'step: (\d+), train-acc: ([01]\.\d+), test-acc: ([01]\.\d+)')


def digits(n, seed):
    """n noisy images and labels; the "1" is a bar, everything else a blot somewhere: enough to learn from."""
    random = np.random.RandomState(seed)
    images = random.randint(0, 60, size=(n, 28, 28))
    labels = np.where(random.uniform(size=n) < 0.3, 1, random.randint(2, 11, size=n) % 10)
    for image, label in zip(images, labels):
        if label == 1:
            image[4:24, 12:16] += 180
        else:
            top, left = random.randint(0, 20, size=2)
            image[top:top + 8, left:left + 8] += 180
    return images.astype(np.uint8), labels.astype(np.uint8)


def arrays(n_train=300, n_test=120):
    (x_train, y_train), (x_test, y_test) = digits(n_train, 1), digits(n_test, 2)
    return dict(x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def save(path, **given):
    np.savez(str(path), **{name: np.asarray(array, np.uint8) for name, array in given.items()})
    return str(path)


@pytest.fixture
def small_npz(tmp_path):
    return save(tmp_path / 'small.npz', **arrays())


@pytest.fixture
def lesson(tmp_path, small_npz):
    """A function that runs the lesson in this process, on small data unless told otherwise; gives its log folder."""
    import logistic

    def main(data=small_npz, steps=0, logdir=tmp_path / 'log', seed=0, **constants):
        with mock.patch.dict(vars(logistic), constants):
            logistic.main(data=str(data), steps=steps, logdir=str(logdir), seed=seed)
        return str(logdir)
    return main


@contextlib.contextmanager
def recorded_graphs():
    """A list that gets the graph of every run that begins within."""
    import logistic
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


def environment(home, **changes):
    """A user's environment without a Keras cache, with no way out to the network, and with these changes."""
    env = {key: value for key, value in os.environ.items()
           if not key.lower().endswith('_proxy') and key != 'TF_CPP_MIN_LOG_LEVEL'}
    env.update(HOME=str(home), USERPROFILE=str(home), KERAS_HOME=os.path.join(str(home), '.keras'),
               https_proxy='http://127.0.0.1:9')
    env.update(changes)
    return {key: value for key, value in env.items() if value is not None}


def start(folder, script, *flags, env=None, python=()):
    """Start a script in `folder` as a user would; its streams give bytes."""
    command = [sys.executable] + list(python) + [str(script)] + [str(flag) for flag in flags]
    return subprocess.Popen(command, cwd=str(folder), env=environment(folder, **(env or {})),
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def end(process, seconds=120):
    """Wait for the process and close its streams: (exit status, the rest of stdout, stderr), in bytes."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return process.returncode, out, err


def text(content):
    return (content or b'').decode('utf-8', 'backslashreplace').replace('\r\n', '\n')


def printed(out):
    """[(step, train accuracy, test accuracy), ...], as texts, of all lines that begin with `step`."""
    return [LINE.fullmatch(line).groups() for line in out.splitlines() if line.startswith('step')]


def events(logdir, name):
    """TensorBoard's own reader of the run `name`, with every scalar and every picture."""
    from tensorboard.backend.event_processing import event_accumulator
    accumulator = event_accumulator.EventAccumulator(os.path.join(str(logdir), name), {'scalars': 0, 'images': 0})
    accumulator.Reload()
    return accumulator


def steps(logdir, name, tag='accuracy'):
    return [event.step for event in events(logdir, name).Scalars(tag)]


def settings(logdir):
    from helper import tf
    table = tf.make_ndarray(events(logdir, 'train').Tensors('settings')[0].tensor_proto)
    assert table.ndim == 2 and table.shape[1] == 2  # what TensorBoard shows as a table of two columns
    return {name.decode(): value.decode() for name, value in table}
