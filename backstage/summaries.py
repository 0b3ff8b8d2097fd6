"""The writers that save what TensorBoard shows of a run: curves, pictures, the graph, a table."""
import contextlib
import os
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import time

import numpy as np
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from backstage.digits import DataError
from backstage.log_folder import RUNS, log_folder
from backstage.pictures import png, red_and_blue, sheet
from backstage.printing import one_line, say
from backstage.tensorflow1 import tf


@contextlib.contextmanager
def summary_writers(logdir, graph, settings):
    """Open a writer for `logdir/train`, which also gets the graph and the settings, and one for `logdir/test`.

    Both are closed at the end. What an earlier run left there becomes a run of its own, as set_aside says.

    Raises:
        OSError: the folder cannot be used, or something else than summaries is in the way; one sentence says what.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(log_folder(logdir))
            writers = [stack.enter_context(SummaryWriter(os.path.join(logdir, run))) for run in RUNS]
        except OSError as error:
            raise OSError('The log folder {} cannot be used ({}): give --logdir another folder.'.format(
                logdir, one_line(error)))
        for writer in writers:
            writer.add_event(file_version='brain.Event:2')
            # A TensorBoard that is already open forgets the earlier run's points when it reads this.
            writer.add_event(session_log=tf.SessionLog(status=tf.SessionLog.START))
        writers[0].add_event(graph_def=graph.as_graph_def(add_shapes=True).SerializeToString())
        writers[0].add_table('settings', settings)
        try:
            yield writers
        finally:
            if all(writer.is_in_place() for writer in writers):
                say('The summaries are in {}. To see them: {}'.format(logdir, command_to_see(logdir)))


def command_to_see(logdir):
    """The command that shows the folder, with TensorBoard's path, as the environment may not have been activated."""
    command = [shutil.which('tensorboard', path=os.path.dirname(sys.executable)) or 'tensorboard', '--logdir',
               os.path.join('.', logdir) if logdir.startswith('-') else logdir]
    return ' '.join(map(shlex.quote, command)) if os.name == 'posix' else subprocess.list2cmdline(command)


class SummaryWriter:
    """Writes one run's event file. What an `add_...` returned from is saved; else it has raised OSError.

    tf.summary.FileWriter saves in a thread of its own, and does not tell its caller when the disk is full.
    """
    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        name = 'events.out.tfevents.{:010d}.{}'.format(int(time.time()), socket.gethostname())
        self.folder, self.path = folder, os.path.join(folder, name)
        self.file = open(self.path, 'xb')
        self.weights, self.pictured, self.told = None, None, False

    def is_in_place(self):
        return os.path.exists(self.path) and os.path.samestat(os.fstat(self.file.fileno()), os.stat(self.path))

    def add_event(self, step=0, **what):
        """Save a tf.Event in the format of TFRecord files: https://www.tensorflow.org/tutorials/load_data/tfrecord ."""
        event = tf.Event(wall_time=time.time(), step=step, **what).SerializeToString()
        length = struct.pack('<Q', len(event))
        check, event_check = (struct.pack('<I', masked_crc32c(content)) for content in (length, event))
        try:
            self.file.write(length + check + event + event_check)
            self.file.flush()
            if not self.is_in_place():
                raise OSError('its file has been moved or removed')
        except OSError as error:
            raise OSError('The summaries of step {} could not be written to {} ({}): give --logdir another '
                          'folder.'.format(step, self.folder, one_line(error)))

    def add_summary(self, summary, step):
        """Save what a summary operation gave, and look whether it is still a result.

        Raises:
            DataError: one of its values is not finite; what comes after it could not be either.
        """
        summary = tf.Summary.FromString(summary)
        self.add_event(step, summary=summary)
        for value in summary.value:
            if not np.isfinite(value.simple_value):
                raise DataError('At step {} {} is {}, so this is no result: EPS is too small for float32, or '
                                'LEARNING_RATE too large.'.format(step, value.tag, value.simple_value))

    def add_weights(self, weights, step):
        """Save the weights, float `[784, 1]`, as a picture, and say once when they do not change any more."""
        self.add_picture('optimize/weight', red_and_blue(weights.reshape(28, 28)), step)
        if np.array_equal(weights, self.weights) and not self.told:
            self.told = True
            say('From step {} to {} the weights have not changed: LEARNING_RATE is too small to change them, or every '
                'output is clipped, where the gradient is zero.'.format(self.pictured, step), sys.stderr)
        self.weights, self.pictured = weights, step

    def add_mistakes(self, images, labels, outputs, step):
        """Save 25 images that the model gets wrong: blue if it saw a 1 that is none, red if it missed one.

        Takes float images `[n, 784]`, labels `[n, 1]`, 0 or 1, and outputs `[n, 1]` from 0 to 1.
        """
        errors = (outputs >= 0.5) - labels
        wrong = np.flatnonzero(errors)[:25]
        self.add_picture('accuracy/mistakes', red_and_blue(sheet(errors[wrong] * images[wrong], across=5)), step)

    def add_picture(self, tag, pixels, step):
        image = tf.Summary.Image(height=pixels.shape[0], width=pixels.shape[1], colorspace=3,
                                 encoded_image_string=png(pixels))
        self.add_event(step, summary=tf.Summary(value=[tf.Summary.Value(tag=tag, image=image)]))

    def add_table(self, tag, rows):
        """Save a dict as a table of texts, which TensorBoard makes of a string tensor `[rows, 2]`."""
        cells = tf.make_tensor_proto([[one_line(cell) for cell in row] for row in rows.items()])
        text = tf.SummaryMetadata(plugin_data=tf.SummaryMetadata.PluginData(plugin_name='text'))
        self.add_event(summary=tf.Summary(value=[tf.Summary.Value(tag=tag, metadata=text, tensor=cells)]))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with contextlib.suppress(OSError):  # all that matters has been saved, or reported, before
            self.file.close()
