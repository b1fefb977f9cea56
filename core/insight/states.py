"""The recurrent layers over whole lines: what was in them when each word had been read.

A stream reads a line once, all lines side by side. A window is read anew for every word, as the network
does when it answers; words that stand behind equally many pads are read side by side.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from core.decoding.cells import Cells, CellState, Ids, cells
from core.decoding.generator import Generator
from core.errors import ModelError, SettingError
from core.insight.line import contexts, one_model, one_network
from core.settings import ModelSettings
from core.text.vocabulary import PADDING

BATCH = 256
"""Lines, or windows, that are read side by side."""

STEPS = 400_000
"""Steps that a survey of many lines may take: some seconds. Of long lines fewer are read."""


class Reading(NamedTuple):
    """The layers before and after they read a word; a row is a word.

    `words` (rows,) are the words' places among the words of all lines, in order.
    """

    words: Ids
    before: CellState
    after: CellState
    ids: Ids


def shape(generator: Generator) -> ModelSettings:
    """Return the shape of the loaded network, or of all networks of the loaded model.

    Raises:
        ModelError: several models are loaded.
    """
    return one_model(generator).manifest.architecture


def network(generator: Generator) -> Cells:
    """Return the recurrent layers of the loaded network.

    Raises:
        ModelError: what is loaded is not one network.
    """
    model = one_network(generator)
    return cells(model.weights, model.manifest.architecture)


def find_layer(generator: Generator, layer: int | None) -> int:
    """Return which layer is meant, counted from 0: `layer` counts from 1, and None is the last.

    Raises:
        SettingError: there is no such layer.
        ModelError: what is loaded is not one network.
    """
    count = one_network(generator).manifest.architecture.layers
    if layer is None:
        return count - 1
    if not 1 <= layer <= count:
        which = f"layers 1 to {count}" if count > 1 else "one layer, 1"
        raise SettingError(f"there is no layer {layer}; {generator.model.name} has {which}")
    return layer - 1


def steps_a_word(generator: Generator) -> int:
    """Return how many steps a model's networks take for a word: a window is read anew for each.

    Several models count as one step.
    """
    try:
        model = one_model(generator)
    except ModelError:
        return 1
    known = model.manifest.architecture
    steps = known.window or 1 if known.context == "window" else 1
    return steps * len(model.all_weights)


def readings(generator: Generator, layers: Cells, lines: Sequence[Sequence[int]]) -> Iterator[Reading]:
    """Read lines of ids with the network of `generator`; yield each word once, in a quick order."""
    if shape(generator).context == "window":
        windows = [window for ids in lines for window in contexts(generator, ids)[1:]]
        if windows:
            yield from _windows(generator, layers, np.array(windows, np.intp))
        return
    starts = list(accumulate(map(len, lines), initial=0))
    order = sorted(range(len(lines)), key=lambda line: -len(lines[line]))
    for first in range(0, len(order), BATCH):
        batch = order[first : first + BATCH]
        places = np.array([starts[line] for line in batch], np.intp)
        yield from _streams(generator, layers, [lines[line] for line in batch], places)


def _streams(
    generator: Generator, layers: Cells, lines: Sequence[Sequence[int]], places: Ids
) -> Iterator[Reading]:
    """Read lines side by side, the longest first; `places` says where their words begin."""
    state = layers.zero(len(lines))
    for id_ in generator.prefix:
        state = layers.advance(state, np.full(len(lines), id_, np.intp))
    for position in range(len(lines[0])):
        rows = sum(len(line) > position for line in lines)
        ids = np.array([line[position] for line in lines[:rows]], np.intp)
        before = _first(state, rows)
        state = layers.advance(before, ids)
        yield Reading(places[:rows] + position, before, state, ids)


def _first(state: CellState, rows: int) -> CellState:
    return state.map(lambda array: array[:rows])


def _repeated(state: CellState, rows: int) -> CellState:
    return state.map(lambda array: np.repeat(array, rows, axis=0))


def _windows(generator: Generator, layers: Cells, windows: Ids) -> Iterator[Reading]:
    """Read windows (words, N), each from a zero state; those with equally many pads side by side."""
    skipped = shape(generator).masked and not shape(generator).attention
    padding = generator.vocabulary.ids[PADDING]
    pads = (windows == padding).argmin(axis=1)  # they all stand on the left
    padded = layers.zero(1)
    for count in range(windows.shape[1]):
        words = np.flatnonzero(pads == count)
        for first in range(0, len(words), BATCH):
            batch = words[first : first + BATCH]
            state = _repeated(padded, len(batch))
            for ids in windows[batch, count:].T:
                before, state = state, layers.advance(state, ids)
            yield Reading(batch, before, state, ids)
        if not skipped:
            padded = layers.advance(padded, np.array([padding], np.intp))
