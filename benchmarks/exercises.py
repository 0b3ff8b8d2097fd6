"""What becomes of the lesson when a line of it is changed: the README's "Try it yourself", measured.

    python benchmarks/exercises.py mnist.npz    (about two minutes)
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from backstage.digits import DataError, load_digits  # noqa: E402
from backstage.tensorflow1 import np  # noqa: E402

RATE, EPS, LABEL = 'LEARNING_RATE = 0.1\n', 'EPS = 1e-7', '(labels == 1)'
LATE = 'at step 1000 {test[1]:.4f}, from 10000 on {low:.4f} to {high:.4f}'
APART = 'from step 1000 on within {apart:.4f} of unchanged'
EXERCISES = (  # what is replaced, and stands in its file exactly once; by what; and what else to look at
    ({}, 'at step 0 {test[0]:.4f}, ' + LATE + '; always "no": {no[1]:.4f}; last train accuracies: {train}'),
    ({RATE: 'LEARNING_RATE = 0.01\n'}, LATE + '; unchanged is as good at step {passed}'),
    ({RATE: 'LEARNING_RATE = 1\n'}, LATE),
    ({RATE: 'LEARNING_RATE = 10\n'}, LATE + '; always "no": {no[1]:.4f}; "{said}"'),
    ({EPS: 'EPS = 0.1'}, LATE + '; no log-likelihood exceeds log(0.9), -0.1054'),
    ({EPS: 'EPS = 1e-10'}, APART),
    ({LABEL: '(labels != 1)'}, APART + '; always "no": {yes[1]:.4f}'),
    ({LABEL: '(labels != 1)', EPS: 'EPS = 1e-10'}, APART),
    ({LABEL: '(labels == 8)'}, LATE + '; always "no": {no[8]:.4f}'),
    ({'BUFFER_SIZE = 1000\n': 'BUFFER_SIZE = 1\n'}, APART + '; last train accuracies: {train}'),
    ({'BATCH_SIZE = 100\n': 'BATCH_SIZE = 1\n'}, LATE),
    ({'W = weight_variable(': 'W = bias_variable('}, 'at step 0 {test[0]:.4f}, ' + APART))


def copy_lesson(folder, changes):
    shutil.copytree(os.path.join(ROOT, 'backstage'), os.path.join(folder, 'backstage'))
    for name in ('logistic.py', 'helper.py'):
        with open(os.path.join(ROOT, name), encoding='utf-8') as file:
            text = file.read()
        for old in [old for old in changes if (old == LABEL) == (name == 'helper.py')]:
            assert text.count(old) == 1, '{} holds {} times: {}'.format(name, text.count(old), old)
            text = text.replace(old, changes[old])
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
            file.write(text)


if len(sys.argv) != 2 or sys.argv[1].startswith('-'):
    print('usage: python benchmarks/exercises.py mnist.npz', file=sys.stderr)
    sys.exit(2)
try:
    yes = np.mean(load_digits(sys.argv[1]).test[1][:, np.newaxis] == np.arange(10), axis=0)
except DataError as error:
    sys.exit(str(error))
print('\n| change | last test accuracy | last test log-likelihood | test accuracy before, and other figures |\n'
      '| --- | ---: | ---: | --- |', flush=True)
with tempfile.TemporaryDirectory() as root:
    folders = ['{}/{}'.format(root, i) for i in range(len(EXERCISES))]
    for folder, (changes, _) in zip(folders, EXERCISES):
        copy_lesson(folder, changes)
    for folder, (changes, figures) in zip(folders, EXERCISES):
        change = ', '.join('`{}`'.format(new.strip('()\n')) for new in changes.values()) or 'nothing'
        command = [sys.executable, folder + '/logistic.py', '--data', sys.argv[1], '--logdir', folder + '/log']
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        said = (run.stderr.strip() or 'It ended with status {}.'.format(run.returncode)).split('\n')[-1]
        if run.returncode and not changes:
            sys.exit(said)
        if run.returncode:
            print('| {} | - | - | {} |'.format(change, said), flush=True)
            continue
        train, test = np.array(re.findall('^step: .* train-acc: (.*), test-acc: (.*)$', run.stdout, re.M), float).T
        unchanged = unchanged if changes else test  # noqa: F821
        likelihood = EventAccumulator(folder + '/log/test').Reload().Scalars('optimize/log_likelihood')[-1].value
        print('| {} | {:.4f} | {:.4f} | {} |'.format(change, test[-1], likelihood, figures.format(
            test=test, low=min(test[10:]), high=max(test[10:]), train=', '.join(map('{:.2f}'.format, train[-6:])),
            yes=yes, no=1 - yes, apart=max(abs(test - unchanged)[1:]), said=said,
            passed=next((1000 * i for i, value in enumerate(unchanged) if value >= test[-1]), '-'))), flush=True)
