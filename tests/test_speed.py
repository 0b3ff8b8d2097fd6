"""The session: it's faster than TensorFlow's own, and it gives the same results."""

from helper import tf
from support.speed import Session

import numpy as np
import pytest

ONES = np.ones((2, 3), np.float32)


@pytest.fixture(params=[False, True])
def started(request, monkeypatch):
    """Whether the lesson is the program that was started."""
    monkeypatch.setattr('support.startup.started', request.param)
    return request.param


@pytest.fixture
def graph(started):
    """A graph with a placeholder x, a variable v, and operations by name."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3], name='x')
        v = tf.Variable([1.0, 2.0, 3.0], name='v')
        graph.v = v
        tf.multiply(x, 2.0, name='twice')
        tf.reduce_sum(x, name='sum')
        tf.group(tf.assign_add(v, tf.reduce_sum(x, axis=0)), name='add')
        yield graph


def pick(graph, names):
    """Replace each name by the graph's tensor or operation of that name."""
    if isinstance(names, (list, tuple)):
        return type(names)(pick(graph, name) for name in names)
    if names == 'v':
        return graph.v
    return graph.as_graph_element(names)


def outcome(session, *args):
    """Return the type and the value of a run, or those of its error."""
    try:
        result = session.run(*args)
    except Exception as error:
        cause = error.__context__ or error
        return type(error), str(cause).splitlines()[0]
    return type(result), repr(result)


CALLS = [
    ('twice:0', ONES),
    (('twice:0', 'sum:0'), ONES),
    (['twice:0', 'sum:0'], ONES),
    (('twice:0', 'twice:0'), ONES),
    (('x:0', 'twice:0'), ONES),
    ('add', ONES),
    (['add'], ONES),
    (('add', 'sum:0'), ONES),
    ('v', None),
    (('v', 'v'), None),
    ((), None),
    (('sum:0',), None),
    (('sum:0',), [[1, 2, 3]]),
    (('sum:0',), ONES.astype(np.float64)),
    (('sum:0',), ONES.astype('>f4')),
    (('sum:0',), ONES[0]),
    (('sum:0',), np.ones((2, 4), np.float32)),
    (('twice:0',), np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))),
    (('twice:0',), np.arange(12, dtype=np.float32).reshape(4, 3)[::-2]),
]


@pytest.mark.parametrize('names, value', CALLS)
def test_gives_what_tensorflow_gives(graph, names, value):
    feeds = None if value is None else {pick(graph, 'x:0'): value}
    fetches = pick(graph, names)
    with Session() as ours, tf.Session() as tensorflows:
        for session in ours, tensorflows:
            session.run(tf.global_variables_initializer())
        for _ in range(3):
            assert outcome(ours, fetches, feeds) == outcome(tensorflows, fetches, feeds)
            assert outcome(ours, graph.v) == outcome(tensorflows, graph.v)


def test_other_shapes_follow_a_prepared_call(graph):
    total, x = pick(graph, ['sum:0', 'x:0'])
    with Session() as session:
        for rows in 2, 2, 5, 2, 5:
            feeds = {x: np.ones((rows, 3), np.float32)}
            assert session.run((total,), feeds) == (3 * rows,)
        with pytest.raises(ValueError, match='Cannot feed value of shape'):
            session.run((total,), {x: np.ones((2, 2), np.float32)})
        with pytest.raises(tf.errors.InvalidArgumentError, match='You must feed a val'):
            session.run((total,))


def test_options_are_passed_on(graph, started):
    total, x = pick(graph, ['sum:0', 'x:0'])
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    with Session() as session:
        for _ in range(2):
            metadata = tf.RunMetadata()
            session.run((total,), {x: ONES}, options, metadata)
            assert metadata.step_stats.dev_stats or started


def test_the_graph_may_grow(graph):
    with Session() as session:
        for i in range(3):
            assert session.run((tf.constant(i),)) == (i,)
            twice = pick(graph, 'twice:0')
            assert session.run((twice,), {pick(graph, 'x:0'): ONES})[0].sum() == 12


def test_a_closed_session_stays_closed(graph):
    session = Session()
    feeds = {pick(graph, 'x:0'): ONES}
    fetches = (pick(graph, 'sum:0'),)
    for _ in range(2):
        session.run(fetches, feeds)
    session.close()
    with pytest.raises(RuntimeError, match='closed Session'):
        session.run(fetches, feeds)


@pytest.mark.parametrize('make', [Session, tf.Session])
def test_a_data_set_ends_and_continues_after_a_bad_record(make, started):
    with tf.Graph().as_default(), make() as session:
        ds = tf.data.Dataset.from_tensor_slices(['1', '2', 'x', '4'])
        ds = ds.map(lambda text: (tf.string_to_number(text), text))
        iterator = tf.data.make_initializable_iterator(ds)
        session.run(iterator.initializer)
        next_batch = iterator.get_next()
        assert session.run(next_batch) == (1, b'1')
        assert session.run(next_batch) == (2, b'2')
        with pytest.raises(tf.errors.InvalidArgumentError, match='could not|convert'):
            session.run(next_batch)
        assert session.run(next_batch) == (4, b'4')
        for _ in range(2):
            with pytest.raises(tf.errors.OutOfRangeError):
                session.run(next_batch)


@pytest.mark.parametrize('make', [Session, tf.Session])
def test_a_step_that_fails_runs_once(make, started):
    with tf.Graph().as_default(), make() as session:
        limit = tf.placeholder(tf.float32, [])
        v = tf.Variable(0.0)
        update = tf.assign_add(v, 1.0)
        with tf.control_dependencies([update]):
            step = tf.group(tf.debugging.assert_less(v + 0, limit))
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(step, {limit: np.array(9, np.float32)})
        for i in range(4, 6):
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run(step, {limit: np.array(0, np.float32)})
            assert session.run(v) == i


def test_works_without_tensorflows_private_method(graph, monkeypatch):
    monkeypatch.delattr(tf.Session.__mro__[1], '_make_callable_from_options')
    with Session() as session:
        feeds = {pick(graph, 'x:0'): ONES}
        for _ in range(2):
            assert session.run((pick(graph, 'sum:0'),), feeds) == (6,)
        assert not session.prepared


def test_a_training_loop_is_prepared(graph):
    step, twice, x = pick(graph, ['add', 'twice:0', 'x:0'])
    with Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(step, {x: ONES})
            session.run((twice,), {x: ONES})
        assert len(session.prepared) == 3  # The initializer is the first one.
