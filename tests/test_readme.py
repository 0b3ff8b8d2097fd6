"""The two READMEs: the same commands and figures, and nothing named that is not there."""
import os
import re

import pytest
from conftest import ROOT


def text(name):
    with open(os.path.join(ROOT, name), encoding='utf-8') as file:
        return file.read()


@pytest.mark.parametrize('pattern', [
    r'```.*?```',  # blocks of commands and output
    r'`\.venv/bin/[^`]+`',  # commands within a sentence
    r'\]\(([^)]+)\)',  # links and pictures
    r'\d[\d,.]+\d',  # figures of three characters and more: small numbers may be words
])
def test_both_languages_give_the_same_commands_and_figures(pattern):
    def found(name):
        return set(re.findall(pattern, text(name).replace('README.ja.md', '').replace('README.md', ''), re.S))
    english, japanese = found('README.md'), found('README.ja.md')
    assert english
    assert japanese == english


@pytest.mark.parametrize('name', ['README.md', 'README.ja.md'])
def test_what_the_readme_names_is_there(name):
    readme = text(name)
    for path in re.findall(r'\]\((?!http)([^)]+)\)', readme) + re.findall(r'`((?:\w+/)*\w+\.py)`', readme):
        assert os.path.exists(os.path.join(ROOT, path)) or os.path.exists(os.path.join(ROOT, 'tests', path)), path
    tests = ''.join(text(os.path.join('tests', name)) for name in os.listdir(os.path.join(ROOT, 'tests'))
                    if name.endswith('.py'))
    for test in re.findall(r'`(test_\w+?)_?(?:\.\.\.)?`', readme):
        assert 'def ' + test in tests, test
    assert max(os.path.getsize(os.path.join(ROOT, 'docs', name)) for name in os.listdir(os.path.join(ROOT, 'docs'))
               if name.endswith('.png')) < 150000
