"""The session: it's faster than TensorFlow's own, and it gives the same results."""

import collections
import re

from helper import tf
from support.speed import Session

import numpy as np
import pytest

ONES = np.ones((2, 3), np.float32)
Pair = collections.namedtuple('Pair', 'first second')


@pytest.fixture(params=[False, True])
def started(request, monkeypatch):
    """Whether the lesson is the program that was started."""
    monkeypatch.setattr('support.startup.started', request.param)
    return request.param


@pytest.fixture
def nodes(started):
    """A placeholder, a variable, two tensors, and an operation of a graph."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 3])
        v = tf.Variable([1.0, 2.0, 3.0])
        add = tf.group(tf.assign_add(v, tf.reduce_sum(x, axis=0)))
        yield x, v, 2 * x, tf.reduce_sum(x), add


def outcome(session, *args):
    """Return the type and the value of a run, or those of its error."""
    try:
        result = session.run(*args)
    except Exception as error:
        cause = error.__context__ or error
        return type(error), re.sub(r'\d+', '', str(cause).splitlines()[0])
    return type(result), repr(result)


def test_gives_what_tensorflow_gives(nodes):
    x, v, twice, total, add = nodes
    calls = [
        ((total,), {x: value})
        for value in (
            np.asfortranarray(np.arange(6.0, dtype='f4').reshape(2, 3)),
            [[1, 2, 3]],
            ONES.astype('>f4'),
            ONES[:, :2],
            np.arange(12.0, dtype='f4').reshape(4, 3)[::-2],
        )
    ] + [
        (fetches, {x: ONES})
        for fetches in (
            total,
            (twice, total),
            Pair(twice, total),
            (twice, twice),
            (x, twice),
            [add, total],
            add,
        )
    ]
    calls += [
        ((total,), {x: ONES, twice: -ONES}),
        ((total,), {twice: ONES, x: -ONES}),
        ((total,), {x.name: ONES}),
        ((total,),),
        ((),),
        (v,),
        (add, {}),
    ]
    with Session() as ours, tf.Session() as theirs:
        ours.run(v.initializer)
        theirs.run(v.initializer)
        for call in calls:
            for _ in range(3):
                assert outcome(ours, *call) == outcome(theirs, *call)
                assert outcome(ours, v) == outcome(theirs, v)


def test_other_calls_follow_a_prepared_one(nodes, started):
    x, _, _, total, _ = nodes
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    with Session() as session:
        for rows in 2, 2, 5, 2, 5:
            feeds = {x: np.ones((rows, 3), np.float32)}
            assert session.run((total,), feeds) == (3 * rows,)
            assert session.run((tf.constant(rows),)) == (rows,)  # The graph grows.
            metadata = tf.RunMetadata()
            session.run((total,), feeds, options, metadata)
            assert metadata.step_stats.dev_stats or started
        with pytest.raises(tf.errors.InvalidArgumentError, match='You must feed a val'):
            session.run((total,))
    with pytest.raises(RuntimeError, match='closed Session'):
        session.run((total,), feeds)


def test_errors_leave_what_they_leave_in_tensorflow(started):
    results = []
    for make in Session, tf.Session:
        with tf.Graph().as_default(), make() as session:
            ds = tf.data.Dataset.from_tensor_slices(['1', 'x', '3'])
            ds = ds.map(lambda text: (tf.string_to_number(text), text))
            iterator = tf.data.make_initializable_iterator(ds)
            next_batch = iterator.get_next()
            limit = tf.placeholder(tf.float32, [])
            v = tf.Variable(0.0)
            with tf.control_dependencies([tf.assign_add(v, 1.0)]):
                step = tf.group(tf.debugging.assert_less(0.0, limit))
            session.run([iterator.initializer, v.initializer])
            calls = (
                [(next_batch,)] * 4 + [(iterator.initializer,)] + [(next_batch,)] * 4
            )
            for value in 1, 0, 0:
                calls += [(step, {limit: np.array(value, np.float32)}), (v,)]
            results.append([outcome(session, *call) for call in calls])
    assert results[0] == results[1]
    bad, end = tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError
    kinds = [kind for kind, _ in results[0]]
    assert kinds[:4] == kinds[5:9] == [tuple, bad, tuple, end]
    assert kinds[9::2] == [type(None), bad, bad]


@pytest.mark.parametrize('is_missing', [False, True])
def test_a_training_loop_is_prepared(nodes, monkeypatch, is_missing):
    x, v, _, total, add = nodes
    if is_missing:  # The method's name is private.
        monkeypatch.delattr(tf.Session.__mro__[1], '_make_callable_from_options')
    with Session() as session:
        session.run(v.initializer)
        for _ in range(3):
            session.run(add, {x: ONES})
            assert session.run((total,), {x: ONES}) == (6,)
        assert session.run(v)[0] == 7
        assert len(session.prepared) == (0 if is_missing else 3)
