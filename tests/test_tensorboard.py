"""The pages of a real TensorBoard, over HTTP and in a real browser."""

import contextlib
import json
import urllib.parse
import urllib.request

import numpy as np
import pytest
from browser import MISSING, page, tensorboard, wait_for
from conftest import printed, run_lesson, save_npz
from tensorboard.version import VERSION

in_browser = pytest.mark.skipif(bool(MISSING), reason=MISSING)
GROUPS = [
    ['accuracy', 'accuracy/mistakes/image'],
    ['optimize/log_likelihood', 'optimize/weight/image'],
]


def ask(url, route, **query):
    """Return TensorBoard's answer to a request, without a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    address = '{}/data/{}?{}'.format(url, route, urllib.parse.urlencode(query))
    with opener.open(address, timeout=20) as answer:
        return json.loads(answer.read().decode())


def curve(url, run, tag):
    """Return the points that TensorBoard shows, as {step: value}."""
    if tag not in ask(url, 'plugin/scalars/tags').get(run, {}):
        return {}
    points = ask(url, 'plugin/scalars/scalars', run=run, tag=tag)
    return {step: np.float32(value) for _, step, value in points}


def run_and_wait(url, folder, steps, prefix=''):
    """Run the lesson, wait until TensorBoard shows its last point, and return it."""
    names = prefix + 'train', prefix + 'test'
    path = save_npz(folder / 'small.npz')
    run = run_lesson(path, folder / 'log', steps=steps, seed=steps)

    def ends():
        tags = 'accuracy', 'optimize/log_likelihood'
        curves = [curve(url, name, tag) for name in names for tag in tags]
        return {max(points, default=None) for points in curves}

    wait_for(lambda: ends() == {steps}, 60, lambda: str(ends()))
    return run


def wait_in_browser(address, read, expected):
    """Open a page and return what it shows, once it is as expected or time is up."""
    with page(1280, 800) as tab:
        tab.goto(address)
        with contextlib.suppress(RuntimeError):
            wait_for(lambda: read(tab) == expected, 40, str)
        return read(tab)


def read_groups(tab):
    """Return the titles of the cards in each group of the first page."""
    return tab.locator('metrics-card-grid').evaluate_all(
        """grids => grids.map(grid => [...grid.querySelectorAll('card-view')].map(
               card => card.querySelector('tb-truncated-path')?.title))"""
    )


def read_graph(tab):
    """Return the run that the Graphs page has chosen, and the scopes that it shows."""
    menus = tab.locator('tf-graph-controls paper-dropdown-menu')
    runs = menus.evaluate_all('menus => menus.map(menu => menu.value)')[:1]
    nodes = tab.locator('g.core g.node')
    names = nodes.evaluate_all('nodes => nodes.map(node => node.dataset.name)')
    return runs, sorted(set(names))


@pytest.fixture(scope='module')
def server(tmp_path_factory):
    """The address of TensorBoard, its folder, and a first run."""
    folder = tmp_path_factory.mktemp('lesson')
    url = tensorboard(folder / 'log').rstrip('/')
    return url, folder, run_and_wait(url, folder, 1000)


@pytest.fixture(scope='module')
def first_page(server):
    """The groups of cards on the first page after one run."""
    if not MISSING and VERSION > '2':
        return wait_in_browser(server[0], read_groups, GROUPS)


@pytest.fixture(scope='module')
def two_runs(server, first_page):
    """The address of TensorBoard, and two runs."""
    url, folder, first = server
    return url, first, run_and_wait(url, folder, 2500, 'run_2/')


@in_browser
@pytest.mark.skipif(VERSION < '2', reason='TensorBoard 1 has another first page')
def test_first_page_has_two_groups_of_two_cards(first_page):
    assert first_page == GROUPS


@pytest.mark.parametrize('column, name', [(1, 'train'), (2, 'test')])
def test_each_run_shows_its_own_points(two_runs, column, name):
    url, first, second = two_runs
    assert sorted(ask(url, 'plugin/scalars/tags')) == [
        'run_2/test',
        'run_2/train',
        'test',
        'train',
    ]
    for run, prefix in (first, ''), (second, 'run_2/'):
        points = curve(url, prefix + name, 'accuracy')
        assert list(points)[:6] == [0, 10, 30, 100, 300, 1000]
        for line in printed(run.out):
            assert points[line[0]] == line[column]


def test_text_page_shows_the_settings(two_runs):
    url, _, run = two_runs
    (text,) = ask(url, 'plugin/text/text', run='run_2/train', tag='settings')
    assert (
        'data {}, steps 2500, seed 2500, LEARNING_RATE 0.1, BATCH_SIZE 100, '
        'BUFFER_SIZE 1000, EPS 1e-07'
    ).format(run.logdir.parent / 'small.npz') in text['text']


@in_browser
def test_graphs_page_shows_the_lessons_scopes(two_runs):
    scopes = ['data', 'evaluate', 'input', 'optimize', 'readout', 'summaries']
    expected = ['run_2/train'], scopes
    assert wait_in_browser(two_runs[0] + '/#graphs', read_graph, expected) == expected
