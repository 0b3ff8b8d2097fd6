"""requirements.txt: one TensorFlow for each machine."""

import re

import pytest
from conftest import read
from packaging.requirements import Requirement

SYSTEMS = [
    ('linux', 'x86_64'),
    ('linux', 'aarch64'),
    ('darwin', 'x86_64'),
    ('darwin', 'arm64'),
    ('win32', 'AMD64'),
]


def required(system, processor, version):
    """Return the packages that a machine gets, and their possible versions."""
    lines = read('requirements.txt')
    machine = dict(
        sys_platform=system, platform_machine=processor, python_version=version
    )
    versions = {}
    for line in re.findall(r'^[^#\n]+', lines, re.M):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(machine):
            versions[requirement.name] = requirement.specifier
    return versions


@pytest.mark.parametrize('minor', range(6, 15))
@pytest.mark.parametrize('system, processor', SYSTEMS)
def test_every_machine_gets_one_tensorflow(system, processor, minor):
    versions = required(system, processor, '3.{}'.format(minor))
    (tensorflow,) = [name for name in versions if name.startswith('tensorflow')]
    cpu = minor >= 8 and (system, processor) == ('linux', 'x86_64')
    assert tensorflow == ('tensorflow-cpu' if cpu else 'tensorflow')
    assert {6: '1.13.1', 7: '1.15.5'}.get(minor, '2.13.1') in versions[tensorflow]
    assert ('tensorboard' in versions) == (minor >= 8)  # TensorFlow 1 brings its own.


@pytest.mark.parametrize('page', ['README.md', 'README.ja.md'])
def test_readme_names_the_first_and_last_python_with_tensorflow_2(page):
    row = re.search(r'^\| Python \|.*?3\.(\d+)\D+3\.(\d+)', read(page), re.M)
    first, last = map(int, row.groups())
    for minor in first - 1, first, last:
        versions = required('linux', 'aarch64', '3.{}'.format(minor))
        assert ('2.13.1' in versions['tensorflow']) == (minor >= first)
