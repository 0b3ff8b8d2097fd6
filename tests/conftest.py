"""What several test files share: small data, the lesson as a function and a process, readers of what it leaves."""
import os
import re
import subprocess
import sys

import numpy as np
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

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


@pytest.fixture
def small_npz(tmp_path):
    path = str(tmp_path / 'small.npz')
    np.savez(path, **arrays())
    return path


@pytest.fixture
def lesson(monkeypatch, tmp_path, small_npz):
    """A function that runs the lesson in this process, on small data unless told otherwise; gives its log folder."""
    import logistic

    def main(data=small_npz, steps=0, logdir=None, seed=0, **constants):
        for name, value in constants.items():
            monkeypatch.setattr(logistic, name, value)
        logdir = str(logdir or tmp_path / 'log')
        logistic.main(data=str(data), steps=steps, logdir=logdir, seed=seed)
        return logdir
    return main


def environment(home, **changes):
    """A user's environment without a Keras cache, with no way out to the network, and with these changes."""
    env = {key: value for key, value in os.environ.items()
           if not key.lower().endswith('_proxy') and key != 'TF_CPP_MIN_LOG_LEVEL'}
    env.update(HOME=str(home), USERPROFILE=str(home), KERAS_HOME=os.path.join(str(home), '.keras'),
               https_proxy='http://127.0.0.1:9')
    env.update(changes)
    return {key: value for key, value in env.items() if value is not None}


def start(folder, *flags, script='logistic.py', env=None, python=(), **options):
    """Start the lesson in `folder` as a user would, with nothing but its own files; its streams give bytes."""
    command = [sys.executable] + list(python) + [os.path.join(ROOT, script)] + [os.fspath(flag) if isinstance(
        flag, os.PathLike) else str(flag) for flag in flags]
    options = dict(dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE), **options)
    return subprocess.Popen(command, cwd=str(folder), env=environment(folder, **(env or {})), **options)


def run(folder, *flags, **options):
    """Run the lesson to its end: (exit status, stdout, stderr)."""
    process = start(folder, *flags, **options)
    out, err = process.communicate(timeout=100)
    return process.returncode, text(out), text(err)


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


def pixels(png):
    """The pixels of a PNG file's content, uint8 `[height, width, channels]`, as TensorFlow's decoder reads them."""
    from helper import tf
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.image.decode_png(png))
