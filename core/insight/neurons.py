"""What single units of a recurrent layer do: on one line, and which fire most selectively over many.

A unit's activation is its hidden state when a word has been read, from -1 to 1. Units and layers are
counted from 1. Over many lines no activation is kept, but sums are, and how far units went in each.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.decoding.cells import Floats, Ids
from core.decoding.generator import Generator
from core.errors import InputError, SettingError
from core.insight.line import Line
from core.insight.sample import spread
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
    states = np.empty((sum(len(line.ids) for line in lines), shape(generator).hidden_size), np.float32)
    for part in _parts(generator, lines, layer):
        states[part.words] = part.states
    return states


class Part(NamedTuple):
    """A layer's hidden states (rows, units) at some words: `words` (rows,) are their places."""

    words: Ids
    states: Floats


def _parts(generator: Generator, lines: Sequence[Line], layer: int) -> Iterator[Part]:
    """Yield a layer's hidden states, counted from 0, at every word of all lines, each once."""
    for reading in readings(generator, network(generator), [line.ids for line in lines]):
        yield Part(reading.words, reading.after.hidden[layer])


def affordable(generator: Generator, lines: Sequence[Line]) -> list[Line]:
    """Return lines, spread evenly over all, that can be read in `STEPS` steps; at least one."""
    each, chosen = steps_a_word(generator), list(lines)
    while len(chosen) > 1 and (steps := each * sum(len(line.ids) for line in chosen)) > STEPS:
        chosen = spread(lines, max(1, len(chosen) * STEPS // steps))
    return chosen


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
        responses: Floats = self.means - self.rest
        responses *= self.signs
        return np.maximum(responses, 0, out=responses)


def tuning(ids: Ids, parts: Iterable[Part], least: int) -> Tuning:
    """Average activations over the places of each word that comes `least` times.

    `ids` are the words, and `parts` the activations at all of them.

    Raises:
        InputError: fewer than two words come often enough.
    """
    kinds, kind_at, counts = np.unique(ids, return_inverse=True, return_counts=True)
    often = counts >= least
    if often.sum() < 2:
        raise InputError(
            f"no two words come {least:,} times in these {len(ids):,}, and rarer ones do not count; "
            "give a longer text, or a smaller --least"
        )
    kinds, counts = kinds[often], counts[often]
    row_at = np.where(often, often.cumsum() - 1, len(kinds))[kind_at]
    means = _sums(parts, row_at, len(kinds))
    means /= counts[:, None]
    rest: Floats = np.median(means, axis=0)
    signs = np.where(means.max(axis=0) - rest >= rest - means.min(axis=0), 1, -1).astype(np.float32)
    return Tuning(kinds, counts, means, rest, signs)


def _sums(parts: Iterable[Part], row_at: Ids, rows: int) -> Floats:
    """Add up the activations at each place in the row that `row_at` gives it: (rows, units).

    Places with a row beyond the last do not count.
    """
    sums: Floats | None = None
    for part in parts:
        if sums is None:
            sums = np.zeros((rows + 1, part.states.shape[1]), np.float32)
        row = row_at[part.words]
        order = np.argsort(row, kind="stable")
        found, starts = np.unique(row[order], return_index=True)
        sums[found] += np.add.reduceat(part.states[order], starts, axis=0)
    assert sums is not None, "two words come often enough, so there is one"
    return sums[:rows]


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
    ids = np.concatenate([line.ids for line in lines])
    tuned = tuning(ids, _parts(generator, lines, index), least)
    responses = tuned.responses
    moving = responses.max(axis=0) >= STILL
    scores = np.where(moving, selectivity(responses), -1)
    best = np.argsort(-scores, kind="stable")[: min(units, int(moving.sum()))]
    firing = [_firing(responses[:, unit]) for unit in best]
    examples = _examples(generator, lines, index, tuned, best, firing)
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
                words=_words(generator, tuned, unit, places),
                examples=shown,
            )
            for unit, places, shown in zip(best.tolist(), firing, examples, strict=True)
        ),
    )


def _firing(responses: Floats) -> Ids:
    """Return the places, among the words that count, of those at which a unit fires most."""
    best = np.argsort(-responses, kind="stable")[:WORDS]
    return best[responses[best] > 0]


def _words(generator: Generator, tuned: Tuning, unit: int, firing: Ids) -> tuple[WordResponse, ...]:
    words = generator.vocabulary.decode(tuned.ids[firing].tolist())
    means, counts = tuned.means[firing, unit].tolist(), tuned.counts[firing].tolist()
    return tuple(WordResponse(*told) for told in zip(words, means, counts, strict=True))


def _examples(
    generator: Generator,
    lines: Sequence[Line],
    layer: int,
    tuned: Tuning,
    units: Ids,
    firing: Sequence[Ids],
) -> Iterator[tuple[Example, ...]]:
    """Yield, for each of the units, the lines in which it goes furthest at one of its words.

    Only lines that hold such a word are read again, and those that are told once more.
    """
    words = [frozenset(tuned.ids[places].tolist()) for places in firing]
    every = frozenset[int]().union(*words)
    held = [line for line in lines if not every.isdisjoint(line.ids)]
    peaks = _peaks(_parts(generator, held, layer), held, units, tuned.signs[units], words)
    for unit, own, column in zip(units.tolist(), words, peaks.T, strict=True):
        best = np.argsort(-column, kind="stable")[:EXAMPLES]
        told = [held[number] for number in best[np.isfinite(column[best])].tolist()]
        yield tuple(_example(generator, line, layer, unit, tuned.signs[unit], own) for line in told)


def _peaks(
    parts: Iterable[Part],
    lines: Sequence[Line],
    units: Ids,
    signs: Floats,
    words: Sequence[frozenset[int]],
) -> Floats:
    """Return how far each unit goes in each line at its own `words`: (lines, units); else -inf."""
    ids = np.concatenate([[0], *(line.ids for line in lines)])[1:].astype(np.intp)
    line_at = np.repeat(np.arange(len(lines)), [len(line.ids) for line in lines])
    own = np.zeros((1 + ids.max(initial=0), len(units)), bool)
    for number, some in enumerate(words):
        own[list(some), number] = True
    peaks = np.full((len(lines), len(units)), -np.inf, np.float32)
    for part in parts:
        fires = own[ids[part.words]]
        rows = np.flatnonzero(fires.any(axis=1))
        away = np.where(fires[rows], signs * part.states[rows][:, units], -np.inf)
        np.maximum.at(peaks, line_at[part.words[rows]], away)
    return peaks


def _example(
    generator: Generator, line: Line, layer: int, unit: int, sign: float, words: frozenset[int]
) -> Example:
    values = activations(generator, [line], layer)[:, unit]
    fires = np.isin(line.ids, list(words))
    peak = int(np.where(fires, sign * values, -np.inf).argmax())
    return Example(line, tuple(values.tolist()), peak)
