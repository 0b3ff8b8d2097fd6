"""Settings and images for TensorBoard, and a check for divergence."""

import numpy as np
import tensorflow.compat.v1 as tf


def settings(text):
    """Return a summary with a text for TensorBoard's Text tab."""
    # The node of `tf.summary.text` would make a box of its own in the Graphs tab.
    value = tf.Summary.Value(tag='settings', tensor=tf.make_tensor_proto(text))
    value.metadata.plugin_data.plugin_name = 'text'
    return tf.Summary(value=[value])


def weights(W):
    """Return weights [784, 1] as an image [1, 28, 28, 3]: blue above 0, red below."""
    with tf.name_scope('summaries/'):
        return red_to_blue(tf.reshape(W / tf.reduce_max(tf.abs(W)), [1, 28, 28]))


def mistakes(x, y_, correct_prediction):
    """Return the first 25 misclassified images as one image [1, 140, 140, 3].

    Images of a 1 are red. Images of other digits are blue.

    Args:
        x: images, float32 [n, 784], from 0 to 1.
        y_: labels, float32 [n, 1]: 1 for the digit 1, and 0 for any other digit.
        correct_prediction: whether each answer is right, bool [n, 1] or [n].
    """
    with tf.name_scope('summaries/'):
        wrong = tf.where(tf.logical_not(correct_prediction))[:25, 0]
        images = tf.gather(1 - 2 * y_, wrong) * tf.gather(x, wrong)
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
                f'by step {step}. Try EPS = 1e-7 or a smaller LEARNING_RATE.'
            )
