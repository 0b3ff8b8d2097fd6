"""What no learning at all would score, and what becomes of the lesson when a line of it is changed.

    python benchmarks/exercises.py mnist.npz    (or `drawn`; about three minutes)
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ROOT = str(Path(__file__).resolve().parent.parent)
sys.path.insert(0, ROOT)

from helper import load_digits, mnist_samples, np  # noqa: E402

RATE, EPS, LABEL = 'LEARNING_RATE = 0.1\n', 'EPS = 1e-7', '(labels == 1)'
DIGITS = 'train_images: X_train, train_labels: y_train'
LATE = 'test accuracy at step 1000 {test[1]:.4f}, from 10000 on {low:.4f} to {high:.4f}'
APART = 'test accuracy from step 1000 on within {apart:.4f} of unchanged'
EXERCISES = (  # what is replaced, and stands in the lesson exactly once; by what; and the other figures
    ({}, LATE + ', at step 0 {test[0]:.4f}; last train accuracies: {train}'),
    ({RATE: 'LEARNING_RATE = 0.01\n'}, LATE + '; unchanged is as good at step {passed}'),
    ({RATE: 'LEARNING_RATE = 1\n'}, LATE),
    ({RATE: 'LEARNING_RATE = 10\n'}, LATE + '; "{said}"'),
    ({EPS: 'EPS = 0.1'}, LATE + '; no log-likelihood exceeds log(0.9), -0.1054'),
    ({EPS: 'EPS = 1e-10'}, APART),
    ({LABEL: '(labels != 1)'}, APART + '; always "no": {yes[1]:.4f}'),
    ({LABEL: '(labels != 1)', EPS: 'EPS = 1e-10'}, APART),
    ({LABEL: '(labels == 8)'}, LATE + '; always "no": {no[8]:.4f}'),
    ({'BUFFER_SIZE = 1000\n': 'BUFFER_SIZE = 1\n'}, APART + '; last train accuracies: {train}'),
    ({'BATCH_SIZE = 100\n': 'BATCH_SIZE = 1\n'}, LATE),
    ({'W = weight_variable(': 'W = bias_variable('}, APART + ', at step 0 {test[0]:.4f}'),
    ({DIGITS: 'train_images: X_train[:100], train_labels: y_train[:100]'}, LATE),
    ({DIGITS: 'train_images: X_train[:1000], train_labels: y_train[:1000]'}, LATE),
    ({DIGITS: 'train_images: X_train[:10000], train_labels: y_train[:10000]'}, LATE))

LESSON = {name: Path(ROOT, name).read_text(encoding='utf-8') for name in ('logistic.py', 'helper.py')}
for old in {old for changes, _ in EXERCISES for old in changes}:
    assert sum(text.count(old) for text in LESSON.values()) == 1, old


def print_row(change, accuracy, likelihood='-', figures=''):
    cells = [cell if isinstance(cell, str) else '{:.4f}'.format(cell) for cell in (accuracy, likelihood)]
    print('| {} | {} | {} |'.format(change, ' | '.join(cells), figures), flush=True)


data = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
(X_train, y_train), (X_test, y_test) = mnist_samples(flatten_image=True, digits=load_digits(data))
no = np.mean(y_test == 0, axis=0)  # of each digit
print('\n| change | last test accuracy | last test log-likelihood | other figures |\n| --- | ---: | ---: | --- |')
print_row('no learning: always "no"', no[1])
means = [X_train[y_train[:, 1] == label].mean(axis=0, dtype=float) for label in (0, 1)]
for distance, power in ('squared distance', 2), ('absolute distance', 1):
    from_others, from_ones = [(abs(X_test - mean) ** power).sum(axis=1) for mean in means]
    accuracy = np.mean((from_ones < from_others) == y_test[:, 1])
    print_row('no learning: which mean image is nearer, that of the 1s or of the rest, {}'.format(distance), accuracy)
for changes, figures in EXERCISES:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in LESSON.items():
            for old, new in changes.items():
                text = text.replace(old, new)
            Path(folder, name).write_text(text, encoding='utf-8')
        command = [sys.executable, folder + '/logistic.py', '--data', data, '--logdir', folder + '/log']
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
                             env=dict(os.environ, PYTHONPATH=ROOT))  # for backstage
        change = ', '.join('`{}`'.format(new.strip('()\n')) for new in changes.values()) or 'nothing'
        said = run.stderr.strip().split('\n')[-1]
        if run.returncode:
            print_row(change, '-', '-', said or 'It ended with status {}.'.format(run.returncode))
            continue
        likelihood = EventAccumulator(folder + '/log/test').Reload().Scalars('optimize/log_likelihood')[-1].value
    train, test = np.array(re.findall('^step: .* train-acc: (.*), test-acc: (.*)$', run.stdout, re.M), float).T
    unchanged = unchanged if changes else test  # noqa: F821
    print_row(change, test[-1], likelihood, figures.format(
        test=test, low=min(test[10:]), high=max(test[10:]), train=', '.join(map('{:.2f}'.format, train[-6:])),
        no=no, yes=1 - no, apart=max(abs(test - unchanged)[1:]), said=said,
        passed=next((1000 * i for i, value in enumerate(unchanged) if value >= test[-1]), '-')))
