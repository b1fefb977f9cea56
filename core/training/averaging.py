"""An average of the weights over the last steps, which errs less than any of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import tensorflow as tf  # noqa: TID253

WARM_UP = 10.0
"""Early on an average counts this share of the steps so far: the first weights are soon forgotten."""


class Average:
    """An exponential moving average of variables (after Polyak and Juditsky 1992)."""

    def __init__(self, variables: Sequence[tf.Variable], steps: float) -> None:
        """Begin with the variables as they are.

        Args:
            variables: what to average.
            steps: about how many of the last count.
        """
        self._variables = variables
        self._steps = steps
        self.values = [
            tf.Variable(variable, trainable=False, name=f"average_{number}")
            for number, variable in enumerate(variables)
        ]

    def update(self, step: tf.Tensor) -> None:
        """Take in the variables as they are after `step` steps."""
        share = 1.0 / tf.minimum(1.0 + tf.cast(step, tf.float32) / WARM_UP, self._steps)
        for value, variable in zip(self.values, self._variables, strict=True):
            value.assign_add(share * (variable - value))

    @contextmanager
    def instead(self) -> Iterator[None]:
        """Put the average in the variables' place for a while."""
        kept = [tf.identity(variable) for variable in self._variables]
        _assign(self._variables, self.values)
        try:
            yield
        finally:
            _assign(self._variables, kept)


def _assign(variables: Sequence[tf.Variable], values: Sequence[tf.Tensor]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
