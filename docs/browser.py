"""A real TensorBoard and a real browser, for the tests and for docs/pictures.py.

The browser is the system's Chromium or Chrome, controlled by Playwright.
"""

import contextlib
import shutil
import time

from tensorboard import program

try:
    from playwright.sync_api import sync_playwright
except ImportError:  # Playwright doesn't exist for Python 3.6.
    sync_playwright = None

CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
MISSING = ''
if sync_playwright is None:
    MISSING = 'Playwright is not installed'
elif CHROMIUM is None:
    MISSING = 'Chromium is not installed'
CHROMIUM_FLAGS = [
    '--disable-gpu',
    '--disable-background-networking',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',  # no network
]


def wait_for(condition, seconds, failure):
    """Call `condition` until its result is true, and return the result.

    Raises:
        RuntimeError: it wasn't true in time. `failure()` is the message.
    """
    deadline = time.time() + seconds
    while time.time() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.1)
    raise RuntimeError(failure())


def tensorboard(logdir):
    """Start TensorBoard in this process and return its address."""
    server = program.TensorBoard()
    server.configure(logdir=str(logdir), host='127.0.0.1', port=0, reload_interval=1)
    return server.launch()


@contextlib.contextmanager
def page(width, height, scale=1):
    """Start Chromium and give an empty page. `scale` is the pixels per CSS pixel."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium
        with chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS) as browser:
            size = {'width': width, 'height': height}
            yield browser.new_page(viewport=size, device_scale_factor=scale)
