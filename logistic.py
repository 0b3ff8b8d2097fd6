"""Logistic regression on MNIST in TensorFlow 1's graph mode: is this digit a 1?"""

from helper import *  # tf, mnist_samples, weight_variable, bias_variable
from support import cli, digits, log_folder, speed, summaries

IMAGE_SIZE = 28 * 28
CATEGORY_NUM = 1
LEARNING_RATE = 0.1
TRAINING_LOOP = 20000
BATCH_SIZE = 100
SUMMARY_DIR = 'log_logistic'
SUMMARY_INTERVAL = 1000
BUFFER_SIZE = 1000
EPS = 1e-7  # With the article's 1e-10, 1 - EPS is exactly 1 in float32.


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
        ValueError: an argument or the data can't be used.
        OSError: the log folder can't be used.
        FloatingPointError: the training diverged.
    """
    cli.check_counts(steps=steps, seed=seed)
    data = digits.find_data(data)
    with tf.Graph().as_default():
        tf.set_random_seed(seed)
        # ■ データの読み込み (data)
        # A label is 1 for the digit 1, and 0 for any other digit.
        (X_train, y_train), (X_test, y_test) = mnist_samples(
            flatten_image=True, binalize_label=True, data=data
        )
        # A name scope is a prefix of node names and a box in TensorBoard, no more.
        # A placeholder is an input that you feed later. None means any number of rows.
        with tf.name_scope('data'):
            all_images = tf.placeholder(tf.float32, [None, IMAGE_SIZE], name='images')
            all_labels = tf.placeholder(tf.float32, [None, CATEGORY_NUM], name='labels')
            ds = tf.data.Dataset.from_tensor_slices((all_images, all_labels))
            ds = ds.shuffle(BUFFER_SIZE).batch(BATCH_SIZE).repeat()
            iterator = tf.data.make_initializable_iterator(speed.prefetched(ds))
            next_batch = iterator.get_next()

        # ■ 入力層 (input layer)
        with tf.name_scope('input'):
            y_ = tf.placeholder(tf.float32, [None, CATEGORY_NUM], name='labels')
            x = tf.placeholder(tf.float32, [None, IMAGE_SIZE], name='input_images')

        # ■ 出力層 (output layer)
        # A variable keeps its value between runs. Training looks for the best W and b.
        # The sigmoid turns any number into a probability, here that of a 1.
        with tf.name_scope('readout'):
            W = weight_variable([IMAGE_SIZE, CATEGORY_NUM], name='weight')
            b = bias_variable([CATEGORY_NUM], name='bias')
            y = tf.nn.sigmoid(tf.matmul(x, W) + b)

        # ■ 最適化 (optimization)
        with tf.name_scope('optimize'):
            # Outputs stay within [EPS, 1 - EPS], so that log never gets 0.
            y = tf.clip_by_value(y, EPS, 1.0 - EPS)
            log_likelihood = tf.reduce_mean(
                tf.reduce_sum(y_ * tf.log(y) + (1 - y_) * tf.log(1 - y), axis=1)
            )
            # `minimize` adds nodes that compute the gradient and change W and b.
            train_step = tf.train.GradientDescentOptimizer(LEARNING_RATE).minimize(
                -log_likelihood
            )
            log_likelihood_summary = tf.summary.scalar('log_likelihood', log_likelihood)

        # ■ 評価 (evaluation)
        with tf.name_scope('evaluate'):
            # An output of less than 0.5 means "not 1".
            correct_prediction = tf.equal(tf.less(y, 0.5), tf.less(y_, 0.5))
            accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
        # Inside the scope, this summary would be tagged "evaluate/accuracy".
        accuracy_summary = tf.summary.scalar('accuracy', accuracy)

        # ■ 学習の過程を可視化 (visualization)
        # These tags put each image next to a curve in TensorBoard.
        curves = tf.summary.merge([log_likelihood_summary, accuracy_summary])
        weights_image = tf.summary.image('optimize/weight', summaries.weights(W), 1)
        mistakes_image = tf.summary.image(
            'accuracy/mistakes', summaries.mistakes(x, y_, correct_prediction), 1
        )
        # Most of the learning happens early.
        image_steps = {0, 10, 30, 100, 300, 1000, 3000, 10000, steps}

        # ■ 実行 (run)
        # So far, there is only a graph. A session holds the variables and runs it.
        run = log_folder.new_run(logdir)
        train_writer = tf.summary.FileWriter(run + '/train', tf.get_default_graph())
        test_writer = tf.summary.FileWriter(run + '/test')
        with log_folder.kept(run), speed.Session() as sess, train_writer, test_writer:
            train_writer.add_summary(
                summaries.settings(
                    f'data {data}, steps {steps}, seed {seed}, '
                    f'LEARNING_RATE {LEARNING_RATE}, BATCH_SIZE {BATCH_SIZE}, '
                    f'BUFFER_SIZE {BUFFER_SIZE}, EPS {EPS}'
                )
            )
            # Variables have no values until you initialize them.
            sess.run(tf.global_variables_initializer())
            # A feed gives placeholders their values: {placeholder: value}.
            sess.run(iterator.initializer, {all_images: X_train, all_labels: y_train})
            for i in range(steps + 1):
                images, labels = sess.run(next_batch)
                sess.run(train_step, {x: images, y_: labels})
                if i % SUMMARY_INTERVAL == 0 or i in image_steps:
                    train_acc, summary = sess.run(
                        [accuracy, curves], {x: images, y_: labels}
                    )
                    train_writer.add_summary(summary, i)
                    train_writer.flush()
                    summaries.stop_if_diverged(summary, i)
                    test_acc, summary = sess.run(
                        [accuracy, curves], {x: X_test, y_: y_test}
                    )
                    test_writer.add_summary(summary, i)
                    test_writer.flush()
                if i % SUMMARY_INTERVAL == 0 or i == steps:
                    print(f'step: {i}, train-acc: {train_acc}, test-acc: {test_acc}')
                if i in image_steps:
                    train_writer.add_summary(sess.run(weights_image), i)
                    test_writer.add_summary(
                        sess.run(mistakes_image, {x: X_test, y_: y_test}), i
                    )
            return sess.run([W, b])


if __name__ == '__main__':
    cli.run(main)
