"""The lesson beside the article's listing and beside other libraries: one table of time, memory, files and accuracy.

    pip install torch scikit-learn jax      (each is optional; Keras comes with TensorFlow)
    python benchmarks/compare.py            (three rounds: half an hour, and 15 GB of memory for the article's listing)
    python benchmarks/compare.py --programs lesson,numpy,torch --rounds 5 --data mnist.npz

All do the same: 20,000 steps (or 20,001, where one is step 0) at a learning rate of 0.1, each on 100 images, in an
order drawn anew in every epoch, and after every 1,000 the accuracy on the whole test set, which is printed. Each runs
in a process of its own, one after the other, and is measured from outside: a step's time is that between the lines of
step 1,000, when all have compiled and warmed up, and of the last step, evaluations included. Seconds and peak memory
are those of the whole process, imports and reading the data included. All is written as that library's users write it:
tests/article.py as it stands; scikit-learn with `partial_fit`, which updates the weights after every single image, in
double precision; JAX with 1,000 steps compiled into one call. Only the lesson and the listing write summaries.
Linux, Python 3.6 and later.
"""
import argparse
import glob
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

# This process itself imports nothing large: Linux counts the memory of the process that starts a child as the child's.
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
LAST_STEP, INTERVAL, BATCH_SIZE, LEARNING_RATE = 20000, 1000, 100, 0.1
LIBRARIES = 'tensorflow', 'tensorflow_cpu', 'tensorflow-cpu', 'keras', 'numpy', 'torch', 'scikit-learn', 'jax'


def report(step, accuracy):
    print('step: {}, test-acc: {}'.format(step, accuracy), flush=True)


def batches(n):
    """Row numbers of one batch after the other; a new permutation in every epoch."""
    import numpy as np
    random = np.random.RandomState(0)
    while True:
        order = random.permutation(n)
        for start in range(0, n, BATCH_SIZE):
            yield order[start:start + BATCH_SIZE]


def run_numpy(X, y, X_test, y_test):
    import numpy as np
    W, b = np.zeros(X.shape[1], np.float32), np.float32(0)
    for step, rows in zip(range(LAST_STEP + 1), batches(len(X))):
        batch = X[rows]
        error = 1 / (1 + np.exp(-(batch @ W + b))) - y[rows]
        W -= np.float32(LEARNING_RATE / BATCH_SIZE) * (error @ batch)
        b -= np.float32(LEARNING_RATE) * error.mean()
        if step % INTERVAL == 0:
            report(step, np.mean((X_test @ W + b >= 0) == y_test))


def run_torch(X, y, X_test, y_test):
    import torch
    X, y, X_test, y_test = (torch.from_numpy(array) for array in (X, y[:, None], X_test, y_test[:, None]))
    torch.manual_seed(0)
    model = torch.nn.Linear(X.shape[1], 1)
    loss_function = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    for step, rows in zip(range(LAST_STEP + 1), batches(len(X))):
        optimizer.zero_grad()
        loss_function(model(X[rows]), y[rows]).backward()
        optimizer.step()
        if step % INTERVAL == 0:
            with torch.no_grad():
                report(step, ((model(X_test) >= 0) == y_test).float().mean().item())


def run_keras(X, y, X_test, y_test):
    import keras
    import tensorflow as tf
    dataset = tf.data.Dataset.from_tensor_slices((X, y)).shuffle(len(X)).batch(BATCH_SIZE).repeat()
    model = keras.Sequential([keras.layers.Input((X.shape[1],)), keras.layers.Dense(1, activation='sigmoid')])
    model.compile(optimizer=keras.optimizers.SGD(LEARNING_RATE), loss='binary_crossentropy', metrics=['accuracy'])
    evaluated = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: report(INTERVAL * (epoch + 1), logs['val_accuracy']))
    model.fit(dataset.prefetch(tf.data.AUTOTUNE), steps_per_epoch=INTERVAL, epochs=LAST_STEP // INTERVAL, verbose=0,
              validation_data=(X_test, y_test), validation_batch_size=len(X_test), callbacks=[evaluated])


def run_sklearn(X, y, X_test, y_test):
    from sklearn.linear_model import SGDClassifier
    model = SGDClassifier(loss='log_loss', alpha=0, learning_rate='constant', eta0=LEARNING_RATE / BATCH_SIZE)
    for step, rows in zip(range(LAST_STEP + 1), batches(len(X))):
        model.partial_fit(X[rows], y[rows], classes=None if step else [0, 1])
        if step % INTERVAL == 0:
            report(step, model.score(X_test, y_test))


def run_jax(X, y, X_test, y_test):
    import jax
    import jax.numpy as jnp
    import numpy as np
    X, y, X_test, y_test = (jnp.array(array) for array in (X, y, X_test, y_test))

    def loss(parameters, batch_x, batch_y):
        W, b = parameters
        logits = batch_x @ W + b
        return jnp.mean(jax.nn.softplus(logits) - batch_y * logits)

    @jax.jit
    def train(parameters, X, y, rows):
        def step(parameters, rows):
            gradients = jax.grad(loss)(parameters, X[rows], y[rows])
            return jax.tree.map(lambda p, g: p - LEARNING_RATE * g, parameters, gradients), None
        return jax.lax.scan(step, parameters, rows)[0]

    parameters = jnp.zeros(X.shape[1]), jnp.zeros(())
    source = batches(len(X))
    for step in range(INTERVAL, LAST_STEP + 1, INTERVAL):
        rows = np.stack([next(source) for _ in range(INTERVAL)])
        W, b = parameters = train(parameters, X, y, rows)
        report(step, jnp.mean((X_test @ W + b >= 0) == y_test))


PEERS = {'numpy': run_numpy, 'torch': run_torch, 'keras': run_keras, 'sklearn': run_sklearn, 'jax': run_jax}
LISTINGS = {'lesson': 'logistic.py', 'article': os.path.join('tests', 'article.py')}
PROGRAMS = [*LISTINGS, *PEERS]


def run_peer(name, path):
    """What the process of a peer does; only that of Keras imports TensorFlow."""
    import numpy as np
    with np.load(path) as digits:
        X, X_test = (np.divide(digits[key].reshape(-1, 784), 255, dtype=np.float32) for key in ('x_train', 'x_test'))
        y, y_test = ((digits[key] == 1).astype(np.float32) for key in ('y_train', 'y_test'))
    n = len(X) // BATCH_SIZE * BATCH_SIZE  # whole batches only
    PEERS[name](X[:n], y[:n], X_test, y_test)


def measure(name, path):
    """Run one program on the digits of this file; returns what the table shows, or None if it failed."""
    command = [os.path.join(ROOT, LISTINGS[name])] if name in LISTINGS else [
        '-c', 'import compare, sys; compare.run_peer(*sys.argv[1:])', name, path]
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, 'datasets'))
        os.symlink(path, os.path.join(folder, 'datasets', 'mnist.npz'))  # where the listings look for MNIST
        settings = dict(KERAS_HOME=folder, PYTHONPATH=os.pathsep.join([HERE, ROOT]), PYTHONUNBUFFERED='1')
        start, lines = time.perf_counter(), []
        process = subprocess.Popen([sys.executable] + command, stdout=subprocess.PIPE, universal_newlines=True,
                                   cwd=folder, env=dict(os.environ, **settings))
        for line in process.stdout:
            found = re.match(r'step: (\d+),.*test-acc: ([\d.]+)', line)
            if found and int(found.group(1)) >= INTERVAL:
                lines.append((int(found.group(1)), time.perf_counter(), float(found.group(2))))
        _, process.returncode, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if process.returncode:
            return None
        (first, begun, _), (last, ended, accuracy) = lines[0], lines[-1]
        event_files = glob.glob(os.path.join(folder, 'log_logistic', '*', '*tfevents*'))
        return {'step': (ended - begun) / (last - first), 'seconds': seconds, 'peak': usage.ru_maxrss * 1024 / 1e6,
                'bytes': sum(map(os.path.getsize, event_files)), 'accuracy': accuracy}


def print_table(programs, runs):
    """Print the medians of the rounds, each of which is a dict of what was measured of each program."""
    print('\n| program | microseconds per step | ratio to numpy | process, s | peak, MB | event files, bytes '
          '| test accuracy |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |')
    for name in programs:
        if not all(run[name] for run in runs):
            print('| {} | not installed, or it failed | | | | | |'.format(name))
            continue
        median = {key: statistics.median(run[name][key] for run in runs) for key in runs[0][name]}
        ratios = [run[name]['step'] / run['numpy']['step'] for run in runs if run.get('numpy')]
        print('| {} | {:,.0f} | {} | {:.1f} | {:,.0f} | {:,.0f} | {:.4f} |'.format(
            name, 1e6 * median['step'], '{:.2f}'.format(statistics.median(ratios)) if ratios else '-',
            median['seconds'], median['peak'], median['bytes'], median['accuracy']))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', default='~/.keras/datasets/mnist.npz', metavar='FILE', help='default: %(default)s')
    parser.add_argument('--programs', default=','.join(PROGRAMS), metavar='A,B', help='default: %(default)s')
    parser.add_argument('--rounds', type=int, default=3, metavar='N', help='default: %(default)s')
    args = parser.parse_args()
    programs, path = args.programs.split(','), os.path.abspath(os.path.expanduser(args.data))
    if set(programs) - set(PROGRAMS) or args.rounds < 1 or not os.path.isfile(path):
        parser.error('programs are {}; rounds are 1 or more; data are a file'.format(', '.join(PROGRAMS)))
    print_table(programs, [{name: measure(name, path) for name in programs} for _ in range(args.rounds)])
    pip = subprocess.check_output([sys.executable, '-m', 'pip', 'list', '--format=freeze'], universal_newlines=True)
    versions = [line.replace('==', ' ') for line in pip.splitlines() if line.split('==')[0] in LIBRARIES]
    print('\nMedians of {} round(s). Python {}, {}; {} CPUs.'.format(
        args.rounds, platform.python_version(), ', '.join(versions), os.cpu_count()))


if __name__ == '__main__':
    main()
