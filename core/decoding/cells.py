"""The recurrent layers in numpy: LSTM, GRU and the plain RNN, from ids to the last hidden state.

Batched: a row is one text. The first layer's input product `E @ W + b` is folded into a table of one
row a word, where that pays in memory. Gate orders and formulas are those of Keras.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.decoding.folded import Folded
from core.decoding.products import product
from core.library.model import Weights
from core.settings import ModelSettings

Floats = NDArray[np.float32]
Ids = NDArray[np.intp]

HALF = np.array(0.5, np.float32)  # numpy would make one of a number each time

Gates = dict[str, Floats]
"""A layer's gates by their names in the textbooks, each (rows, hidden); a plain RNN has none."""

FOLDED_BYTES = 128 << 20
"""The largest table of input products, words x gates x hidden, that is worth its memory."""


class CellState(NamedTuple):
    """Every layer's arrays, each (rows, hidden); `cell` holds the LSTM's memory and is else empty."""

    hidden: tuple[Floats, ...]
    cell: tuple[Floats, ...] = ()

    def map(self, change: Callable[[Floats], Floats]) -> "CellState":
        """Return the state with every array changed."""
        return CellState(tuple(map(change, self.hidden)), tuple(map(change, self.cell)))


class Cells(ABC):
    """All recurrent layers of a model; a subclass knows one kind of cell.

    A gate is sigmoid(z) = (tanh(z / 2) + 1) / 2. Instead of the sigmoid, old Keras models have a line
    with its ends cut off: (z' + 1) / 2 with z' = z times a slope, cut at -1 and 1. Both begin by
    scaling z, which is done to the weights, once.
    """

    SCALES: ClassVar = {"sigmoid": 1 / 2, "hard_sigmoid": 2 / 5, "hard_sigmoid_6": 1 / 3}

    def __init__(self, weights: Weights, settings: ModelSettings) -> None:
        self._scale = np.float32(self.SCALES[settings.gate])
        self._hard = settings.gate != "sigmoid"
        self.hidden_size = settings.hidden_size
        self.layers = range(settings.layers)
        names = [f"{settings.cell}_{layer}" for layer in self.layers]
        self._kernels = [self._arrange(weights[f"{name}.kernel"]) for name in names]
        self._recurrent = [self._arrange(weights[f"{name}.recurrent_kernel"]) for name in names]
        self._take_biases([weights[f"{name}.bias"] for name in names])
        self._embedding = weights["embedding"]
        words, columns = self._embedding.shape[0], self._kernels[0].shape[1]
        folds = words * columns * 4 <= FOLDED_BYTES
        first = (self._embedding, self._kernels[0], self._biases[0])
        self._folded = Folded(*first) if folds else None

    def zero(self, rows: int) -> CellState:
        """Return the state before any word."""
        zeros = tuple(np.zeros((rows, self.hidden_size), np.float32) for _ in self.layers)
        return CellState(zeros)

    @abstractmethod
    def advance(self, state: CellState, ids: Ids) -> CellState:
        """Return the state after each row has read its id; `ids` is (rows,)."""

    def gates(self, before: CellState, after: CellState, ids: Ids) -> tuple[Gates, ...]:
        """Return every layer's gates in the step that read `ids` and led from `before` to `after`.

        Computed anew, for those who look: `advance` keeps none of them.
        """
        read = zip(self.layers, (None, *after.hidden), before.hidden, strict=False)
        return tuple(
            self._gates_of(layer, self._product(layer, below, ids), hidden)
            for layer, below, hidden in read
        )

    def _gates_of(self, layer: int, x: Floats, hidden: Floats) -> Gates:
        """Return one layer's gates; `x` is its input product, which may be written into."""
        return {}

    def _gates(self, z: Floats) -> Floats:
        """Turn the scaled inputs of gates into gates, in place."""
        z = np.clip(z, -1, 1, out=z) if self._hard else np.tanh(z, out=z)
        z *= 0.5
        z += 0.5
        return z

    def _arrange(self, array: Floats) -> Floats:
        """Lay an array of gates out as the cell wants it."""
        return array

    def _take_biases(self, biases: list[Floats]) -> None:
        self._biases = [self._arrange(bias) for bias in biases]

    def _input(self, ids: Ids) -> Floats:
        """Return the first layer's input product, bias included; the caller may write into it."""
        if self._folded is not None:
            return self._folded.take(ids)
        x = product(self._embedding.take(ids, axis=0), self._kernels[0])
        x += self._biases[0]
        return x

    def _product(self, layer: int, below: Floats | None, ids: Ids) -> Floats:
        if below is None:
            return self._input(ids)
        x = product(below, self._kernels[layer])
        x += self._biases[layer]
        return x


class LSTMCells(Cells):
    """Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers 2000).

    i, f, o = sigmoid(z), g = tanh(z), c' = f c + i g, h' = o tanh(c'), with z = x W + h U + b.
    """

    def __init__(self, weights: Weights, settings: ModelSettings) -> None:
        super().__init__(weights, settings)
        size = self.hidden_size
        self._i, self._f, self._o, self._new = (np.s_[:, n * size : (n + 1) * size] for n in range(4))
        self._gated = np.s_[:, : 3 * size]

    def zero(self, rows: int) -> CellState:
        """See Cells."""
        zeros = super().zero(rows).hidden
        return CellState(zeros, zeros)

    def advance(self, state: CellState, ids: Ids) -> CellState:
        """See Cells."""
        hiddens, cells, below = [], [], None
        for layer in self.layers:
            z = self._product(layer, below, ids)
            z += product(state.hidden[layer], self._recurrent[layer])
            below, cell = self._gate(z, state.cell[layer])
            hiddens.append(below)
            cells.append(cell)
        return CellState(tuple(hiddens), tuple(cells))

    def _arrange(self, array: Floats) -> Floats:
        """Reorder Keras's gates i f c o to i f o c, and scale the inputs of the first three.

        One tanh over all columns then serves the four gates; halving is exact in binary floating point.
        """
        i, f, c, o = np.split(array, 4, axis=-1)
        scaled = [gate * self._scale for gate in (i, f, o)]
        return np.ascontiguousarray(np.concatenate([*scaled, c], axis=-1))

    def _gates_of(self, layer: int, x: Floats, hidden: Floats) -> Gates:
        gated = 3 * self.hidden_size
        z = x[:, :gated] + hidden @ self._recurrent[layer][:, :gated]
        i, f, o = np.split(self._gates(z), 3, axis=1)
        return {"forget": f, "input": i, "output": o}

    def _gate(self, z: Floats, cell: Floats) -> tuple[Floats, Floats]:
        gates, new = z[self._gated], z[self._new]
        if self._hard:
            np.clip(gates, -1, 1, out=gates)
            np.tanh(new, out=new)
        else:
            np.tanh(z, out=z)
        gates *= HALF
        gates += HALF
        cell = z[self._f] * cell
        new *= z[self._i]
        cell += new
        hidden: Floats = np.tanh(cell)
        hidden *= z[self._o]
        return hidden, cell


class GRUCells(Cells):
    """Gated recurrent units (Cho et al. 2014), as Keras computes them with `reset_after`.

    z, r = sigmoid(x W + b + h U + d), g = tanh(x W + b + r (h U + d)), h' = z h + (1 - z) g.
    The bias is (2, 3 hidden): b and d. Keras's order is z r g.
    """

    def advance(self, state: CellState, ids: Ids) -> CellState:
        """See Cells."""
        hiddens, below = [], None
        for layer in self.layers:
            below = self._step(layer, self._product(layer, below, ids), state.hidden[layer])
            hiddens.append(below)
        return CellState(tuple(hiddens))

    def _step(self, layer: int, x: Floats, hidden: Floats) -> Floats:
        size = self.hidden_size
        h = product(hidden, self._recurrent[layer])
        h += self._inner[layer]
        gates = self._gates(x[:, : 2 * size] + h[:, : 2 * size])
        candidate: Floats = np.tanh(x[:, 2 * size :] + gates[:, size:] * h[:, 2 * size :])
        candidate += gates[:, :size] * (hidden - candidate)
        return candidate

    def _gates_of(self, layer: int, x: Floats, hidden: Floats) -> Gates:
        gated = 2 * self.hidden_size
        h = hidden @ self._recurrent[layer][:, :gated] + self._inner[layer][:gated]
        update, reset = np.split(self._gates(x[:, :gated] + h), 2, axis=1)
        return {"update": update, "reset": reset}

    def _take_biases(self, biases: list[Floats]) -> None:
        self._biases = [self._arrange(bias[0]) for bias in biases]
        self._inner = [self._arrange(bias[1]) for bias in biases]

    def _arrange(self, array: Floats) -> Floats:
        """Scale the inputs of the two gates."""
        scale = np.ones(array.shape[-1], np.float32)
        scale[: 2 * self.hidden_size] = self._scale
        return array * scale


class ResetBeforeGRUCells(GRUCells):
    """Gated recurrent units as they were first published, and Keras 2's default: r resets h itself.

    z, r = sigmoid(x W + h U + b), g = tanh(x W + (r h) U + b), h' = z h + (1 - z) g, with one bias.
    """

    def _step(self, layer: int, x: Floats, hidden: Floats) -> Floats:
        size, recurrent = self.hidden_size, self._recurrent[layer]
        gates = self._gates(x[:, : 2 * size] + hidden @ recurrent[:, : 2 * size])
        candidate: Floats = np.tanh(
            x[:, 2 * size :] + (gates[:, size:] * hidden) @ recurrent[:, 2 * size :]
        )
        candidate += gates[:, :size] * (hidden - candidate)
        return candidate

    def _take_biases(self, biases: list[Floats]) -> None:
        Cells._take_biases(self, biases)
        self._inner = [np.zeros_like(bias) for bias in self._biases]


class RNNCells(Cells):
    """The plain recurrent network (Elman 1990): h' = tanh(x W + h U + b)."""

    def advance(self, state: CellState, ids: Ids) -> CellState:
        """See Cells."""
        hiddens, below = [], None
        for layer in self.layers:
            z = self._product(layer, below, ids)
            z += product(state.hidden[layer], self._recurrent[layer])
            below = np.tanh(z, out=z)
            hiddens.append(below)
        return CellState(tuple(hiddens))


def cells(weights: Weights, settings: ModelSettings) -> Cells:
    """Return the recurrent layers of a model's kind of cell."""
    gru = GRUCells if settings.reset_after else ResetBeforeGRUCells
    kinds: dict[str, type[Cells]] = {"lstm": LSTMCells, "gru": gru, "rnn": RNNCells}
    return kinds[settings.cell](weights, settings)
