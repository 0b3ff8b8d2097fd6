"""Settings and functions that save time or memory. docs/figures.md has the savings."""

import functools
import gc
import os
import sys

import numpy as np

# The lesson may be the main program, or another program may import it.
started = (
    os.path.basename(sys.argv[0]) == 'logistic.py' and 'IPython' not in sys.modules
)
if started:
    # TensorFlow reads this variable during its import. oneDNN makes the result
    # depend on the processor, and it prints messages. Other programs keep oneDNN,
    # because it makes convolutions faster.
    os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
    # TensorFlow's import makes many objects, and the lesson makes hardly any garbage.
    # Python need not search for it. Frozen objects aren't searched at the end either.
    gc.disable()

import tensorflow.compat.v1 as tf

if started and hasattr(gc, 'freeze'):  # Python 3.6 has no such function.
    gc.freeze()


def config():
    """Return session settings that keep each operation in one thread.

    Other programs keep their threads, because all sessions of a process share them.
    """
    return tf.ConfigProto(intra_op_parallelism_threads=1 if started else 0)


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
    """Return an aligned float32 copy of an array.

    Its address is a multiple of 64, so TensorFlow needs no copy of its own.
    """
    # Old NumPy gives `empty` huge pages of memory, which can be slow to get.
    memory = np.zeros(array.size + 16, np.float32)
    start = -memory.ctypes.data % 64 // 4
    copy = memory[start : start + array.size].reshape(array.shape)
    copy[...] = array
    return copy
