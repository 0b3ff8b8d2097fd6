import os
import subprocess
import sys

import numpy as np
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)


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


def environment(home):
    """A user's environment without a Keras cache and with no way out to the network."""
    env = {key: value for key, value in os.environ.items() if not key.lower().endswith('_proxy')}
    return dict(env, HOME=str(home), KERAS_HOME=os.path.join(str(home), '.keras'), https_proxy='http://127.0.0.1:9',
                PYTHONIOENCODING='utf-8')


def start(folder, *flags, script='logistic.py', **options):
    """Start the lesson in `folder` as a user would, with nothing but its own files."""
    return subprocess.Popen([sys.executable, os.path.join(ROOT, script)] + [str(flag) for flag in flags],
                            cwd=str(folder), env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            universal_newlines=True, **options)


def run(folder, *flags, **options):
    """Run the lesson to its end: (exit status, stdout, stderr without what TensorFlow prints while it is imported)."""
    process = start(folder, *flags, **options)
    out, err = process.communicate(timeout=100)
    return process.returncode, out, lesson_lines(err)


def lesson_lines(err):
    """What the lesson itself wrote on stderr; TensorFlow's C++ log lines begin with severity, date and a time."""
    import_noise = ('WARNING: All log messages before absl::InitializeLog()', 'I0000 00:00:')
    return ''.join(line for line in err.splitlines(True) if not line.startswith(import_noise))
