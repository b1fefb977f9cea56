"""One step of the network in numpy: a word in, the state on, the next word's logits out.

Batched: a row is one text. Knows ids and arrays, not words; draws nothing. `StreamStepper` carries one
state a text; `WindowStepper` answers as a network does that reads only the last N ids.
"""

from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.decoding import memory
from core.decoding.cells import CellState, Floats, Ids, cells
from core.decoding.products import product
from core.library.model import Model, Weights


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
            hidden = product(hidden, self._projection)
        logits = product(hidden, self._kernel)
        logits += self._bias
        return logits


class State(NamedTuple):
    """What a stepper remembers between words; `read` counts the words since the start."""

    layers: CellState
    rows: int
    read: int = 0
    window: Ids | None = None
    """The last ids of each text, (rows, N), where all of them are read for every answer."""

    members: tuple["State", ...] = ()
    """The states of an ensemble's members, or of a model's networks, where there are several."""

    turns: Ids | None = None
    """How many turns each text has taken since its seed, (rows,), where models take turns."""

    last: int | None = None
    """How many words have been read when the last answer is wanted, where that is known."""

    context: Ids | None = None
    """The last ids of each text, (rows, n), where an n-gram model has a say."""


class Stepper(Protocol):
    """What decoding needs of a network. A test's fake is five lines."""

    def start(self, rows: int) -> State:
        """Return the state of `rows` texts before their first word."""
        ...

    def advance(self, state: State, ids: Ids) -> State:
        """Return the state after each text has gone on by its id; `ids` is (rows,)."""
        ...

    def hidden(self, state: State) -> Floats:
        """Return what the logits are read from: (rows, features)."""
        ...

    def logits(self, state: State) -> Floats:
        """Return unnormalised log-probabilities of the next id: (rows, vocabulary)."""
        ...

    def take(self, state: State, rows: Ids) -> State:
        """Return the state of the texts at `rows`, in that order; a text may be taken often."""
        ...


class StreamStepper:
    """The state is carried from word to word: one LSTM step a word."""

    def __init__(self, model: Model) -> None:
        self._cells = cells(model.weights, model.manifest.architecture)
        self._output = Output(model.weights)

    def start(self, rows: int) -> State:
        """See Stepper."""
        return State(self._cells.zero(rows), rows)

    def advance(self, state: State, ids: Ids) -> State:
        """See Stepper."""
        layers = self._cells.advance(state.layers, ids)
        return state._replace(layers=layers, read=state.read + 1)

    def hidden(self, state: State) -> Floats:
        """See Stepper."""
        return state.layers.hidden[-1]

    def logits(self, state: State) -> Floats:
        """See Stepper."""
        return self._output.logits(state.layers.hidden[-1])

    def take(self, state: State, rows: Ids) -> State:
        """See Stepper."""
        return state._replace(layers=state.layers.map(lambda array: array[rows]), rows=len(rows))


class WindowStepper:
    """The network reads the last N ids anew for every word, left-padded with 0 and unmasked.

    Nothing is read anew here. N chains run side by side, each one started a word after the other, so
    that at any time one of them has read exactly the last N ids: its state is what reading the window
    from zero would give. A word costs one batched step of N rows instead of N steps in a row. Chain k
    answers after k more words, so it begins as if it had read N - k pads. What has answered starts
    again from zero, as the last chain; near the end of a line, what would never answer is left out.
    """

    def __init__(self, model: Model) -> None:
        architecture = model.manifest.architecture
        assert architecture.window is not None, "the loader sees to it"
        self._window = architecture.window
        self._cells = cells(model.weights, architecture)
        self._output = Output(model.weights)
        # Masked, the padding changes nothing, so every chain begins at zero.
        masked = architecture.masked
        self._padded = self._cells.zero(self._window) if masked else self._padded_start()

    def _padded_start(self) -> CellState:
        state = self._cells.zero(1)
        states = []
        for _ in range(self._window):
            state = self._cells.advance(state, np.zeros(1, np.intp))
            states.append(state)
        states.reverse()  # chain k has read N - k pads
        return CellState(*(_stacked(arrays) for arrays in zip(*states, strict=True)))

    def start(self, rows: int) -> State:
        """See Stepper. The chains of one text lie `rows` apart: row = chain * rows + text."""
        return State(self._padded.map(lambda array: np.repeat(array, rows, axis=0)), rows)

    def advance(self, state: State, ids: Ids) -> State:
        """See Stepper."""
        wanted = self._window if state.last is None else min(self._window, state.last - state.read)
        rows = state.rows

        def going_on(array: Floats) -> Floats:
            if wanted < self._window:
                return array[rows : rows + wanted * rows]
            return np.concatenate([array[rows:], np.zeros_like(array[:rows])])

        layers = self._cells.advance(state.layers.map(going_on), np.concatenate([ids] * wanted))
        return state._replace(layers=layers, read=state.read + 1)

    def hidden(self, state: State) -> Floats:
        """See Stepper."""
        return state.layers.hidden[-1][: state.rows]

    def logits(self, state: State) -> Floats:
        """See Stepper."""
        return self._output.logits(self.hidden(state))

    def take(self, state: State, rows: Ids) -> State:
        """See Stepper."""

        def taken(array: Floats) -> Floats:
            chains = array.reshape(-1, state.rows, array.shape[1])
            return chains[:, rows].reshape(-1, array.shape[1])

        return state._replace(layers=state.layers.map(taken), rows=len(rows))


class AttentionStepper:
    """textgenrnn's network: a window of N ids, read anew for every answer, all of it looked at.

    Every position gives the embedding and the output of every layer side by side; the answer is read
    from their average, weighted by a softmax over the positions. That needs all positions of the very
    window, so here a word does cost N steps.
    """

    def __init__(self, model: Model) -> None:
        architecture = model.manifest.architecture
        assert architecture.window is not None, "the loader sees to it"
        self._length = architecture.window
        self._cells = cells(model.weights, architecture)
        self._embedding = model.weights["embedding"]
        self._attention = model.weights["attention.kernel"]
        self._output = Output(model.weights)

    def start(self, rows: int) -> State:
        """See Stepper."""
        window = np.zeros((rows, self._length), np.intp)
        return State(self._cells.zero(rows), rows, window=window)

    def advance(self, state: State, ids: Ids) -> State:
        """See Stepper."""
        assert state.window is not None
        window = np.concatenate([state.window[:, 1:], ids[:, None]], axis=1)
        return state._replace(read=state.read + 1, window=window)

    def hidden(self, state: State) -> Floats:
        """See Stepper."""
        assert state.window is not None
        layers, outputs = state.layers, []
        for ids in state.window.T:
            layers = self._cells.advance(layers, ids)
            outputs.append(np.concatenate([self._embedding[ids], *layers.hidden], axis=1))
        stacked = np.stack(outputs, axis=1)
        scores = (stacked @ self._attention)[:, :, 0]
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        attended: Floats = (stacked * weights[:, :, None]).sum(axis=1)
        return attended

    def logits(self, state: State) -> Floats:
        """See Stepper."""
        return self._output.logits(self.hidden(state))

    def take(self, state: State, rows: Ids) -> State:
        """See Stepper."""
        assert state.window is not None
        layers = state.layers.map(lambda array: array[rows])
        return state._replace(layers=layers, rows=len(rows), window=state.window[rows])


def hold(before: State, after: State, rows: NDArray[np.bool_]) -> State:
    """Return `after`, but with the texts at `rows`, (texts,), as if they had not gone on from `before`.

    A window's chains stand in the order in which they answer, so those of a text that is held stay in
    their places.
    """

    def held(old: Floats, new: Floats) -> Floats:
        return np.where(np.tile(rows, len(new) // len(rows))[:, None], old[: len(new)], new)

    layers = CellState(
        tuple(map(held, before.layers.hidden, after.layers.hidden)),
        tuple(map(held, before.layers.cell, after.layers.cell)),
    )
    window, context = (
        _held(before.window, after.window, rows),
        _held(before.context, after.context, rows),
    )
    members = tuple(hold(*each, rows) for each in zip(before.members, after.members, strict=True))
    return after._replace(layers=layers, window=window, context=context, members=members)


def _held(before: Ids | None, after: Ids | None, rows: NDArray[np.bool_]) -> Ids | None:
    if before is None or after is None:
        return None
    return np.where(rows[:, None], before, after)


def _stacked(states: tuple[tuple[Floats, ...], ...]) -> tuple[Floats, ...]:
    """Join the rows of several states, layer by layer."""
    return tuple(np.concatenate(layer) for layer in zip(*states, strict=True))


def stepper(model: Model) -> Stepper:
    """Return the stepper for a model's kind of context; of several networks, that of their average."""
    memory.keep()
    if model.others:
        from core.decoding.averaging import AveragedStepper  # which needs this file

        one = replace(model, others=())
        return AveragedStepper([stepper(replace(one, weights=own)) for own in model.all_weights])
    architecture = model.manifest.architecture
    if architecture.attention:
        return AttentionStepper(model)
    if architecture.context == "window":
        return WindowStepper(model)
    return StreamStepper(model)
