"""How good the drawn digits are: train the lesson on them alone, test it on MNIST's own test images.

    python benchmarks/transfer.py mnist.npz
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from backstage.drawn_digits import load_data  # noqa: E402
from helper import load_digits, np  # noqa: E402

data = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
print('test images: ', end='')
x_test, y_test = load_digits(data).test
(x_train, y_train), _ = load_data()
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'drawn training images, MNIST test images.npz')
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    command = [sys.executable, os.path.join(ROOT, 'logistic.py'), '--data', path, '--logdir', folder + '/log']
    output = subprocess.check_output(command, universal_newlines=True)
    print(output[:output.index('The summaries')], end='')  # those go with the folder
