"""Make the README's pictures of TensorBoard again.

    python logistic.py
    python docs/pictures.py log_logistic

Needs Chromium (Debian: `apt-get install chromium fonts-dejavu-core`) and nothing else that the lesson does not.
"""
import base64
import contextlib
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
CHROMIUM_FLAGS = ('--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking '
                  '--disable-component-update --disable-sync --hide-scrollbars --remote-debugging-pipe').split()
CHROMIUM_FLAGS.append('--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1')  # nothing beyond this machine

# What TensorBoard remembers of its reader: no smoothing and every point, so that the curves are what was measured.
SETTINGS = {'scalarSmoothing': 0, 'ignoreOutliers': False, 'stepSelectorEnabled': False,
            'timeSeriesSettingsPaneOpened': False}
# Cards with a loaded image or the numbers of an axis in them, and the boxes of the graph.
CARDS = """nodes(document).filter(node => node.nodeName == 'CARD-VIEW' &&
    [...node.querySelectorAll('img, line-chart text')].some(node => node.naturalWidth || node.textContent))"""
BOXES = "nodes(document).filter(node => /^node /.test(node.getAttribute && node.getAttribute('class')))"


def main():
    if len(sys.argv) != 2 or not CHROMIUM:
        sys.exit('{}\nChromium here: {}'.format(__doc__, CHROMIUM or 'none'))
    with tensorboard(sys.argv[1]) as url:
        cards = url + '/?tagFilter={}%7C{}#timeseries'  # two tags, whose cards stand side by side
        take('curves.png', cards.format('accuracy', 'log_likelihood'), CARDS, side_bar=18)
        take('weights.png', cards.format('weight', 'mistakes.*0'), CARDS, side_bar=0, crop=True, width=750)
        take('graph.png', url + '/#graphs&run=train', BOXES, crop=True)


def take(name, address, shown, side_bar=20, crop=False, width=1000):
    """Save a picture of a page once the nodes `shown` are there and nothing moves any more, or of just these nodes."""
    with browser(width, 510) as call:
        settings = json.dumps(dict(SETTINGS, sideBarWidthInPercent=side_bar))
        call('Page.enable')
        call('Page.addScriptToEvaluateOnNewDocument',
             source='localStorage.setItem("_tb_global_settings", {})'.format(json.dumps(settings)))
        call('Page.navigate', url=address)
        wait_for(lambda: evaluate(call, shown + '.length >= 2'), 30, name + ': nothing is shown')

        def picture():
            clip = {}
            if crop:
                boxes = evaluate(call, shown + '.map(node => node.getBoundingClientRect().toJSON())')
                left, top = (min(box[side] for box in boxes) - 14 for side in ('left', 'top'))
                right, bottom = (max(box[side] for box in boxes) + 14 for side in ('right', 'bottom'))
                clip = {'clip': {'x': left, 'y': top, 'width': right - left, 'height': bottom - top,
                                 'scale': min(2, 1000 / (right - left))}}
            return base64.b64decode(call('Page.captureScreenshot', **clip)['data'])

        pictures = []

        def at_rest():
            time.sleep(0.5)
            pictures.append(picture())
            return pictures[-3:] == pictures[-1:] * 3

        wait_for(at_rest, 30, name + ': the page does not come to rest')
    with open(os.path.join(HERE, name), 'wb') as file:
        file.write(pictures[-1])


def wait_for(condition, seconds, failure):
    """Ask `condition()` again until it is true, and return what it gave; after so many seconds, raise."""
    deadline = time.time() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.time() > deadline:
            raise RuntimeError(failure() if callable(failure) else failure)
        time.sleep(0.1)


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def tensorboard(logdir):
    """Start TensorBoard on a free port of this machine, give its address, and stop it in the end."""
    with tempfile.NamedTemporaryFile() as output:
        process = subprocess.Popen([sys.executable, '-m', 'tensorboard.main', '--logdir', str(logdir), '--host',
                                    '127.0.0.1', '--port', '0', '--reload_interval', '1'], stdout=output, stderr=output)

        def said():
            with open(output.name, encoding='utf-8', errors='replace') as file:
                return file.read()

        try:
            yield wait_for(lambda: re.search(r'http://127\.0\.0\.1:\d+', said()), 60, 'no address').group()
        except Exception as error:
            raise RuntimeError('{}\nTensorBoard said:\n{}'.format(error, said()))
        finally:
            stop(process)


@contextlib.contextmanager
def browser(width, height):
    """Start Chromium and give `call(method, **parameters)` of its DevTools protocol, for one empty page."""
    profile = tempfile.mkdtemp()
    # Chromium takes commands from descriptor 3 and answers on 4, as JSON texts that end with a zero byte.
    process = subprocess.Popen(
        ['sh', '-c', 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1', CHROMIUM] + CHROMIUM_FLAGS +
        ['--user-data-dir=' + profile], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    session, received, count = {}, b'', 0

    def call(method, **parameters):
        nonlocal received, count
        count += 1
        message = dict(session, id=count, method=method, params=parameters)
        process.stdin.write(json.dumps(message).encode() + b'\0')
        deadline = time.time() + 60
        while True:
            while b'\0' not in received:
                readable, _, _ = select.select([process.stdout], [], [], max(0, deadline - time.time()))
                news = readable and process.stdout.read(1 << 16)
                if not news:
                    raise RuntimeError('Chromium gives no answer to ' + method)
                received += news
            text, received = received.split(b'\0', 1)
            answer = json.loads(text.decode())
            if answer.get('id') == count:  # what else comes are events, which nobody here waits for
                if 'error' in answer:
                    raise RuntimeError('{}: {}'.format(method, answer['error']['message']))
                return answer['result']

    try:
        target = call('Target.createTarget', url='about:blank')
        session.update(sessionId=call('Target.attachToTarget', flatten=True, **target)['sessionId'])
        call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
        yield call
    finally:
        session.clear()
        with contextlib.suppress(RuntimeError, OSError, subprocess.TimeoutExpired):
            call('Browser.close')  # its other processes end first, and leave the profile alone
            process.wait(10)
        stop(process)
        process.stdin.close()
        process.stdout.close()
        shutil.rmtree(profile, ignore_errors=True)


def evaluate(call, expression):
    """What a JavaScript expression gives in the page; in it, `nodes(n)` are n and all nodes below, shadow roots too."""
    nodes = 'n => [n].concat(...[n.shadowRoot, ...n.childNodes].filter(Boolean).map(nodes))'
    answer = call('Runtime.evaluate', expression='{{ const nodes = {}; {} }}'.format(nodes, expression),
                  returnByValue=True, awaitPromise=True)
    if 'exceptionDetails' in answer:
        raise RuntimeError(answer['exceptionDetails'])
    return answer['result'].get('value')


if __name__ == '__main__':
    main()
