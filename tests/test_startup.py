"""The settings that are made before TensorFlow's import."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT

PROGRAM = """
import atexit, gc, logging, os, sys, threading
sys.argv = [{program!r}]
sys.modules[{module!r}] = os
frozen = getattr(gc, 'get_freeze_count', lambda: not gc.isenabled())
hook = getattr(threading, 'excepthook', None)
before = frozen()  # Python 3.12 freezes some objects itself.
atexit.register(lambda: print(frozen() > before))  # It runs last.
import support.npz
print(os.environ['TF_CPP_MIN_LOG_LEVEL'], os.environ.get('TF_ENABLE_ONEDNN_OPTS'))
print(gc.isenabled(), logging.getLogger('tensorflow').level)
print(getattr(threading, 'excepthook', None) is hook)
"""


@pytest.mark.parametrize(
    'program, module, given, expected',
    [
        ('lesson/logistic.py', 'no notebook', 'X=', '3 0 False 50 False True'),
        ('logistic.py', 'none', 'TF_ENABLE_ONEDNN_OPTS=1', '3 1 False 50 False True'),
        ('logistic.py', 'none', 'TF_CPP_MIN_LOG_LEVEL=0', '0 0 False 50 False True'),
        ('logistic.py', 'IPython', 'X=', '3 None True 0 True False'),
        ('my_logistic.py', 'none', 'X=', '3 None True 0 True False'),
    ],
)
def test_only_the_started_lesson_changes_settings(program, module, given, expected):
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    for name in 'TF_CPP_MIN_LOG_LEVEL', 'TF_ENABLE_ONEDNN_OPTS':
        env.pop(name, None)
    env.update([given.split('=')])
    code = PROGRAM.format(program=program, module=module)
    output = subprocess.check_output([sys.executable, '-c', code], env=env)
    assert output.decode().split() == expected.split()
