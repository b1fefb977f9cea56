"""One step of the network in numpy: a word in, the state on, the next word's logits out.

Batched: a row is one text. Knows ids and arrays, not words; draws nothing. `StreamStepper` carries one
state a text; `WindowStepper` answers as a network does that reads only the last N ids.
"""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.library.model import Model, Weights

Floats = NDArray[np.float32]
Ids = NDArray[np.intp]

FOLDED_BYTES = 128 << 20
"""The largest table of input products, words x 4 hidden, that is worth its memory."""


class LSTMState(NamedTuple):
    """Hidden and cell state of every layer; each array is (rows, hidden)."""

    hidden: tuple[Floats, ...]
    cell: tuple[Floats, ...]


class LSTMCells:
    """All LSTM layers of a model, from ids to the last layer's hidden state.

    Per layer (Hochreiter and Schmidhuber 1997, with Gers's forget gate, as Keras computes it):
    i, f, o = sigmoid(z), g = tanh(z), c' = f c + i g, h' = o tanh(c'), with z = x W + h U + b.
    """

    def __init__(self, weights: Weights, layers: int) -> None:
        self.hidden_size = weights["lstm_0.recurrent_kernel"].shape[0]
        kernels = [self._gates(weights[f"lstm_{n}.kernel"]) for n in range(layers)]
        recurrent = [self._gates(weights[f"lstm_{n}.recurrent_kernel"]) for n in range(layers)]
        self._biases = [self._gates(weights[f"lstm_{n}.bias"]) for n in range(layers)]
        self._embedding = weights["embedding"]
        self._kernel = kernels[0]
        self._recurrent = recurrent[0]
        # Layers above the first take their input and their own state in one product.
        self._stacked = [np.concatenate(pair) for pair in zip(kernels[1:], recurrent[1:], strict=True)]
        folds = self._embedding.shape[0] * self._kernel.shape[1] * 4 <= FOLDED_BYTES
        self._table = self._embedding @ self._kernel + self._biases[0] if folds else None

    def _gates(self, array: Floats) -> Floats:
        """Reorder Keras's gates i f c o to i f o c, and halve the three sigmoids' inputs.

        sigmoid(z) = (tanh(z / 2) + 1) / 2, so one tanh over all columns serves the four gates; halving
        is exact in binary floating point.
        """
        i, f, c, o = np.split(array, 4, axis=-1)
        half = np.float32(0.5)
        return np.ascontiguousarray(np.concatenate([i * half, f * half, o * half, c], axis=-1))

    def zero(self, rows: int) -> LSTMState:
        """Return the state before any word."""
        layers = range(len(self._biases))
        zeros = tuple(np.zeros((rows, self.hidden_size), np.float32) for _ in layers)
        return LSTMState(zeros, zeros)

    def advance(self, state: LSTMState, ids: Ids) -> LSTMState:
        """Return the state after each row has read its id; `ids` is (rows,)."""
        z = self._inputs(ids) + state.hidden[0] @ self._recurrent
        hidden, cell = self._cell(z, state.cell[0])
        hiddens, cells = [hidden], [cell]
        for layer, stacked in enumerate(self._stacked, start=1):
            z = np.concatenate([hidden, state.hidden[layer]], axis=1) @ stacked
            hidden, cell = self._cell(z + self._biases[layer], state.cell[layer])
            hiddens.append(hidden)
            cells.append(cell)
        return LSTMState(tuple(hiddens), tuple(cells))

    def _inputs(self, ids: Ids) -> Floats:
        if self._table is not None:
            return self._table[ids]
        return self._embedding[ids] @ self._kernel + self._biases[0]

    def _cell(self, z: Floats, cell: Floats) -> tuple[Floats, Floats]:
        size = self.hidden_size
        np.tanh(z, out=z)
        gates = z[:, : 3 * size]
        gates *= 0.5
        gates += 0.5
        cell = gates[:, size : 2 * size] * cell
        cell += gates[:, :size] * z[:, 3 * size :]
        return gates[:, 2 * size :] * np.tanh(cell), cell


class Output:
    """From the last hidden state to logits over the vocabulary."""

    def __init__(self, weights: Weights) -> None:
        self._projection = weights.get("projection.kernel")
        kernel = weights.get("output.kernel")
        # Tied: the embedding is the output matrix too (Press and Wolf 2017). A transposed view would
        # take twice as long to read, so it is laid out anew.
        self._kernel = np.ascontiguousarray(weights["embedding"].T) if kernel is None else kernel
        self._bias = weights["output.bias"]

    def logits(self, hidden: Floats) -> Floats:
        """Return the logits of each row: (rows, hidden) to (rows, vocabulary)."""
        if self._projection is not None:
            hidden = hidden @ self._projection
        logits: Floats = hidden @ self._kernel
        logits += self._bias
        return logits


class State(NamedTuple):
    """What a stepper remembers between words; `read` counts the words since the start."""

    lstm: LSTMState
    rows: int
    read: int = 0


class Stepper(Protocol):
    """What decoding needs of a network. A test's fake is five lines."""

    def start(self, rows: int) -> State:
        """Return the state of `rows` texts before their first word."""
        ...

    def advance(self, state: State, ids: Ids) -> State:
        """Return the state after each text has gone on by its id; `ids` is (rows,)."""
        ...

    def logits(self, state: State) -> Floats:
        """Return unnormalised log-probabilities of the next id: (rows, vocabulary)."""
        ...


class StreamStepper:
    """The state is carried from word to word: one LSTM step a word."""

    def __init__(self, model: Model) -> None:
        self._cells = LSTMCells(model.weights, model.manifest.architecture.layers)
        self._output = Output(model.weights)

    def start(self, rows: int) -> State:
        """See Stepper."""
        return State(self._cells.zero(rows), rows)

    def advance(self, state: State, ids: Ids) -> State:
        """See Stepper."""
        return State(self._cells.advance(state.lstm, ids), state.rows, state.read + 1)

    def logits(self, state: State) -> Floats:
        """See Stepper."""
        return self._output.logits(state.lstm.hidden[-1])


class WindowStepper:
    """The network reads the last N ids anew for every word, left-padded with 0 and unmasked.

    Nothing is read anew here. N chains run side by side, each one started a word after the other, so
    that at any time one of them has read exactly the last N ids: its state is what reading the window
    from zero would give. A word costs one batched step of N rows instead of N steps in a row. Chain k
    begins as if it had read N - k pads, so chain 0 is complete before the first word, chain t mod N
    after t words; a chain that has answered starts again from zero.
    """

    def __init__(self, model: Model) -> None:
        architecture = model.manifest.architecture
        assert architecture.window is not None, "the loader sees to it"
        self._window = architecture.window
        self._cells = LSTMCells(model.weights, architecture.layers)
        self._output = Output(model.weights)
        self._padded = self._padded_start()

    def _padded_start(self) -> LSTMState:
        state = self._cells.zero(1)
        states = []
        for _ in range(self._window):
            state = self._cells.advance(state, np.zeros(1, np.intp))
            states.append(state)
        states.reverse()  # chain k has read N - k pads
        layers = range(len(state.hidden))
        return LSTMState(
            tuple(np.concatenate([s.hidden[n] for s in states]) for n in layers),
            tuple(np.concatenate([s.cell[n] for s in states]) for n in layers),
        )

    def start(self, rows: int) -> State:
        """See Stepper. The chains of one text lie `rows` apart: row = chain * rows + text."""
        hidden = tuple(np.repeat(array, rows, axis=0) for array in self._padded.hidden)
        cell = tuple(np.repeat(array, rows, axis=0) for array in self._padded.cell)
        return State(LSTMState(hidden, cell), rows)

    def advance(self, state: State, ids: Ids) -> State:
        """See Stepper."""
        answered = self._complete(state)
        hidden = tuple(_cleared(array, answered) for array in state.lstm.hidden)
        cell = tuple(_cleared(array, answered) for array in state.lstm.cell)
        lstm = self._cells.advance(LSTMState(hidden, cell), np.tile(ids, self._window))
        return State(lstm, state.rows, state.read + 1)

    def logits(self, state: State) -> Floats:
        """See Stepper."""
        return self._output.logits(state.lstm.hidden[-1][self._complete(state)])

    def _complete(self, state: State) -> slice:
        first = state.read % self._window * state.rows
        return slice(first, first + state.rows)


def _cleared(array: Floats, rows: slice) -> Floats:
    array = array.copy()
    array[rows] = 0
    return array


def stepper(model: Model) -> Stepper:
    """Return the stepper for a model's kind of context."""
    if model.manifest.architecture.context == "window":
        return WindowStepper(model)
    return StreamStepper(model)
