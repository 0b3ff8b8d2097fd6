"""Settings that save time or memory. docs/figures.md has a figure for each."""

import functools
import gc
import os
import sys

import numpy as np

# The lesson may be the program that was started, or a guest in another one.
started = (
    os.path.basename(sys.argv[0]) == 'logistic.py' and 'IPython' not in sys.modules
)
if started:
    # TensorFlow reads this variable during its import. oneDNN makes the result depend
    # on the processor, and it prints messages. But a guest keeps its convolutions fast.
    os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
    gc.disable()

import tensorflow.compat.v1 as tf

if started:
    # None of the many objects that TensorFlow's import makes is garbage. Python need
    # not look at them during the import, or again at the end.
    if hasattr(gc, 'freeze'):  # Python 3.6 has no such function.
        gc.freeze()
    gc.enable()


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


def aligned_copy(array):
    """Return a float32 copy of an array. TensorFlow need not copy it again.

    Its address is a multiple of 64 bytes.
    """
    memory = np.empty(array.size + 16, np.float32)
    start = -memory.ctypes.data % 64 // 4
    copy = memory[start : start + array.size].reshape(array.shape)
    copy[...] = array
    return copy
