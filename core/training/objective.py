"""What training makes small: the loss of the next word, and what is added to learn less by heart."""

import tensorflow as tf  # noqa: TID253

from core.settings import TrainingSettings
from core.training.network import Network


class Objective:
    """The loss of a batch, and the objective: the loss with all that is added to it."""

    def __init__(self, network: Network, settings: TrainingSettings, samples: int) -> None:
        """Make one.

        Args:
            network: what is trained.
            settings: weights of what is added.
            samples: words to draw for a sampled softmax, 0 for all.
        """
        self._network, self._settings, self._samples = network, settings, samples

    def __call__(
        self, inputs: tf.Tensor, targets: tf.Tensor, tokens: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the loss and the objective, both sums over these rows divided by `tokens`."""
        if self._settings.adversarial == "fgm":
            return self._with_worst_embedding(inputs, targets, tokens)
        return self._objective(inputs, targets, tokens, None)

    def _objective(
        self, inputs: tf.Tensor, targets: tf.Tensor, tokens: tf.Tensor, shift: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        settings = self._settings
        outputs = self._network.outputs(inputs, training=True, shift=shift)
        hidden, words = real(outputs.dropped, targets)
        losses = self._network.losses(hidden, words, outputs.embedding, self._samples)
        loss = tf.reduce_sum(losses)
        if settings.adversarial == "advsoft":
            size = settings.adversarial_size
            losses = self._network.worst_case(losses, hidden, words, outputs.embedding, size)
        if settings.label_smoothing:
            smoothing = self._network.smoothing(hidden, words, outputs.embedding)
            losses += settings.label_smoothing * smoothing
        if settings.activation:
            losses += settings.activation * tf.reduce_mean(tf.square(hidden), -1)
        objective = tf.reduce_sum(losses)
        if settings.slowness:
            objective += settings.slowness * changes(outputs.whole, targets)
        return loss / tokens, objective / tokens

    def _with_worst_embedding(
        self, inputs: tf.Tensor, targets: tf.Tensor, tokens: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the mean of the objective and of that where embeddings are moved to the worst place.

        The fast gradient method of Miyato, Dai and Goodfellow 2017: each line's embeddings are moved
        along their gradient, as far as `adversarial_size` times the usual size of one of their numbers.
        """
        table = self._network.embedding.embeddings
        still = tf.zeros([*inputs.shape, table.shape[-1]])
        with tf.GradientTape() as tape:
            tape.watch(still)
            loss, objective = self._objective(inputs, targets, tokens, still)
        worst = tf.stop_gradient(tape.gradient(objective, still))
        lengths = tf.sqrt(tf.reduce_sum(tf.square(worst), [1, 2], keepdims=True))
        usual = tf.sqrt(tf.reduce_mean(tf.square(tf.stop_gradient(table))))
        moved = self._settings.adversarial_size * usual * tf.math.divide_no_nan(worst, lengths)
        return loss, (objective + self._objective(inputs, targets, tokens, moved)[1]) / 2


def real(hidden: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return outputs (n, hidden) and targets (n,) of the places where there is a word to guess."""
    flat = tf.reshape(targets, [-1])
    places = tf.where(flat > 0)[:, 0]
    return tf.gather(tf.reshape(hidden, [-1, hidden.shape[-1]]), places), tf.gather(flat, places)


def changes(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Return the sum over words of the mean square by which outputs differ from the word before's.

    Temporal activation regularisation, which wants outputs to change slowly (Merity et al. 2017).

    Args:
        outputs: (rows, steps, hidden).
        targets: (rows, steps), 0 where there is none; or (rows,), where nothing is summed.
    """
    if len(targets.shape) == 1:
        return tf.zeros([])
    squares = tf.reduce_mean(tf.square(outputs[:, 1:] - outputs[:, :-1]), -1)
    return tf.reduce_sum(squares * tf.cast(targets[:, 1:] > 0, squares.dtype))
