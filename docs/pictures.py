"""Make the pictures in docs/ again.

    pip install playwright
    python docs/pictures.py

It trains on MNIST first. Playwright drives Chromium or Chrome (Debian: apt-get install
chromium fonts-dejavu-core). TensorBoard runs with its default settings.
"""

import base64
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import logistic  # noqa: E402
from helper import mnist_samples, np, prewitt_filter, tf  # noqa: E402
from support import summaries, synthetic_digits  # noqa: E402

from browser import MISSING, page, tensorboard, wait_for  # noqa: E402

MARGIN = 14


def main():
    if MISSING:
        sys.exit(__doc__ + MISSING)
    with tempfile.TemporaryDirectory() as folder:
        W, b = logistic.main(data='mnist', logdir=folder)
        logdir = Path(folder)
        save_weights(logdir)
        save_steps(logdir)
        save_model(W, b)
        save_synthetic_digits()
        save_edges()
        url = tensorboard(logdir)
        save_first_page(url)
        save_graph(url)


def save_weights(logdir):
    """Save the last misclassified images beside the last weights."""
    mistakes = images(logdir / 'test', 'accuracy/mistakes/image')[20000]
    weights = images(logdir / 'train', 'optimize/weight/image')[20000]
    gap = np.full((420, 3 * MARGIN, 3), 255, np.uint8)
    pixels = np.hstack([enlarged(mistakes, 3), gap, enlarged(weights, 15)])
    save_pixels('weights.png', pixels)


def save_steps(logdir):
    """Save the weights at five steps in a row, with the numbers of the steps."""
    weights = images(logdir / 'train', 'optimize/weight/image')
    svg = ''
    for column, step in enumerate([0, 10, 100, 1000, 20000]):
        left = 20 + 172 * column
        svg += svg_image(weights[step], left, 12, 140)
        svg += svg_text(left + 70, 176, f'{step:,}')
        if column:
            svg += svg_arrow(left - 28, 82, left - 6, 82)
    save_drawing('steps.png', svg, 868, 190)


def save_model(W, b):
    """Draw the way of a 1 and a 5 through the model: pixels, sum, sigmoid, answer."""
    (X, labels), _ = mnist_samples(
        flatten_image=True, binalize_label=True, data='mnist'
    )
    shades = summaries.red_to_blue(W.reshape(28, 28) / abs(W).max()).numpy()
    svg = svg_text(76, 28, 'x') + svg_image(shades, 200, 115, 112)
    svg += svg_text(256, 103, 'W') + svg_text(393, 28, 'x W + b')
    svg += svg_text(650, 28, 'y = sigmoid(x W + b)')
    for bottom in 169, 313:
        svg += svg_text(76, bottom, '28 × 28 = 784', size=13)

    # The curve: z from -6 to 6 is 500 to 800, and y from 0 to 1 is 280 to 60.
    z = np.linspace(-6, 6, 100)
    points = ' '.join(f'{650 + 25 * a:.1f},{280 - 220 * sigmoid(a):.1f}' for a in z)
    svg += '<path d="M500,60H800M500,170H800M500,280H800" class="grid"/>'
    svg += '<path d="M650,50V290" class="grid"/>'
    svg += f'<polyline points="{points}" class="curve"/>'
    for text, height in ('1', 60), ('0.5', 170), ('0', 280):
        svg += svg_text(482, height + 5, text, size=14)
    svg += svg_text(650, 308, '0', size=14)

    for i, top in (3, 40), (11, 184):  # a 1 and a 5
        middle = top + 56
        ink = np.uint8(255 * (1 - X[i].reshape(28, 28)))
        svg += svg_image(np.stack([ink] * 3, axis=-1), 20, top, 112)
        svg += svg_arrow(138, middle, 194, 171)
        z = (X[i] @ W + b).item()
        svg += svg_arrow(318, 171, 362, middle)
        svg += svg_text(397, middle + 7, f'{z:.1f}'.replace('-', '−'), size=22)
        x, y = 650 + 25 * z, 280 - 220 * sigmoid(z)
        svg += svg_arrow(432, middle, 464, middle)
        svg += f'<path d="M{x:.0f},280V{y:.0f}H800" class="reading"/>'
        svg += f'<circle cx="{x:.0f}" cy="{y:.0f}" r="6"/>'
        sign, answer = ('≥', 1) if z >= 0 else ('<', 0)
        comparison = f'y = {sigmoid(z):.2f} {sign} 0.5'.replace('<', '&lt;')
        svg += svg_text(885, y + 5, comparison)
        svg += svg_arrow(964, y, 994, y)
        svg += svg_text(1012, y + 8, str(answer), size=24)
        svg += svg_text(1012, y + 34, f'y_ = {labels[i].item():.0f}', size=14)
    save_drawing('model.png', svg, 1050, 330)


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


def images(folder, tag):
    """Return all images with this tag, as {step: uint8 pixels [height, width, 3]}."""
    (path,) = folder.iterdir()
    found = {}
    for event in tf.train.summary_iterator(str(path)):
        for value in event.summary.value:
            if value.tag == tag:
                png = value.image.encoded_image_string
                found[event.step] = tf.image.decode_png(png).numpy()
    return found


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


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


def svg_image(pixels, left, top, side):
    png = base64.b64encode(tf.image.encode_png(pixels).numpy()).decode()
    return (
        f'<image x="{left}" y="{top}" width="{side}" height="{side}" '
        f'href="data:image/png;base64,{png}"/>'
        f'<rect x="{left}" y="{top}" width="{side}" height="{side}" class="frame"/>'
    )


def svg_text(x, y, text, size=17):
    return f'<text x="{x}" y="{y}" font-size="{size}">{text}</text>'


def svg_arrow(x1, y1, x2, y2):
    return f'<path d="M{x1},{y1}L{x2},{y2}" class="arrow"/>'


def save_drawing(name, svg, width, height):
    """Save a picture of SVG elements, drawn by the browser."""
    with page(width, height) as tab:
        tab.set_content(f"""<style>
            body {{ margin: 0 }}
            text {{ font-family: DejaVu Sans; text-anchor: middle }}
            image {{ image-rendering: pixelated }}
            path, polyline, rect {{ fill: none; stroke: #888 }}
            .curve {{ stroke: #06c; stroke-width: 3 }}
            .grid {{ stroke: #ccc }}
            .reading {{ stroke: #c60; stroke-dasharray: 4 4 }}
            .arrow {{ stroke: #444; stroke-width: 2; marker-end: url(#head) }}
            .frame {{ stroke: #bbb }}
            </style>
            <svg width="{width}" height="{height}">
            <marker id="head" refX="5" refY="3" markerWidth="6" markerHeight="6"
                orient="auto"><polygon points="0,0 6,3 0,6" fill="#444"/></marker>
            {svg}</svg>""")
        save(name, tab.screenshot())


def save_pixels(name, pixels):
    save(name, tf.image.encode_png(pixels).numpy())


def save(name, content):
    (HERE / name).write_bytes(content)


if __name__ == '__main__':
    main()
