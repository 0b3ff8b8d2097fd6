"""TensorFlow 1's names on any TensorFlow, imported without its notices."""
import contextlib
import os
import signal
import sys
import tempfile
import threading

__all__ = ['np', 'tf']


def hold_back_notices(stack):
    """Keep back what TensorFlow's libraries write on descriptor 2 until the stack is left; an error brings it out."""
    notices, stderr = stack.enter_context(tempfile.TemporaryFile()), os.dup(2)

    def restore(error, *_):
        os.dup2(stderr, 2)
        os.close(stderr)
        if error:
            notices.seek(0)
            os.write(2, notices.read())

    stack.push(restore)
    os.dup2(notices.fileno(), 2)


with contextlib.ExitStack() as stack:
    script, here = (os.path.abspath(getattr(sys.modules[name], '__file__', None) or os.devnull)
                    for name in ('__main__', __name__))
    is_lesson = os.path.dirname(script) == os.path.dirname(os.path.dirname(here))  # and does not only import one
    in_main_thread = threading.current_thread() is threading.main_thread()  # where alone handlers may be set
    if is_lesson and in_main_thread and signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        stack.callback(signal.signal, signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it as it ends other programs
    if 'TF_CPP_MIN_LOG_LEVEL' not in os.environ:  # who sets it wants to see the notices
        os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
        with contextlib.suppress(OSError):  # no folder for temporary files, or no descriptor 2
            hold_back_notices(stack)
    import numpy as np
    import tensorflow.compat.v1 as tf  # on TensorFlow 1.13 as on 2.x
    tf.logging.set_verbosity(tf.logging.FATAL)
    tf.disable_v2_behavior()  # graph mode
    with tf.Graph().as_default(), tf.Session() as session:  # TensorFlow 2.20 keeps a notice for the first run
        session.run(tf.no_op())
