"""The groups of a beam: how wide each is, and the lines that it has finished."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from core.decoding.cells import Ids
from core.decoding.ranking import Drawn, Likeliest, Ranking, Totals, normalised
from core.settings import SamplingSettings

WIDTH = 5
"""Hypotheses of a group, in each bank, where `beam` does not say."""


TOGETHER = 128
"""Hypotheses of groups that are drawn side by side, in each bank, so that memory does not grow with the
number of samples."""


class Line(NamedTuple):
    """A finished line, without its end: by what it is compared with others, and its score."""

    rank: float
    score: float
    ids: tuple[int, ...]


class Group:
    """Hypotheses that compete with one another, and the best lines that came of them.

    Args:
        width: hypotheses at most, in each bank.
        wanted: lines that are kept.
        ranking: how lines are compared.
        power: what the length is raised to in a line's score.
    """

    def __init__(self, width: int, wanted: int, ranking: Ranking, power: float) -> None:
        self.width, self.ranking = width, ranking
        self.lines: list[Line] = []
        self._wanted, self._power = wanted, power

    def finish(self, ids: Ids, totals: Totals, length: int) -> None:
        """Keep lines of `ids`, (lines, words), whose log-probabilities are sums over `length` words."""
        ranks = self.ranking.rank(totals, length).tolist()
        scores = normalised(totals.scores, length, self._power).tolist()
        lines = [*self.lines, *map(Line, ranks, scores, map(tuple, ids.tolist()))]
        lines.sort(key=lambda line: -line.rank)
        self.lines = lines[: self._wanted]

    def settled(self, totals: Totals, longest: int) -> bool:
        """Say whether no line that goes on from `totals` can be better than those there are.

        Log-probabilities only fall, so none gets above what it has now at the `longest` length.
        """
        if len(self.lines) < self._wanted:
            return False
        bound = self.ranking.rank(totals, longest).max(initial=-np.inf)
        return bool(self.lines[-1].rank >= bound)


def arranged(settings: SamplingSettings) -> Iterator[list[Group]]:
    """Yield the groups of a search, those together that are searched side by side.

    There are as many as are set, or, where lines are drawn, one a sample, with hypotheses and random
    numbers of its own: in one beam the few lines that find required phrases first would crowd out the
    others, and all samples begin alike.
    """
    if settings.draws:
        width = settings.beam or WIDTH
        size = max(1, TOGETHER // width)
        for first in range(0, settings.samples, size):
            samples = range(first, min(first + size, settings.samples))
            yield [_drawn(settings, width, sample) for sample in samples]
        return
    width = max(settings.beam or WIDTH, settings.samples)
    parts = np.array_split(np.arange(width), min(settings.beam_groups, width))
    ranking, power = Likeliest(settings), settings.length_penalty
    yield [Group(len(part), settings.samples, ranking, power) for part in parts]


def widest(settings: SamplingSettings) -> Group:
    """Return the group that is drawn where the others have found too few different lines.

    It alone could give as many as are wanted.
    """
    width = max(settings.beam or WIDTH, settings.samples)
    return _drawn(settings, width, settings.samples)


def _drawn(settings: SamplingSettings, width: int, stream: int) -> Group:
    return Group(width, width, Drawn(settings, stream), settings.length_penalty)


def best(groups: Sequence[Group], wanted: int) -> list[list[int]]:
    """Return different lines, the highest score first: the best of each group, then the second."""
    lines: dict[tuple[int, ...], tuple[int, Line]] = {}
    for group in groups:
        new = [line for line in group.lines if line.ids not in lines]
        lines |= {line.ids: (place, line) for place, line in enumerate(new)}
    taken = sorted(lines.values(), key=lambda entry: (entry[0], -entry[1].rank))[:wanted]
    ordered = sorted((line for _, line in taken), key=lambda line: -line.score)
    return [list(line.ids) for line in ordered]
