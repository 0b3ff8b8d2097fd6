"""The pages of a real TensorBoard, over HTTP and in a real browser."""

import json
import os
import urllib.parse
import urllib.request
from unittest import mock

import numpy as np
import pytest
from browser import MISSING, page, tensorboard, wait_for
from conftest import printed, run_lesson, save_npz
from tensorboard.version import VERSION

GROUPS = [  # A group has a curve, and an image of each of the two runs.
    ['accuracy', 'accuracy/mistakes/image', 'accuracy/mistakes/image'],
    ['optimize/log_likelihood', 'optimize/weight/image', 'optimize/weight/image'],
]


def ask(url, route, **query):
    """Return TensorBoard's answer to a request, without a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    address = f'{url}/data/{route}?{urllib.parse.urlencode(query)}'
    with opener.open(address, timeout=20) as answer:
        return json.load(answer)


def curve(url, run):
    """Return the accuracies that TensorBoard shows, as {step: value}."""
    if 'accuracy' not in ask(url, 'plugin/scalars/tags').get(run, {}):
        return {}
    points = ask(url, 'plugin/scalars/scalars', run=run, tag='accuracy')
    return {step: np.float32(value) for _, step, value in points}


def wait_for_point(url, run, step):
    wait_for(lambda: step in curve(url, run), 90, lambda: run)


def read_groups(tab):
    """Return the titles of the cards in each group of the first page."""
    return tab.locator('metrics-card-grid').evaluate_all(
        """grids => grids.map(grid => [...grid.querySelectorAll('card-view')].map(
               card => card.querySelector('tb-truncated-path')?.title))"""
    )


@pytest.fixture(scope='module')
def shown(tmp_path_factory):
    """TensorBoard's address, and the two runs that it shows."""
    folder = tmp_path_factory.mktemp('lesson')
    (folder / 'datasets').mkdir()
    save_npz(folder / 'datasets' / 'mnist.npz')
    url = tensorboard(folder / 'log').rstrip('/')
    runs = {}
    for prefix, steps in ('', 100), (f'run_2{os.sep}', 150):
        with mock.patch.dict(os.environ, KERAS_HOME=str(folder)):
            runs[prefix] = run_lesson('auto', folder / 'log', steps=steps, seed=steps)
        for name in prefix + 'train', prefix + 'test':
            wait_for_point(url, name, steps)
    return url, runs


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
@pytest.mark.skipif(VERSION < '2', reason='TensorBoard 1 has another first page')
def test_first_page_puts_images_next_to_curves(shown):
    with page(1280, 2000) as tab:
        tab.goto(shown[0])
        wait_for(lambda: read_groups(tab) == GROUPS, 40, lambda: read_groups(tab))


@pytest.mark.parametrize('column, name', [(1, 'train'), (2, 'test')])
def test_each_run_shows_its_own_points(shown, column, name):
    url, runs = shown
    for prefix, run in runs.items():
        points = curve(url, prefix + name)
        for line in printed(run.out):
            assert points[line[0]] == line[column]


def test_text_page_shows_the_settings(shown):
    run = f'run_2{os.sep}train'
    (text,) = ask(shown[0], 'plugin/text/text', run=run, tag='settings')
    assert (
        'mnist.npz, steps 150, seed 150, LEARNING_RATE 0.1, BATCH_SIZE 100, '
        'BUFFER_SIZE 1000, EPS 1e-07'
    ) in text['text']
