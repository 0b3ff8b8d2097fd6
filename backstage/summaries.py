"""What TensorBoard shows of a run, curves, pictures, the graph and a table, and the folder that keeps it."""
import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

from backstage.digits import DataError, reason
from backstage.tensorflow1 import np, tf

EVENT_FILE = re.compile(r'events\.out\.tfevents\.(\d{10})\.')  # as TensorFlow names it, with the second it began


@contextlib.contextmanager
def summary_writers(logdir, graph, settings):
    """Writers for `logdir/train`, with graph and settings, and for `logdir/test`; OSError where they cannot write."""
    logdir = os.path.expanduser(os.fspath(logdir)) or os.curdir
    try:
        if '://' in logdir:
            raise OSError('it is not a folder of this machine')
        set_aside(logdir)
        writers = [SummaryWriter(os.path.join(logdir, run)) for run in ('train', 'test')]
    except (OSError, tf.errors.OpError) as error:
        raise OSError('The log folder {!r} cannot be used ({}): give --logdir another folder.'.format(
            logdir, reason(error)))
    for writer in writers:
        writer.add_event(file_version='brain.Event:2')
        # A TensorBoard that is already open forgets the earlier run's points when it reads this.
        writer.add_event(session_log=tf.SessionLog(status=tf.SessionLog.START))
    writers[0].add_event(graph_def=graph.as_graph_def(add_shapes=True).SerializeToString())
    writers[0].add_table('settings', dict(settings, TensorFlow=tf.__version__, NumPy=np.__version__))
    try:
        yield writers
    finally:
        for writer in writers:
            writer.attempt(writer.records.close)
        command = shutil.which('tensorboard', path=os.path.dirname(sys.executable)) or 'tensorboard', '--logdir', logdir
        command = ' '.join(map(shlex.quote, command)) if os.name == 'posix' else subprocess.list2cmdline(command)
        print('The summaries are in {}. To see them: {}'.format(logdir, command), flush=True)


def set_aside(logdir):
    """Move an earlier run's `train` and `test` to a folder named by when it began; OSError where they are no run's."""
    began = {}
    for run in 'train', 'test':
        folder = os.path.join(logdir, run)
        names = os.listdir(folder) if os.path.exists(folder) else []
        seconds = [int(found.group(1)) for found in map(EVENT_FILE.match, names) if found]
        if seconds:
            began[run] = min(seconds)
        elif names:
            raise OSError('{!r} holds no summaries: move it away'.format(folder))
    earlier = os.path.join(logdir, time.strftime('was_%y%m%d_%H%M%S', time.localtime(min(began.values(), default=0))))
    while any(os.path.exists(os.path.join(earlier, run)) for run in began):
        earlier += '_'
    for run in began:
        os.renames(os.path.join(logdir, run), os.path.join(earlier, run))


class SummaryWriter:
    """Writes one run's event file: what is added is saved, on TensorFlow 1.13 by the end, or OSError is raised."""
    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, 'events.out.tfevents.{:010d}.{}'.format(int(time.time()), os.getpid()))
        self.records, self.weights, self.told = tf.io.TFRecordWriter(os.fsencode(path)), None, False

    def add_event(self, step=0, **what):
        event = tf.Event(wall_time=time.time(), step=step, **what)
        self.attempt(self.records.write, event.SerializeToString())
        self.attempt(self.records.flush)

    def attempt(self, action, *given):
        try:
            action(*given)
        except tf.errors.OpError as error:
            raise OSError('Summaries could not be written ({}): give --logdir another folder.'.format(reason(error)))

    def add_summary(self, summary, step):
        """Save what a summary operation gave; DataError where a value is not finite, as all that follows would be."""
        summary = tf.Summary.FromString(summary)
        self.add_event(step, summary=summary)
        for value in summary.value:
            if not np.isfinite(value.simple_value):
                raise DataError('At step {} {} is {}, so this is no result: try another EPS (1e-7 works) or '
                                'LEARNING_RATE (0.1 works).'.format(step, value.tag, value.simple_value))

    def add_weights(self, weights, step):
        """Save the weights, float `[784, 1]`, as a picture, and say once when they do not change any more."""
        self.add_picture('optimize/weight', weights.reshape(28, 28), step)
        if np.array_equal(weights, self.weights) and not self.told:
            self.told = True
            print('At step {} the weights are those of the picture before: LEARNING_RATE makes the steps too small, or '
                  'every output is clipped, where the gradient is zero.'.format(step), file=sys.stderr)
        self.weights = weights

    def add_mistakes(self, images, labels, outputs, step):
        """Save the first 25 of images `[n, 784]` that are judged wrong: red a missed 1, blue what is taken for a 1."""
        errors = (outputs >= 0.5) - labels
        wrong = np.flatnonzero(errors)[:25]
        sheet = np.zeros((25, 784))
        sheet[:len(wrong)] = errors[wrong] * images[wrong]
        self.add_picture('accuracy/mistakes', sheet.reshape(5, 5, 28, 28).swapaxes(1, 2).reshape(140, 140), step)

    def add_picture(self, tag, values, step):
        """Save numbers `[height, width]` in colours: white for 0, the bluer the larger above, the redder below."""
        values = values / (np.abs(values).max() or 1)
        colours = [1 - np.maximum(values, 0), 1 - np.abs(values), 1 - np.maximum(-values, 0)]
        with tf.Graph().as_default(), tf.Session() as sess:
            png = sess.run(tf.image.encode_png(np.rint(255 * np.stack(colours, axis=-1)).astype(np.uint8)))
        image = tf.Summary.Image(height=len(values), width=len(values), colorspace=3, encoded_image_string=png)
        self.add_event(step, summary=tf.Summary(value=[tf.Summary.Value(tag=tag, image=image)]))

    def add_table(self, tag, rows):
        """Save the numbers and texts of a dict as a table, which TensorBoard makes of a string tensor `[rows, 2]`."""
        cells = tf.make_tensor_proto([[name, str(value)] for name, value in rows.items() if isinstance(
            value, (int, float, str, os.PathLike)) and not name.startswith('_')])
        text = tf.SummaryMetadata(plugin_data=tf.SummaryMetadata.PluginData(plugin_name='text'))
        self.add_event(summary=tf.Summary(value=[tf.Summary.Value(tag=tag, metadata=text, tensor=cells)]))
