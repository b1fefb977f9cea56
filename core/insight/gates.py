"""What a network's gates did at each word of a line: how much it forgot, wrote and showed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.decoding.cells import Cells, Floats
from core.decoding.generator import Generator
from core.insight.line import Line
from core.insight.states import Reading, network, readings, shape
from core.settings import ModelSettings


@dataclass(frozen=True, slots=True)
class Spread:
    """A gate over all units of a layer: its mean and its standard deviation, both from 0 to 1."""

    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Moment:
    """One layer when it has read a word.

    `gates` are forget, input and output for an LSTM, update and reset for a GRU, none for a plain RNN.
    `hidden` and `cell` are the Euclidean norms of its states; only an LSTM has a cell state.
    """

    gates: Mapping[str, Spread]
    hidden: float
    cell: float | None = None


@dataclass(frozen=True, slots=True)
class LineGates:
    """A line as it was read: `layers[layer][word]`. `shape` is the network's."""

    line: Line
    model: str
    shape: ModelSettings
    layers: tuple[tuple[Moment, ...], ...]


def read_gates(generator: Generator, line: Line) -> LineGates:
    """Return what every layer's gates did at each word of a line.

    A stream reads the line once. Of a window, and of attention, it is the last of the N steps in which
    the network reads the window anew to answer after that word.

    Raises:
        ModelError: what is loaded is not one network.
    """
    network_shape, layers = shape(generator), network(generator)
    moments: list[dict[int, Moment]] = [{} for _ in layers.layers]
    for reading in readings(generator, layers, [line.ids]):
        for layer, told in enumerate(_moments(layers, reading)):
            moments[layer] |= dict(zip(reading.words.tolist(), told, strict=True))
    ordered = tuple(tuple(told[word] for word in sorted(told)) for told in moments)
    return LineGates(line, generator.model.name, network_shape, ordered)


def _moments(layers: Cells, reading: Reading) -> list[list[Moment]]:
    """Return each layer's moments, one a row."""
    after = reading.after
    told = []
    for layer, gates in enumerate(layers.gates(reading.before, after, reading.ids)):
        spreads = {name: _spreads(gate) for name, gate in gates.items()}
        hidden = _norms(after.hidden[layer])
        norms = _norms(after.cell[layer]) if after.cell else [None] * len(hidden)
        told.append(
            [
                Moment({name: rows[row] for name, rows in spreads.items()}, hidden[row], norms[row])
                for row in range(len(hidden))
            ]
        )
    return told


def _spreads(gate: Floats) -> list[Spread]:
    means, deviations = gate.mean(axis=1), gate.std(axis=1)
    return [Spread(*pair) for pair in zip(means.tolist(), deviations.tolist(), strict=True)]


def _norms(states: Floats) -> list[float]:
    norms: list[float] = np.linalg.norm(states, axis=1).tolist()
    return norms
