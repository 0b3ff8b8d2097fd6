"""Make the pictures of the README again.

    .venv/bin/pip install playwright
    .venv/bin/python logistic.py
    .venv/bin/python docs/pictures.py log_logistic

Needs Chromium or Chrome (Debian: `apt-get install chromium fonts-dejavu-core`), playwright, which drives it, and a log
folder with one run on MNIST and nothing else. TensorBoard is shown as it comes, with its own settings.
"""
import glob
import os
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [ROOT, os.path.join(ROOT, 'tests')]
from browser import MISSING, page, tensorboard, wait_for  # noqa: E402

from backstage.drawn_digits import load_data  # noqa: E402
from backstage.tensorflow1 import tf  # noqa: E402

MARGIN = 14


def main():
    if len(sys.argv) != 2 or MISSING or not os.path.isdir(os.path.join(sys.argv[1], 'train')):
        print(__doc__ + MISSING, file=sys.stderr)
        sys.exit(2)
    logdir = sys.argv[1]
    mistakes, weights = (last_picture(os.path.join(logdir, run), tag) for run, tag in [
        ('test', 'accuracy/mistakes'), ('train', 'optimize/weight')])
    paper = np.full((420, 3 * MARGIN, 3), 255, np.uint8)
    save('weights.png', tf.image.encode_png(np.hstack([enlarged(mistakes, 3), paper, enlarged(weights, 15)])).numpy())
    (images, labels), _ = load_data(1000, 10)
    sheet = np.stack([images[labels == digit][:10] for digit in range(10)]).swapaxes(1, 2).reshape(280, 280, 1)
    save('drawn_digits.png', tf.image.encode_png(255 - enlarged(sheet, 2)).numpy())
    with tensorboard(logdir) as url:
        with page(1280, 1300) as tab:
            tab.goto(url)
            cards = tab.locator('card-view:has(img), card-view:has(line-chart text)')
            wait_for(lambda: cards.count() == 4, 30, lambda: '{} cards are filled, not 4'.format(cards.count()))
            save('first_page.png', at_rest(tab.locator('metrics-card-groups').screenshot))
        with page(1280, 800, scale=2) as tab:
            tab.goto(url + '/#graphs')
            wait_for(tab.locator('g.node').count, 30, 'no graph is shown')
            save('graph.png', at_rest(lambda: tab.screenshot(clip=frame(tab.locator('g.core g.node, g.core g.edge')))))


def save(name, content):
    with open(os.path.join(HERE, name), 'wb') as file:
        file.write(content)


def last_picture(folder, tag):
    path, = glob.glob(os.path.join(folder, '*'))
    *_, last = (value.image for event in tf.train.summary_iterator(path) for value in event.summary.value
                if value.tag == tag)
    return tf.image.decode_png(last.encoded_image_string).numpy()


def enlarged(pixels, times):
    return pixels.repeat(times, 0).repeat(times, 1)


def frame(shapes):
    """The part of the page that holds these shapes."""
    boxes = np.array(shapes.evaluate_all('''shapes => shapes.map(shape => shape.getBoundingClientRect())
        .map(box => [box.left, box.top, box.right, box.bottom])'''))
    (left, top), (right, bottom) = boxes[:, :2].min(0) - MARGIN, boxes[:, 2:].max(0) + MARGIN
    return {'x': left, 'y': top, 'width': right - left, 'height': bottom - top}


def at_rest(picture):
    """The picture, once three in a row are the same."""
    pictures = [picture()]
    while len(pictures) < 3 or pictures[-3:] != pictures[-1:] * 3:
        if len(pictures) > 60:
            raise RuntimeError('the page does not come to rest')
        time.sleep(0.5)
        pictures.append(picture())
    return pictures[-1]


if __name__ == '__main__':
    main()
