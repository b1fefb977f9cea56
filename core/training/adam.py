"""Keras's Adam in one operation an array, or for a few rows of it."""

from typing import Any

import keras  # noqa: TID253
import tensorflow as tf  # noqa: TID253


class Adam(keras.optimizers.Adam):  # type: ignore[misc]
    """Adam (Kingma and Ba 2015) whose update is TensorFlow's own fused one: the same formula."""

    def __init__(self, learning_rate: float, lazy: bool = False) -> None:
        """Make one.

        Args:
            learning_rate: its step size.
            lazy: whether a gradient that is a list of rows leaves all other rows and their moments as
                they are; else it is Keras's, which lets their moments decay and passes over them all.
        """
        super().__init__(learning_rate)
        self._lazy = lazy

    def update_step(self, gradient: Any, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """Change one array, and the two that go with it."""
        index = self._get_variable_index(variable)
        first, second = self._momentums[index].value, self._velocities[index].value
        step, rate = tf.cast(self.iterations + 1, tf.float32), tf.cast(learning_rate, tf.float32)
        powers = tf.pow(self.beta_1, step), tf.pow(self.beta_2, step)
        if not isinstance(gradient, tf.IndexedSlices):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=rate,
                beta1=self.beta_1,
                beta2=self.beta_2,
                epsilon=self.epsilon,
                grad=gradient,
            )
        elif self._lazy:
            rate *= tf.sqrt(1 - powers[1]) / (1 - powers[0])
            self._update_rows(gradient, variable, (first, second), rate)
        else:
            super().update_step(gradient, variable, learning_rate)

    def _update_rows(
        self,
        gradient: tf.IndexedSlices,
        variable: tf.Variable,
        moments: tuple[tf.Variable, tf.Variable],
        rate: tf.Tensor,
    ) -> None:
        rows, places = tf.unique(gradient.indices)
        values = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(rows))
        first, second = (tf.gather(moment, rows) for moment in moments)
        first += (values - first) * (1 - self.beta_1)
        second += (tf.square(values) - second) * (1 - self.beta_2)
        change = rate * first / (tf.sqrt(second) + self.epsilon)
        moments[0].scatter_update(tf.IndexedSlices(first, rows))
        moments[1].scatter_update(tf.IndexedSlices(second, rows))
        variable.scatter_sub(tf.IndexedSlices(change, rows))
