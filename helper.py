"""What this lesson and the later ones share: `from helper import *` gives `tf`, `np` and the functions below."""
import collections
import contextlib
import glob
import os
import shlex
import shutil
import sys
import threading

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')  # read at TensorFlow's import: its notices are no part of the lesson

import numpy as np
import tensorflow.compat.v1 as tf  # TensorFlow 1's names, on TensorFlow 1.13 as on 2.x

from mnist_data import load_digits
from plumbing import lesson_flags, prepare_log_folder, run_lesson, training_steps

tf.logging.set_verbosity(tf.logging.FATAL)
tf.disable_v2_behavior()  # graph mode

__all__ = ['tf', 'np', 'weight_variable', 'bias_variable', 'prewitt_filter', 'mnist_samples', 'load_digits',
           'lesson_flags', 'untuned', 'lesson_session', 'prepared_run', 'training_steps', 'red_and_blue',
           'summary_writers', 'save_summaries', 'run_lesson']


def weight_variable(shape, name=None):
    """A float32 variable of this shape, initialised Glorot-uniform.

    Every element is drawn from [-limit, limit), limit = sqrt(6 / (fan_in + fan_out)): Glorot and Bengio,
    "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
    """
    return tf.Variable(tf.glorot_uniform_initializer()(shape), name=name)


def bias_variable(shape, name=None):
    """A float32 variable of this shape, initialised to zeros."""
    return tf.Variable(tf.zeros(shape), name=name)


def prewitt_filter():
    """Prewitt's two edge filters as one float32 constant `[3, 3, 1, 2]` named `prewitt`, ready for `tf.nn.conv2d`.

    Channel 0 is the horizontal gradient, three rows of (1, 0, -1), which answers to vertical edges; channel 1 is its
    transpose, which answers to horizontal ones: J. M. S. Prewitt, "Object enhancement and extraction", 1970.
    """
    horizontal = np.array([[1, 0, -1]] * 3, np.float32)
    return tf.constant(np.stack([horizontal, horizontal.T], axis=-1)[:, :, np.newaxis, :], name='prewitt')


def mnist_samples(flatten_image=False, binalize_label=False, digits=None):
    """The digits as a lesson uses them.

    Args:
        flatten_image: give each image as one row.
        binalize_label: say of each digit whether it is a 1, instead of which it is.
        digits: what `load_digits` returns; None loads MNIST, or drawn digits where it cannot be had, and prints which.

    Returns:
        `(X_train, y_train), (X_test, y_test)`, all float32. Images are scaled to [0, 1], and `(n, 28, 28)` or,
        flattened, `(n, 784)`. Labels are one-hot, `(n, 10)`, or, binalized, `(n, 1)`: 1 for the digit 1, 0 for
        every other.

    Raises:
        DataError (a ValueError): there are no such data, or they are not digits.
    """
    if digits is None:
        digits = load_digits()
        print(digits.description, flush=True)

    def samples(images, labels):
        X = float32_array(images.shape)
        np.divide(images, 255, out=X, dtype=np.float32)
        if flatten_image:
            X = X.reshape(len(X), -1)
        if binalize_label:
            return X, (labels == 1).astype(np.float32)[:, np.newaxis]
        return X, np.eye(10, dtype=np.float32)[labels]

    return samples(*digits.train), samples(*digits.test)


def float32_array(shape):
    """An uninitialised array at an address that TensorFlow can use as it is, so that feeding it copies nothing."""
    size, alignment = 4 * int(np.prod(shape)), 64
    memory = np.empty(size + alignment, np.uint8)
    start = -memory.ctypes.data % alignment
    return memory[start:start + size].view(np.float32).reshape(shape)


def untuned(dataset):
    """The same data set without what tf.data does for pipelines far larger than a lesson's.

    Its default optimisations copy the whole data set once, and its autotuner measures every element that passes.
    """
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    if hasattr(options, 'autotune'):  # TensorFlow 1 spells it otherwise, and loses no time by it
        options.autotune.enabled = False
    return dataset.with_options(options)


def lesson_session():
    """A session for small steps: handing so little work to several threads costs more than it gains."""
    return tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=1))


def prepared_run(session, fetches):
    """A function that does what `session.run(fetches)` does, prepared once, and calculates in the calling thread."""
    run = session.make_callable(fetches, accept_options=True)
    options = tf.RunOptions(inter_op_thread_pool=-1)
    return lambda: run(options, None)


def red_and_blue(values):
    """Numbers as colours, to look at: white for 0, the deeper blue the larger above, the deeper red the larger below.

    Takes float32 `[n, height, width, 1]` and gives uint8 `[n, height, width, 3]`, all to one scale.
    """
    values /= tf.reduce_max(tf.abs(values))
    colours = 1 - tf.concat([tf.maximum(values, 0), tf.abs(values), tf.maximum(-values, 0)], axis=-1)
    return tf.cast(255 * colours, tf.uint8)


@contextlib.contextmanager
def summary_writers(logdir):
    """Open the writers of `logdir/train`, which also gets the graph, and of `logdir/test`; close them at the end.

    What an earlier run left there becomes a run of its own. Raises OSError where the folder cannot be used.
    """
    prepare_log_folder(logdir)
    show = getattr(threading, 'excepthook', None)
    # A writer works in a thread of its own; where that fails, save_summaries says so in one sentence.
    threading.excepthook = lambda failure: failure.thread.name == 'EventLoggerThread' or show(failure)
    train_writer = tf.summary.FileWriter(os.path.join(logdir, 'train'), tf.get_default_graph())
    test_writer = tf.summary.FileWriter(os.path.join(logdir, 'test'))
    for writer in (train_writer, test_writer):
        # A TensorBoard that is already open forgets the earlier run's points when it reads this.
        writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 0)
    try:
        yield train_writer, test_writer
    finally:
        for writer in (train_writer, test_writer):
            with contextlib.suppress(Exception):  # all that matters has been saved, or reported, before
                writer.close()
        threading.excepthook = show
        # With its path, for a shell in which the environment has not been activated.
        command = shutil.which('tensorboard', path=os.path.dirname(sys.executable)) or 'tensorboard'
        with contextlib.suppress(OSError):  # a reader that has gone must not hide how the run ended
            print('The summaries are in {1}. To see them: {0} --logdir {1}'.format(
                shlex.quote(command), shlex.quote(logdir)), flush=True)


def save_summaries(step, *writers):
    """Write out what the writers hold of this step, and read it back: TensorFlow says nothing when a disk is full.

    Raises:
        OSError: the summaries of this step are not whole in their files.
    """
    for writer in writers:
        folder = writer.get_logdir()
        try:
            writer.flush()
            path, = glob.glob(os.path.join(glob.escape(folder), 'events.out.tfevents.*'))
            last, = collections.deque(tf.train.summary_iterator(path), maxlen=1)
            saved = last.step == step and last.HasField('summary')
        except Exception:  # whatever TensorFlow's version makes of it
            saved = False
        if not saved:
            raise OSError('The summaries of step {} could not be written to {}: is the disk full, or has another '
                          'run taken the folder?'.format(step, folder))
