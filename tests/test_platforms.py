"""What the files promise to every system and Python: read in their text, because no one machine could run it all."""
import ast
import pathlib
import sys

import pytest
from conftest import ROOT

HOUSE = {path.relative_to(ROOT).with_suffix('').as_posix().replace('/', '.'): path for pattern in (
    'logistic.py', 'helper.py', 'backstage/*.py') for path in pathlib.Path(ROOT).glob(pattern)}
OTHERS = [path for folder in ('tests', 'docs', 'benchmarks') for path in pathlib.Path(ROOT, folder).glob('*.py')]


@pytest.mark.parametrize('path', list(HOUSE.values()) + OTHERS, ids=lambda path: path.name)
def test_the_syntax_is_that_of_python_3_6(path):
    options = dict(feature_version=(3, 6)) if sys.version_info >= (3, 8) else {}
    ast.parse(path.read_bytes(), str(path), **options)


def imported(path):
    """The modules that import statements anywhere in a file may mean: `from a import b` means a, and perhaps a.b."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, 'a relative import, which this test does not follow'
            yield from [node.module] + ['{}.{}'.format(node.module, alias.name) for alias in node.names]


def test_imports_go_one_way_and_nothing_behind_the_lesson_needs_it():
    left = {module: set(imported(path)) & set(HOUSE) for module, path in HOUSE.items()}
    assert 'helper' in left['logistic'] and left['helper'] and len(left) == 9
    assert not any(left[module] & {'helper', 'logistic'} for module in left if module.startswith('backstage.'))
    while left:
        ends = {module for module, needed in left.items() if not needed & set(left)}
        assert ends, 'a circle among {}'.format(sorted(left))
        left = {module: needed for module, needed in left.items() if module not in ends}
