"""The article's helper functions."""

from support import digits
from support.speed import aligned_copy

import numpy as np
import tensorflow.compat.v1 as tf

__all__ = [
    'tf',
    'np',
    'weight_variable',
    'bias_variable',
    'prewitt_filter',
    'mnist_samples',
]


def weight_variable(shape, name=None):
    """Return a float32 variable with Glorot-uniform initial values.

    The values are drawn uniformly from [-limit, limit), where limit is
    sqrt(6 / (fan_in + fan_out)). Source: Glorot and Bengio, "Understanding the
    difficulty of training deep feedforward neural networks", AISTATS 2010.
    """
    initial = tf.glorot_uniform_initializer()
    return tf.Variable(initial(shape), name=name)


def bias_variable(shape, name=''):
    """Return a float32 variable whose initial values are zeros."""
    initial = tf.zeros_initializer()
    return tf.Variable(initial(shape), name=name or None)  # TensorFlow 1 refuses ''.


def prewitt_filter():
    """Return the Prewitt filters, a float32 constant [3, 3, 1, 2] for `tf.nn.conv2d`.

    Channel 0 is the horizontal gradient, three rows of (1, 0, -1). Channel 1 is its
    transpose, the vertical gradient. Source: Prewitt, "Object enhancement and
    extraction", Picture Processing and Psychopictorics, 1970.
    """
    v = np.array([[1, 0, -1]] * 3)
    h = v.swapaxes(0, 1)
    return tf.constant(
        np.dstack([v, h]).reshape((3, 3, 1, 2)), dtype=tf.float32, name='prewitt'
    )


def mnist_samples(flatten_image=False, binalize_label=False, data='auto'):
    """Load images of digits and their labels.

    Args:
        flatten_image: make each image a row of 784 pixels.
        binalize_label: use the labels 1 (the digit 1) and 0 (any other digit) instead
            of one-hot labels. The spelling is the article's.
        data: 'mnist', 'synthetic', the path of an .npz file, or 'auto', which is
            'mnist' if it is available and 'synthetic' otherwise.

    Returns:
        (X_train, y_train), (X_test, y_test), four float32 arrays. The images are
        scaled to [0, 1], with shape [n, 28, 28], or [n, 784] if flattened. One-hot
        labels have the shape [n, 10], and the labels 1 and 0 have the shape [n, 1].

    Raises:
        DataError: the data can't be used. It is a ValueError.
    """
    (X_train, y_train), (X_test, y_test) = digits.load_data(data)

    def normalize(images):
        images = aligned_copy(images)
        images /= 255.0
        return images

    def flatten(images):
        d, w, h = images.shape
        return images.reshape(d, w * h)

    def binalize(labels):
        return (labels == 1).astype(np.float32).reshape(-1, 1)

    def one_hot_label(labels):
        # Row i of the identity matrix has its only 1 in column i.
        return np.eye(10, dtype=np.float32)[labels]

    # Scaling one set at a time frees the unscaled training images early.
    X_train = normalize(X_train)
    X_test = normalize(X_test)
    if flatten_image:
        X_train, X_test = flatten(X_train), flatten(X_test)
    if binalize_label:
        y_train, y_test = binalize(y_train), binalize(y_test)
    else:
        y_train, y_test = one_hot_label(y_train), one_hot_label(y_test)
    return (X_train, y_train), (X_test, y_test)
