"""The lines that a group of a beam has finished: which are kept, and when no other can be better."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.decoding.cells import Ids
from core.decoding.ranking import Ranking, Totals, normalised


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


def best(groups: Sequence[Group], wanted: int) -> list[list[int]]:
    """Return different lines, the highest score first: the best of each group, then the second."""
    lines: dict[tuple[int, ...], tuple[int, Line]] = {}
    for group in groups:
        for place, line in enumerate(group.lines):
            lines.setdefault(line.ids, (place, line))
    taken = sorted(lines.values(), key=lambda entry: (entry[0], -entry[1].rank))[:wanted]
    ordered = sorted((line for _, line in taken), key=lambda line: -line.score)
    return [list(line.ids) for line in ordered]
