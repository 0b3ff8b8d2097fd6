"""Logistic regression on MNIST in TensorFlow's graph mode: is it a 1?

    python logistic.py
    tensorboard --logdir log_logistic

The headings are the article's. Parts 1 to 4 and 6 describe a calculation, the graph; in 5 and 7 a session runs it.
"""
from helper import *  # tf, np, the digits, and what saves the summaries

IMAGE_SIZE = 28 * 28
CATEGORY_NUM = 1  # one output: the probability of a 1
LEARNING_RATE = 0.1
TRAINING_LOOP = 20000
BATCH_SIZE = 100
SUMMARY_DIR = 'log_logistic'
SUMMARY_INTERVAL = 1000
BUFFER_SIZE = 1000
EPS = 1e-7  # keeps outputs off 0 and 1; in float32, 1 - 1e-10 would still be 1


def main(data='auto', steps=TRAINING_LOOP, logdir=SUMMARY_DIR, seed=0):
    """Logistic regression on MNIST in TensorFlow's graph mode: is it a 1?"""
    with tf.Graph().as_default():
        tf.set_random_seed(seed)

        # 1. Data (データの読み込み): logistic regression knows two classes, so ten digits become "1" and "not 1".
        digits = load_digits(data)  # of MNIST, or of what `data` names; it prints which, as MNIST may be out of reach
        (X_train, y_train), (X_test, y_test) = mnist_samples(flatten_image=True, binalize_label=True, digits=digits)
        with tf.name_scope('data'):
            # As constants the digits would be part of the graph: part 5 hands them over, once. None is any number.
            train_images = tf.placeholder(tf.float32, [None, IMAGE_SIZE], name='images')
            train_labels = tf.placeholder(tf.float32, [None, CATEGORY_NUM], name='labels')
            ds = tf.data.Dataset.from_tensor_slices((train_images, train_labels))
            ds = ds.shuffle(BUFFER_SIZE).batch(BATCH_SIZE).repeat()
            ds = fast.prefetched(ds)  # batches are made ahead of the training, which saves a sixth of the time
            iterator = tf.data.make_initializable_iterator(ds)
            next_batch = iterator.get_next()

        # 2. Input layer (入力層): the next batch, unless something else is fed in its place.
        with tf.name_scope('input'):
            y_ = tf.placeholder_with_default(next_batch[1], [None, CATEGORY_NUM], name='labels')
            x = tf.placeholder_with_default(next_batch[0], [None, IMAGE_SIZE], name='input_images')

        # 3. Output layer (出力層): the probability that an image shows a 1.
        with tf.name_scope('readout'):
            W = weight_variable([IMAGE_SIZE, CATEGORY_NUM], name='weight')
            b = bias_variable([CATEGORY_NUM], name='bias')
            y = tf.nn.sigmoid(tf.matmul(x, W) + b)  # [None, 1]

        # 4. Optimisation (最適化): make the labels likely, by minimising the negative; clipped, as log(0) is -inf.
        with tf.name_scope('optimize'):
            y = tf.clip_by_value(y, EPS, 1.0 - EPS)
            log_likelihood = tf.reduce_mean(tf.reduce_sum(y_ * tf.log(y) + (1 - y_) * tf.log(1 - y), axis=1))
            train_step = tf.train.GradientDescentOptimizer(LEARNING_RATE).minimize(-log_likelihood)
            log_likelihood_summary = tf.summary.scalar('log_likelihood', log_likelihood)

        # 5. Run (実行): so far nothing has been calculated. Now the variables and the data set get their values.
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(iterator.initializer, feed_dict={train_images: X_train, train_labels: y_train})

            # 6. Evaluation (評価): 0.5 or more says "1", and the accuracy is the share of images where that is right.
            with tf.name_scope('evaluate'):
                correct_prediction = tf.equal(y >= 0.5, y_ >= 0.5)
                accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
            accuracy_summary = tf.summary.scalar('accuracy', accuracy)  # outside the scope, for the article's tag

            # 7. Making learning visible (学習の過程を可視化): curves, pictures, and what the run depends on.
            curves = tf.summary.merge([log_likelihood_summary, accuracy_summary])
            picture_steps = {0, 10, 30, 100, 300, 1000, 3000, 10000, steps}  # most is learned early
            # TensorBoard's page Text shows the constants at the top, which globals() holds, and what main was given.
            settings = dict(globals(), data=digits.description, steps=steps, logdir=logdir, seed=seed)
            next_step = fast.prepared_run(sess, [x, y_, train_step])  # sess.run(...) without its long preparations
            with summary_writers(logdir, sess.graph, settings) as (train_writer, test_writer):
                for i in range(steps + 1):
                    images, labels, _ = next_step()  # one step of gradient descent, on the next batch
                    if i % SUMMARY_INTERVAL == 0 or i in picture_steps:  # then measured on that batch, and on all tests
                        summary, train_acc = sess.run([curves, accuracy], feed_dict={x: images, y_: labels})
                        train_writer.add_summary(summary, i)
                        summary, test_acc, outputs = sess.run([curves, accuracy, y], feed_dict={x: X_test, y_: y_test})
                        test_writer.add_summary(summary, i)
                    if i in picture_steps:
                        train_writer.add_weights(sess.run(W), i)
                        test_writer.add_mistakes(X_test, y_test, outputs, i)
                    if i % SUMMARY_INTERVAL == 0:
                        print(f'step: {i}, train-acc: {train_acc}, test-acc: {test_acc}', flush=True)
            return sess.run([W, b])


if __name__ == '__main__':
    run_lesson(main)
