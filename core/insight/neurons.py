"""What single units of a recurrent layer do: on one line, and which fire most selectively over many.

A unit's activation is its hidden state when a word has been read, from -1 to 1. Units and layers are
counted from 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from core.decoding.cells import Floats, Ids
from core.decoding.generator import Generator
from core.errors import InputError, SettingError
from core.insight.line import Line
from core.insight.states import STEPS, find_layer, network, readings, shape, steps_a_word

LEAST = 5
"""How often a word must come for its mean activation to count, unless said otherwise."""

UNITS, WORDS, EXAMPLES = 8, 6, 2
"""How much is told: units, words of each, lines of each."""

STILL = 0.1
"""A unit that goes no further than this from its rest at any word hardly moves; 2 is all the way."""


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit's activation at each word of a line, from -1 to 1."""

    line: Line
    model: str
    layer: int
    unit: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WordResponse:
    """A word, a unit's mean activation where it came, and how often that was."""

    word: str
    mean: float
    count: int


@dataclass(frozen=True, slots=True)
class Example:
    """A line in which a unit fires, its activation at each word, and where it goes furthest."""

    line: Line
    values: tuple[float, ...]
    peak: int


@dataclass(frozen=True, slots=True)
class SelectiveUnit:
    """A unit that fires at few words, with these: its selectivity is 0 to 1, `rest` an activation."""

    unit: int
    selectivity: float
    rest: float
    words: tuple[WordResponse, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """The most selective units of a layer, over `lines` lines with `words` words.

    `kinds` different words came at least `least` times; `still` of the layer's `size` units hardly
    moved and are left out.
    """

    model: str
    layer: int
    size: int
    still: int
    lines: int
    words: int
    kinds: int
    least: int
    units: tuple[SelectiveUnit, ...]


def read_unit(generator: Generator, line: Line, unit: int, layer: int | None = None) -> UnitLine:
    """Return a unit's activation at each word of a line; without a layer, in the last one.

    Raises:
        SettingError: there is no such layer or unit.
        ModelError: what is loaded is not one network.
    """
    index, size = find_layer(generator, layer), shape(generator).hidden_size
    if not 1 <= unit <= size:
        raise SettingError(
            f"there is no unit {unit}; each layer of {generator.model.name} has units 1 to {size:,}"
        )
    values = activations(generator, [line], index)[:, unit - 1]
    return UnitLine(line, generator.model.name, index + 1, unit, tuple(values.tolist()))


def activations(generator: Generator, lines: Sequence[Line], layer: int) -> Floats:
    """Return a layer's hidden states, counted from 0, at every word of all lines: (words, units)."""
    layers, words = network(generator), sum(len(line.ids) for line in lines)
    states = np.empty((words, layers.hidden_size), np.float32)
    for reading in readings(generator, layers, [line.ids for line in lines]):
        states[reading.words] = reading.after.hidden[layer]
    return states


def affordable(generator: Generator, lines: Sequence[Line]) -> list[Line]:
    """Return as many of the lines as can be read in `STEPS` steps; at least one."""
    steps = steps_a_word(generator)
    totals = accumulate(steps * len(line.ids) for line in lines)
    return list(lines[: max(1, sum(total <= STEPS for total in totals))])


class Tuning(NamedTuple):
    """What a layer does at each word that comes often enough: its mean activation (kinds, units).

    `ids` (kinds,) are the words and `counts` how often they came. A unit's `rest` is the median of its
    means, and `signs` say to which side of it the unit goes furthest.
    """

    ids: Ids
    counts: Ids
    means: Floats
    rest: Floats
    signs: Floats

    @property
    def responses(self) -> Floats:
        """How far each unit goes at each word, to its one side, from its rest: (kinds, units)."""
        return np.maximum(self.signs * (self.means - self.rest), 0)


def tuning(ids: Ids, states: Floats, least: int) -> Tuning:
    """Average activations (words, units) over the places of each word that comes `least` times.

    Raises:
        InputError: fewer than two words come often enough.
    """
    order = np.argsort(ids, kind="stable")
    kinds, starts, counts = np.unique(ids[order], return_index=True, return_counts=True)
    often = counts >= least
    if often.sum() < 2:
        raise InputError(
            f"no two words come {least:,} times in these {len(ids):,}, and rarer ones do not count; "
            "give a longer text, or a smaller --least"
        )
    sums = np.add.reduceat(states[order], starts, axis=0)
    means = (sums / counts[:, None])[often].astype(np.float32)
    rest = np.median(means, axis=0)
    away = means - rest
    signs = np.where(away.max(axis=0) >= -away.min(axis=0), 1, -1).astype(np.float32)
    return Tuning(kinds[often], counts[often], means, rest, signs)


def selectivity(responses: Floats) -> Floats:
    """Return how selective each unit is, from 0 (the same at every word) to 1 (it fires at one).

    This is the lifetime sparseness of Vinje and Gallant (2000), (1 - a) / (1 - 1/n), where a is the
    activity ratio of Treves and Rolls (1991), (sum r / n)^2 / (sum r^2 / n), over n stimuli. As firing
    rates, `responses` (n, units) are never negative; they count from rest (Rolls and Tovee 1995). A
    unit that never responds is not selective.
    """
    squares = (responses**2).mean(axis=0)
    ratio = np.divide(
        responses.mean(axis=0) ** 2, squares, out=np.ones_like(squares), where=squares > 0
    )
    selective: Floats = (1 - ratio) / (1 - 1 / len(responses))
    return selective


def survey(
    generator: Generator,
    lines: Sequence[Line],
    layer: int | None = None,
    least: int = LEAST,
    units: int = UNITS,
) -> Survey:
    """Find the units of a layer that fire most selectively, with the words at which they do.

    Args:
        generator: the model.
        lines: what it reads; see `affordable`.
        layer: counted from 1; the last one if not given.
        least: words that come less often do not count.
        units: how many to tell of.

    Raises:
        SettingError: there is no such layer, or `least` or `units` is below 1.
        InputError: fewer than two words come often enough.
        ModelError: what is loaded is not one network.
    """
    for name, value in (("least", least), ("top", units)):
        if value < 1:
            raise SettingError(f"{name} must be a whole number of at least 1, not {value}")
    index = find_layer(generator, layer)
    states = activations(generator, lines, index)
    ids = np.concatenate([line.ids for line in lines])
    tuned = tuning(ids, states, least)
    moving = tuned.responses.max(axis=0) >= STILL
    scores = np.where(moving, selectivity(tuned.responses), -1)
    best = np.argsort(-scores, kind="stable")[: min(units, int(moving.sum()))]
    return Survey(
        model=generator.model.name,
        layer=index + 1,
        size=len(moving),
        still=int((~moving).sum()),
        lines=len(lines),
        words=len(ids),
        kinds=len(tuned.ids),
        least=least,
        units=tuple(
            SelectiveUnit(
                unit=unit + 1,
                selectivity=float(scores[unit]),
                rest=float(tuned.rest[unit]),
                words=_words(generator, tuned, unit),
                examples=_examples(lines, states, tuned, unit),
            )
            for unit in best.tolist()
        ),
    )


def _best(tuned: Tuning, unit: int) -> Ids:
    """Return the places, among the words that count, of those at which a unit fires most."""
    responses = tuned.responses[:, unit]
    best = np.argsort(-responses, kind="stable")[:WORDS]
    return best[responses[best] > 0]


def _words(generator: Generator, tuned: Tuning, unit: int) -> tuple[WordResponse, ...]:
    best = _best(tuned, unit)
    words = generator.vocabulary.decode(tuned.ids[best].tolist())
    means, counts = tuned.means[best, unit].tolist(), tuned.counts[best].tolist()
    return tuple(WordResponse(*told) for told in zip(words, means, counts, strict=True))


def _examples(lines: Sequence[Line], states: Floats, tuned: Tuning, unit: int) -> tuple[Example, ...]:
    """Return the lines in which a unit goes furthest at one of its words."""
    starts = list(accumulate((len(line.ids) for line in lines), initial=0))
    values = states[:, unit]
    ids = np.concatenate([line.ids for line in lines])
    fires = np.isin(ids, tuned.ids[_best(tuned, unit)])
    away = np.where(fires, tuned.signs[unit] * values, -np.inf)
    peaks = np.maximum.reduceat(away, starts[:-1])
    best = np.argsort(-peaks, kind="stable")[:EXAMPLES]
    examples = []
    for line in best[np.isfinite(peaks[best])].tolist():
        words = slice(starts[line], starts[line + 1])
        peak = int(away[words].argmax())
        examples.append(Example(lines[line], tuple(values[words].tolist()), peak))
    return tuple(examples)
