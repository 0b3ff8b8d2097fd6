"""The pages: their commands, code, links, and figures, in English and Japanese."""

import glob
import os
import re

import exercises
import numpy as np
import pytest
from conftest import LINE, ROOT, save_npz

import logistic
from helper import tf
from support import data

READMES = ['README.md', 'README.ja.md']
PAGES = READMES + sorted(
    os.path.join('docs', os.path.basename(path))
    for path in glob.glob(os.path.join(ROOT, 'docs', '*.md'))
)
ENGLISH = [page for page in PAGES if '.ja.' not in page and 'figures' not in page]


def read(name):
    with open(os.path.join(ROOT, name), encoding='utf-8') as file:
        return file.read()


def python_block(page):
    (block,) = re.findall(r'```python\n(.*?)```', read(page), re.S)
    return block


@pytest.mark.parametrize('page', ENGLISH)
@pytest.mark.parametrize(
    'pattern',
    [
        r'```.*?```',
        r'`([^`\n]+)`',
        r'\]\(([^)]+)\)',
        r'(?<!\w)\d[\d,.]*\d%?',
    ],
    ids=['blocks', 'code', 'links', 'figures'],
)
def test_both_languages_agree(page, pattern):
    def find(name):
        text = re.sub(r'  # .*', '', read(name)).replace('.ja.md', '.md')
        if not pattern.startswith('```'):
            text = re.sub(r'```.*?```', '', text, flags=re.S)
        own = os.path.basename(page)
        return set(re.findall(pattern, text, re.S)) - {own}

    assert find(page.replace('.md', '.ja.md')) == find(page)


@pytest.mark.parametrize('page', PAGES)
def test_links_lead_somewhere(page):
    folder = os.path.join(ROOT, os.path.dirname(page))
    for link in re.findall(r'\]\((?!http)([^)]+)\)', read(page)):
        assert os.path.exists(os.path.join(folder, link)), link


@pytest.mark.parametrize('page', PAGES)
def test_named_tests_and_files_exist(page):
    tests = ''.join(map(read, glob.glob(os.path.join(ROOT, 'tests', '*.py'))))
    for name in re.findall(r'`(test_\w+)`', read(page)):
        assert 'def {}('.format(name) in tests, name
    for path in re.findall(r'[`/ ]((?:\w+/)*\w+\.py|requirements\.txt)\b', read(page)):
        places = [os.path.join(ROOT, place, path) for place in ('', 'support', 'tests')]
        places += [os.path.join(ROOT, place, path) for place in ('benchmarks', 'docs')]
        assert any(map(os.path.exists, places)), path


@pytest.mark.parametrize('page', PAGES)
def test_every_accuracy_is_in_the_figures(page):
    measured = read('docs/figures.md')
    for accuracy in re.findall(r'\b[01]\.\d{4}\b', read(page)):
        assert accuracy in measured
    for percent in re.findall(r'\b(\d\d\.\d\d) ?%', read(page)):
        assert '0.' + percent.replace('.', '') in measured


def test_contributing_lists_every_source_file():
    page = read('docs/contributing.md')
    for folder in '', 'support', 'benchmarks', 'docs', 'tests':
        for path in glob.glob(os.path.join(ROOT, folder, '[!_]*.py')):
            tested = os.path.basename(path).replace('test_', '')
            assert re.search(r'^ *(test_)?{} '.format(tested), page, re.M), path


@pytest.mark.parametrize('page', READMES)
def test_readme_names_the_programs_own_paths_and_output(page, monkeypatch):
    home = os.path.join(os.sep, 'home', 'me')
    monkeypatch.setenv('HOME', home)
    monkeypatch.setenv('USERPROFILE', home)
    monkeypatch.delenv('KERAS_HOME', raising=False)
    text = read(page)
    cached = data.cached_mnist().replace(home, '~').replace(os.sep, '/')
    assert '`{}`'.format(cached) in text
    folders = re.findall(r'--logdir (\w+)', text + logistic.__doc__)
    assert set(folders) == {logistic.SUMMARY_DIR}
    steps = re.findall(r'^step.*', text, re.M)
    assert [LINE.fullmatch(line).group(1) for line in steps] == ['0', '1000', '20000']


def test_exercises_change_text_that_exists():
    exercises.check_exercises()
    page = read('docs/exercises.md')
    for changes in exercises.EXERCISES[3:]:
        assert all('`{}`'.format(new) in page for new in changes.values())


def test_wheels_are_downloaded_and_found_in_one_folder():
    folders = re.findall(r'(?:-d|--find-links) (\S+)', read('docs/classroom.md'))
    assert set(folders) == {'wheels'}


@pytest.fixture
def small_cache(tmp_path, monkeypatch):
    """A Keras cache with the small dataset, and a folder to work in."""
    (tmp_path / 'datasets').mkdir()
    save_npz(tmp_path / 'datasets' / 'mnist.npz')
    monkeypatch.setenv('KERAS_HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_notebook_code_gives_the_probability_of_a_1(small_cache):
    names = {}
    exec(python_block('README.md').replace('steps=2000', 'steps=300'), names)
    is_one = names['y'] == 1
    assert np.mean((names['p'] >= 0.5) == is_one) > 0.9


@pytest.mark.skipif(tf.__version__ < '2', reason='TensorFlow 1 has no TensorFlow 2 API')
def test_tensorflow_2_program_learns(small_cache, capsys):
    program = python_block('docs/tensorflow2.md')
    assert len(program.splitlines()) <= 45
    assert program.count('20001') == 1
    exec(program.replace('20001', '1001'), {})
    *_, last = capsys.readouterr().out.splitlines()
    step, accuracy = re.fullmatch(r'step: (\d+), test-acc: (.*)', last).groups()
    assert step == '1000'
    assert float(accuracy) > 0.9
