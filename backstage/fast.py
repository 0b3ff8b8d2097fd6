"""What makes small steps fast."""
from backstage.tensorflow1 import np, tf


def streamlined(dataset):
    """The same data set, a few elements ahead of the training, and without what is made for far larger ones.

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
    """An uninitialised float32 array at an address that TensorFlow can use as it is: feeding it copies nothing."""
    size, alignment = 4 * int(np.prod(shape)), 64
    memory = np.empty(size + alignment, np.uint8)
    start = -memory.ctypes.data % alignment
    return memory[start:start + size].view(np.float32).reshape(shape)
