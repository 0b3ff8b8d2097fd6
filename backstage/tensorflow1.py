"""TensorFlow 1's names on any TensorFlow, imported without its notices."""
import os
import sys

__all__ = ['np', 'tf']

# They are written on descriptor 2, which a program without a console lacks. Who sets the level wants to see them.
held_back = sys.__stderr__ and 'TF_CPP_MIN_LOG_LEVEL' not in os.environ
if held_back:
    os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
try:
    import numpy as np
    import tensorflow.compat.v1 as tf  # on TensorFlow 1.13 as on 2.x
finally:
    if held_back:
        os.dup2(stderr, 2)
        os.close(stderr)
        del os.environ['TF_CPP_MIN_LOG_LEVEL']
