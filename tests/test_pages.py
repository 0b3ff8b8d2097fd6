"""The pages: their commands, code, links, and figures, in English and Japanese."""

import re
import runpy

import logistic
from helper import tf

import exercises
import numpy as np
import pytest
from conftest import ROOT, printed, read

READMES = ['README.md', 'README.ja.md']
PAGES = READMES + sorted('docs/' + path.name for path in ROOT.glob('docs/*.md'))
ENGLISH = [page for page in PAGES if '.ja.' not in page and 'figures' not in page]


@pytest.mark.parametrize('page', ENGLISH)
@pytest.mark.parametrize(
    'pattern',
    [
        r'```.*?```',
        r'`([^`\n]+)`',
        r'\]\(([^)]+)\)',
        r'(?<!\w)\d[\d,.]*\d%?',
    ],
)
def test_both_languages_agree(page, pattern):
    def find(name):
        text = re.sub(r'  # .*', '', read(name)).replace('.ja.md', '.md')
        if not pattern.startswith('```'):
            text = re.sub(r'```.*?```', '', text, flags=re.S)
        return sorted(re.findall(pattern, text, re.S))

    assert find(page.replace('.md', '.ja.md')) == find(page)


@pytest.mark.parametrize('page', PAGES)
def test_links_lead_somewhere(page):
    for link in re.findall(r'\]\((?!http)([^)]+)\)', read(page)):
        assert ((ROOT / page).parent / link).exists(), link


@pytest.mark.parametrize('page', PAGES)
def test_named_tests_exist(page):
    tests = ''.join(map(read, ROOT.glob('tests/*.py')))
    for name in re.findall(r'`(test_\w+)`', read(page)):
        assert f'def {name}(' in tests, name


@pytest.mark.parametrize('page', PAGES)
def test_every_figure_is_measured(page):
    measured = read('docs/figures.md')
    for figure in re.findall(
        r'\b[01]\.\d{4}\b|\b\d[\d.]* [GM]B|\d\d\.\d+%|(?:about|約) \d+ (?:sec|秒)',
        read(page),
    ):
        assert figure in measured


@pytest.mark.parametrize('page', READMES)
def test_readme_shows_the_programs_output(page):
    lines = printed(read(page))
    assert [step for step, _, _ in lines] == [0, 1000, 20000]
    assert lines[-1][2] == np.float32(0.9931)
    assert 'Missed 1s are red' in read(page) or '赤は見逃した' in read(page)


def tables(page):
    """Return the rows of a page's tables as lists of cells."""
    rows = re.findall(r'^\| (.*) \|$', read(page), re.M)
    return [[cell.strip() for cell in row.split(' |')] for row in rows]


def test_answers_of_exercises_are_measured():
    measured = {row[0]: row[1] for row in tables('docs/figures.md')}
    names = [', '.join(map('`{}`'.format, e.values())) for e in exercises.EXERCISES]
    del names[1:3]  # They have more images.
    names += ['cross entropy', 'ten digits', 'edges']
    page = read('docs/exercises.md')
    answers = re.findall(r'</summary>([\d.]+\d|The run stops)', page)[2:]
    assert answers == [measured[name].replace('-', 'The run stops') for name in names]


def test_changes_of_exercises_are_measured():
    exercises.check_exercises()
    lesson = ''.join(exercises.LESSON.values())
    changed = ''
    for changes in exercises.EXERCISES + list(exercises.NEXT_LESSONS.values()):
        text = lesson
        for old, new in changes.items():
            text = text.replace(old, new)
        changed += text
    page = read('docs/exercises.md')
    for old, new in re.findall(r'`([^`]{2,})`(?: →\s+| \| )`([^`]+)`', page):
        assert lesson.count(old) == 1, old
        assert new in changed, new
    for line in re.search(r'```text\n(.*?)```', page, re.S).group(1).splitlines():
        assert line.strip() in changed, line


@pytest.mark.skipif(tf.__version__ < '2', reason='TensorFlow 1 has no TensorFlow 2 API')
def test_tensorflow_2_program_learns(small_cache, capsys):
    (program,) = re.findall(r'```python\n(.*?)```', read('docs/tensorflow2.md'), re.S)
    assert '20001' in program
    exec(re.sub('(1|20)00(?=[01])', r'\1', program), {})  # fewer steps
    out = capsys.readouterr().out
    assert re.search(r'step: 200, test-acc: (0\.9|1)', out)


@pytest.mark.parametrize('path', ['benchmarks/compare.py', 'docs/pictures.py'])
def test_tools_can_be_imported(path):
    runpy.run_path(str(ROOT / path))


def test_tensorflow_2_program_has_the_lessons_constants():
    program = read('docs/tensorflow2.md')
    assert f'shuffle({logistic.BUFFER_SIZE}).batch({logistic.BATCH_SIZE})' in program
    assert f'SGD(learning_rate={logistic.LEARNING_RATE})' in program
    assert ', 1e-7, 1 - 1e-7)' in program


def test_ratios_follow_from_their_columns():
    rows = {row[0]: row[1:3] for row in tables('docs/figures.md') if len(row) == 7}
    for name, (step, ratio) in list(rows.items())[2:]:
        expected = number(step) / number(rows['numpy'][0])
        np.testing.assert_allclose(number(ratio), expected, rtol=0.02, err_msg=name)


def number(cell):
    return float(cell.replace(',', ''))
