"""The pages of a real TensorBoard, over HTTP and in a real browser."""

import collections
import json
import urllib.parse
import urllib.request

import numpy as np
import pytest
from browser import MISSING, page, tensorboard, wait_for
from conftest import printed, run_lesson, save_npz
from tensorboard.version import VERSION

Shown = collections.namedtuple('Shown', 'url folder first second')
in_browser = pytest.mark.skipif(bool(MISSING), reason=MISSING)
on_tensorboard_2 = pytest.mark.skipif(
    VERSION < '2', reason='TensorBoard 1 has another first page'
)


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


def run_and_wait(url, folder, steps):
    """Run the lesson, wait until TensorBoard shows its last point, and return it."""
    path = save_npz(folder / 'small.npz')
    run = run_lesson(path, folder / 'log', steps=steps, seed=steps)

    def ends():
        tags = 'accuracy', 'optimize/log_likelihood'
        curves = [curve(url, name, tag) for name in ('train', 'test') for tag in tags]
        return {max(points, default=None) for points in curves}

    wait_for(lambda: ends() == {steps}, 60, lambda: str(ends()))
    return run


def wait_in_browser(address, read, expected):
    """Open a page and return what it shows, once it is as expected or time is up."""
    with page(1280, 800) as tab:
        for _ in range(2):  # On a busy machine, the first try may get stuck.
            tab.goto(address)
            try:
                wait_for(lambda: read(tab) == expected, 20, str)
            except RuntimeError:
                tab.reload()
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
    """TensorBoard, its folder, and a first run."""
    folder = tmp_path_factory.mktemp('lesson')
    with tensorboard(folder / 'log') as url:
        yield url, folder, run_and_wait(url, folder, 3000)


@pytest.fixture(scope='module')
def first_page(server):
    """The groups of the first page after one run."""
    groups = [
        ['accuracy', 'accuracy/mistakes/image'],
        ['optimize/log_likelihood', 'optimize/weight/image'],
    ]
    if MISSING or VERSION < '2':
        return groups, None
    return groups, wait_in_browser(server[0], read_groups, groups)


@pytest.fixture(scope='module')
def shown(server, first_page):
    """The same TensorBoard after a second run."""
    url, folder, first = server
    return Shown(url, folder, first, run_and_wait(url, folder, 2500))


@in_browser
@on_tensorboard_2
def test_first_page_has_two_groups_of_two_cards(first_page):
    expected, groups = first_page
    assert groups == expected


@pytest.mark.parametrize('column, name', [(1, 'train'), (2, 'test')], ids=str)
def test_newest_run_shows_only_its_own_points(shown, column, name):
    points = curve(shown.url, name, 'accuracy')
    assert list(points) == [0, 10, 30, 100, 300, 1000, 2000, 2500]
    for line in printed(shown.second.out):
        assert points[line[0]] == line[column]


@pytest.mark.parametrize('column, name', [(1, 'train'), (2, 'test')], ids=str)
def test_earlier_run_keeps_its_points(shown, column, name):
    def earlier():
        runs = ask(shown.url, 'plugin/scalars/tags')
        return [run for run in runs if run > 'was_' and run.endswith(name)]

    (run,) = wait_for(earlier, 20, lambda: 'The earlier run is not shown.')
    wait_for(lambda: 3000 in curve(shown.url, run, 'accuracy'), 20, lambda: run)
    points = curve(shown.url, run, 'accuracy')
    for line in printed(shown.first.out):
        assert points[line[0]] == line[column]


def test_text_page_shows_the_settings(shown):
    tag = 'summaries/settings'
    (text,) = ask(shown.url, 'plugin/text/text', run='train', tag=tag)
    assert 'seed 2500, EPS 1e-07, LEARNING_RATE 0.1, BATCH_SIZE 100' in text['text']


@in_browser
def test_graphs_page_shows_the_lessons_scopes(shown):
    scopes = ['data', 'evaluate', 'input', 'optimize', 'readout', 'summaries']
    expected = ['train'], scopes
    assert wait_in_browser(shown.url + '/#graphs', read_graph, expected) == expected
