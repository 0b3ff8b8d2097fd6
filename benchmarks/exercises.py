"""Measure the result of each exercise and print a table.

    python benchmarks/exercises.py mnist    (up to ten minutes)
    python benchmarks/exercises.py synthetic
    python benchmarks/exercises.py mnist.npz

Most exercises change text in a copy of the lesson, which runs as its own process.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support import synthetic_digits
from support.digits import load_data
from support.npz import DataError

ROOT = sys.path[0]
LESSON = {
    name: Path(ROOT, name).read_text(encoding='utf-8')
    for name in ['logistic.py', 'helper.py']
}
TRAINING_SET = '{all_images: X_train, all_labels: y_train}'
# Each exercise maps text of the lesson to its replacement.
EXERCISES = [
    {TRAINING_SET: '{all_images: X_train[:100], all_labels: y_train[:100]}'},
    {TRAINING_SET: '{all_images: X_train[:1000], all_labels: y_train[:1000]}'},
    {TRAINING_SET: '{all_images: X_train[:10000], all_labels: y_train[:10000]}'},
    {'LEARNING_RATE = 0.1': 'LEARNING_RATE = 0.01'},
    {'LEARNING_RATE = 0.1': 'LEARNING_RATE = 1'},
    {'LEARNING_RATE = 0.1': 'LEARNING_RATE = 10'},
    {'EPS = 1e-7': 'EPS = 1e-10'},
    {'EPS = 1e-7': 'EPS = 1e-10', 'labels == 1': 'labels != 1'},
    {'BUFFER_SIZE = 1000': 'BUFFER_SIZE = 1'},
    {'BATCH_SIZE = 100': 'BATCH_SIZE = 1'},
    {'labels == 1': 'labels == 8'},
    {'W = weight_variable(': 'W = bias_variable('},
    {'GradientDescentOptimizer(LEARNING_RATE)': 'AdamOptimizer(0.001)'},
]
CROSS_ENTROPY = {
    'tf.nn.sigmoid(tf.matmul(x, W) + b)': 'tf.matmul(x, W) + b',
    '            y = tf.clip_by_value(y, EPS, 1.0 - EPS)\n': '',
    'tf.reduce_sum(y_ * tf.log(y) + (1 - y_) * tf.log(1 - y), axis=1)': (
        '-tf.nn.sigmoid_cross_entropy_with_logits(labels=y_, logits=y)'
    ),
    'tf.less(y, 0.5)': 'tf.less(y, 0.0)',
}
EDGES = """\
            images = tf.reshape(x, [-1, 28, 28, 1])
            edges = tf.nn.conv2d(images, prewitt_filter(), [1, 1, 1, 1], 'SAME')
            edges = tf.reshape(edges, [-1, 2 * IMAGE_SIZE])
            W = weight_variable([2 * IMAGE_SIZE, CATEGORY_NUM]"""
TEN_DIGITS = {
    'CATEGORY_NUM = 1': 'CATEGORY_NUM = 10',
    ', binalize_label=True': '',
    'tf.nn.sigmoid': 'tf.nn.softmax',
    ' + (1 - y_) * tf.log(1 - y)': '',
    'tf.less(y, 0.5), tf.less(y_, 0.5)': 'tf.argmax(y, 1), tf.argmax(y_, 1)',
    'weights(W)': 'weights(W[:, 1:2])',
    'mistakes(x, y_,': 'mistakes(x, y_[:, 1:2],',
}
NEXT_LESSONS = {
    'cross entropy': CROSS_ENTROPY,
    'cross entropy, `LEARNING_RATE = 10`': {
        **CROSS_ENTROPY,
        'LEARNING_RATE = 0.1': 'LEARNING_RATE = 10',
    },
    'ten digits': TEN_DIGITS,
    'edges': {
        '            W = weight_variable([IMAGE_SIZE, CATEGORY_NUM]': EDGES,
        'tf.matmul(x, W)': 'tf.matmul(edges, W)',
        'weights(W)': 'weights(W[::2])',
    },
}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data = sys.argv[1]
    check_exercises()
    try:
        (x_train, y_train), (x_test, y_test) = load_data(data)
    except DataError as error:
        sys.exit(str(error))
    print('\n| change | final test accuracy | other figures |')
    print('| --- | ---: | --- |')

    is_one = y_test == 1
    print_row('no training: always "no"', np.mean(~is_one))
    print_row('no training: always "no" if `labels == 8`', np.mean(y_test != 8))
    to_one = abs(x_test - x_train[y_train == 1].mean(axis=0))
    to_other = abs(x_test - x_train[y_train != 1].mean(axis=0))
    squared = np.sum(to_one**2 - to_other**2, axis=(1, 2)) < 0
    absolute = np.sum(to_one - to_other, axis=(1, 2)) < 0
    print_row('no training: always "1" of the ten digits', np.mean(is_one))
    print_row('no training: squared distance to the means', np.mean(squared == is_one))
    print_row('no training: absolute distance', np.mean(absolute == is_one))

    unchanged = print_run('nothing', {}, data)
    for changes in EXERCISES:
        name = ', '.join(f'`{new}`' for new in changes.values())
        print_run(name, changes, data, unchanged)
    for name, changes in NEXT_LESSONS.items():
        print_run(name, changes, data, unchanged)
    for forgotten in TEN_DIGITS:
        changes = dict(TEN_DIGITS)
        del changes[forgotten]
        print_run(f'ten digits, but still `{forgotten}`', changes, data)

    (x_train, y_train), _ = synthetic_digits.load_data()
    with tempfile.TemporaryDirectory() as folder:
        path = f'{folder}/digits.npz'
        np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
        print_run('trained on synthetic digits, same test images', {}, path, unchanged)


def check_exercises():
    """Check that each text to replace occurs exactly once."""
    text = ''.join(LESSON.values())
    for changes in EXERCISES + list(NEXT_LESSONS.values()):
        for old in changes:
            assert text.count(old) == 1, old


def print_run(name, changes, data, unchanged=()):
    """Run a changed copy of the lesson, print its row, and return its accuracies."""
    try:
        accuracies = run_lesson(changes, data)
    except subprocess.CalledProcessError as error:
        reason = error.stderr.splitlines()[-1].split(' for ')[0]
        print(f'| {name} | - | {reason} |', flush=True)
        return []
    late = accuracies[10:]
    figures = (
        f'{accuracies[1]:.4f} at step 1000, '
        f'{min(late):.4f} to {max(late):.4f} from step 10000 on'
    )
    for i, accuracy in enumerate(unchanged):
        if accuracy >= accuracies[-1]:
            figures += f', the unchanged lesson reaches this at step {1000 * i}'
            break
    print_row(name, accuracies[-1], figures)
    return accuracies


def run_lesson(changes, data):
    """Return the test accuracies at the steps 0, 1000, 2000, ... of a changed copy."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in LESSON.items():
            for old, new in changes.items():
                text = text.replace(old, new)
            Path(folder, name).write_text(text, encoding='utf-8')
        output = subprocess.check_output(
            [
                sys.executable,
                f'{folder}/logistic.py',
                f'--data={data}',
                f'--logdir={folder}/log',
            ],
            env=dict(os.environ, PYTHONPATH=ROOT),  # The copy imports `support`.
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
    return [float(accuracy) for accuracy in re.findall('test-acc: (.*)', output)]


def print_row(name, accuracy, figures=''):
    print(f'| {name} | {accuracy:.4f} | {figures} |', flush=True)


if __name__ == '__main__':
    main()
