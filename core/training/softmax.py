"""The cross-entropy of the next word: most of a training step is here.

Over all words, with a gradient of its own, or told from a sample of them where there are very many.
"""

import math
from collections.abc import Callable

import tensorflow as tf  # noqa: TID253

from core.settings import ModelSettings, TrainingSettings

MANY_WORDS, SAMPLES = 20_000, 8192
"""A vocabulary from which on a sample pays, and its usual size."""

TINY = 1e-30
"""A share that is still exact; float32 ends at 1e-38."""

Gradients = tuple[tf.Tensor | None, ...]


@tf.custom_gradient  # type: ignore[untyped-decorator]
def cross_entropy(
    hidden: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, targets: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], Gradients]]:
    """Return each row's -log p(target), in nats.

    Made of TensorFlow's softmax, which is much faster on a CPU than its operation for this very loss.
    The gradient by the logits is softmax - one-hot.

    Args:
        hidden: (rows, width).
        kernel: (words, width), as a tied embedding is.
        bias: (words,).
        targets: (rows,).
    """
    logits = tf.nn.bias_add(tf.matmul(hidden, kernel, transpose_b=True), bias)
    shares = tf.nn.softmax(logits)
    losses = _surprise(logits, shares, targets)

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


def worst_case(
    losses: tf.Tensor, hidden: tf.Tensor, kernel: tf.Tensor, targets: tf.Tensor, size: float
) -> tf.Tensor:
    """Return the losses where each target's vector is moved to the worst place nearby.

    AdvSoft (Wang, Gong and Liu 2019): within a distance of `size` times its length, the worst move of
    the target's vector is against the output, and takes m from its logit. Of a probability p that
    leaves p e^-m / (1 - p + p e^-m). Where the two point apart already, the vector stays. The move is
    taken as given, so the gradient does not try to change it.

    Args:
        losses: (rows,), -log p.
        hidden: (rows, width).
        kernel: (words, width).
        targets: (rows,).
        size: a share of a vector's length.
    """
    vectors = tf.gather(kernel, targets)
    agree = tf.cast(tf.reduce_sum(hidden * vectors, -1, keepdims=True) > 0, hidden.dtype)
    moves = size * agree * tf.norm(vectors, axis=-1, keepdims=True) * tf.math.l2_normalize(hidden, -1)
    margins = tf.reduce_sum(tf.stop_gradient(moves) * hidden, -1)
    return losses + margins + tf.math.log1p(tf.exp(-losses) * tf.math.expm1(-margins))


def smoothing(
    hidden: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, targets: tf.Tensor, shares: tf.Tensor
) -> tf.Tensor:
    """Return what label smoothing (Szegedy et al. 2016) adds to each row's loss, for a weight of 1.

    The loss (1 - e) (Z - logit of the target) + e (Z - mean logit) is the usual one plus e times this
    difference; the mean is by `shares`, so that rare words are not wished for as much as common ones.

    Args:
        hidden: (rows, width).
        kernel: (words, width).
        bias: (words,).
        targets: (rows,).
        shares: (words,), their sum 1.
    """
    of_target = tf.reduce_sum(hidden * tf.gather(kernel, targets), -1) + tf.gather(bias, targets)
    center = tf.linalg.matvec(kernel, shares, transpose_a=True)
    return of_target - tf.linalg.matvec(hidden, center) - tf.tensordot(shares, bias, 1)


def _surprise(logits: tf.Tensor, shares: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Return -log of the targets' shares, by way of the logits where one is hardly a number."""
    chosen = tf.gather(shares, targets, batch_dims=1)

    def by_logits() -> tf.Tensor:
        # The likeliest word's share is no tiny number, so its logarithm tells the sum of the softmax.
        log_sum = tf.reduce_max(logits, 1) - tf.math.log(tf.reduce_max(shares, 1))
        return log_sum - tf.gather(logits, targets, batch_dims=1)

    return tf.cond(tf.reduce_min(chosen) > TINY, lambda: -tf.math.log(chosen), by_logits)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def look_up(
    embedding: tf.Tensor, ids: tf.Tensor
) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable[..., Gradients]]:
    """Return the rows of (words, width) that `ids` name, and the embedding for a tied output.

    TensorFlow's gradient of the rows is a list of them, which is slow to add to that of the output;
    here they are added in place.
    """

    def gradients(by_rows: tf.Tensor, by_output: tf.Tensor) -> Gradients:
        by_rows = tf.reshape(by_rows, [-1, embedding.shape[-1]])
        return tf.tensor_scatter_nd_add(by_output, tf.reshape(ids, [-1, 1]), by_rows), None

    return (tf.gather(embedding, ids), tf.identity(embedding)), gradients


def samples(training: TrainingSettings, model: ModelSettings, words: int) -> int:
    """Return how many words a target is told from, 0 for all of them.

    Only a tied stream can, and only where nothing asks for the probabilities of all words.
    """
    setting = training.sampled_softmax
    if setting is None:
        setting = SAMPLES if words > MANY_WORDS else 0
    wants_all = training.label_smoothing or training.adversarial == "advsoft"
    possible = model.tied and model.context == "stream" and not wants_all
    return setting if possible and setting < words else 0


def sampled_cross_entropy(
    hidden: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, targets: tf.Tensor, uniform: tf.Tensor
) -> tf.Tensor:
    """Return each row's loss among its target and a sample of words (Jean et al. 2015), in nats.

    Ids are drawn log-uniformly, as words are distributed where ids are sorted by frequency (Zipf), and
    what is drawn twice counts once.

    Args:
        hidden: (rows, width).
        kernel: (words, width), as a tied embedding is.
        bias: (words,).
        targets: (rows,).
        uniform: random numbers from 0 to 1, one for each word to draw.
    """
    words, draws = kernel.shape[0], uniform.shape[0]
    drawn = tf.cast(tf.exp(uniform * math.log(words + 1)), tf.int64) - 1
    candidates, _ = tf.unique(tf.clip_by_value(drawn, 0, words - 1))
    labels = tf.cast(targets, tf.int64)[:, None]
    expected = (_expected(labels, words, draws), _expected(candidates, words, draws))
    return tf.nn.sampled_softmax_loss(
        kernel, bias, labels, hidden, tf.size(candidates), words, sampled_values=(candidates, *expected)
    )


def _expected(ids: tf.Tensor, words: int, draws: int) -> tf.Tensor:
    """Return how likely each id is among so many draws."""
    rank = tf.cast(ids, tf.float32)
    chance = tf.math.log1p(1.0 / (rank + 1.0)) / math.log(words + 1)
    return -tf.math.expm1(draws * tf.math.log1p(-chance))
