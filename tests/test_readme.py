"""The READMEs and their pages: the same commands and figures in both languages, and nothing named that is not there."""
import glob
import os
import re

import pytest
from conftest import ROOT

PAIRS = [('README.md', 'README.ja.md'), ('docs/departures.md', 'docs/departures.ja.md'),
         ('docs/drawn_digits.md', 'docs/drawn_digits.ja.md')]
PAGES = sorted({page for pair in PAIRS for page in pair} | {'docs/figures.md', 'docs/development.md'})


def text(name):
    with open(os.path.join(ROOT, name), encoding='utf-8') as file:
        return file.read()


@pytest.mark.parametrize('english, japanese', PAIRS)
@pytest.mark.parametrize('pattern', [
    r'```.*?```',  # blocks of commands and output
    r'`\.venv/bin/[^`]+`',  # commands within a sentence
    r'\]\(([^)]+)\)',  # links and pictures
    r'`test_\w+`',  # proofs
    r'\d[\d,.]+\d',  # figures of three characters and more: small numbers may be words
])
def test_both_languages_give_the_same_commands_and_figures(pattern, english, japanese):
    def found(name):
        return {match.replace('.ja.md', '.md') for match in re.findall(pattern, text(name), re.S)}
    # Each page links to the other language of itself.
    pages = {os.path.basename(english)}
    assert found(japanese) - pages == found(english) - pages
    assert found(english) or pattern.startswith('`') or english != 'README.md'


@pytest.mark.parametrize('name', PAGES)
def test_what_a_page_names_is_there(name):
    page, folder = text(name), os.path.join(ROOT, os.path.dirname(name))
    for path in re.findall(r'\]\((?!http)([^)]+)\)', page):
        assert os.path.exists(os.path.join(folder, path)), path
    for path in re.findall(r'`((?:\w+/)*\w+\.py)`', page):
        assert any(os.path.exists(os.path.join(ROOT, folder, path)) for folder in ('', 'tests')), path
    tests = ''.join(text(path) for path in glob.glob(os.path.join(ROOT, 'tests', '*.py')))
    for test in re.findall(r'`(test_\w+)`', page):
        assert 'def {}('.format(test) in tests, test


def test_every_page_can_be_reached_from_the_readme():
    for readme in ('README.md', 'README.ja.md'):
        linked = set(re.findall(r'\]\((docs/\w+(?:\.ja)?\.md)\)', text(readme)))
        assert len(linked) == 4
    assert {os.path.join('docs', os.path.basename(path)) for path in glob.glob(os.path.join(ROOT, 'docs', '*.md'))} == {
        os.path.join(*page.split('/')) for page in PAGES if page.startswith('docs')}


def test_the_pictures_are_small_and_all_shown():
    pages = ''.join(text(page) for page in PAGES)
    for path in glob.glob(os.path.join(ROOT, 'docs', '*.png')):
        assert os.path.getsize(path) < 150000
        assert os.path.basename(path) + ')' in pages, path
