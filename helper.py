"""What this lesson and the later ones share: the article's four functions, and what stands behind them."""
from backstage import fast
from backstage.digits import load_digits
from backstage.running import run_lesson
from backstage.summaries import summary_writers
from backstage.tensorflow1 import np, tf

__all__ = ['tf', 'np', 'weight_variable', 'bias_variable', 'prewitt_filter', 'mnist_samples',
           'load_digits', 'fast', 'summary_writers', 'run_lesson']


def weight_variable(shape, name=None):
    """A float32 variable of this shape, initialised Glorot-uniform.

    Every element is drawn from [-limit, limit), limit = sqrt(6 / (fan_in + fan_out)): Glorot and Bengio,
    "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
    """
    initial = tf.glorot_uniform_initializer()(shape)
    return tf.Variable(initial, name=name)


def bias_variable(shape, name=None):
    """A float32 variable of this shape, initialised to zeros."""
    initial = tf.zeros(shape)
    return tf.Variable(initial, name=name)


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
        digits: what `load_digits` returns; None loads MNIST, or drawn digits, or raises its DataError, a ValueError.

    Returns:
        `(X_train, y_train), (X_test, y_test)`, all float32. Images are scaled to [0, 1], `(n, 28, 28)` or, flattened,
        `(n, 784)`. Labels are one-hot, `(n, 10)`, or, binalized, `(n, 1)`: 1 for the digit 1, 0 for every other.
    """
    def normalize(images):
        # Into memory that TensorFlow can use as it is: else it would copy all images once more.
        return np.divide(images, 255, out=fast.aligned_array(images.shape), dtype=np.float32)

    def flatten(images):
        return images.reshape(len(images), -1)

    def binalize(labels):
        return (labels == 1).astype(np.float32)[:, np.newaxis]

    def one_hot_label(labels):
        return np.eye(10, dtype=np.float32)[labels]

    def samples(images, labels):
        X = normalize(images)
        return flatten(X) if flatten_image else X, binalize(labels) if binalize_label else one_hot_label(labels)

    digits = digits or load_digits()
    return samples(*digits.train), samples(*digits.test)
