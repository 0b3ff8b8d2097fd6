"""The command line: flags, messages, and exit status."""

import io
import sys

from helper import tf
from support import cli
from support.npz import DataError

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
    'flag, status, message',
    [
        (
            '--steps=-1',
            2,
            'lesson.py: error: argument --steps: must be at least 0 (got -1)\n',
        ),
        (
            '--seed=x',
            2,
            "lesson.py: error: argument --seed: invalid count value: 'x'\n",
        ),
        ('--help', 0, 'auto)'),
    ],
)
def test_help_and_wrong_flags_are_explained(call, capfd, flag, status, message):
    with pytest.raises(SystemExit) as exit:
        call(flag)
    assert exit.value.code == status
    assert message in ''.join(capfd.readouterr())


@pytest.mark.parametrize('kind', [DataError, OSError, FloatingPointError])
def test_a_users_error_is_one_line_and_status_1(call, capfd, kind):
    with pytest.raises(SystemExit) as exit:
        call(error=kind('Something is wrong. Do this.'))
    assert exit.value.code == 'lesson.py: Something is wrong. Do this.'
    assert capfd.readouterr().err == ''


def test_another_error_keeps_its_traceback_and_ends_in_one_line(call, capfd):
    with tf.Graph().as_default(), tf.Session() as session:
        data = tf.data.Dataset.range(9).batch(tf.placeholder(tf.int64, name='size'))
        iterator = tf.data.make_initializable_iterator(data)
        try:
            session.run(iterator.initializer, {'size:0': 0})
        except tf.errors.InvalidArgumentError as error:
            raised = error
    with pytest.raises(SystemExit) as exit:
        call(error=raised)
    assert exit.value.code == 'lesson.py: Batch size must be greater than zero.'
    assert 'session.run(iterator.initializer' in capfd.readouterr().err
    with pytest.raises(SystemExit, match=r'^lesson.py: ValueError\(\)$'):
        call(error=ValueError())


@pytest.mark.parametrize(
    'program, printed',
    [('here/python', 'python'), ('hereafter/python', None)],
)
def test_the_printed_command_is_short_but_complete(
    call, monkeypatch, tmp_path, program, printed
):
    (tmp_path / 'here').mkdir()
    monkeypatch.chdir(tmp_path / 'here')
    monkeypatch.setattr('os.path.expanduser', lambda p: p.replace('~', str(tmp_path)))
    program = tmp_path / program
    monkeypatch.setattr(sys, 'executable', str(program))
    # A program that captures the output may have no file behind it.
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, 'stdout', stream)
    call('--logdir=~/my log')
    stream.seek(0)
    assert stream.read() == (
        'The summaries are in ~/my log. To see them: '
        f'{printed or program} -m tensorboard.main --logdir "{tmp_path}/my log"\n'
    )


def test_a_line_appears_immediately(capfd):
    out = cli.line_by_line(sys.stdout)
    print('a line', file=out)
    assert capfd.readouterr().out.strip() == 'a line'


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
    with pytest.raises(ValueError, match=r'^steps \(TRAINING_LOOP\) must .* \(got '):
        cli.check_counts(seed=0, steps=count)
