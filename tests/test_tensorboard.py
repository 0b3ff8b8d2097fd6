"""What the real TensorBoard shows, over HTTP and in a browser, while the lesson is run twice into the same folder."""
import collections
import contextlib
import io
import json
import re
import urllib.parse
import urllib.request

import numpy as np
import pytest
from browser import MISSING, page, tensorboard, wait_for
from conftest import arrays, printed, save
from tensorboard.version import VERSION

import logistic
from helper import tf

CURVES = 'accuracy', 'optimize/log_likelihood'
FIRST_PAGE = [['accuracy', 'accuracy/mistakes'], ['optimize/log_likelihood', 'optimize/weight']]
SCOPES = {'data', 'input', 'readout', 'optimize', 'evaluate'}
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy between here and this machine
TENSORBOARD_1 = VERSION.startswith('1.')
in_browser = pytest.mark.skipif(bool(MISSING), reason=MISSING)

Lesson = collections.namedtuple('Lesson', 'url folder steps seed printed')


def read(url, route, **query):
    with DIRECT.open('{}/data/{}?{}'.format(url, route, urllib.parse.urlencode(query)), timeout=20) as answer:
        return answer.read()


def ask(url, route, **query):
    return json.loads(read(url, route, **query).decode())


def curve(url, name, tag):
    """{step: value}, empty as long as TensorBoard does not know the tag."""
    if tag not in ask(url, 'plugin/scalars/tags').get(name, {}):
        return {}
    return {step: np.float32(value) for _, step, value in ask(url, 'plugin/scalars/scalars', run=name, tag=tag)}


def picture_steps(steps):
    return [step for step in (0, 10, 30, 100, 300, 1000, 3000) if step < steps] + [steps]


def curve_steps(steps):
    return sorted({*picture_steps(steps), *range(0, steps, logistic.SUMMARY_INTERVAL)})


def run_lesson(url, folder, steps, seed):
    """Run the lesson into the folder that TensorBoard shows, and wait until the end of its curves is there."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        logistic.main(data=str(folder / 'small.npz'), logdir=folder / 'log', steps=steps, seed=seed)
    lines = printed(out.getvalue())
    values = {name: {int(line[0]): np.float32(line[column]) for line in lines}
              for column, name in enumerate(['train', 'test'], 1)}

    def ends():
        return [max(curve(url, name, tag), default=None) for name in values for tag in CURVES]

    wait_for(lambda: set(ends()) == {steps}, 60, lambda: 'step {} is not shown, but {}'.format(steps, ends()))
    return Lesson(url, folder, steps, seed, values)


@pytest.fixture(scope='module')
def earlier(tmp_path_factory):
    folder = tmp_path_factory.mktemp('lesson')
    save(folder / 'small.npz', **arrays())
    with tensorboard(folder / 'log') as url:
        yield run_lesson(url, folder, steps=3000, seed=1)


def see(address, shown, expected):
    """Open the page as a stranger does, click nothing, and give `shown(page)` once it is as expected, or at last."""
    with page(1280, 800) as tab:
        for load in lambda: tab.goto(address), tab.reload:  # one page in about a hundred got stuck, on a busy machine
            load()
            with contextlib.suppress(RuntimeError):
                wait_for(lambda: shown(tab) == expected, 20, 'not yet')
                break
        return shown(tab)


@pytest.fixture(scope='module')
def first_page(earlier):
    """The titles in each group of cards; a card that is not in its group's first row, or not in view, has its top, too.

    `newest` waits for it, because one run alone fits on the first page: others have cards of their own pictures.
    """
    def groups(tab):
        grids = tab.locator('metrics-card-grid').evaluate_all(
            '''grids => grids.map(grid => [...grid.querySelectorAll('card-view')].map(card =>
                [card.querySelector('tb-truncated-path')?.title, card.getBoundingClientRect().top]))''')
        return [[title if top == cards[0][1] < 800 else [title, top] for title, top in cards] for cards in grids]

    if not MISSING and not TENSORBOARD_1:
        return see(earlier.url, groups, FIRST_PAGE)


@pytest.fixture(scope='module')
def newest(earlier, first_page):
    return run_lesson(earlier.url, earlier.folder, steps=2500, seed=2)


@in_browser
@pytest.mark.skipif(TENSORBOARD_1, reason='TensorBoard 1 has no page with cards of every kind')
def test_first_page_shows_curves_beside_pictures(first_page):
    assert first_page == FIRST_PAGE


@pytest.mark.parametrize('name', ['train', 'test'])
def test_newest_run_is_train_and_test_with_its_own_points(newest, name):
    accuracy, log_likelihood = (curve(newest.url, name, tag) for tag in CURVES)
    assert list(accuracy) == list(log_likelihood) == curve_steps(newest.steps)
    assert {step: accuracy[step] for step in newest.printed[name]} == newest.printed[name]
    rising = [log_likelihood[step] for step in newest.printed[name]]
    assert rising == sorted(rising) and rising[-1] < 0 and accuracy[newest.steps] > 0.95


def test_earlier_run_keeps_its_points_under_a_name_after_train(earlier, newest):
    def curves():
        return {name: curve(newest.url, name, 'accuracy') for name in ask(newest.url, 'plugin/scalars/tags')
                if name not in newest.printed}

    wait_for(lambda: [earlier.steps in points for points in curves().values()] == [True] * 2, 20, lambda: str(curves()))
    for name, points in curves().items():
        run = re.sub(r'^was_\d{6}_\d{6}[/\\]', '', name)
        assert name > 'train' and list(points) == curve_steps(earlier.steps)
        assert {step: points[step] for step in earlier.printed[run]} == earlier.printed[run]


def test_text_is_a_table_of_what_the_run_depends_on(newest):
    assert ask(newest.url, 'plugin/text/tags')['train'] == ['settings']
    text, = ask(newest.url, 'plugin/text/text', run='train', tag='settings')
    rows = dict(re.findall(r'<td><p>(.*?)</p></td>\s*<td><p>(.*?)</p></td>', text['text']))
    expected = dict(steps=newest.steps, seed=newest.seed, LEARNING_RATE=0.1, TensorFlow=tf.__version__)
    assert {name: rows.get(name) for name in expected} == {name: str(value) for name, value in expected.items()}
    assert 'small.npz' in rows['data'] and '300' in rows['data'] and '120' in rows['data']


@in_browser
def test_graphs_page_opens_with_the_newest_run(newest):
    def graph(tab):
        menus = tab.locator('tf-graph-controls paper-dropdown-menu').evaluate_all('all => all.map(menu => menu.value)')
        return menus[:1], SCOPES <= set(tab.locator('g.node').evaluate_all('all => all.map(node => node.dataset.name)'))

    assert see(newest.url + '/#graphs', graph, (['train'], True)) == (['train'], True)
