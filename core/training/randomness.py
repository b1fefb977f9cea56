"""Random numbers that follow from a seed and the number of steps taken, and from nothing else.

So a run that was cut off and goes on from a checkpoint drops what it would have dropped.
"""

import tensorflow as tf  # noqa: TID253


class Randomness:
    """The random numbers of one step after the other.

    `steps` counts the training steps taken; whoever takes one adds it. Of several workers, each of
    which has some rows of a batch, each draws the numbers that its rows would get from one alone.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.worker = 0
        """How many workers' rows, each as many as this one's, come before this one's."""

        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False, name="steps")

    def uniform(self, shape: tf.Tensor, use: int, shared: bool = False) -> tf.Tensor:
        """Return numbers from 0 to 1; those of different uses have nothing to do with one another.

        Args:
            shape: of the answer; its first axis that is not 1 counts rows.
            use: what they are used for.
            shared: whether all workers get the same.
        """
        # Settings keep the seed below 2**32, so no two uses of any two seeds meet.
        seed = tf.stack([tf.constant(self._seed + (use << 32), tf.int64), self.steps.read_value()])
        if shared or not self.worker:
            return tf.random.stateless_uniform(shape, seed)
        # A longer draw begins with the same numbers.
        own = tf.reduce_prod(shape)
        drawn = tf.random.stateless_uniform([(self.worker + 1) * own], seed)
        return tf.reshape(drawn[self.worker * own :], shape)

    def dropped(
        self, values: tf.Tensor, rate: float, shape: tf.Tensor, use: int, shared: bool = False
    ) -> tf.Tensor:
        """Set some of `values` to 0 and scale the rest (inverted dropout, Srivastava et al. 2014).

        Args:
            values: any shape.
            rate: the share that is set to 0.
            shape: of the mask; 1 along an axis drops the same along all of it.
            use: see `uniform`.
            shared: see `uniform`.
        """
        if not rate:
            return values
        kept = tf.cast(self.uniform(shape, use, shared) >= rate, values.dtype)
        return values * kept * (1.0 / (1.0 - rate))
