"""Compare the lesson with the article's program and with other libraries.

    pip install torch scikit-learn jax  (each is optional; TensorFlow installs Keras)
    python benchmarks/compare.py        (half an hour, and 15 GB for the article)
    python benchmarks/compare.py --programs lesson,numpy --rounds 5 --data mnist.npz

Prints a table of time, memory, size of the event files, and accuracy. It needs Linux.

All programs train for 20,000 or 20,001 steps on batches of 100 images, with learning
rate 0.1. Each epoch has a new order. After every 1,000 steps a program prints its
accuracy on the whole test set. Only lesson, article, and tf2 write summaries.

Each program runs in its own process, and no two run at once. The time per step starts
at the line of step 1,000, because by then the program has compiled and warmed up. It
ends at the last line, and it includes the tests. Seconds and peak memory are those of
the whole process, with its imports and the reading of the data.

Each program is written the way that users of its library write it. The article's is
docs/article.py. tf2 is the program in docs/tensorflow2.md. scikit-learn updates the
weights after every image, in double precision. JAX compiles 1,000 steps into one call.
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

# Linux adds the memory of this process to its children's. So import nothing large here.

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
LAST_STEP = 20000
INTERVAL = 1000
BATCH_SIZE = 100
LEARNING_RATE = 0.1
PACKAGES = 'tensorflow|tensorflow.cpu|keras|numpy|torch|scikit-learn|jax'
SCRIPTS = {'lesson': 'logistic.py', 'article': 'docs/article.py'}
PROGRAMS = 'lesson,article,tf2,numpy,torch,keras,sklearn,jax'


def report(step, accuracy):
    print(f'step: {step}, test-acc: {accuracy}')


def batches(n):
    """Yield each step and the row numbers of its batch. Each epoch has a new order."""
    import numpy as np

    rng = np.random.RandomState(0)
    order = []
    for step in range(LAST_STEP + 1):
        if len(order) < BATCH_SIZE:
            order = rng.permutation(n)
        yield step, order[:BATCH_SIZE]
        order = order[BATCH_SIZE:]


def run_numpy(X, y, X_test, y_test):
    import numpy as np

    W = np.zeros(784, np.float32)
    b = 0.0
    for step, rows in batches(len(X)):
        batch = X[rows]
        error = 1 / (1 + np.exp(-(batch @ W + b))) - y[rows]
        W -= LEARNING_RATE * (error @ batch) / len(rows)
        b -= LEARNING_RATE * error.mean()
        if step % INTERVAL == 0:
            report(step, np.mean((X_test @ W + b >= 0) == y_test))


def run_torch(*digits):
    import torch

    X, y, X_test, y_test = map(torch.from_numpy, digits)
    torch.manual_seed(0)
    model = torch.nn.Linear(784, 1)
    loss_function = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    for step, rows in batches(len(X)):
        optimizer.zero_grad()
        loss = loss_function(model(X[rows])[:, 0], y[rows])
        loss.backward()
        optimizer.step()
        if step % INTERVAL == 0:
            with torch.no_grad():
                correct = (model(X_test)[:, 0] >= 0) == y_test
            report(step, correct.float().mean().item())


def run_keras(X, y, X_test, y_test):
    import keras
    import tensorflow as tf

    def report_epoch(epoch, logs):
        report(INTERVAL * (epoch + 1), logs['val_accuracy'])

    ds = tf.data.Dataset.from_tensor_slices((X, y)).shuffle(len(X))
    ds = ds.batch(BATCH_SIZE).repeat().prefetch(tf.data.AUTOTUNE)
    model = keras.Sequential([keras.layers.Dense(1, activation='sigmoid')])
    model.compile(
        optimizer=keras.optimizers.SGD(LEARNING_RATE),
        loss='binary_crossentropy',
        metrics=['accuracy'],
    )
    model.fit(
        ds,
        steps_per_epoch=INTERVAL,
        epochs=LAST_STEP // INTERVAL,
        validation_data=(X_test, y_test),
        validation_batch_size=len(X_test),
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=report_epoch)],
        verbose=0,
    )


def run_sklearn(X, y, X_test, y_test):
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(
        loss='log_loss',
        alpha=0,
        learning_rate='constant',
        eta0=LEARNING_RATE / BATCH_SIZE,
    )
    for step, rows in batches(len(X)):
        model.partial_fit(X[rows], y[rows], classes=[0, 1])
        if step % INTERVAL == 0:
            report(step, model.score(X_test, y_test))


def run_jax(*digits):
    import jax
    import jax.numpy as jnp
    import numpy as np

    def loss(parameters, batch_X, batch_y):
        W, b = parameters
        logits = batch_X @ W + b
        return jnp.mean(jax.nn.softplus(logits) - batch_y * logits)

    @jax.jit
    def train(parameters, X, y, all_rows):
        def train_step(parameters, rows):
            W, b = parameters
            dW, db = jax.grad(loss)(parameters, X[rows], y[rows])
            return (W - LEARNING_RATE * dW, b - LEARNING_RATE * db), None

        parameters, _ = jax.lax.scan(train_step, parameters, all_rows)
        return parameters

    X, y, X_test, y_test = map(jnp.array, digits)
    parameters = jnp.zeros(784), jnp.zeros(())
    all_rows = []
    for step, rows in batches(len(X)):
        all_rows.append(rows)
        if step % INTERVAL == 0:
            parameters = train(parameters, X, y, np.stack(all_rows))
            all_rows = []
            W, b = parameters
            report(step, jnp.mean((X_test @ W + b >= 0) == y_test))


def load_digits(path):
    """Return the images and labels for training and those for testing."""
    import numpy as np

    arrays = []
    with np.load(path) as digits:
        for part in 'train', 'test':
            images = digits[f'x_{part}'].reshape(-1, 784)
            arrays.append(np.divide(images, 255, dtype=np.float32))
            arrays.append((digits[f'y_{part}'] == 1).astype(np.float32))
    return arrays


def tf2_program():
    """Return the program in docs/tensorflow2.md."""
    with open(f'{ROOT}/docs/tensorflow2.md', encoding='utf-8') as file:
        return re.search('```python\n(.*?)```', file.read(), re.S).group(1)


def arguments(name, path):
    """Return the arguments with which Python runs a program."""
    if name in SCRIPTS:
        return [f'{ROOT}/{SCRIPTS[name]}']
    if name == 'tf2':
        return ['-c', 'import compare; exec(compare.tf2_program())']
    return ['-c', f'import compare; compare.run_{name}(*compare.load_digits({path!r}))']


def measure(name, path):
    """Run a program. Return a row of the table, or None if the program failed."""
    with tempfile.TemporaryDirectory() as folder:
        # `mnist_samples` finds the digits in this folder.
        os.mkdir(f'{folder}/datasets')
        os.symlink(path, f'{folder}/datasets/mnist.npz')
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, '-u'] + arguments(name, path),
            stdout=subprocess.PIPE,
            universal_newlines=True,
            cwd=folder,
            env=dict(os.environ, KERAS_HOME=folder, PYTHONPATH=f'{HERE}:{ROOT}'),
        )
        steps = []
        times = []
        for line in process.stdout:
            found = re.match(r'step: ([1-9]\d*),.*test-acc: ([\d.]+)', line)
            if found:  # Step 0 is left out.
                steps.append(int(found[1]))
                times.append(time.perf_counter())
                accuracy = float(found[2])
        _, process.returncode, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if process.returncode != 0 or len(times) < 2:
            return None
        event_files = glob.glob(f'{folder}/**/*tfevents*', recursive=True)
        return (
            1e6 * (times[-1] - times[0]) / (steps[-1] - steps[0]),
            seconds,
            usage.ru_maxrss * 1024 / 1e6,
            sum(os.path.getsize(file) for file in event_files),
            accuracy,
        )


def print_table(programs, rounds):
    """Print the medians of the rounds. A round maps each program to its row."""
    print(
        '\n| program | microseconds per step | ratio to numpy | process, s '
        '| peak, MB | event files, bytes | test accuracy |\n'
        '| --- | ---: | ---: | ---: | ---: | ---: | ---: |'
    )
    for name in programs:
        rows = [measured[name] for measured in rounds]
        if None in rows:
            print(f'| {name} | not available, or failed | | | | | |')
            continue
        step, seconds, peak, size, accuracy = map(statistics.median, zip(*rows))
        ratio = '-'
        if all(measured.get('numpy') for measured in rounds):
            # Compare within a round, because other rounds may find a busier machine.
            ratios = [measured[name][0] / measured['numpy'][0] for measured in rounds]
            ratio = f'{statistics.median(ratios):.2f}'
        print(
            f'| {name} | {step:,.0f} | {ratio} | {seconds:.1f} | {peak:,.0f} '
            f'| {size:,.0f} | {accuracy:.4f} |'
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data', default='~/.keras/datasets/mnist.npz')
    parser.add_argument('--programs', default=PROGRAMS)
    parser.add_argument('--rounds', type=int, default=3)
    args = parser.parse_args()
    path = os.path.abspath(os.path.expanduser(args.data))
    if not os.path.isfile(path):
        parser.error(f'argument --data: there is no file {path}')
    programs = args.programs.split(',')
    rounds = []
    for _ in range(args.rounds):
        rounds.append({name: measure(name, path) for name in programs})
    print_table(programs, rounds)
    pip = [sys.executable, '-m', 'pip', 'list', '--format=freeze']
    packages = subprocess.check_output(pip, universal_newlines=True)
    versions = ', '.join(re.findall(f'^(?:{PACKAGES})==.*', packages, re.M))
    print(f'\nMedians of {args.rounds} round(s). Python {platform.python_version()},')
    print(f'{versions}; {os.cpu_count()} CPUs.')


if __name__ == '__main__':
    main()
