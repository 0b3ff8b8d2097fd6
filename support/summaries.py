"""The summaries that TensorBoard shows: their folder and their images."""

import os
import time

import numpy as np
import tensorflow.compat.v1 as tf

RUNS = 'train', 'test'


def new_run(logdir):
    """Make room for a new run in `logdir` and keep the earlier one.

    Args:
        logdir: the log folder, a string or a Path. `~` stands for the home folder.

    Returns:
        The log folder as a string. It holds the empty folders `train` and `test`.

    Raises:
        OSError: the folder can't be used.
    """
    logdir = os.path.expanduser(os.fspath(logdir))
    try:
        os.makedirs(logdir, exist_ok=True)
        move_earlier_run(logdir)
        for run in RUNS:
            os.makedirs(os.path.join(logdir, run))
    except OSError as error:
        raise OSError(f"Can't use {logdir!r} ({error}). Pass another --logdir.")
    return logdir


def move_earlier_run(logdir):
    """Move the folders `train` and `test` to one named after the run's start time.

    Raises:
        OSError: a folder can't be moved, or it isn't from an earlier run.
    """
    runs = [run for run in RUNS if os.path.exists(os.path.join(logdir, run))]
    for run in runs:
        files = os.listdir(os.path.join(logdir, run))
        if files and not any('tfevents' in file for file in files):
            raise OSError(f'its folder {run!r} holds no summaries')
    if runs:
        began = time.localtime(os.path.getmtime(os.path.join(logdir, runs[0])))
        earlier = os.path.join(logdir, time.strftime('was_%y%m%d_%H%M%S', began))
        while os.path.exists(earlier):
            earlier += '_'
        os.makedirs(earlier)
        try:
            for run in runs:
                os.rename(os.path.join(logdir, run), os.path.join(earlier, run))
        except PermissionError as error:
            raise OSError(f'{error}; on Windows, stop TensorBoard first')


def weight_image(W):
    """Return weights [784, 1] as an image [1, 28, 28, 3]: blue above 0, red below."""
    return red_to_blue(tf.reshape(W / tf.reduce_max(tf.abs(W)), [1, 28, 28]))


def mistakes_image(x, y_, y):
    """Return the first 25 misclassified images as one image [1, 140, 140, 3].

    Missed 1s are red. Other digits taken for a 1 are blue.

    Args:
        x: images, float32 [n, 784], from 0 to 1.
        y_: labels, float32 [n, 1], 0 or 1.
        y: outputs, float32 [n, 1], from 0 to 1.
    """
    error = tf.cast(y >= 0.5, tf.float32) - y_
    wrong = tf.where(tf.not_equal(error[:, 0], 0))[:25, 0]
    images = tf.gather(error, wrong) * tf.gather(x, wrong)
    images = tf.pad(images, [[0, 25 - tf.shape(images)[0]], [0, 0]])
    rows = tf.transpose(tf.reshape(images, [5, 5, 28, 28]), [0, 2, 1, 3])
    return red_to_blue(tf.reshape(rows, [1, 140, 140]))


def red_to_blue(values):
    """Return colors, uint8 [..., 3]: red for -1, white for 0, blue for 1."""
    red = 1 - tf.nn.relu(values)
    green = 1 - tf.abs(values)
    blue = 1 - tf.nn.relu(-values)
    return tf.image.convert_image_dtype(tf.stack([red, green, blue], -1), tf.uint8)


def stop_if_diverged(log_likelihood, step):
    """Raise FloatingPointError if the log-likelihood isn't finite."""
    if not np.isfinite(log_likelihood):
        raise FloatingPointError(
            f'Training diverged: optimize/log_likelihood is {log_likelihood} '
            f'at step {step}. Try EPS = 1e-7 or a smaller LEARNING_RATE.'
        )
