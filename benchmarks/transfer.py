"""How good the drawn digits are: train the lesson on them alone, test it on MNIST's own test images.

    python benchmarks/transfer.py mnist.npz
"""
import os
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from backstage.digits import DataError, load_digits  # noqa: E402
from backstage.drawn_digits import load_data  # noqa: E402

if len(sys.argv) != 2:
    print('usage: python benchmarks/transfer.py mnist.npz', file=sys.stderr)
    sys.exit(2)
try:
    print('test images: ', end='')
    mnist = load_digits(sys.argv[1])
except DataError as error:
    sys.exit(str(error))
(x_train, y_train), _ = load_data()
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'drawn training images, MNIST test images.npz')
    np.savez(path, x_train=x_train, y_train=y_train, x_test=mnist.test[0], y_test=mnist.test[1])
    command = [sys.executable, os.path.join(ROOT, 'logistic.py'), '--data', path, '--logdir', folder + '/log']
    lesson = subprocess.Popen(command, stdout=subprocess.PIPE, universal_newlines=True)
    for line in lesson.stdout:
        if not line.startswith('The summaries'):  # they go with the folder
            print(line, end='', flush=True)
    sys.exit(lesson.wait())
