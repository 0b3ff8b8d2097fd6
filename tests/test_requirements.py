"""requirements.txt: one TensorFlow for each machine."""

import re

import pytest
from conftest import read
from packaging.requirements import Requirement

MACHINES = 'linux x86_64, linux aarch64, darwin x86_64, darwin arm64, win32 AMD64'


def required(machine, minor):
    """Return the packages for a machine with Python 3.minor, and their versions."""
    system, processor = machine.split()
    values = dict(sys_platform=system, platform_machine=processor)
    values['python_version'] = '3.{}'.format(minor)
    lines = re.findall(r'^[^#\n]+', read('requirements.txt'), re.M)
    return {
        wanted.name: wanted.specifier
        for wanted in map(Requirement, lines)
        if wanted.marker is None or wanted.marker.evaluate(values)
    }


@pytest.mark.parametrize('minor', range(6, 15))
@pytest.mark.parametrize('machine', MACHINES.split(', '))
def test_every_machine_gets_one_tensorflow(machine, minor):
    versions = required(machine, minor)
    (tensorflow,) = [name for name in versions if name.startswith('tensorflow')]
    assert tensorflow.endswith('-cpu') == (minor >= 8 and machine == 'linux x86_64')
    assert {6: '1.13.1', 7: '1.15.5'}.get(minor, '2.13.1') in versions[tensorflow]
    assert ('tensorboard' in versions) == (minor >= 8)  # TensorFlow 1 brings its own.


@pytest.mark.parametrize('page', ['README.md', 'README.ja.md'])
def test_readme_names_the_pythons_with_tensorflow_2(page):
    row = re.search(r'^\| Python \|.*?3\.(\d+)\D+3\.(\d+)', read(page), re.M)
    first, last = map(int, row.groups())
    for minor in first - 1, first, last:
        versions = required('linux aarch64', minor)
        assert ('2.13.1' in versions['tensorflow']) == (minor >= first)
