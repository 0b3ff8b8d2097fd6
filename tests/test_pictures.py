"""Numbers as red and blue pictures: every decoded pixel says what its number was."""
import struct

import numpy as np
import pytest
from conftest import pixels

from backstage.pictures import png, red_and_blue, sheet

WHITE, BLUE, RED = [255, 255, 255], [0, 0, 255], [255, 0, 0]


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@pytest.mark.parametrize('scale', [1e-30, 0.1, 1 / 3, 1, 7.7, 1e30])
def test_zero_is_white_and_the_largest_magnitude_is_pure_blue_or_pure_red(dtype, scale):
    colours = red_and_blue(np.array([[1, 0, -1]], dtype) * dtype(scale))
    assert colours.dtype == np.uint8
    assert colours.tolist() == [[BLUE, WHITE, RED]]


@pytest.mark.parametrize('values, expected', [
    ([[-4, 2, 0]], [[RED, [128, 128, 255], WHITE]]),  # the largest magnitude is negative,
    ([[4, -2, 0]], [[BLUE, [255, 128, 128], WHITE]]),  # or positive; half of it may be rounded up or down
    ([[-4, -2]], [[RED, [255, 128, 128]]]),
    ([[0.5, 1]], [[[128, 128, 255], BLUE]])])
def test_both_colours_have_one_scale_that_of_the_largest_magnitude(values, expected):
    colours = red_and_blue(np.array(values, np.float32))
    assert colours.shape == np.shape(expected)
    assert np.abs(colours.astype(int) - expected).max() <= 1


def test_nothing_but_zeros_is_white(recwarn):
    assert (red_and_blue(np.zeros((3, 4), np.float32)) == 255).all()
    assert red_and_blue(np.zeros((3, 4), np.float32)).shape == (3, 4, 3)
    assert not recwarn.list  # of a division by zero


def test_colours_are_no_further_from_their_number_than_rounding_must_be():
    values = np.random.RandomState(0).uniform(-1, 1, (40, 50)).astype(np.float32)
    values[0, 0] = -1
    red, green, blue = np.moveaxis(red_and_blue(values).astype(float), -1, 0)
    assert np.abs(green - 255 * (1 - np.abs(values))).max() < 0.501
    np.testing.assert_array_equal(blue[values > 0], 255)
    np.testing.assert_array_equal(red[values > 0], green[values > 0])
    np.testing.assert_array_equal(red[values < 0], 255)
    np.testing.assert_array_equal(blue[values < 0], green[values < 0])


def test_what_is_coloured_stays_as_it_was():
    values = np.array([[4, -2]], np.float32)
    red_and_blue(values)
    assert values.tolist() == [[4, -2]]


@pytest.mark.parametrize('n', [0, 1, 2, 4, 5, 6, 7])
def test_a_sheet_is_read_like_a_page_and_its_rest_is_zero(n):
    images = np.random.RandomState(n).uniform(0.1, 1, (n, 784)).astype(np.float32)
    page = sheet(images, across=2)
    assert page.shape == (2 * 28, 2 * 28) and page.dtype == np.float32
    for cell in range(4):
        top, left = 28 * (cell // 2), 28 * (cell % 2)
        for row in range(28):
            expected = images[cell, 28 * row:28 * row + 28] if cell < n else np.zeros(28)
            np.testing.assert_array_equal(page[top + row, left:left + 28], expected)


@pytest.mark.parametrize('channels, colour_type', [(1, 0), (3, 2)])
def test_a_png_file_holds_the_pixels_it_was_given(channels, colour_type):
    given = np.random.RandomState(channels).randint(0, 256, (5, 7, channels)).astype(np.uint8)
    content = png(given)
    assert content.startswith(b'\x89PNG\r\n\x1a\n')
    width, height, depth, kind = struct.unpack('>IIBB', content[16:26])  # https://www.w3.org/TR/png/#11IHDR
    assert (width, height, depth, kind) == (7, 5, 8, colour_type)
    np.testing.assert_array_equal(pixels(content), given)
