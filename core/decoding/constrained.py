"""Phrases that a line must hold, and how far lines have come with them.

Nothing is chosen here: a beam keeps lines apart by the number of required words that they have met, so
that those which have met few are not crowded out, nor those which have met many.
"""

from collections.abc import Sequence

import numpy as np

from core.decoding.cells import Ids

Phrase = tuple[int, ...]


def holds(line: Sequence[int], run: Sequence[int]) -> bool:
    """Say whether `run` comes in `line` without a break."""
    size = len(run)
    return any(tuple(line[at : at + size]) == tuple(run) for at in range(len(line) - size + 1))


class Required:
    """Follows how much of each phrase has been said, for many lines at once.

    `progress`, (lines, phrases), counts how many words of each phrase a line has just said; once that
    is the whole phrase it stays so. A phrase that another one holds is met with that one. Words that
    two phrases could share count twice until they are said, so that `total` is on the safe side.
    """

    def __init__(self, phrases: Sequence[Ids]) -> None:
        every = list(dict.fromkeys(tuple(phrase.tolist()) for phrase in phrases))
        kept = [one for one in every if not any(one != other and holds(other, one) for other in every)]
        self._sizes = np.array([len(phrase) for phrase in kept], np.intp)
        self.ids: Ids = np.unique(np.array([id_ for phrase in kept for id_ in phrase], np.intp))
        """All words of all phrases, in ascending order."""

        self.total = int(self._sizes.sum())
        """How many words there are to meet."""

        self._known = np.append(self.ids, -1)
        states = 1 + max(map(len, kept), default=0)
        self._next = np.zeros((len(kept), states, len(self._known)), np.intp)
        for table, phrase in zip(self._next, kept, strict=True):
            _fill(table, np.searchsorted(self.ids, phrase).tolist())

    def start(self) -> Ids:
        """Return the progress of one line without words."""
        return np.zeros((1, len(self._sizes)), np.intp)

    def advance(self, progress: Ids, ids: Ids) -> Ids:
        """Return the progress after each line has gone on by its id; `ids` is (lines,)."""
        symbols = np.searchsorted(self.ids, ids)
        symbols[self._known[symbols] != ids] = len(self.ids)
        after: Ids = self._next[np.arange(len(self._sizes)), progress, symbols[:, None]]
        return after

    def met(self, progress: Ids) -> Ids:
        """Return the words that each line has met: of whole phrases, and of the one it is within.

        Post and Vilar 2018 (dynamic beam allocation), section 3: what is broken off counts for nothing.
        """
        whole = progress == self._sizes
        open_ = np.where(whole, 0, progress).max(axis=1, initial=0)
        met: Ids = (whole * self._sizes).sum(axis=1) + open_
        return met

    def advancing(self, progress: Ids) -> tuple[Ids, Ids]:
        """Return which words bring which lines on: the lines' rows, and the ids, side by side."""
        rows = np.repeat(np.arange(len(progress)), len(self.ids))
        ids = np.tile(self.ids, len(progress))
        on = self.met(self.advance(progress[rows], ids)) > self.met(progress)[rows]
        return rows[on], ids[on]


def _fill(table: Ids, phrase: list[int]) -> None:
    """Write the phrase's automaton: table[said, symbol] is how much has been said after the symbol.

    Knuth, Morris and Pratt 1977: after a break what counts is the longest beginning of the phrase that
    has just been said, which is where the text without its first word would be.
    """
    behind = 0
    for said, symbol in enumerate(phrase):
        table[said] = table[behind] if said else 0
        table[said, symbol] = said + 1
        if said:
            behind = table[behind, symbol]
    table[len(phrase)] = len(phrase)
