"""The lesson beside the article's listing and beside other libraries: one table of time, memory, files and accuracy.

    pip install torch scikit-learn jax      (each is optional; Keras comes with TensorFlow)
    python benchmarks/compare.py            (on MNIST, three rounds, about 15 GB of memory for the article's listing)
    python benchmarks/compare.py --programs lesson,numpy,torch --rounds 5 --data mnist.npz
    python benchmarks/compare.py --times 10 (what ten times as many training images cost the lesson, and NumPy)

All do the same: steps 0 to 20,000 at a learning rate of 0.1, each on 100 images drawn anew in every epoch, and after
every 1,000 steps the accuracy on the whole test set, which is printed. Each runs in a process of its own, one after the
other, and is measured from outside: a step's time is that between the line of step 1,000, when all have compiled and
warmed up, and the last line, evaluations included, divided by the steps between the two. Seconds and peak memory are
those of the whole process, imports and reading the data included. All is written as that library's users write it:

- keras: `fit` on arrays, which evaluates after whole epochs only: 200 steps and 33 epochs, of which 20 are evaluated.
- sklearn: `partial_fit` on 100 images updates the weights after each one of them, so `eta0` is 0.1 / 100; in double
  precision for as long as its version knows no other.
- jax: a jitted `lax.scan` over 1,000 steps, 20 times; the data stay on the device.
- article: tests/article.py in place of logistic.py, with its 21 evaluations, but 401 steps: so it takes minutes all the
  same. A line after each step tells steps from evaluations, whose medians are extrapolated to 20,001 and 21.

Linux, Python 3.6 and later.
"""
import argparse
import glob
import importlib.util
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# This process itself imports nothing large: Linux counts the memory of the process that starts a child as the child's.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAST_STEP, INTERVAL, BATCH_SIZE, LEARNING_RATE = 20000, 1000, 100, 0.1
ARTICLE_STEP, ARTICLE_INTERVAL = 400, 20  # 21 evaluations, as in the whole listing: its memory grows with them
LIBRARIES = 'tensorflow', 'tensorflow-cpu', 'keras', 'numpy', 'torch', 'scikit-learn', 'jax'


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
    for step in range(LAST_STEP + 1):
        start = step * BATCH_SIZE % len(X)
        if start == 0:
            order = torch.randperm(len(X))
        rows = order[start:start + BATCH_SIZE]
        optimizer.zero_grad()
        loss_function(model(X[rows]), y[rows]).backward()
        optimizer.step()
        if step % INTERVAL == 0:
            with torch.no_grad():
                report(step, ((model(X_test) >= 0) == y_test).float().mean().item())


def run_keras(X, y, X_test, y_test):
    import keras
    model = keras.Sequential([keras.layers.Input((X.shape[1],)), keras.layers.Dense(1, activation='sigmoid')])
    model.compile(optimizer=keras.optimizers.SGD(LEARNING_RATE), loss='binary_crossentropy', metrics=['accuracy'])
    epoch_steps = len(X) // BATCH_SIZE
    epochs, rest = divmod(LAST_STEP, epoch_steps)
    if rest:
        model.fit(X[:rest * BATCH_SIZE], y[:rest * BATCH_SIZE], batch_size=BATCH_SIZE, verbose=0)
    steps = [rest + epoch * epoch_steps for epoch in range(epochs + 1)]  # taken at the end of each epoch
    evaluated = [epoch for epoch in range(1, epochs + 1) if steps[epoch] // INTERVAL > steps[epoch - 1] // INTERVAL]

    def on_epoch_end(epoch, logs):
        if 'val_accuracy' in logs:
            report(steps[epoch + 1], logs['val_accuracy'])

    model.fit(X, y, batch_size=BATCH_SIZE, epochs=epochs, verbose=0, validation_data=(X_test, y_test),
              validation_freq=evaluated, validation_batch_size=len(X_test),
              callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)])


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

    @jax.jit
    def accuracy(parameters, X, y):
        W, b = parameters
        return jnp.mean((X @ W + b >= 0) == y)

    parameters = jnp.zeros(X.shape[1]), jnp.zeros(())
    source = batches(len(X))
    for step in range(INTERVAL, LAST_STEP + 1, INTERVAL):
        rows = np.stack([next(source) for _ in range(INTERVAL)])
        parameters = train(parameters, X, y, rows)
        report(step, accuracy(parameters, X_test, y_test))


PEERS = {'numpy': run_numpy, 'torch': run_torch, 'keras': run_keras, 'sklearn': run_sklearn, 'jax': run_jax}
PROGRAMS = ['lesson', 'article'] + list(PEERS)


def run_only(name, data):
    """What a child does: `--only` with the name of a peer, or of what a growing data set is compared with."""
    sys.path.insert(0, ROOT)
    os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
    if name == 'empty-lesson':
        from helper import tf
        tf.Session()
        return
    import numpy as np

    from backstage.digits import load_digits
    if name == 'empty-numpy':
        return
    arrays = []
    for images, labels in load_digits(data)[1:]:
        arrays += [np.divide(images.reshape(len(images), -1), 255, dtype=np.float32), (labels == 1).astype(np.float32)]
    del images, labels
    n = len(arrays[0]) // BATCH_SIZE * BATCH_SIZE  # whole batches only
    PEERS[name](arrays[0][:n], arrays[1][:n], *arrays[2:])


def write_data(data, times, path):
    """Write the digits, the training images so many times over, to an .npz file; done by a child."""
    code = ('import sys, numpy as np; from backstage.digits import load_digits; data, times, path = sys.argv[1:]\n'
            'digits = load_digits(data)\n'
            'x, y = (np.concatenate([array] * int(times)) for array in digits.train)\n'
            'np.savez(path, x_train=x, y_train=y, x_test=digits.test[0], y_test=digits.test[1])')
    subprocess.run([sys.executable, '-c', code, data, str(times), path], check=True,
                   env=dict(os.environ, PYTHONPATH=ROOT))


def measure(name, data):
    """Run one program; returns a dict of what the tables show."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, '--only', name, '--data', data]
        if name == 'lesson':
            command = [sys.executable, 'logistic.py', '--data', data, '--logdir', os.path.join(folder, 'log')]
        elif name == 'article':
            command = [sys.executable, os.path.join(folder, 'logistic.py')]
            put_article_in(folder, data)
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, universal_newlines=True,
                                   cwd=folder if name == 'article' else ROOT,
                                   env=dict(os.environ, PYTHONUNBUFFERED='1', KERAS_HOME=folder))
        lines = []
        for line in process.stdout:
            found = re.match(r'step: (\d+),.*test-acc: ([\d.]+)', line)
            if found:
                lines.append((int(found.group(1)), time.perf_counter(), float(found.group(2))))
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        run = {'seconds': seconds, 'peak': usage.ru_maxrss * 1024 / 1e6, 'accuracy': lines[-1][2] if lines else None,
               'bytes': sum(map(os.path.getsize, glob.glob(os.path.join(folder, 'log*', '*', '*tfevents*'))))}
    if name == 'article':
        extrapolate(run, lines)
    elif lines:
        lines = [line for line in lines if line[0] >= INTERVAL]
        run['step'] = (lines[-1][1] - lines[0][1]) / (lines[-1][0] - lines[0][0])
    return run


def put_article_in(folder, data):
    shutil.copy(os.path.join(ROOT, 'helper.py'), folder)
    shutil.copytree(os.path.join(ROOT, 'backstage'), os.path.join(folder, 'backstage'))
    with open(os.path.join(ROOT, 'tests', 'article.py'), encoding='utf-8') as file:
        listing = file.read()
    trained = '            sess.run(train_step, feed_dict={x: images, y_: labels})\n'
    for old, new in [('TRAINING_LOOP = 20000', 'TRAINING_LOOP = {}'.format(ARTICLE_STEP)),
                     ('SUMMARY_INTERVAL = 1000', 'SUMMARY_INTERVAL = {}'.format(ARTICLE_INTERVAL)),
                     (trained, trained + "            print(f'step: {i}, test-acc: 0')\n")]:
        assert listing.count(old) == 1, old
        listing = listing.replace(old, new)
    with open(os.path.join(folder, 'logistic.py'), 'w', encoding='utf-8') as file:
        file.write(listing)
    os.mkdir(os.path.join(folder, 'datasets'))
    os.symlink(data, os.path.join(folder, 'datasets', 'mnist.npz'))


def extrapolate(run, lines):
    """From the short run's steps and evaluations to the whole listing's; two lines of one step, and it evaluated."""
    steps, evaluations = [], []
    for before, after in zip(lines, lines[1:]):
        (evaluations if after[0] == before[0] else steps).append(after[1] - before[1])
    step = statistics.median(steps)
    run['seconds'] += (LAST_STEP - ARTICLE_STEP) * step
    run['step'] = step + statistics.median(evaluations) / INTERVAL


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def print_table(programs, rounds, data):
    """Run all programs in turn, so many times, and print the medians."""
    needed = {'lesson': 'tensorflow', 'article': 'tensorflow'}
    installed = [name for name in programs if importlib.util.find_spec(needed.get(name, name))]

    def attempt(name):
        try:
            return measure(name, data)
        except subprocess.CalledProcessError as error:  # the article's listing, where there is too little memory
            print(error, file=sys.stderr)

    runs = [{name: attempt(name) for name in installed} for _ in range(rounds)]
    print('\n| program | microseconds per step | ratio to numpy | process, s | peak, MB | event files, bytes '
          '| test accuracy |')
    print('| --- | ---: | ---: | ---: | ---: | ---: | ---: |')
    for name in programs:
        if name not in installed:
            print('| {} | not installed | | | | | |'.format(name))
            continue
        mine = [run[name] for run in runs]
        if None in mine:
            print('| {} | failed | | | | | |'.format(name))
            continue
        ratio = '-'
        if 'numpy' in installed:
            ratio = '{:.2f}'.format(statistics.median(run[name]['step'] / run['numpy']['step'] for run in runs))
        cut = name == 'article'
        print('| {} | {:,.0f}{mark} | {} | {:.1f}{mark} | {:,.0f} | {:,} | {} |'.format(
            name, 1e6 * median(mine, 'step'), ratio, median(mine, 'seconds'), median(mine, 'peak'), mine[-1]['bytes'],
            '-' if cut else '{:.4f}'.format(median(mine, 'accuracy')), mark=' *' if cut else ''))
    print('\n* extrapolated from {} steps.'.format(ARTICLE_STEP + 1) if 'article' in installed else '')


def print_growth(programs, rounds, once, more, times):
    """Run lesson and NumPy on the data once and so many times over, and print the medians."""
    files = {1: once, times: more}
    runs = [{(name, n): measure(name, files[n]) for name in programs for n in files} for _ in range(rounds)]
    code = 'import sys, numpy as np; print(np.load(sys.argv[1])["x_train"].size)'
    print('\n| program | training images | microseconds per step | process, s | peak, MB | bytes per pixel |')
    print('| --- | ---: | ---: | ---: | ---: | ---: |')
    for name in programs:
        empty = statistics.median(measure('empty-' + name, once)['peak'] for _ in range(rounds))
        for n, path in files.items():
            mine = [run[name, n] for run in runs]
            pixels = int(subprocess.check_output([sys.executable, '-c', code, path]))
            peak = median(mine, 'peak')
            print('| {} | {:,} | {:,.0f} | {:.1f} | {:,.0f} | {:.1f} |'.format(
                name, pixels // 784, 1e6 * median(mine, 'step'), median(mine, 'seconds'), peak,
                1e6 * (peak - empty) / pixels))
    print('\nBytes per pixel of the training images, above the peak of the imports and, for the lesson, a session.')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', default='auto', metavar='mnist|drawn|FILE.npz', help='as in logistic.py')
    parser.add_argument('--programs', default=','.join(PROGRAMS), metavar='A,B', help='default: %(default)s')
    parser.add_argument('--rounds', type=int, default=3, metavar='N', help='default: 3')
    parser.add_argument('--times', type=int, default=1, metavar='N', help='repeat the training images N times')
    parser.add_argument('--only', metavar='PROGRAM', help='run one program in this process; for the use of this file')
    args = parser.parse_args()
    if args.only:
        return run_only(args.only, args.data)
    programs = args.programs.split(',')
    if set(programs) - set(PROGRAMS) or args.rounds < 1 or args.times < 1:
        parser.error('programs are {}; rounds and times are 1 or more'.format(', '.join(PROGRAMS)))
    with tempfile.TemporaryDirectory() as folder:
        once, more = os.path.join(folder, 'once.npz'), os.path.join(folder, 'more.npz')
        write_data(args.data, 1, once)
        if args.times > 1:
            write_data(args.data, args.times, more)
            print_growth([name for name in programs if name in ('lesson', 'numpy')], args.rounds, once, more,
                         args.times)
        else:
            print_table(programs, args.rounds, once)
    pip = subprocess.check_output([sys.executable, '-m', 'pip', 'list', '--format=freeze'], universal_newlines=True)
    versions = [line.replace('==', ' ') for line in pip.splitlines() if line.split('==')[0] in LIBRARIES]
    print('Medians of {} round(s). Python {}, {}; {} CPUs.'.format(
        args.rounds, platform.python_version(), ', '.join(versions), os.cpu_count()))


if __name__ == '__main__':
    main()
