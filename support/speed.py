"""Classes and functions that save time or memory. docs/figures.md has the savings."""

from support import startup

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.protobuf import config_pb2


class Session(tf.Session):
    """A tf.Session that repeats the calls of a training loop faster.

    TensorFlow's own `run` checks its arguments, which takes longer than a small step.
    Here, it does so only in the first call with certain fetches, feeds, and shapes.
    Later calls skip the checks if the fetches are an operation or a tuple of tensors,
    and if the feeds are arrays of the placeholders' types.

    All operations of such a call share the caller's thread. So no operation may wait
    for another one. If you start the lesson, its session uses one thread and no GPU,
    and on TensorFlow 2, a RunMetadata gets no times. For these, use tf.Session.
    """

    def __init__(self):
        config = tf.ConfigProto()
        if startup.started:  # Other programs keep their threads.
            # The operations are too small to be worth sharing.
            config.intra_op_parallelism_threads = 1
            config.device_count['GPU'] = 0
            if tf.__version__ > '2':
                # This executor is faster. TensorFlow 1's variables can't use it.
                config.experimental.executor_type = 'SINGLE_THREADED_EXECUTOR'
        super().__init__(config=config)
        self.prepared = {}

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        feeds = feed_dict or {}
        try:
            # The key keeps its tensors alive, so no other tensor can take their place.
            kinds = [(t, type(v), v.dtype, v.shape) for t, v in feeds.items()]
            key = (type(fetches), fetches, *kinds)
            call = self.prepared.get(key)
        except (AttributeError, TypeError):  # Lists have no dtype and no hash.
            return super().run(fetches, feed_dict, options, run_metadata)
        if call and not options and not run_metadata:
            values = call(*feeds.values())
            return tuple(values) if values else None
        result = super().run(fetches, feed_dict, options, run_metadata)
        if not call and can_be_prepared(fetches, feeds):
            self.prepared[key] = self.prepare(fetches, feeds)
        return result

    def prepare(self, fetches, feeds):
        """Return a function that runs the fetches with other values of the feeds."""
        options = config_pb2.CallableOptions(
            feed=[feed.name for feed in feeds],
            run_options=tf.RunOptions(inter_op_thread_pool=-1),
        )
        if isinstance(fetches, tuple):
            options.fetch.extend(fetch.name for fetch in fetches)
        else:
            options.target.append(fetches.name)
        return self._make_callable_from_options(options)

    def close(self):
        for call in self.prepared.values():
            # A traceback can keep it alive. TensorFlow 1 can't free it after the close.
            call._handle = None
        self.prepared.clear()
        super().close()


def can_be_prepared(fetches, feeds):
    """Return whether Session can prepare a call with these fetches and feeds."""
    outputs = fetches if type(fetches) is tuple else ()
    return (
        hasattr(tf.Session, '_make_callable_from_options')  # Its name is private.
        and (outputs or isinstance(fetches, tf.Operation))
        and all(isinstance(tensor, tf.Tensor) for tensor in (*outputs, *feeds))
        and set(feeds).isdisjoint(outputs)
        and all(
            type(value) is np.ndarray and value.dtype == tensor.dtype.as_numpy_dtype
            for tensor, value in feeds.items()
        )
    )


def prefetched(ds):
    """Return a dataset that prepares batches in advance.

    TensorFlow's default optimizations would copy all data. Its autotuning takes time.
    """
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    if hasattr(options, 'autotune'):  # TensorFlow 1 has no such option.
        options.autotune.enabled = False
    return ds.prefetch(10).with_options(options)


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
