"""Settings and images for TensorBoard, and a check for divergence."""

import numpy as np
import tensorflow.compat.v1 as tf

from support import digits


def mark_start(writers, constants, steps, seed):
    """Tell an open TensorBoard that a new run begins, and save the run's settings.

    Args:
        writers: the FileWriters of the run.
        constants: the lesson's global variables.
        steps, seed: the arguments of the lesson's `main`.
    """
    for writer in writers:
        writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START))
    settings = f'data {digits.loaded}, steps {steps}, seed {seed}'
    for name in 'LEARNING_RATE', 'BATCH_SIZE', 'BUFFER_SIZE', 'EPS':
        settings += f', {name} {constants[name]}'
    with tf.name_scope('summaries/'):
        text = tf.summary.text('settings', tf.constant(settings))
    writers[0].add_summary(text.eval())


def weights(W):
    """Return weights [784, 1] as an image [1, 28, 28, 3]: blue above 0, red below."""
    with tf.name_scope('summaries/'):
        return red_to_blue(tf.reshape(W / tf.reduce_max(tf.abs(W)), [1, 28, 28]))


def mistakes(x, y_, y):
    """Return the first 25 misclassified images as one image [1, 140, 140, 3].

    Missed 1s are red. Other digits taken for a 1 are blue.

    Args:
        x: images, float32 [n, 784], from 0 to 1.
        y_: labels, float32 [n, 1], 0 or 1.
        y: outputs, float32 [n, 1], from 0 to 1.
    """
    with tf.name_scope('summaries/'):
        error = tf.cast(y >= 0.5, tf.float32) - y_
        wrong = tf.where(error)[:25, 0]
        images = tf.gather(error, wrong) * tf.gather(x, wrong)
        images = tf.pad(images, [[0, 25 - tf.shape(images)[0]], [0, 0]])
        rows = tf.transpose(tf.reshape(images, [5, 5, 28, 28]), [0, 2, 1, 3])
        return red_to_blue(tf.reshape(rows, [1, 140, 140]))


def red_to_blue(values):
    """Return colors, uint8 [..., 3]: red for -1, white for 0, blue for 1."""
    colors = tf.stack([1 - values, 1 - tf.abs(values), 1 + values], axis=-1)
    return tf.image.convert_image_dtype(colors, tf.uint8, saturate=True)


def stop_if_diverged(summary, step):
    """Raise FloatingPointError if a value in the summary isn't finite.

    Args:
        summary: the bytes of a tf.Summary of scalars.
        step: the number of the current step.
    """
    for value in tf.Summary.FromString(summary).value:
        if not np.isfinite(value.simple_value):
            raise FloatingPointError(
                f'Training diverged: {value.tag} is {value.simple_value} '
                f'at step {step}. Try EPS = 1e-7 or a smaller LEARNING_RATE.'
            )
