"""What TensorBoard shows of the lesson: the real server, asked over HTTP, and its page in a real browser.

One server runs all the time while the lesson is run twice into the same folder.
"""
import json
import os
import re
import struct
import sys
import urllib.parse
import urllib.request

import numpy as np
import pytest
from conftest import ROOT, arrays, run

sys.path.insert(0, os.path.join(ROOT, 'docs'))
from pictures import CHROMIUM, browser, evaluate, tensorboard, wait_for  # noqa: E402

TAGS = {'accuracy', 'optimize/log_likelihood'}
DATED = r'\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d/'
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy between here and this machine


def read(url, route, **query):
    with DIRECT.open('{}/data/{}?{}'.format(url, route, urllib.parse.urlencode(query)), timeout=20) as answer:
        return answer.read()


def ask(url, route, **query):
    return json.loads(read(url, route, **query).decode())


def curve(url, run, tag):
    """[(step, value), ...], empty as long as TensorBoard does not know the tag."""
    if tag not in ask(url, 'plugin/scalars/tags').get(run, {}):
        return []
    return [(step, np.float32(value)) for _, step, value in ask(url, 'plugin/scalars/scalars', run=run, tag=tag)]


def accuracies(out):
    """The lesson's two accuracy curves, from what it printed."""
    lines = re.findall(r'step: (\d+), train-acc: (\S+), test-acc: (\S+)', out)
    return {'train': [(int(step), np.float32(train)) for step, train, _ in lines],
            'test': [(int(step), np.float32(test)) for step, _, test in lines]}


@pytest.fixture(scope='module')
def shown(tmp_path_factory):
    """TensorBoard's address, and the accuracies that the earlier and the newest run printed."""
    folder = tmp_path_factory.mktemp('lesson')
    np.savez(str(folder / 'small.npz'), **arrays())

    def lesson(steps, seed):
        status, out, err = run(folder, '--data', 'small.npz', '--logdir', 'log', '--steps', steps, '--seed', seed)
        assert status == 0, err
        return accuracies(out)

    def wait_for_ends(url, printed):
        wait_for(lambda: all(curve(url, name, tag)[-1:] and curve(url, name, tag)[-1][0] == printed[name][-1][0]
                             for name in printed for tag in TAGS), 30,
                 lambda: 'not shown: {}, but {}'.format(printed, [curve(url, name, 'accuracy') for name in printed]))

    earlier = lesson(steps=3000, seed=1)
    with tensorboard(folder / 'log') as url:
        wait_for_ends(url, earlier)
        newest = lesson(steps=2000, seed=2)
        wait_for_ends(url, newest)
        yield url, earlier, newest


def test_newest_run_is_train_and_test_with_its_own_points(shown):
    url, _, newest = shown
    for name in 'train', 'test':
        assert curve(url, name, 'accuracy') == newest[name]
        steps, log_likelihoods = zip(*curve(url, name, 'optimize/log_likelihood'))
        assert steps == (0, 1000, 2000)
        assert list(log_likelihoods) == sorted(log_likelihoods) and log_likelihoods[-1] < 0


def test_earlier_run_keeps_its_points_under_its_date(shown):
    url, earlier, _ = shown
    dated = {name for name in ask(url, 'plugin/scalars/tags') if re.match(DATED, name)}
    assert {re.sub(DATED, '', name) for name in dated} == {'train', 'test'} and len(dated) == 2
    for name in dated:
        assert curve(url, name, 'accuracy') == earlier[re.sub(DATED, '', name)]


def test_graph_tells_the_story(shown):
    text = read(shown[0], 'plugin/graphs/graph', run='train').decode()
    nodes = set(re.findall(r'^  name: "(.*)"', text, re.MULTILINE))
    assert nodes >= {'input/labels', 'input/input_images', 'readout/weight', 'readout/bias'}
    assert len({name.split('/')[0] for name in nodes}) <= 10  # what one sees before a click
    assert len(text) < 1e6  # the digits are no part of it


def test_weights_are_a_picture_of_every_evaluation(shown):
    url, _, newest = shown
    tag, = (tag for tag in ask(url, 'plugin/images/tags')['train'] if 'weight' in tag)
    pictures = ask(url, 'plugin/images/images', run='train', tag=tag, sample=0)
    assert [picture['step'] for picture in pictures] == [step for step, _ in newest['train']]
    queries = [dict(urllib.parse.parse_qsl(picture['query'])) for picture in pictures]
    contents = [read(url, 'plugin/images/individualImage', **query) for query in queries]
    assert len(set(contents)) == len(contents)  # learning changed them
    for content in contents:
        assert content.startswith(b'\x89PNG\r\n\x1a\n')
        assert struct.unpack('>II', content[16:24]) == (28, 28)


def test_text_says_what_was_learned_from(shown):
    url = shown[0]
    tag, = ask(url, 'plugin/text/tags')['train']
    text, = ask(url, 'plugin/text/text', run='train', tag=tag)
    assert '300' in text['text'] and '120' in text['text']


@pytest.mark.skipif(not CHROMIUM, reason='no Chromium')
def test_browser_draws_a_curve_of_every_run(shown):
    colours_of_lines = """Object.fromEntries(
        nodes(document).filter(node => node.nodeName == 'TF-SCALAR-CARD').map(card => [card.tag, nodes(card)
            .filter(node => node.nodeName == 'path' && node.getBoundingClientRect().width > 50)
            .map(line => line.getAttribute('stroke'))]))"""

    def drawn():
        return {tag: len(set(colours)) for tag, colours in evaluate(call, colours_of_lines).items()}

    every_run = dict.fromkeys(TAGS, 4)  # train, test, and the earlier two
    with browser(1000, 800) as call:
        call('Page.navigate', url=shown[0] + '/#scalars')
        try:
            wait_for(lambda: drawn() == every_run, 20, 'nothing to see')
        except RuntimeError:  # one page in about a hundred got stuck here, on a busy machine: it may be loaded again
            call('Page.reload')
            wait_for(lambda: drawn() == every_run, 40, lambda: 'drawn are {}'.format(drawn()))
