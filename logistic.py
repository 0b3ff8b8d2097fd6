"""Logistic regression on MNIST in TensorFlow's graph mode: is it a 1?

    python logistic.py
    tensorboard --logdir log_logistic

Parts 1 to 4 describe a calculation, the graph; part 5 brings it to life, 6 and 7 measure it and show how it learns.
"""
from helper import *

IMAGE_SIZE = 28 * 28
CATEGORY_NUM = 1
LEARNING_RATE = 0.1
TRAINING_LOOP = 20000
BATCH_SIZE = 100
SUMMARY_DIR = 'log_logistic'
SUMMARY_INTERVAL = 1000
BUFFER_SIZE = 1000
EPS = 1e-7  # in float32, 1 - 1e-7 is less than 1, which 1 - 1e-10 is not


def main():
    args = lesson_flags(__doc__, steps=TRAINING_LOOP, logdir=SUMMARY_DIR)
    tf.reset_default_graph()
    tf.set_random_seed(args.seed)

    # 1. Data: logistic regression knows two classes, so ten digits are forced into "1" and "not 1".
    digits = load_digits(args.data)
    print(digits.description, flush=True)
    (X_train, y_train), (X_test, y_test) = mnist_samples(flatten_image=True, binalize_label=True, digits=digits)
    with tf.name_scope('data'):
        # Placeholders keep the digits themselves out of the graph: they are handed over once, in part 5.
        images = tf.placeholder(tf.float32, [None, IMAGE_SIZE], name='images')
        labels = tf.placeholder(tf.float32, [None, CATEGORY_NUM], name='labels')
        batches = tf.data.Dataset.from_tensor_slices((images, labels))
        batches = batches.shuffle(BUFFER_SIZE).batch(BATCH_SIZE).repeat().prefetch(10)  # a few ahead of the training
        iterator = tf.data.make_initializable_iterator(untuned(batches))
        next_images, next_labels = iterator.get_next()
        description = tf.summary.text('description', tf.constant(digits.description))

    # 2. Input layer: the next batch, unless something else is fed in its place, as the evaluation does.
    with tf.name_scope('input'):
        y_ = tf.placeholder_with_default(next_labels, [None, CATEGORY_NUM], name='labels')
        x = tf.placeholder_with_default(next_images, [None, IMAGE_SIZE], name='input_images')

    # 3. Output layer: the probability that an image shows a 1.
    with tf.name_scope('readout'):
        W = weight_variable([IMAGE_SIZE, CATEGORY_NUM], name='weight')
        b = bias_variable([CATEGORY_NUM], name='bias')
        y = tf.sigmoid(tf.matmul(x, W) + b)  # [None, 1]

    # 4. Optimisation: make the labels as likely as possible. The clip is there because log(0) is minus infinity.
    with tf.name_scope('optimize'):
        y_clipped = tf.clip_by_value(y, EPS, 1 - EPS)
        log_likelihood = tf.reduce_mean(tf.reduce_sum(
            y_ * tf.log(y_clipped) + (1 - y_) * tf.log(1 - y_clipped), axis=1))
        train_step = tf.train.GradientDescentOptimizer(LEARNING_RATE).minimize(-log_likelihood)
        likelihood_summary = tf.summary.scalar('log_likelihood', log_likelihood)

    # 5. Run: so far nothing has been calculated. A session gives the variables and the data set their values.
    session = lesson_session()
    with tf.name_scope('run'):
        session.run(tf.global_variables_initializer())
        session.run(iterator.initializer, feed_dict={images: X_train, labels: y_train})
    take_step = prepared_run(session, train_step)

    # 6. Evaluation: an output of 0.5 or more says "1", and the accuracy is the share of images where that is right.
    with tf.name_scope('evaluate'):
        is_right = tf.equal(y >= 0.5, y_ >= 0.5)
        accuracy = tf.reduce_mean(tf.cast(is_right, tf.float32))
        mistakes = tf.boolean_mask(x, ~is_right[:, 0])
        mistakes_summary = tf.summary.image('mistakes', tf.reshape(mistakes, [-1, 28, 28, 1]), max_outputs=10)
    accuracy_summary = tf.summary.scalar('accuracy', accuracy)  # outside the scope, for the article's tag

    # 7. Making learning visible: curves, and the weights as a picture, every SUMMARY_INTERVAL steps.
    with tf.name_scope('readout/'):  # the slash goes back to the scope above
        weight_picture = red_and_blue(tf.reshape(W, [1, 28, 28, 1]))
        weight_summary = tf.summary.image('weight_picture', weight_picture, max_outputs=1)
    curves = tf.summary.merge([likelihood_summary, accuracy_summary])
    with summary_writers(args.logdir) as (train_writer, test_writer):
        tf.get_default_graph().finalize()  # from here on, nothing can grow in it
        train_writer.add_summary(session.run(description), 0)
        for step in training_steps(args.steps):
            if step % SUMMARY_INTERVAL:
                take_step()
                continue
            # A step that also hands out its batch: the evaluation is fed with it, or would draw the next one.
            _, batch_x, batch_y = session.run([train_step, x, y_])
            train_acc, summary = session.run([accuracy, curves], feed_dict={x: batch_x, y_: batch_y})
            train_writer.add_summary(summary, step)
            train_writer.add_summary(session.run(weight_summary), step)
            test_acc, summary = session.run([accuracy, curves], feed_dict={x: X_test, y_: y_test})
            test_writer.add_summary(summary, step)
            save_summaries(step, train_writer, test_writer)
            print('step: {}, train-acc: {}, test-acc: {}'.format(step, train_acc, test_acc), flush=True)
        test_writer.add_summary(session.run(mistakes_summary, feed_dict={x: X_test, y_: y_test}), step)
        save_summaries(step, test_writer)


if __name__ == '__main__':
    run_lesson(main)
