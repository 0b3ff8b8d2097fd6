"""Numbers as pictures: side by side, in red and blue, as PNG."""
import numpy as np

from backstage.tensorflow1 import tf


def sheet(images, across):
    """The first `across ** 2` of images `[n, 784]` row by row on one sheet, zeros where there are fewer."""
    images = np.concatenate([images, np.zeros((across ** 2, 784), images.dtype)])[:across ** 2]
    return images.reshape(across, across, 28, 28).swapaxes(1, 2).reshape(across * 28, across * 28)


def red_and_blue(values):
    """Numbers as colours: white for 0, the deeper blue the larger above, the deeper red the larger below.

    Takes float `[height, width]` and gives uint8 `[height, width, 3]`, scaled by the largest magnitude.
    """
    values = values / (np.abs(values).max() or 1)
    colours = [1 - np.maximum(values, 0), 1 - np.abs(values), 1 - np.maximum(-values, 0)]
    return np.rint(255 * np.stack(colours, axis=-1)).astype(np.uint8)


def png(pixels):
    """The PNG file of uint8 `[height, width, channels]`: 1 channel is grey, 3 are red, green and blue."""
    with tf.Graph().as_default(), tf.Session() as sess:
        return sess.run(tf.image.encode_png(pixels))
