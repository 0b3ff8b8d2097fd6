"""requirements.txt and the syntax, on every system and Python."""

import ast
import importlib.util
import pathlib
import sys

import pytest
from conftest import ROOT
from packaging.requirements import Requirement

FILES = sorted(
    path
    for pattern in ('*.py', 'support/*.py', 'tests/*.py')
    for path in pathlib.Path(ROOT).glob(pattern)
)
SYSTEMS = [
    ('linux', 'x86_64'),
    ('linux', 'aarch64'),
    ('darwin', 'x86_64'),
    ('darwin', 'arm64'),
    ('win32', 'AMD64'),
]


def required(system, processor, version):
    """Return the names of the packages that a machine gets."""
    lines = pathlib.Path(ROOT, 'requirements.txt').read_text(encoding='utf-8')
    lines = [line.split('#')[0] for line in lines.splitlines()]
    requirements = [Requirement(line) for line in lines if line]
    environment = dict(
        sys_platform=system, platform_machine=processor, python_version=version
    )
    return [
        requirement.name
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate(environment)
    ]


@pytest.mark.parametrize('minor', range(6, 15))
@pytest.mark.parametrize('system, processor', SYSTEMS)
def test_every_machine_gets_one_tensorflow(system, processor, minor):
    names = required(system, processor, '3.{}'.format(minor))
    tensorflow = [name for name in names if name.startswith('tensorflow')]
    cpu = minor >= 8 and (system, processor) == ('linux', 'x86_64')
    assert tensorflow == ['tensorflow-cpu' if cpu else 'tensorflow']
    assert ('tensorboard' in names) == (minor >= 8)  # TensorFlow 1 brings its own.


def test_every_imported_package_is_required():
    names = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split('.')[0])
    packages = set()
    for name in names - {'playwright'}:  # The browser tests do without it.
        origin = importlib.util.find_spec(name).origin or ''
        if 'site-packages' in origin or 'dist-packages' in origin:
            packages.add(name)
    assert packages >= {'tensorflow', 'numpy', 'scipy', 'pytest'}
    assert packages <= set(required('linux', 'aarch64', '3.11'))


@pytest.mark.skipif(sys.version_info < (3, 8), reason='Python 3.8 or later checks this')
@pytest.mark.parametrize('path', FILES, ids=lambda path: path.name)
def test_syntax_is_python_3_6(path):
    ast.parse(path.read_bytes(), feature_version=(3, 6))
