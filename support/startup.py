"""Settings that must be made before TensorFlow's import.

`support/__init__.py` imports this module, so it runs before any other one in `support`.
"""

import atexit
import gc
import logging
import os
import sys
import threading

# The lesson may be the main program, or another program may import it.
started = (
    os.path.basename(sys.argv[0]) == 'logistic.py' and 'IPython' not in sys.modules
)

# TensorFlow reads these variables during its import. Set the first one to 0 to see all
# messages.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
if started:
    # TensorFlow for Windows warns of the article's names.
    logging.getLogger('tensorflow').setLevel(logging.CRITICAL)
    # main raises a writer's error. Hide the report of the writer's thread.
    threading.excepthook = lambda error: None
    # oneDNN makes the result depend on the processor, and it prints messages. Other
    # programs keep oneDNN, because it makes convolutions faster.
    os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
    # TensorFlow's import makes many objects, and the lesson makes hardly any garbage.
    # Python need not search for it. Frozen objects aren't searched at the end either.
    gc.disable()
    if hasattr(gc, 'freeze'):  # Python 3.6 has no such function.
        atexit.register(gc.freeze)
