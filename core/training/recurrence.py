"""A recurrent layer over all steps of a batch: LSTM, GRU and the plain RNN, as Keras computes them.

Keras multiplies a step's input by its kernel within its loop; here one product serves all steps, and
what is left of the loop is short. Gate orders are Keras's.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf  # noqa: TID253

from core.settings import ModelSettings
from core.training.unrolled import lstm

UNROLLED = 32
"""Steps that are written out one by one; more of them stay a loop, which is much faster to trace."""

State = tuple[tf.Tensor, ...]
"""A layer's arrays, each (rows, hidden): its outputs, and an LSTM's cells."""

Cell = Callable[[tf.Tensor, State], State]
"""A step's input product (rows, gates * hidden) and the state before it to the state after it."""


class LayerWeights(NamedTuple):
    """Kernel (inputs, columns), recurrent kernel (hidden, columns), bias (columns,) or (2, columns)."""

    kernel: tf.Tensor
    recurrent_kernel: tf.Tensor
    bias: tf.Tensor


class Recurrence:
    """Runs layers of one kind of cell."""

    def __init__(self, settings: ModelSettings) -> None:
        self._hidden_size = settings.hidden_size
        self._gate = _GATES[settings.gate]
        kinds = {"lstm": self._lstm, "gru": self._gru, "rnn": self._plain}
        self._cell = kinds[settings.cell]
        if settings.cell == "gru" and not settings.reset_after:
            self._cell = self._gru_that_resets_before
        self._states = 2 if settings.cell == "lstm" else 1

    def __call__(self, inputs: tf.Tensor, weights: LayerWeights, mask: tf.Tensor | None) -> tf.Tensor:
        """Return the outputs of all steps, (steps, rows, hidden).

        Args:
            inputs: (steps, rows, width), its shape known when this is traced.
            weights: the layer's.
            mask: (steps, rows, 1), False where the state and the output stay as they were; or None.
        """
        bias = weights.bias if weights.bias.shape.rank == 1 else weights.bias[0]
        flat = tf.reshape(inputs, [-1, inputs.shape[-1]])
        products = tf.nn.bias_add(tf.matmul(flat, weights.kernel), bias)
        products = tf.reshape(products, [*inputs.shape[:2], products.shape[-1]])
        return self._run(products, weights.recurrent_kernel, weights.bias, mask)

    def _run(
        self, products: tf.Tensor, recurrent: tf.Tensor, bias: tf.Tensor, mask: tf.Tensor | None
    ) -> tf.Tensor:
        steps, rows = products.shape[:2]
        usual = self._cell == self._lstm and self._gate is tf.sigmoid and mask is None
        if usual and steps <= UNROLLED:
            return lstm(products, recurrent)
        cell, state = self._cell(recurrent, bias), (tf.zeros([rows, self._hidden_size]),) * self._states
        return (_unrolled if steps <= UNROLLED else _loop)(cell, products, mask, state)

    def _lstm(self, recurrent: tf.Tensor, bias: tf.Tensor) -> Cell:
        """Hochreiter and Schmidhuber 1997, with the forget gate of Gers 2000."""

        def cell(x: tf.Tensor, state: State) -> State:
            hidden, memory = state
            i, f, new, o = tf.split(x + tf.matmul(hidden, recurrent), 4, axis=1)
            memory = self._gate(f) * memory + self._gate(i) * tf.tanh(new)
            return self._gate(o) * tf.tanh(memory), memory

        return cell

    def _gru(self, recurrent: tf.Tensor, bias: tf.Tensor) -> Cell:
        """Cho et al. 2014; the reset gate comes after the recurrent product."""

        def cell(x: tf.Tensor, state: State) -> State:
            inner = tf.nn.bias_add(tf.matmul(state[0], recurrent), bias[1])
            (update, reset, new), (z, r, n) = tf.split(x, 3, axis=1), tf.split(inner, 3, axis=1)
            kept = self._gate(update + z)
            return (kept * state[0] + (1 - kept) * tf.tanh(new + self._gate(reset + r) * n),)

        return cell

    def _gru_that_resets_before(self, recurrent: tf.Tensor, bias: tf.Tensor) -> Cell:
        """Cho et al. 2014, as published: the state is reset before its product."""
        size = self._hidden_size
        gates, candidate = tf.split(recurrent, [2 * size, size], axis=1)

        def cell(x: tf.Tensor, state: State) -> State:
            update, reset, new = tf.split(x, 3, axis=1)
            z, r = tf.split(tf.matmul(state[0], gates), 2, axis=1)
            kept = self._gate(update + z)
            inner = tf.matmul(self._gate(reset + r) * state[0], candidate)
            return (kept * state[0] + (1 - kept) * tf.tanh(new + inner),)

        return cell

    def _plain(self, recurrent: tf.Tensor, bias: tf.Tensor) -> Cell:
        """Elman 1990."""
        return lambda x, state: (tf.tanh(x + tf.matmul(state[0], recurrent)),)


_GATES: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "sigmoid": tf.sigmoid,
    "hard_sigmoid": lambda x: tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0),  # Keras 2's
    "hard_sigmoid_6": lambda x: tf.nn.relu6(x + 3.0) / 6.0,  # Keras 3's
}


def _unrolled(cell: Cell, products: tf.Tensor, mask: tf.Tensor | None, state: State) -> tf.Tensor:
    outputs = []
    masks = [None] * products.shape[0] if mask is None else tf.unstack(mask)
    for x, kept in zip(tf.unstack(products), masks, strict=True):
        state = _where(kept, cell(x, state), state)
        outputs.append(state[0])
    return tf.stack(outputs)


def _loop(cell: Cell, products: tf.Tensor, mask: tf.Tensor | None, state: State) -> tf.Tensor:
    steps = products.shape[0]

    def body(step: tf.Tensor, state: State, outputs: tf.TensorArray) -> Sequence[object]:
        after = _where(None if mask is None else mask[step], cell(products[step], state), state)
        return step + 1, after, outputs.write(step, after[0])

    outputs = tf.TensorArray(tf.float32, steps, element_shape=state[0].shape)
    *_, outputs = tf.while_loop(
        lambda step, *_: step < steps, body, (0, state, outputs), maximum_iterations=steps
    )
    return outputs.stack()


def _where(mask: tf.Tensor | None, after: State, before: State) -> State:
    if mask is None:
        return after
    return tuple(tf.where(mask, new, old) for new, old in zip(after, before, strict=True))
