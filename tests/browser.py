"""The real TensorBoard and a real browser, for the tests and for docs/pictures.py.

The browser is this machine's own Chromium or Chrome, driven by playwright: `.venv/bin/pip install playwright`.
"""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

try:
    from playwright.sync_api import sync_playwright
except ImportError:  # Python 3.6 has none
    sync_playwright = None

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'chrome')
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
MISSING = 'no playwright' if sync_playwright is None else '' if CHROMIUM else 'no Chromium'
CHROMIUM_FLAGS = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
                  '--disable-component-update', '--disable-sync',
                  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1']  # nothing beyond this machine


def wait_for(condition, seconds, failure):
    """Ask `condition()` again until it is true, and return what it gave; after so many seconds, raise.

    The failure is a text, or a function that gives one.
    """
    deadline = time.time() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.time() > deadline:
            raise RuntimeError(failure() if callable(failure) else failure)
        time.sleep(0.1)


@contextlib.contextmanager
def tensorboard(logdir):
    """Start TensorBoard on a free port of this machine, give its address, and stop it in the end."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'output')
        with open(path, 'wb') as output:
            process = subprocess.Popen(
                [sys.executable, '-m', 'tensorboard.main', '--logdir', str(logdir), '--host', '127.0.0.1',
                 '--port', '0', '--reload_interval', '1'], stdin=subprocess.DEVNULL, stdout=output, stderr=output)

        def said():
            with open(path, encoding='utf-8', errors='replace') as file:
                return file.read()

        try:
            yield wait_for(lambda: re.search(r'http://127\.0\.0\.1:\d+', said()), 60,
                           lambda: 'TensorBoard gives no address, but said:\n' + said()).group()
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def page(width, height, scale=1):
    """Start Chromium and give an empty page of playwright's; `scale` is how many pixels a picture has for one."""
    with sync_playwright() as playwright:
        with playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS) as browser:
            yield browser.new_page(viewport={'width': width, 'height': height}, device_scale_factor=scale)
