"""What makes small steps fast."""
import mmap

from backstage.tensorflow1 import np, tf


def prefetched(dataset):
    """The same data set, ten elements ahead of the training, and without what is made for far larger ones.

    By default tf.data copies a small data set once more to optimise it, and measures every element that passes.
    """
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    if hasattr(options, 'autotune'):  # TensorFlow 1 spells it otherwise, and loses no time by it
        options.autotune.enabled = False
    return dataset.prefetch(10).with_options(options)


def prepared_run(session, fetches):
    """A function that does what `session.run(fetches)` does, prepared once, and calculates in the calling thread."""
    run = session.make_callable(fetches, accept_options=True)
    options = tf.RunOptions(inter_op_thread_pool=-1)
    return lambda: run(options, None)


def aligned_array(shape):
    """A new float32 array at the start of a page of memory, where TensorFlow can use it: feeding it copies nothing."""
    return np.frombuffer(mmap.mmap(-1, 4 * int(np.prod(shape))), np.float32).reshape(shape)
