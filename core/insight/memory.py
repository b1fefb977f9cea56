"""How much each earlier word still matters: leave it out, read again, compare what is expected next.

Needs of a network only what decoding needs of it, so it holds for every kind of model.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.decoding.cells import Floats, Ids
from core.decoding.generator import Generator
from core.decoding.stepper import State
from core.insight.line import Line
from core.insight.states import STEPS, steps_a_word

Bits = NDArray[np.float64]

LONGEST = 100
"""Words at the end of a line that are left out in turn; those before them are read and no more."""

GONE = 0.01
"""The share of the last word's influence below which a word counts as forgotten."""

EVIDENCE = 20
"""Positions at least that a distance must be seen at to count, where many lines are read."""

_NUMBERS = 1 << 23
"""Probabilities that are held side by side, to bound the memory of a batch."""


@dataclass(frozen=True, slots=True)
class Influence:
    """What a word `distance` words back changes, in bits, averaged over `positions`; 1 is the last."""

    distance: int
    bits: float
    positions: int


@dataclass(frozen=True, slots=True)
class Memory:
    """How the influence of a word falls with distance, in one model; `level` is what a token is."""

    model: str
    level: str
    lines: int
    by_distance: tuple[Influence, ...]

    @property
    def forgotten(self) -> int | None:
        """The distance from which on a word matters less than 1% of what the last one does."""
        return forgotten(self.by_distance)


@dataclass(frozen=True, slots=True)
class LineMemory:
    """A line with what each of its last words changes, in bits, in what is expected after the line."""

    line: Line
    bits: tuple[float, ...]
    memory: Memory


def remember(generator: Generator, line: Line) -> LineMemory:
    """Return how much each word of a line matters to what comes next.

    The measure is the Kullback-Leibler divergence D(full || without), in bits, of the next word's
    distribution over the whole vocabulary (Kullback and Leibler 1951).
    """
    bits = _influences(generator, np.array([line.ids], np.intp))
    memory = Memory(generator.model.name, generator.model.level, 1, _by_distance([bits]))
    return LineMemory(line, tuple(bits[0, -1].tolist()), memory)


def decay(generator: Generator, lines: Iterable[Line]) -> Memory:
    """Return how influence falls with distance, on average over every position of many lines.

    Distances that fewer than `EVIDENCE` positions have are left out, unless none has as many.
    """
    by_length = defaultdict[int, list[tuple[int, ...]]](list)
    for line in lines:
        by_length[len(line.ids)].append(line.ids)
    told = []
    for length, ids in by_length.items():
        side = min(length, LONGEST) + 1
        rows = max(1, _NUMBERS // (side * len(generator.vocabulary)))
        batches = (ids[first : first + rows] for first in range(0, len(ids), rows))
        told += [_influences(generator, np.array(batch, np.intp)) for batch in batches]
    count = sum(map(len, by_length.values()))
    influences = _by_distance(told)
    seen = tuple(one for one in influences if one.positions >= EVIDENCE)
    return Memory(generator.model.name, generator.model.level, count, seen or influences)


def affordable(generator: Generator, lines: Sequence[Line]) -> int:
    """Return how many lines such as these can be read in `STEPS` steps; at least one."""
    lengths = (min(len(line.ids), LONGEST) for line in lines)
    steps = sum(length * (length + 3) // 2 for length in lengths) * steps_a_word(generator)
    return max(1, min(len(lines), len(lines) * STEPS // max(steps, 1)))


def forgotten(by_distance: Sequence[Influence], share: float = GONE) -> int | None:
    """Return the first distance from which on every influence is below a share of the last word's.

    None where that does not come about within the distances that were seen.
    """
    least = share * by_distance[0].bits if by_distance else 0.0
    first = None
    for influence in reversed(by_distance):
        if influence.bits >= least:
            break
        first = influence.distance
    return first


def _influences(generator: Generator, ids: Ids) -> Bits:
    """Return what leaving out a word changes after each position: (lines, words, words), in bits.

    `ids` are lines of one length. Of each line there are rows side by side: row j reads it without
    word j, and so is a word ahead; the last row reads all. Until word j a row without it is the row
    that reads all, so it begins as a copy of that one when it is needed.
    """
    lines, words = len(ids), min(ids.shape[1], LONGEST)
    read = ids[:, ids.shape[1] - words :]
    state = _start(generator, ids[:, : ids.shape[1] - words])
    state = generator.stepper.take(state, np.repeat(np.arange(lines), 2))
    bits = np.zeros((lines, words, words))
    for word in range(words):
        first = np.arange(lines)[:, None] * (word + 2)
        variants = np.arange(word + 1)
        without = _log_probabilities(generator, state, first + variants)
        ahead = np.repeat(read[:, [min(word + 1, words - 1)]], word + 1, axis=1)
        now = np.concatenate([ahead, read[:, [word]]], axis=1)
        state = generator.stepper.advance(state, now.ravel())
        full = _log_probabilities(generator, state, first + word + 1)
        bits[:, word, : word + 1] = _divergence(full, without)
        rows = first + np.array([*variants, word + 1, word + 1])
        state = generator.stepper.take(state, rows.ravel())
    return bits


def _start(generator: Generator, ids: Ids) -> State:
    """Return the state after words that are the same to all rows of a line."""
    state = generator.stepper.start(len(ids))
    for id_ in generator.prefix:
        state = generator.stepper.advance(state, np.full(len(ids), id_, np.intp))
    for column in ids.T:
        state = generator.stepper.advance(state, column)
    return state


def _log_probabilities(generator: Generator, state: State, rows: Ids) -> Bits:
    """Return natural log-probabilities at `rows` (lines, n), as (lines, n, vocabulary)."""
    stepper = generator.stepper
    logits: Floats = stepper.logits(stepper.take(state, rows.ravel()))
    shares = logits.astype(np.float64)
    shares -= shares.max(axis=1, keepdims=True)
    shares -= np.log(np.exp(shares).sum(axis=1, keepdims=True))
    return shares.reshape(*rows.shape, -1)


def _divergence(full: Bits, without: Bits) -> Bits:
    """Return D(full || without) in bits; rounding never makes it negative.

    What is impossible adds nothing, as p log p goes to 0 with p: members of an ensemble may leave words
    that none of them says.
    """
    possible = full > -np.inf
    lost = np.zeros(without.shape)
    np.subtract(full, without, out=lost, where=np.broadcast_to(possible, without.shape))
    nats = (np.exp(full) * lost).sum(axis=2)
    bits: Bits = np.maximum(nats, 0.0) / math.log(2)
    return bits


def _by_distance(told: Sequence[Bits]) -> tuple[Influence, ...]:
    """Average (lines, words, words) over all positions that have a word at a distance."""
    longest = max((bits.shape[1] for bits in told), default=0)
    influences = []
    for distance in range(1, longest + 1):
        found = [bits.diagonal(1 - distance, 1, 2).ravel() for bits in told]
        values = np.concatenate([one for one in found if one.size])
        influences.append(Influence(distance, float(values.mean()), values.size))
    return tuple(influences)
