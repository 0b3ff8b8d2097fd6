"""The notebook's code, with pictures of many kinds."""

import functools
import re
from pathlib import Path

from helper import tf

import numpy as np
import pytest
from conftest import read

TRAIN, RECOGNIZE = re.findall('```python\n(.*?)```', read('docs/notebook.md'), re.S)
# A picture's name, its height and width, its background at the left and at the right,
# its ink, the place of a bar, and the channels: b is the bar in grays, a is the bar's
# opacity, and k is black.
BARS = """\
plain         150  120  255 255    0     20  130    50   60  b
lying         120  150  255 255    0     50   60    20  130  b
inverted      150  120   20  20  230     20  130    50   60  b
gray          150  120  200 200  120     20  130    50   60  b
uneven        150  120  195 255  110     20  130    50   60  b
uneven_lying  120  150  255 195  110     50   60    20  130  b
thin          150  120  255 255    0     20  130    50   51  b
thick         150  120  255 255    0     20  130    50   75  b
tiny           40   40  255 255    0     20   32    20   23  b
large        2000 3000  255 255    0    300 1500  1400 1460  b
corner        300  300  255 255    0      1   61     2    8  b
filling       150   60  255 255    0      0  150    12   48  b
filling_lying  60  150  255 255    0     12   48     0  150  b
three_sides   150   60  255 255    0      0  150     0   20  b
cyan          150  120  255 255    0     20  130    50   60  kbb
transparent   150  120  255 255    0     20  130    50   60  kkka
transparent_2 150  120  255 255    0     20  130    50   60  ka
"""


@functools.lru_cache(None)
def train():
    # The small dataset's 1s are vertical bars. Its other digits are horizontal bars.
    names = {}
    exec(TRAIN.replace('2000', '300'), names)
    assert np.mean((names['p'] >= 0.5) == names['y']) > 0.9
    return Path('model.npz').read_bytes()


@pytest.fixture(autouse=True)
def folder(small_cache):
    Path('model.npz').write_bytes(train())


def draw(line):
    # Return the pixels of one line of the table.
    _, *numbers, channels = line.split()
    height, width, start, end, ink, top, bottom, left, right = map(int, numbers)
    bar = np.tile(np.linspace(start, end, width), (height, 1))
    bar[top:bottom, left:right] = ink
    values = {'b': bar, 'a': 255 - bar, 'k': 0 * bar}
    return np.dstack([values[channel] for channel in channels])


def encode(pixels, encoder=tf.image.encode_png):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(encoder(np.array(pixels, np.uint8)))


LINES = BARS.splitlines()
FILES = {line: encode(draw(line)) for line in LINES}
PLAIN = draw(LINES[0])
FILES['slanted'] = encode([np.roll(row, 10 - i // 6) for i, row in enumerate(PLAIN)])
FILES['JPEG'] = encode(PLAIN, tf.image.encode_jpeg)


@pytest.mark.parametrize('kind', FILES)
def test_bar_is_recognized(capsys, kind):
    Path('digit.png').write_bytes(FILES[kind])
    exec(RECOGNIZE, {})
    *rows, answer = capsys.readouterr().out.splitlines()
    # The bar is 20 pixels long, its center is at 14, 14, and nothing else is left.
    places = np.argwhere([[c in ':*#' for c in row[::2]] for row in rows])
    np.testing.assert_allclose(places.mean(axis=0), 14, atol=0.4)
    height, width = np.ptp(places, axis=0) + 1
    assert min(height, width) < 7 and 18 < max(height, width) < 22
    answer = re.search(r'of a 1 \[\[(.*)\]\]', answer).group(1)
    assert (float(answer) > 0.5) == (height > width)


@pytest.mark.parametrize(
    'file, sentence',
    [
        (encode(0 * PLAIN), 'digit.png needs a digit in strong contrast'),
        (encode(PLAIN * np.zeros(4)), 'digit.png needs a digit in strong contrast'),
        (b'RIFF\0\0\0\0WEBPVP8 ', 'digit.png is in another format'),
        (b'A 1.', 'digit.png is in another format'),
    ],
)
def test_unusable_picture_is_an_error(file, sentence):
    Path('digit.png').write_bytes(file)
    with pytest.raises(ValueError, match=sentence):
        exec(RECOGNIZE, {})
