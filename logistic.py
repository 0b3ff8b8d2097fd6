"""Logistic regression on MNIST in TensorFlow 1's graph mode: is this digit a 1?

    python logistic.py
    tensorboard --logdir log_logistic

The code above `with tf.Session()` builds a graph. The code below it runs the graph.
The Japanese headings are the article's.
"""

from helper import *
from support.cli import run
from support.summaries import mistakes_image, new_run, stop_if_diverged, weight_image

IMAGE_SIZE = 28 * 28
CATEGORY_NUM = 1
LEARNING_RATE = 0.1
TRAINING_LOOP = 20000
BATCH_SIZE = 100
SUMMARY_DIR = 'log_logistic'
SUMMARY_INTERVAL = 1000
BUFFER_SIZE = 1000
EPS = 1e-7  # The article's 1e-10 is too small: in float32, 1 - 1e-10 is exactly 1.


def main(data='auto', steps=TRAINING_LOOP, logdir=SUMMARY_DIR, seed=0):
    """Train a model that tells 1s from all other digits.

    Args:
        data: 'auto', 'mnist', 'synthetic', or the path of an .npz file.
        steps: the number of the last step, at least 0. The first step is 0.
        logdir: the folder for the summaries, a string or a Path.
        seed: the seed of the initial weights and of the shuffling, at least 0.

    Returns:
        The weights W, float32 [784, 1], and the bias b, float32 [1].

    Raises:
        DataError, OSError, FloatingPointError: the message names a remedy.
    """
    with tf.Graph().as_default():
        tf.set_random_seed(seed)
        # Data (データの読み込み): the ten digits become two classes, "1" and "not 1".
        (X_train, y_train), (X_test, y_test) = mnist_samples(
            flatten_image=True, binalize_label=True, data=data
        )
        with tf.name_scope('data'):
            # Placeholders keep the dataset itself out of the graph.
            all_images = tf.placeholder(tf.float32, [None, IMAGE_SIZE], name='images')
            all_labels = tf.placeholder(tf.float32, [None, CATEGORY_NUM], name='labels')
            ds = tf.data.Dataset.from_tensor_slices((all_images, all_labels))
            # Prefetching prepares the next batches while the model trains.
            ds = ds.shuffle(BUFFER_SIZE).batch(BATCH_SIZE).repeat().prefetch(10)
            # The default optimizations copy the whole dataset. Autotuning is slow.
            options = tf.data.Options()
            options.experimental_optimization.apply_default_optimizations = False
            if hasattr(options, 'autotune'):  # TensorFlow 1 has no such option.
                options.autotune.enabled = False
            iterator = tf.data.make_initializable_iterator(ds.with_options(options))
            next_images, next_labels = iterator.get_next()

        # Input layer (入力層): the next batch, unless you feed something else.
        with tf.name_scope('input'):
            y_ = tf.placeholder_with_default(
                next_labels, [None, CATEGORY_NUM], name='labels'
            )
            x = tf.placeholder_with_default(
                next_images, [None, IMAGE_SIZE], name='input_images'
            )

        # Output layer (出力層): the probability that an image shows a 1.
        with tf.name_scope('readout'):
            W = weight_variable([IMAGE_SIZE, CATEGORY_NUM], name='weight')
            b = bias_variable([CATEGORY_NUM], name='bias')
            y = tf.nn.sigmoid(tf.matmul(x, W) + b)

        # Optimization (最適化): gradient descent maximizes the log-likelihood by
        # minimizing its negative. Clipping avoids log(0), which is minus infinity.
        with tf.name_scope('optimize'):
            y = tf.clip_by_value(y, EPS, 1.0 - EPS)
            log_likelihood = tf.reduce_mean(
                tf.reduce_sum(y_ * tf.log(y) + (1 - y_) * tf.log(1 - y), axis=1)
            )
            optimizer = tf.train.GradientDescentOptimizer(LEARNING_RATE)
            train_step = optimizer.minimize(-log_likelihood)
            log_likelihood_summary = tf.summary.scalar('log_likelihood', log_likelihood)

        # Evaluation (評価): an output of 0.5 or more counts as a 1.
        with tf.name_scope('evaluate'):
            correct_prediction = tf.equal(y >= 0.5, y_ >= 0.5)
            accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
        accuracy_summary = tf.summary.scalar('accuracy', accuracy)

        # Visualization (学習の過程を可視化): curves, images, and the settings.
        with tf.name_scope('summaries'):
            curves = tf.summary.merge([log_likelihood_summary, accuracy_summary])
            weights = weight_image(W)
            wrong = mistakes_image(x, y_, y)
            settings = (
                f'data {data}, {len(X_train)} training images, seed {seed}, EPS {EPS}, '
                f'LEARNING_RATE {LEARNING_RATE}, BATCH_SIZE {BATCH_SIZE}'
            )
            settings_summary = tf.summary.text('settings', tf.constant(settings))
        weight_summary = tf.summary.image('optimize/weight', weights, max_outputs=1)
        mistakes_summary = tf.summary.image('accuracy/mistakes', wrong, max_outputs=1)
        image_steps = {0, 10, 30, 100, 300, 1000, 3000, 10000, steps}

        # Run (実行): so far, there is only a graph. A session runs it.
        logdir = new_run(logdir)
        train_writer = tf.summary.FileWriter(logdir + '/train', tf.get_default_graph())
        test_writer = tf.summary.FileWriter(logdir + '/test')
        with tf.Session() as sess, train_writer, test_writer:
            sess.run(tf.global_variables_initializer())
            sess.run(iterator.initializer, {all_images: X_train, all_labels: y_train})
            # Tell an open TensorBoard that a new run begins.
            for writer in train_writer, test_writer:
                writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START))
            train_writer.add_summary(sess.run(settings_summary))
            test_set = {x: X_test, y_: y_test}
            # A callable that stays in one thread is faster than sess.run.
            next_step = sess.make_callable([x, y_, train_step], accept_options=True)
            one_thread = tf.RunOptions(inter_op_thread_pool=-1)
            for i in range(steps + 1):
                images, labels, _ = next_step(options=one_thread)
                if i in image_steps:
                    train_writer.add_summary(sess.run(weight_summary), i)
                    summary = sess.run(mistakes_summary, test_set)
                    test_writer.add_summary(summary, i)
                if i in image_steps or i % SUMMARY_INTERVAL == 0:
                    train_acc, likelihood, summary = sess.run(
                        [accuracy, log_likelihood, curves], {x: images, y_: labels}
                    )
                    train_writer.add_summary(summary, i)
                    test_acc, summary = sess.run([accuracy, curves], test_set)
                    test_writer.add_summary(summary, i)
                    train_writer.flush()
                    test_writer.flush()
                    stop_if_diverged(likelihood, i)
                if i % SUMMARY_INTERVAL == 0:
                    line = f'step: {i}, train-acc: {train_acc}, test-acc: {test_acc}'
                    print(line, flush=True)
            return sess.run([W, b])


if __name__ == '__main__':
    run(main)
