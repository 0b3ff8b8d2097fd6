"""requirements.txt: one TensorFlow for each machine."""

import re

import pytest
from conftest import read
from packaging.requirements import Requirement

MACHINES = 'linux x86_64, linux aarch64, darwin x86_64, darwin arm64, win32 AMD64'


def required(machine, minor):
    """Return the packages for a machine with Python 3.minor, and their versions."""
    system, processor = machine.split()
    values = dict(
        sys_platform=system,
        platform_machine=processor,
        python_version=f'3.{minor}',
    )
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
    assert {'numpy', 'scipy', 'pytest', 'packaging'} <= set(versions)
    assert ('tensorboard' in versions) == (minor >= 8)  # TensorFlow 1 brings its own.


@pytest.mark.parametrize(
    'minor, name, last_good, first_bad',
    [
        (6, 'numpy', '1.16.6', '1.17'),  # TensorFlow 1.13.1 would print warnings.
        (7, 'protobuf', '3.20.3', '3.21'),  # TensorFlow 1.15.5 would fail.
        (9, 'setuptools', '81.0', '82'),  # TensorBoard 2.20 needs its pkg_resources.
    ],
)
def test_versions_that_fail_are_excluded(minor, name, last_good, first_bad):
    versions = required('linux x86_64', minor)[name]
    assert last_good in versions
    assert first_bad not in versions
