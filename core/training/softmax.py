"""The cross-entropy of the next word, with a gradient of its own: most of a training step is here."""

from collections.abc import Callable

import tensorflow as tf  # noqa: TID253

Gradients = tuple[tf.Tensor | None, ...]


@tf.custom_gradient
def cross_entropy(
    hidden: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, targets: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], Gradients]]:
    """Return each row's -log p(target), in nats.

    TensorFlow's own operation for it passes over the logits many times on one core; its softmax, which
    oneDNN computes, takes a tenth of that. The gradient by the logits is softmax - one-hot.

    Args:
        hidden: (rows, width).
        kernel: (words, width), as a tied embedding is.
        bias: (words,).
        targets: (rows,).
    """
    logits = tf.nn.bias_add(tf.matmul(hidden, kernel, transpose_b=True), bias)
    shares = tf.nn.softmax(logits)
    # The likeliest word's share is no tiny number, so its logarithm tells the sum of the softmax.
    log_sum = tf.reduce_max(logits, 1) - tf.math.log(tf.reduce_max(shares, 1))
    losses = log_sum - tf.gather(logits, targets, batch_dims=1)

    def gradients(upstream: tf.Tensor) -> Gradients:
        weights, words = upstream[:, None], targets[:, None]
        by_hidden = weights * (tf.matmul(shares, kernel) - tf.gather(kernel, targets))
        scaled = weights * hidden
        by_kernel = tf.matmul(shares, scaled, transpose_a=True)
        by_bias = tf.linalg.matvec(shares, upstream, transpose_a=True)
        return (
            by_hidden,
            tf.tensor_scatter_nd_sub(by_kernel, words, scaled),
            tf.tensor_scatter_nd_sub(by_bias, words, upstream),
            None,
        )

    return losses, gradients


@tf.custom_gradient
def look_up(
    embedding: tf.Tensor, ids: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], Gradients]]:
    """Return the rows of (words, width) that `ids` name; the gradient is an array of that shape.

    TensorFlow's is a list of rows, which is slow to add to what a tied output gives.
    """
    words, width = embedding.shape

    def gradients(upstream: tf.Tensor) -> Gradients:
        rows = tf.reshape(upstream, [-1, width])
        return tf.math.unsorted_segment_sum(rows, tf.reshape(ids, [-1]), words), None

    return tf.gather(embedding, ids), gradients
