"""What surrounds the lesson: TensorFlow's notices, its import where that fails, and a machine that lacks the usual."""
import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, arrays, environment, printed, run, steps, text

FAKE = '''
import os, sys

class Anything:
    def __getattr__(self, name):
        return self

    def __call__(self, *given, **more):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

os.write(2, b'a notice\\n')
if os.environ['ENDING'] == 'ImportError':
    raise ImportError('a library is missing')
if os.environ['ENDING'] == 'exit':
    os._exit(3)
module, sys.modules[__name__] = sys.modules[__name__], Anything()
sys.modules[__name__].__dict__.update((name, getattr(module, name)) for name in ('__name__', '__path__', '__spec__'))
'''
IMPORT = 'import os, sys; sys.path.insert(0, sys.argv[1]); import backstage.tensorflow1; os.write(2, b"later\\n")'


@pytest.fixture
def import_fake(tmp_path):
    """A function that imports what stands for TensorFlow, which writes a notice on descriptor 2 as its libraries do.

    It goes on as `ending` says, in a process with these changes of the environment: (exit status, stdout, stderr).
    """
    for name in ['', 'compat', os.path.join('compat', 'v1')]:
        folder = tmp_path / 'fake' / 'tensorflow' / name
        folder.mkdir(parents=True)
        (folder / '__init__.py').write_bytes(FAKE.encode() if name.endswith('v1') else b'')

    def in_a_process(ending, code=IMPORT, **changes):
        env = environment(tmp_path, ENDING=ending, PYTHONPATH=str(tmp_path / 'fake'), **changes)
        process = subprocess.Popen([sys.executable, '-c', code, ROOT], cwd=str(tmp_path), env=env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=60)
        return process.returncode, text(out), text(err)
    return in_a_process


def test_nothing_but_the_lesson_itself_speaks(tmp_path):
    np.savez(str(tmp_path / 'small.npz'), **arrays())
    status, out, err = run(tmp_path, '--data', 'small.npz', '--logdir', 'log', '--steps', 1000)
    assert (status, err) == (0, '')
    first, *lines, last = out.splitlines()
    assert first == 'small.npz (not MNIST), 300 training and 120 test images'
    assert [line[0] for line in printed('\n'.join(lines))] == ['0', '1000'] and len(lines) == 2
    assert last.startswith('The summaries are in log. ')


def test_notices_are_held_back_and_what_comes_later_is_not(import_fake):
    code = IMPORT + '; print(os.environ["TF_CPP_MIN_LOG_LEVEL"])'
    assert import_fake('ok', code) == (0, '3\n', 'later\n')  # 3: TensorFlow's libraries tell nothing but their end
    assert import_fake('exit') == (3, '', '')


def test_where_tensorflow_cannot_be_imported_all_that_it_said_comes_out(import_fake):
    status, out, err = import_fake('ImportError')
    assert (status, out) == (1, '')
    assert err.startswith('a notice\n') and err.endswith('ImportError: a library is missing\n')


@pytest.mark.parametrize('level', ['0', '3', ''])
def test_who_sets_tensorflows_log_level_sees_the_notices_at_once(level, import_fake):
    assert import_fake('exit', TF_CPP_MIN_LOG_LEVEL=level) == (3, '', 'a notice\n')


def test_the_users_log_level_is_left_alone(import_fake):
    code = IMPORT + '; print(repr(os.environ["TF_CPP_MIN_LOG_LEVEL"]))'
    assert import_fake('ok', code, TF_CPP_MIN_LOG_LEVEL='1') == (0, "'1'\n", 'a notice\nlater\n')


def test_without_a_folder_for_temporary_files_the_import_works_all_the_same(import_fake):
    code = '''
import errno, tempfile

def none(*given, **more):
    raise FileNotFoundError(errno.ENOENT, 'No usable temporary directory found')

tempfile.TemporaryFile = tempfile.NamedTemporaryFile = tempfile.mkstemp = tempfile.gettempdir = none
'''
    assert import_fake('ok', code + IMPORT) == (0, '', 'a notice\nlater\n')


def test_without_descriptor_2_the_import_works_and_leaves_it_closed(import_fake):
    code = '''
import os, sys

os.close(2)
sys.path.insert(0, sys.argv[1])
import backstage.tensorflow1
try:
    os.fstat(2)
except OSError:
    print('closed')
'''
    assert import_fake('ok', code) == (0, 'closed\n', '')


@pytest.mark.skipif(os.name != 'posix', reason='Windows starts every process with descriptor 2')
def test_a_run_that_is_started_without_descriptor_2_works(tmp_path):
    np.savez(str(tmp_path / 'small.npz'), **arrays())
    without = ['-c', 'import os, sys; os.close(2); os.execv(sys.executable, [sys.executable] + sys.argv[1:])']
    status, out, err = run(tmp_path, '--data', 'small.npz', '--logdir', 'log', '--steps', 1000, python=without)
    assert (status, err) == (0, '')
    assert [line[0] for line in printed(out)] == ['0', '1000'] and steps(tmp_path / 'log', 'test')[-1] == 1000
