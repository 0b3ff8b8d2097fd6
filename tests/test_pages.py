"""The pages: their commands, code, links, and figures, in English and Japanese."""

import os
import pathlib
import re

from helper import tf

import exercises
import numpy as np
import pytest
from conftest import ROOT, printed, read
from scipy import ndimage

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
        return set(re.findall(pattern, text, re.S)) - {os.path.basename(page)}

    assert find(page.replace('.md', '.ja.md')) == find(page)


@pytest.mark.parametrize('page', PAGES)
def test_links_lead_somewhere(page):
    for link in re.findall(r'\]\((?!http)([^)]+)\)', read(page)):
        assert ((ROOT / page).parent / link).exists(), link


@pytest.mark.parametrize('page', PAGES)
def test_named_tests_exist(page):
    tests = ''.join(map(read, ROOT.glob('tests/*.py')))
    for name in re.findall(r'`(test_\w+)`', read(page)):
        assert 'def {}('.format(name) in tests, name


@pytest.mark.parametrize('page', PAGES)
def test_every_figure_is_measured(page):
    measured = read('docs/figures.md')
    for figure in re.findall(
        r'\b[01]\.\d{4}\b|\b\d[\d.]* [GM]B|\d\d\.\d+%', read(page)
    ):
        assert figure in measured


@pytest.mark.parametrize('page', READMES)
def test_readme_shows_the_programs_output(page):
    lines = printed(read(page))
    assert [step for step, _, _ in lines] == [0, 1000, 20000]
    assert lines[-1][2] == np.float32(0.9931)


COLORS = {
    'README.md': [
        '1s are red.',
        'a 1 are blue',
        'blue pixel counts toward',
        'a red pixel',
    ],
    'README.ja.md': [
        '赤は見逃した',
        '青は「1」と',
        '青いピクセルに線があれば「1」らし',
        '赤いピクセル',
    ],
}


@pytest.mark.parametrize('page', COLORS)
def test_readme_names_the_colors_of_the_images(page):
    text = ' '.join(read(page).split())
    for words in COLORS[page]:
        assert words in text


def test_exercises_agree_with_the_benchmark():
    exercises.check_exercises()
    row = r'^\| (`[^`]+`|[a-z ]+) \| ([\d.]+)'
    accuracies = dict(re.findall(row, read('docs/figures.md'), re.M))
    page = read('docs/exercises.md')
    for changes in exercises.EXERCISES[3:]:
        *_, change = map('`{}`'.format, changes.values())
        assert re.search(re.escape(change) + r'\D+' + accuracies.get(change, ''), page)
    for number, name in (12, 'ten digits'), (13, 'edges'):
        assert re.search(
            r'\n{}\. .*\n +{}'.format(number, accuracies[name]), page, re.S
        )


@pytest.mark.parametrize('block, name', [(0, 'ten digits'), (1, 'edges')])
def test_the_lines_of_the_last_exercises_are_measured(block, name):
    lesson = read('logistic.py')
    for old, new in exercises.NEXT_LESSONS[name].items():
        lesson = lesson.replace(old, new)
    lesson = ''.join(lesson.split())
    text = re.findall(r'```text\n(.*?)```', read('docs/exercises.md'), re.S)[block]
    for line in text.splitlines():
        assert ''.join(line.split()) in lesson


@pytest.mark.parametrize('is_one', [False, True])
@pytest.mark.parametrize('colors', [(0, 255), (230, 20)])
def test_notebook_code_recognizes_your_own_digit(small_cache, capsys, is_one, colors):
    train, recognize = re.findall('```python\n(.*?)```', read('docs/notebook.md'), re.S)
    exec(train.replace('steps=2000', 'steps=300'), {})
    assert re.search(r'test accuracy (0\.9|1)', capsys.readouterr().out)

    stroke, background = colors
    pixels = np.full((150, 120, 1), background, np.uint8)
    if is_one:
        pixels[20:130, 46:56] = stroke
    else:
        pixels[70:80, 5:115] = stroke
    with tf.Graph().as_default(), tf.Session() as session:
        png = session.run(tf.image.encode_png(pixels))
    pathlib.Path('digit.png').write_bytes(png)
    names = {}
    exec(recognize, names)
    image = names['x'].reshape(28, 28)
    np.testing.assert_allclose(ndimage.center_of_mass(image), 13.5, atol=0.1)
    assert 19 <= np.ptp(np.nonzero(image > 0.3), axis=1).max() + 1 <= 21
    out = capsys.readouterr().out
    probability = float(re.search(r'of a 1 \[\[(.*)\]\]', out).group(1))
    assert (probability > 0.5) == is_one


@pytest.mark.skipif(tf.__version__ < '2', reason='TensorFlow 1 has no TensorFlow 2 API')
def test_tensorflow_2_program_learns(small_cache, capsys):
    (program,) = re.findall(r'```python\n(.*?)```', read('docs/tensorflow2.md'), re.S)
    assert '20001' in program
    exec(program.replace('20001', '1001'), {})
    out = capsys.readouterr().out
    assert re.search(r'step: 1000, test-acc: (0\.9|1)', out)
