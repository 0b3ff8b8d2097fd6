"""What the files promise to every system and Python: read in their text, because no one machine could run it all."""
import ast
import glob
import os
import re
import sys

import pytest
from conftest import ROOT

LESSON = ['logistic.py', 'helper.py', os.path.join('backstage', '*.py')]
OTHERS = [os.path.join(folder, '*.py') for folder in ('tests', 'docs', 'benchmarks')]
UNIX_MODULES = {'crypt', 'curses', 'fcntl', 'grp', 'nis', 'ossaudiodev', 'posix', 'pty', 'pwd', 'readline', 'resource',
                'spwd', 'syslog', 'termios', 'tty'}
UNIX_NAMES = set('''
    os.chown os.chroot os.fchmod os.fchown os.fork os.forkpty os.getegid os.geteuid os.getgid os.getloadavg os.getpgid
    os.getuid os.killpg os.mkfifo os.mknod os.nice os.openpty os.setegid os.seteuid os.setgid os.setpgid os.setsid
    os.setuid os.statvfs os.sysconf os.uname os.wait3 os.wait4 os.WNOHANG signal.SIGALRM signal.SIGHUP signal.SIGKILL
    signal.SIGPIPE signal.SIGQUIT signal.SIGUSR1 signal.SIGUSR2 signal.SIGXFSZ signal.alarm signal.pause
    signal.setitimer signal.sigwait time.tzset'''.split())


def files(patterns):
    found = [os.path.relpath(path, ROOT) for pattern in patterns
             for path in sorted(glob.glob(os.path.join(glob.escape(ROOT), pattern)))]
    assert len(found) >= len(patterns)
    return found


def content(path):
    with open(os.path.join(ROOT, path), 'rb') as file:
        return file.read()


def walk(node, above=()):
    """Every node below this one, with those above it, and itself at the end."""
    for child in ast.iter_child_nodes(node):
        yield child, above + (child,)
        yield from walk(child, above + (child,))


def nodes(path):
    return walk(ast.parse(content(path), path))


def imported(node):
    """The modules that an import statement may mean: `from a import b` means a, and perhaps a.b."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, 'a relative import, which these tests do not follow'
        return {node.module}.union('{}.{}'.format(node.module, alias.name) for alias in node.names)
    return set()


def in_a_body(chain, kind):
    """The nodes of this kind in whose body the last one of the chain stands; a decorator is no part of it."""
    return [outer for outer, inner in zip(chain, chain[1:]) if isinstance(outer, kind) and inner in outer.body]


def is_guarded(path, chain):
    """Whether Windows survives it: in the lesson where an ImportError is expected, in a test when it is not yet run."""
    expected = [handler.type for outer in in_a_body(chain, ast.Try) for handler in outer.handlers]
    return any(getattr(error, 'id', None) == 'ImportError' for error in expected) or (
        path.startswith('tests') and in_a_body(chain, ast.FunctionDef))


def for_every_system(patterns):
    """All but the benchmarks that say that they are for Linux."""
    return [path for path in files(patterns) if not (
        path.startswith('benchmarks') and '\nLinux' in ast.get_docstring(ast.parse(content(path))))]


@pytest.mark.parametrize('path', for_every_system(LESSON + OTHERS))
def test_every_file_can_be_imported_on_windows(path):
    for node, chain in nodes(path):
        needed = {name for name in imported(node) if name.split('.')[0] in UNIX_MODULES}
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            needed = UNIX_NAMES & {'{}.{}'.format(node.value.id, node.attr)}
        assert not needed or is_guarded(path, chain), '{}:{} needs {}'.format(path, node.lineno, needed)


def literal(node):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def opens_text_without_encoding(call):
    """Whether a call opens, reads or writes a file as text and leaves its encoding to the system."""
    function = call.func
    name = getattr(function, 'attr', getattr(function, 'id', None))
    mode = [keyword.value for keyword in call.keywords if keyword.arg == 'mode']
    if any(keyword.arg == 'encoding' for keyword in call.keywords):
        return False
    if name in ('read_text', 'write_text'):
        return len(call.args) < 1 + (name == 'write_text')
    of = getattr(getattr(function, 'value', None), 'id', None if isinstance(function, ast.Attribute) else 'io')
    if name == 'fdopen' or (name, of) == ('open', 'io'):
        mode += call.args[1:2]
    elif name == 'open' and of != 'os' and (not call.args or re.match('[rwxabt+]+$', str(literal(call.args[0])))):
        mode += call.args[:1]  # a path's, where that of an archive begins with a name
    else:
        return False
    return not mode or 'b' not in literal(mode[0])


@pytest.mark.parametrize('path', for_every_system(LESSON + OTHERS))
def test_every_file_is_opened_as_bytes_or_names_its_encoding(path):
    for node, _ in nodes(path):
        assert not (isinstance(node, ast.Call) and opens_text_without_encoding(node)), '{}:{}'.format(path, node.lineno)


@pytest.mark.parametrize('path', files(LESSON + OTHERS))
def test_the_syntax_is_that_of_python_3_6(path):
    if sys.version_info >= (3, 8):
        ast.parse(content(path), path, feature_version=(3, 6))
    else:
        compile(content(path), path, 'exec')


def imports():
    """{module: the lesson's own modules that it imports, in its head or anywhere else}."""
    modules = {os.path.splitext(path)[0].replace(os.sep, '.'): path for path in files(LESSON)}
    return {module: {name for node, _ in nodes(path) for name in imported(node)} & set(modules)
            for module, path in modules.items()}


def test_imports_go_one_way():
    left = imports()
    assert left['helper'] and 'helper' in left['logistic']
    while left:
        ends = {module for module, needed in left.items() if not needed & set(left)}
        assert ends, 'a circle among {}'.format(sorted(left))
        left = {module: needed for module, needed in left.items() if module not in ends}


def test_what_is_behind_the_lesson_does_not_need_it():
    for module, needed in imports().items():
        if module.startswith('backstage.'):
            assert not needed & {'helper', 'logistic'}, module
