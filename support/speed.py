"""Settings that save time or memory. docs/figures.md has a figure for each."""

import functools
import mmap
import os
import sys

import numpy as np

# TensorFlow reads this variable when it's imported. oneDNN makes the result depend on
# the processor, and it prints messages. But it makes convolutions faster, so turn it
# off only if the lesson is the program that was started.
if os.path.basename(sys.argv[0]) == 'logistic.py' and 'IPython' not in sys.modules:
    os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')

import tensorflow.compat.v1 as tf


def config():
    """Return the settings of a session whose small products stay in one thread."""
    return tf.ConfigProto(intra_op_parallelism_threads=1)


def prefetched(ds):
    """Return a dataset that prepares batches in advance.

    TensorFlow's default optimizations would copy all data. Its autotuning takes time.
    """
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    if hasattr(options, 'autotune'):  # TensorFlow 1 has no such option.
        options.autotune.enabled = False
    return ds.prefetch(10).with_options(options)


def prepare(session, fetches):
    """Return a function that runs the fetches. It's faster than `session.run`.

    The operations stay in the calling thread.
    """
    run = session.make_callable(fetches, accept_options=True)
    return functools.partial(run, options=tf.RunOptions(inter_op_thread_pool=-1))


def aligned_array(shape):
    """Return a float32 array that TensorFlow can read without copying it.

    It begins at the start of a page of memory.
    """
    memory = mmap.mmap(-1, 4 * int(np.prod(shape)))
    return np.frombuffer(memory, np.float32).reshape(shape)
