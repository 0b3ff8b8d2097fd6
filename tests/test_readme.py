"""The READMEs and their pages: the same in both languages, and nothing named that is not there or not so."""
import ast
import glob
import inspect
import os
import re
import time

import pytest
from conftest import LINE, ROOT

import helper
import logistic

READMES = 'README.md', 'README.ja.md'
PAIRS = [READMES, ('docs/departures.md', 'docs/departures.ja.md'), ('docs/drawn_digits.md', 'docs/drawn_digits.ja.md')]
PAGES = sorted({page for pair in PAIRS for page in pair} | {'docs/figures.md', 'docs/development.md'})
FOREIGN_FLAGS = {'--help', '--no-index', '--find-links', '--no-project', '--python', '--with-requirements'}


def text(name):
    with open(os.path.join(ROOT, name), encoding='utf-8') as file:
        return file.read()


@pytest.mark.parametrize('english, japanese', PAIRS)
@pytest.mark.parametrize('pattern', [
    r'```.*?```',  # blocks of commands and output
    r'`[^`\n]*--\w[^`]*`',  # commands and flags within a sentence
    r'`\.venv/bin/[^`]+`',
    r'\]\(([^)]+)\)',  # links and pictures
    r'`test_\w+`',  # proofs
    r'\d[\d,.]+\d',  # figures of three characters and more: small numbers may be words
])
def test_both_languages_give_the_same_commands_and_figures(pattern, english, japanese):
    def found(name):  # but for what a block says in words
        return {re.sub(r' *#.*', '', match).replace('.ja.md', '.md') for match in re.findall(pattern, text(name), re.S)}
    pages = {os.path.basename(english)}  # each page links to the other language of itself
    assert found(japanese) - pages == found(english) - pages
    assert found(english) or english != 'README.md' or 'test' in pattern


@pytest.mark.parametrize('name', PAGES)
def test_what_a_page_names_is_there(name):
    page, folder = text(name), os.path.join(ROOT, os.path.dirname(name))
    for path in re.findall(r'\]\((?!http)([^)]+)\)', page):
        assert os.path.exists(os.path.join(folder, path)), path
    for path in re.findall(r'(?<![\w/.{])((?:\w+/)*\w+\.py|requirements\.txt)\b', page):
        places = [os.path.join(ROOT, place, path) for place in ('', 'tests', 'backstage', 'benchmarks', 'docs')]
        assert any(map(os.path.exists, places)), path
    tests = ''.join(text(path) for path in glob.glob(os.path.join(ROOT, 'tests', '*.py')))
    for test in re.findall(r'`(test_\w+)`', page):
        assert 'def {}('.format(test) in tests, test
    for constant in re.findall(r'`([A-Z]+_[A-Z]+|EPS)\b', page):
        assert hasattr(logistic, constant) or constant in ('KERAS_HOME', 'TF_CPP_MIN_LOG_LEVEL'), constant


def test_every_page_can_be_reached_from_the_readme_and_every_picture_is_small_and_shown():
    for readme in READMES:
        assert len(set(re.findall(r'\]\((docs/\w+(?:\.ja)?\.md)\)', text(readme)))) == 4
    assert {os.path.basename(path) for path in glob.glob(os.path.join(ROOT, 'docs', '*.md'))} == {
        os.path.basename(page) for page in PAGES if page.startswith('docs')}
    for path in glob.glob(os.path.join(ROOT, 'docs', '*.png')):
        assert os.path.getsize(path) < 150000
        assert os.path.basename(path) + ')' in ''.join(map(text, PAGES)), path


@pytest.mark.parametrize('readme', READMES)
def test_flags_arguments_and_folders_are_the_programs(readme):
    page, arguments = text(readme), set(inspect.signature(logistic.main).parameters)
    assert {'--' + name for name in arguments} <= set(re.findall(r'--\w[\w-]*', page)) <= FOREIGN_FLAGS | {
        '--' + name for name in arguments}
    assert set(re.findall(r'--data (\S+?)[`\s]', page)) == {'mnist.npz'}
    assert {path.split('/')[0].strip('`') for path in re.findall(r'--logdir (\S+)', page)} == {logistic.SUMMARY_DIR}
    for began in re.findall(r'was_(\w+)', page):
        time.strptime(began, '%y%m%d_%H%M%S')
    lines = re.findall(r'^step.*', page, re.M)
    assert len(lines) == 3 and all(map(LINE.fullmatch, lines))
    block, = re.findall(r'```python\n(.*?)```', page, re.S)
    calls = 0
    for node in ast.walk(ast.parse(re.sub(r'^%.*', '', block, flags=re.M))):
        name = getattr(node.func, 'attr', getattr(node.func, 'id', '')) if isinstance(node, ast.Call) else ''
        if name in ('main', 'mnist_samples'):
            function = getattr(logistic if name == 'main' else helper, name)
            inspect.signature(function).bind(*node.args, **{keyword.arg: None for keyword in node.keywords})
            calls += 1
        if isinstance(node, ast.Attribute) and getattr(node.value, 'id', '') == 'logistic':
            assert hasattr(logistic, node.attr)
    assert calls == 2
