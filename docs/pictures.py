"""Make the pictures in docs/ again.

    pip install playwright
    python logistic.py
    python docs/pictures.py log_logistic

The log folder must hold one run on MNIST and nothing else. Playwright drives Chromium
or Chrome (Debian: apt-get install chromium fonts-dejavu-core). TensorBoard runs with
its default settings.
"""

import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / 'tests'))

from helper import prewitt_filter, tf  # noqa: E402
from support import summaries, synthetic_digits  # noqa: E402

from browser import MISSING, page, tensorboard, wait_for  # noqa: E402

MARGIN = 14


def main():
    if len(sys.argv) != 2 or MISSING:
        sys.exit(__doc__ + MISSING)
    logdir = Path(sys.argv[1])
    save_weights(logdir)
    save_synthetic_digits()
    save_edges()
    url = tensorboard(logdir)
    save_first_page(url)
    save_graph(url)


def save_weights(logdir):
    """Save the last misclassified images beside the last weights."""
    mistakes = last_image(logdir / 'test', 'accuracy/mistakes/image')
    weights = last_image(logdir / 'train', 'optimize/weight/image')
    gap = np.full((420, 3 * MARGIN, 3), 255, np.uint8)
    pixels = np.hstack([enlarged(mistakes, 3), gap, enlarged(weights, 15)])
    save_pixels('weights.png', pixels)


def save_synthetic_digits():
    """Save ten images of each digit. Each digit has its own row."""
    (images, labels), _ = synthetic_digits.load_data(1000, 10)
    rows = [np.hstack(images[labels == digit][:10]) for digit in range(10)]
    pixels = 255 - enlarged(np.vstack(rows), 2)
    save_pixels('synthetic_digits.png', pixels[:, :, np.newaxis])


def save_edges():
    """Save a synthetic 5 and its two edge images."""
    (images, labels), _ = synthetic_digits.load_data(1000, 10)
    digit = images[labels == 5][:1, :, :, np.newaxis] / np.float32(255)
    edges = tf.nn.conv2d(digit, prewitt_filter(), [1, 1, 1, 1], 'SAME').numpy()
    values = np.concatenate([digit, edges / 3], axis=3)[0]
    colors = summaries.red_to_blue(np.hstack(np.moveaxis(values, 2, 0))).numpy()
    save_pixels('edges.png', enlarged(colors, 5))


def save_first_page(url):
    """Save the four cards that TensorBoard shows first."""
    with page(1280, 1300) as tab:
        tab.goto(url)
        cards = tab.locator('card-view:has(img), card-view:has(line-chart text)')

        def number_of_cards():
            return f'TensorBoard shows {cards.count()} cards, not 4'

        wait_for(lambda: cards.count() == 4, 30, number_of_cards)
        groups = tab.locator('metrics-card-groups')
        save('first_page.png', stable_screenshot(groups.screenshot))


def save_graph(url):
    """Save the main graph, without the nodes that TensorBoard puts beside it."""
    with page(1280, 800, scale=2) as tab:
        tab.goto(url + '#graphs')
        wait_for(tab.locator('g.node').count, 30, lambda: 'TensorBoard shows no graph')

        def screenshot():
            shapes = tab.locator('g.core g.node, g.core g.edge')
            return tab.screenshot(clip=surrounding_area(shapes))

        save('graph.png', stable_screenshot(screenshot))


def last_image(folder, tag):
    """Return the last image with this tag as uint8 pixels [height, width, 3]."""
    (path,) = folder.iterdir()
    for event in tf.train.summary_iterator(str(path)):
        for value in event.summary.value:
            if value.tag == tag:
                png = value.image.encoded_image_string
    return tf.image.decode_png(png).numpy()


def enlarged(pixels, times):
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def surrounding_area(shapes):
    """Return the part of the page that holds these shapes, with a margin."""
    boxes = np.array(
        shapes.evaluate_all("""shapes => shapes.map(shape => {
            const box = shape.getBoundingClientRect();
            return [box.left, box.top, box.right, box.bottom];
        })""")
    )
    left, top = boxes[:, :2].min(axis=0) - MARGIN
    right, bottom = boxes[:, 2:].max(axis=0) + MARGIN
    return {'x': left, 'y': top, 'width': right - left, 'height': bottom - top}


def stable_screenshot(screenshot):
    """Take screenshots until three in a row are equal. Return the last one."""
    pictures = []
    for _ in range(60):
        pictures.append(screenshot())
        if len(pictures) >= 3 and pictures[-1] == pictures[-2] == pictures[-3]:
            return pictures[-1]
        time.sleep(0.5)
    raise RuntimeError('the page does not come to rest')


def save_pixels(name, pixels):
    save(name, tf.image.encode_png(pixels).numpy())


def save(name, content):
    (HERE / name).write_bytes(content)


if __name__ == '__main__':
    main()
