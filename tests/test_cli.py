"""The command line: flags, messages, and exit status."""

import re
import sys

from support import cli
from support.npz import DataError

import numpy as np
import pytest


@pytest.fixture
def call(monkeypatch):
    """A function that runs a lesson with these flags and returns main's arguments."""

    def call(*flags, error=None):
        calls = []

        def main(data='auto', steps=7, logdir='log', seed=0):
            calls.append((data, steps, logdir, seed))
            if error:
                raise error

        monkeypatch.setattr('__main__.__spec__', None)  # A script has none.
        monkeypatch.setattr(sys, 'argv', ['lesson.py'] + list(flags))
        cli.run(main)
        return calls

    return call


def test_flags_are_mains_arguments(call):
    assert call() == [('auto', 7, 'log', 0)]
    flags = '--data', 'x.npz', '--steps', '0', '--logdir', 'y', '--seed=99999999999'
    assert call(*flags) == [('x.npz', 0, 'y', 99999999999)]


@pytest.mark.parametrize(
    'flags, message',
    [
        (['--steps', '-1'], 'argument --steps: must be at least 0 (got -1)'),
        (['--seed=x'], "argument --seed: invalid count value: 'x'"),
    ],
)
def test_wrong_flags_exit_with_status_2(call, capfd, flags, message):
    with pytest.raises(SystemExit) as exit:
        call(*flags)
    assert exit.value.code == 2
    assert capfd.readouterr().err.endswith('lesson.py: error: ' + message + '\n')


def test_help_shows_every_flag_and_its_default(call, capfd):
    with pytest.raises(SystemExit):
        call('--help')
    text = capfd.readouterr().out
    for flag, default in ('data', 'auto'), ('steps', 7), ('logdir', 'log'), ('seed', 0):
        assert re.search(r'--{} [^-]*default:\s+{}'.format(flag, default), text)


@pytest.mark.parametrize('kind', [DataError, OSError, FloatingPointError])
def test_a_users_error_is_one_line_and_status_1(call, kind):
    with pytest.raises(SystemExit) as exit:
        call(error=kind('Something is wrong. Do this.'))
    assert exit.value.code == 'lesson.py: Something is wrong. Do this.'


def test_ctrl_c_is_one_line_and_status_130(call, capfd):
    with pytest.raises(SystemExit) as exit:
        call(error=KeyboardInterrupt())
    assert exit.value.code == 130
    out, err = capfd.readouterr()
    assert out == ''
    assert err.startswith(
        'Stopped. The printed steps, if any, are saved in log. To see them: '
    )
    assert err.count('\n') == 1


@pytest.mark.parametrize(
    'program, names', [('x', {}), ('kernel_launcher.py', {'__file__': 'x'})]
)
def test_a_cell_of_a_notebook_runs_with_the_defaults(monkeypatch, program, names):
    monkeypatch.setattr(sys, 'argv', [program, '-f', 'kernel-1.json'])
    names = dict(names, run=cli.run)
    exec('calls = []\ndef main(data="auto"): calls.append(data)\nrun(main)', names)
    assert names['calls'] == ['auto']


@pytest.mark.parametrize('count', [-1, 2.5, '10'])
def test_counts_are_integers_of_at_least_0(count):
    cli.check_counts(seed=np.int64(7), steps=np.uint8(0))
    with pytest.raises(ValueError) as error:
        cli.check_counts(seed=0, steps=count)
    message = (
        'steps (TRAINING_LOOP) must be an integer of at least 0 (got {!r})'.format(
            count
        )
    )
    assert str(error.value) == message
