"""Put bugs into a copy of the lesson, one at a time, and say which of them no test notices.

    python tests/mutants.py            (all: about a quarter of an hour)
    python tests/mutants.py pictures   (those that contain the word)

Each bug is a text that stands in its file once, and what takes its place. The nearest tests run first, then all others.
"""
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUGS = {
    ('logistic.py', 'logistic'): [
        ('EPS = 1e-7', 'EPS = 1e-10'), ('1.0 - EPS)', '1.0 + EPS)'), ('set_random_seed(seed)', 'set_random_seed(0)'),
        ('steps=TRAINING_LOOP, logdir', 'steps=2000, logdir'), ('seed=0):', 'seed=1):'), ("data='auto',", "data='mnist',"),
        ('.shuffle(BUFFER_SIZE).batch(BATCH_SIZE)', '.batch(BATCH_SIZE).shuffle(BUFFER_SIZE)'),
        ('ds.shuffle(BUFFER_SIZE)', 'ds.shuffle(BUFFER_SIZE, reshuffle_each_iteration=False)'),
        ('ds.shuffle(BUFFER_SIZE)', 'ds'),
        ('.batch(BATCH_SIZE).repeat()', '.repeat().batch(BATCH_SIZE)'),
        ('.repeat()', '.repeat(int(TRAINING_LOOP * BATCH_SIZE / X_train.shape[0]) + 1)'),
        ('tf.matmul(x, W) + b', 'tf.matmul(x, W)'), ('+ (1 - y_) * tf.log(1 - y)', ''), ('(-log_like', '(log_like'),
        ('tf.equal(y >= 0.5, y_ >= 0.5)', 'tf.equal(y > 0.5, y_ > 0.5)'), ('tf.reduce_mean(tf.reduce_sum', 'tf.reduce_sum('
                                                                             'tf.reduce_sum'),
        ("scalar('accuracy'", "scalar('acc'"), ('{0, 10, 30,', '{0, 10,'), ('10000, steps}', '10000}'), ('{0, 10', '{10'),
        ('range(steps + 1)', 'range(steps)'), ('feed_dict={x: images, y_: labels}', 'feed_dict={}'),
        ('accuracy, y], feed_dict={x: X_test, y_: y_test}', 'accuracy, y], feed_dict={x: X_test[:1000], y_: y_test[:1000]}'),
        ('add_weights(sess.run(W), i)', 'add_weights(sess.run(W), i + 1)'), ('add_mistakes(X_test', 'add_mistakes(X_train'),
        ('steps=steps, seed=seed)  #', 'steps=steps)  #'), ('                    if i % SUMMARY_INTERVAL == 0:', '    ' * 5 + 'if 1:'),
        ('return sess.run([W, b])', 'return sess.run([b, W])'), ('name=\'input_images\'', "name='images'")],
    ('helper.py', 'helper'): [
        ('tf.glorot_uniform_initializer()', 'tf.random_normal_initializer()'), ('tf.zeros(shape)', 'tf.ones(shape)'),
        ('[horizontal, horizontal.T]', '[horizontal.T, horizontal]'), ('[[1, 0, -1]]', '[[-1, 0, 1]]'),
        ('(images, 255,', '(images, 256,'), ('(labels == 1)', '(labels == 7)'), ('[labels]\n', '[9 - labels]\n'),
        ('samples(*digits.test)', 'samples(*digits.train)'), ('flatten(X) if flatten_image else X', 'flatten(X)'),
        ('binalize(labels) if binalize_label else', 'binalize(labels) if binalize_label and flatten_image else'),
        ("'run_lesson']", "'run_lesson', 'digits']")],
    ('backstage/summaries.py', 'logistic runs'): [
        ('.reshape(28, 28), step', '.reshape(28, 28).T, step'), ('weights.reshape(28', '-weights.reshape(28'),
        ('(outputs >= 0.5) - labels', 'labels - (outputs >= 0.5)'), ('(errors)[:25]', '(errors)[-25:]'),
        ('errors[wrong] * images[wrong]', 'errors[wrong] * images[:len(wrong)]'), ('.swapaxes(1, 2)', ''),
        ('np.abs(values).max() or 1', 'np.abs(values).max()'), ('np.rint(255', 'np.rint(254'), (' and not self.told', ''),
        ('[1 - np.maximum(values, 0)', '[1 - np.maximum(-values, 0)'), ('not np.isfinite', 'np.isinf'),
        ('        self.attempt(self.records.flush)\n', ''), ('wall_time=time.time(), ', ''), ('int(time.time())', '0'),
        ('status=tf.SessionLog.START', 'status=tf.SessionLog.STOP'), ("file_version='brain.Event:2'", "file_version='1'"),
        ('writers[0].add_event(graph', 'writers[1].add_event(graph'), ('            writer.attempt(writer.records.close)',
                                                                       '            pass'),
        (', TensorFlow=tf.__version__', ''), ('time.localtime(', 'time.gmtime('), ("'was_%y", "'%y"), ('min(seconds)', 'max(seconds)'),
        ("        elif names:", "        elif False:"), ('.expanduser', '.expandvars'),
        ("if '://' in logdir", "if '///' in logdir"), ("shutil.which('tensorboard', path=os.path.dirname(sys.executable)) or ", ''),
        ('shlex.quote', 'str'), ('except tf.errors.OpError as', 'except tf.errors.DataLossError as')],
    ('backstage/running.py', 'runs'): [
        ('os._exit)(130)', 'os._exit)(1)'), ('sys.flags.inspect or', ''), ('except KeyboardInterrupt', 'except GeneratorExit'),
        ("errors='backslashreplace'", "errors='strict'"), ('steps=0, seed=0', 'steps=-1, seed=0'), ('BATCH_SIZE=1,', 'BATCH_SIZE=0,'),
        ('parser.exit(2', 'parser.exit(1'), ('sentence, sys.stdout = reason(error) + \'.\', None', 'pass'), (', MemoryError)', ')'),
        ('ArgumentDefaultsHelpFormatter', 'HelpFormatter'), ("os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')", 'pass'),
        ('type=type(argument.default)', 'type=str')],
    ('backstage/tensorflow1.py', 'runs'): [
        ("sys.__stderr__ and 'TF_CPP", "'TF_CPP"), (" and 'TF_CPP_MIN_LOG_LEVEL' not in os.environ", ''), ('    os.dup2(nowhere, 2)', '    pass'),
        ("        del os.environ['TF_CPP_MIN_LOG_LEVEL']\n", ''), ('        os.dup2(stderr, 2)', '        pass')],
    ('backstage/fast.py', 'helper'): [
        ('dataset.prefetch(10)', 'dataset.take(9).prefetch(10)'), ('4 * int(np.prod(shape))', '8 * int(np.prod(shape))'),
        ('lambda: run(options, None)', 'lambda: (run(options, None), run(options, None))[0]')],
    ('backstage/digits.py', 'data'): [
        ('allow_pickle=False', 'allow_pickle=True'), ("'06b0d1f1", "'06b0d1f2"), ("'731c5ac6", "'731c5ac7"), ('2 ** 30', '2 ** 25'),
        ("'y_train': ((), 9)", "'y_train': ((), 10)"), ("'x_test': ((28, 28), 255)", "'x_test': ((28, 28), 256)"),
        (' > LONGEST_HEADER', ' > 10 ** 9'), (".read(info.file_size)", '.read()'), ("not in 'iu'", "not in 'iuf'"),
        ('not 0 <= array.min()', 'not -1 <= array.min()'), ("arrays[:2], arrays[2:]", "arrays[2:], arrays[:2]"),
        ("b''.join(arrays)", "b''.join(arrays[:3])"), ('os.replace(part, path)', 'pass'), ('lexists', 'exists'), ("', '.join(ARRAYS)", "''"),
        ('        socket.setdefaulttimeout(timeout)', '        pass'), ('dir=os.path.dirname(path)', ''), ('exist_ok=True', 'exist_ok=False'),
        ("if source == 'mnist' and name != 'MNIST':", 'if False:'), ("'datasets', 'mnist", "'data', 'mnist"), ('{!r} (not MNIST)', '{} (not MNIST)'),
        ('hexdigest() != URL_SHA256', "hexdigest() == ''"), ('sys.stderr or', 'sys.stdout or'), ("'KERAS_HOME'", "'KERAS'")],
    ('backstage/drawn_digits.py', 'drawn_digits'): [
        ('% 10 for n in', '% 9 for n in'), ('np.rint(14 -', 'np.rint(15 -'), ('RandomState(seed)', 'RandomState(0)'), ('1, 7)', '0, 8)'),
        ('seed=0):', 'seed=1):'), ('np.rint(255 * dark)', '255 * (dark > 0)'), ('STEP = .37', 'STEP = .74')],
}


def lives(folder, nearest):
    """Whether all tests pass, the nearest ones first."""
    return all(subprocess.call(
        [sys.executable, '-m', 'pytest', '-x', '-q', '-p', 'no:cacheprovider'] + tests, cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0 for tests in (
            ['tests/test_{}.py'.format(name) for name in nearest.split()], ['tests']))


def main(words):
    bugs = [(file, nearest, old, new) for (file, nearest), pairs in BUGS.items() for old, new in pairs
            if all(word in file + old + new for word in words)]
    alive = 0
    for file, nearest, old, new in bugs:
        with tempfile.TemporaryDirectory() as folder:
            folder = os.path.join(folder, 'lesson')
            shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns('.*', '__pycache__', '*.npz', 'train', 'test', 'was_*'))
            with open(os.path.join(folder, file), encoding='utf-8') as opened:
                text = opened.read()
            assert text.count(old) == 1, '{} holds {} times: {}'.format(file, text.count(old), old)
            with open(os.path.join(folder, file), 'w', encoding='utf-8') as opened:
                opened.write(text.replace(old, new))
            is_alive = lives(folder, nearest)
        alive += is_alive
        print('{} {}: {!r} -> {!r}'.format('LIVES' if is_alive else 'dies ', file, old, new), flush=True)
    print('{} of {} bugs were noticed.'.format(len(bugs) - alive, len(bugs)))
    sys.exit(bool(alive))


if __name__ == '__main__':
    main(sys.argv[1:])
