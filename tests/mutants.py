"""Put bugs into a copy of the lesson, one at a time, and say which of them no test notices.

    python tests/mutants.py            (all: about half an hour)
    python tests/mutants.py pictures   (those that contain the word)

Each bug is a file, a text that stands there once, and what takes its place. The tests nearest to the file run first, and
the others only if those notice nothing. A bug that lives is an error of the tests, unless it is named in EQUIVALENT.
"""
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NEAREST = {'logistic.py': 'logistic', 'helper.py': 'helper logistic', 'digits.py': 'data', 'printing.py': 'data runs',
           'drawn_digits.py': 'drawn_digits', 'log_folder.py': 'runs', 'summaries.py': 'logistic runs',
           'running.py': 'runs logistic', 'pictures.py': 'pictures logistic', 'tensorflow1.py': 'environment runs',
           'fast.py': 'helper logistic'}

BUGS = {
    'logistic.py': [
        ('EPS = 1e-7', 'EPS = 1e-10'),
        ('tf.set_random_seed(seed)', 'tf.set_random_seed(0)'),
        ('ds.shuffle(BUFFER_SIZE).batch(BATCH_SIZE)', 'ds.batch(BATCH_SIZE).shuffle(BUFFER_SIZE)'),
        ('ds.shuffle(BUFFER_SIZE).batch', 'ds.batch'),
        ('ds.shuffle(BUFFER_SIZE)', 'ds.shuffle(BUFFER_SIZE, seed=1)'),
        ('ds.shuffle(BUFFER_SIZE)', 'ds.shuffle(BUFFER_SIZE, reshuffle_each_iteration=False)'),
        ('.batch(BATCH_SIZE).repeat()', '.repeat().batch(BATCH_SIZE)'),
        ('tf.nn.sigmoid(tf.matmul(x, W) + b)', 'tf.nn.sigmoid(tf.matmul(x, W))'),
        ('tf.clip_by_value(y, EPS, 1 - EPS)', 'tf.clip_by_value(y, EPS, 1 + EPS)'),
        ('y_ * tf.log(y) + (1 - y_) * tf.log(1 - y)', 'y_ * tf.log(y)'),
        ('.minimize(-log_likelihood)', '.minimize(log_likelihood)'),
        ('tf.reduce_mean(tf.reduce_sum(y_', 'tf.reduce_sum(tf.reduce_sum(y_'),
        ('tf.equal(y >= 0.5, y_ >= 0.5)', 'tf.equal(y > 0.5, y_ > 0.5)'),
        ("accuracy_summary = tf.summary.scalar('accuracy', accuracy)", "accuracy_summary = tf.summary.scalar('acc', accuracy)"),
        ('{0, 10, 30, 100, 300, 1000, 3000, 10000, steps}', '{0, 10, 100, 300, 1000, 3000, 10000, steps}'),
        ('{0, 10, 30, 100, 300, 1000, 3000, 10000, steps}', '{0, 10, 30, 100, 300, 1000, 3000, 10000}'),
        ('{0, 10, 30,', '{10, 30,'),
        ('            sess.graph.finalize()', '            pass'),
        ('range(steps + 1)', 'range(steps)'),
        ('images, labels = sess.run(next_batch)\n', 'images, labels = sess.run(next_batch)\n                        images, labels = sess.run(next_batch)\n'),
        ('sess.run(train_step, {x: images, y_: labels})', 'sess.run(train_step)'),
        ('train_acc, summary = sess.run([accuracy, curves], {x: images, y_: labels})', 'train_acc, summary = sess.run([accuracy, curves])'),
        ('test_acc, summary = sess.run([accuracy, curves], {x: X_test, y_: y_test})', 'test_acc, summary = sess.run([accuracy, curves], {x: X_train, y_: y_train})'),
        ('sess.run([W, y], {x: X_test})', 'sess.run([W, y], {x: X_train[:len(X_test)]})'),
        ('train_writer.add_weights(weights, i)', 'train_writer.add_weights(weights, i + 1)'),
        ('train_writer.add_summary(summary, i)', 'test_writer.add_summary(summary, i)'),
        ('if i % SUMMARY_INTERVAL == 0:\n                            print', 'if True:\n                            print'),
        ('                        next_step()', '                        pass'),
    ],
    'helper.py': [
        ('tf.glorot_uniform_initializer()(shape)', 'tf.zeros(shape)'),
        ('tf.glorot_uniform_initializer()(shape)', 'tf.random_normal(shape, stddev=0.05)'),
        ('tf.Variable(lambda: tf.zeros(shape), name=name)', 'tf.Variable(lambda: tf.zeros(shape), name=name, trainable=False)'),
        ('np.stack([horizontal, horizontal.T]', 'np.stack([horizontal.T, horizontal]'),
        ('[[1, 0, -1]] * 3', '[[-1, 0, 1]] * 3'),
        ('np.divide(images, 255,', 'np.divide(images, 256,'),
        ('(labels == 1)', '(labels == 7)'),
        ('np.eye(10, dtype=np.float32)[labels]', 'np.eye(10, dtype=np.float32)[9 - labels]'),
        ('samples(*digits.test)', 'samples(*digits.train)'),
        ('flatten(X) if flatten_image else X', 'flatten(X)'),
    ],
    'pictures.py': [
        ('.swapaxes(1, 2)', ''),
        ('np.abs(values).max() or 1', 'values.max() or 1'),
        ('(np.abs(values).max() or 1)', 'np.abs(values).max()'),
        ('[1 - np.maximum(values, 0), 1 - np.abs(values), 1 - np.maximum(-values, 0)]', '[1 - np.maximum(-values, 0), 1 - np.abs(values), 1 - np.maximum(values, 0)]'),
        ('np.rint(255 * ', '(254 * '),
    ],
    'summaries.py': [
        ('red_and_blue(weights.reshape(28, 28))', 'red_and_blue(weights.reshape(28, 28).T)'),
        ('red_and_blue(weights.reshape(28, 28))', 'red_and_blue(-weights.reshape(28, 28))'),
        ('red_and_blue(weights.reshape(28, 28))', 'red_and_blue(weights.reshape(28, 28)[:, ::-1])'),
        ('errors = (outputs >= 0.5) - labels', 'errors = labels - (outputs >= 0.5)'),
        ('errors[wrong] * images[wrong]', 'errors[wrong] * images[:len(wrong)]'),
        ('np.flatnonzero(errors)[:25]', 'np.arange(25)'),
        ("if np.array_equal(weights, self.weights) and not self.told:", "if np.array_equal(weights, self.weights):"),
        ('if not np.isfinite(value.simple_value):', 'if np.isinf(value.simple_value):'),
        ('            self.file.flush()\n', ''),
        ('            if not self.is_in_place():', '            if False:'),
        ("open(self.path, 'xb')", "open(self.path, 'wb')"),
        ('            writer.add_event(session_log=tf.SessionLog(status=tf.SessionLog.START))\n', ''),
        ('            self.file.close()\n', '            pass\n'),
        ('shlex.quote, command', 'str, command'),
        ('            if all(writer.is_in_place() for writer in writers):', '            if True:'),
        ("writers[0].add_table('settings', settings)", "pass"),
        ("writers[0].add_event(graph_def", "writers[1].add_event(graph_def"),
    ],
    'log_folder.py': [
        ("    if re.match(r'[\\w+.-]+://', logdir):\n        raise OSError('it is not a folder of this machine')\n", ''),
        ('        set_aside(logdir)\n        yield', '        yield'),
        ('if os.path.islink(folder) or not', 'if not'),
        ('            undo.callback(os.rename,', '            (lambda *a: None)(os.rename,'),
        ('        undo.callback(os.rmdir, earlier)\n', ''),
        ('time.localtime(min(times))', 'time.localtime()'),
        ("'was_%y%m%d_%H%M%S'", "'%Y-%m-%d_%H-%M-%S'"),
        ('LOCK_EX | fcntl.LOCK_NB', 'LOCK_SH | fcntl.LOCK_NB'),
        ('if not EVENT_FILE.match(name):', 'if False:'),
        ('            stack.callback(os.close, lock(logdir))', '            lock(logdir)'),
    ],
    'running.py': [
        ('MOST = 2 ** 31 - 2', 'MOST = 2 ** 31 - 1'),
        ('status, sentence = 130,', 'status, sentence = 1,'),
        ('    except KeyboardInterrupt:\n', '    except GeneratorExit:\n'),
        ('if isinstance(error, BrokenPipeError):', 'if False:'),
        ("check('EPS', numbers.Real, 0, 0.5)", 'pass'),
        ("check(name, numbers.Integral, 1, 10 ** 7)", "check(name, numbers.Integral, 0, 10 ** 7)"),
        ("not 0 <= flags[name] <= MOST:", "not -1 <= flags[name] <= MOST:"),
        ("argparse.ArgumentDefaultsHelpFormatter", "argparse.HelpFormatter"),
        ("name.isupper()}, **more)", "name.isupper()})"),
    ],
    'digits.py': [
        ('TIMEOUT, DEADLINE = 10, 120', 'TIMEOUT, DEADLINE = 10, 1e9'),
        ("advice = 'move it away, and MNIST will be downloaded'", 'advice = ADVICE'),
        ('if os.path.lexists(path):', 'if os.path.exists(path):'),
        ("'.keras'), 'datasets'", "'.keras2'), 'datasets'"),
        ("os.environ.get('KERAS_HOME') or ", ''),
        ('home if os.path.isabs(home) else tempfile.gettempdir()', 'home'),
        ("    if not or_drawn and not digits.description.startswith('MNIST,'):", '    if False:'),
        ('        context.load_verify_locations(certifi.where())', '        certifi.where()'),
        ('        answer.wait(TIMEOUT)', '        answer.wait()'),
        ('dict(timeout=TIMEOUT, context=context)', 'dict(context=context)'),
        ('while time.monotonic() < deadline and len(content) < 2 ** 26:', 'while time.monotonic() < deadline:'),
        ('while time.monotonic() < deadline and len(content) < 2 ** 26:', 'while len(content) < 2 ** 26:'),
        ('if sys.stderr and (sys.stderr.isatty() or not on_terminal_only):', 'if sys.stderr:'),
        ('    if hashlib.sha256(content).hexdigest() != URL_SHA256:', '    if False:'),
        ('    if len(content) < size or time', '    if time'),
        ("with open(part, 'wb') as file:", "with open(path, 'wb') as file:"),
        ('            os.replace(part, path)', '            os.rename(part, path + "2")'),
        ('                os.remove(part)', '                pass'),
        ('if file is None and not stat.S_ISREG(os.stat(path).st_mode):', 'if False:'),
        ('    except FileNotFoundError:', '    except FileExistsError:'),
        ('if len(x_train) == 60000 and len(x_test) == 10000:', 'if len(x_train) == 60000:'),
        ('        for array in train + test:', '        for array in train:'),
        ('is_mnist = digest.hexdigest() == MNIST_SHA256', 'is_mnist = len(x_train) == 60000'),
        ("name if re.fullmatch(r'[\\w.-]+', name) else repr(name)", 'name'),
        ('(zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)', '(0, 8, 12, 14)'),
        ('    if info.file_size > LARGEST:', '    if False:'),
        ("if not HEADER.match(start) or", "if"),
        ("if 'pickle' in str(error) else error", "if False else error"),
        ('allow_pickle=False', 'allow_pickle=True'),
        ('largest = 255 if images is None else 9', 'largest = 255 if images is None else 10'),
        ('if array.min() < 0 or array.max() > largest:', 'if array.max() > largest:'),
        ("if array.dtype.kind not in 'iu':", "if array.dtype.kind not in 'iuf':"),
        ('    if not len(array):', '    if False:'),
    ],
    'drawn_digits.py': [
        ('rng.permutation(n) % 10', 'np.arange(n) % 10'),
        ('np.rint(14 - np.bincount', 'np.rint(15 - np.bincount'),
        ('rng = np.random.RandomState(seed)', 'rng = np.random.RandomState(0)'),
        ('1, 7)', '0, 8)'),
        ('np.rint(255 * dark)', 'np.rint(255 * (dark > 0))'),
    ],
    'tensorflow1.py': [
        ("        if error:\n            notices.seek(0)\n            os.write(2, notices.read())\n", ''),
        ("    if 'TF_CPP_MIN_LOG_LEVEL' not in os.environ:", '    if True:'),
        ('            hold_back_notices(stack)', '            pass'),
        ('stack.callback(signal.signal, signal.SIGINT, signal.default_int_handler)', 'pass'),
        ('if is_lesson and in_main_thread and', 'if in_main_thread and'),
        ('if is_lesson and in_main_thread and', 'if is_lesson and'),
        ('signal.getsignal(signal.SIGINT) == signal.default_int_handler', 'True'),
        ('    tf.disable_v2_behavior()', '    pass'),
    ],
    'fast.py': [
        ('alignment = 4 * int(np.prod(shape)), 64', 'alignment = 4 * int(np.prod(shape)), 1'),
        ('dataset.prefetch(10).with_options(options)', 'dataset.take(50).prefetch(10).with_options(options)'),
        ('return lambda: run(options, None)', 'return lambda: (run(options, None), run(options, None))'),
    ],
    'printing.py': [
        ("c if c.isprintable() or c == '\\u3000' else", 'c if True else'),
        ("' '.join(str(text).splitlines())", 'str(text)'),
        (".encode(encoding, 'backslashreplace')", ".encode(encoding)"),
        (" or type(text).__name__", ""),
    ],
}

EQUIVALENT = {}  # a bug's text: why it is none


def mutant(file, old, new, folder):
    """Copy the lesson to `folder` with one bug in it."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns('.*', '__pycache__', '*.npz', 'train', 'test', 'was_*'))
    path = os.path.join(folder, *(['backstage'] if file not in ('logistic.py', 'helper.py') else []), file)
    with open(path, encoding='utf-8') as opened:
        text = opened.read()
    assert text.count(old) == 1, '{} holds {} times: {}'.format(file, text.count(old), old)
    with open(path, 'w', encoding='utf-8') as opened:
        opened.write(text.replace(old, new))


def lives(folder, nearest):
    """Whether all tests pass, the nearest ones first."""
    files = ['tests/test_{}.py'.format(name) for name in nearest.split()]
    return all(subprocess.call(
        [sys.executable, '-m', 'pytest', '-x', '-q', '-p', 'no:cacheprovider'] + tests, cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0 for tests in (files, ['tests']))


def main(words):
    bugs = [(file, old, new) for file in BUGS for old, new in BUGS[file]
            if all(word in file + old + new for word in words)]
    alive = []
    for number, (file, old, new) in enumerate(bugs, 1):
        with tempfile.TemporaryDirectory() as folder:
            mutant(file, old, new, os.path.join(folder, 'lesson'))
            if lives(os.path.join(folder, 'lesson'), NEAREST[file]):
                alive.append((file, old, new))
        state = 'LIVES' if (file, old, new) in alive else 'dies'
        print('{:3} {:6} {}: {!r} -> {!r}'.format(number, state, file, old, new), flush=True)
    print('{} of {} bugs were noticed.'.format(len(bugs) - len(alive), len(bugs)))
    sys.exit(any(new not in EQUIVALENT for _, _, new in alive))


if __name__ == '__main__':
    main(sys.argv[1:])
