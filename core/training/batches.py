"""Lines to padded arrays of ids, batch by batch. Numpy only.

Two ways to learn from a line. `LineBatches` shows it once and asks for every next word at the same
time; `PrefixBatches` is the tutorial's: each beginning of the line is a sample of its own, left-padded,
with one word to guess - about as many times the work as a line has words.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.text.corpus import Line
from core.text.vocabulary import Vocabulary

Ids = NDArray[np.int32]
Batch = tuple[Ids, Ids]
"""Inputs (rows, steps) and targets: (rows, steps) with 0 where there is none, or (rows,)."""

LONGEST_PIECE = 256
"""A longer line is learnt in pieces of so many words, which bounds the memory of a step."""

POOLED_BATCHES = 50
"""Batches that are sorted by length together: little padding, and still a different mix each epoch."""


class Batches(Protocol):
    """All samples of a text, cut into batches."""

    steps: int
    """Batches in an epoch."""

    tokens: int
    """Targets in an epoch."""

    def epoch(self, random: np.random.Generator | None) -> Iterator[Batch]:
        """Yield every sample once: shuffled, or in order where `random` is None."""
        ...


class LineBatches:
    """`<s> w1 .. wn` in, `w1 .. wn </s>` to guess, right-padded to the longest of the batch."""

    def __init__(self, lines: Sequence[Line], vocabulary: Vocabulary, batch_size: int) -> None:
        assert vocabulary.start is not None
        assert vocabulary.end is not None
        self._pieces: list[Ids] = []
        for line in lines:
            ids = np.array([vocabulary.start, *vocabulary.encode(line), vocabulary.end], dtype=np.int32)
            # A piece shares its last word with the next one, which begins by reading it.
            starts = range(0, len(ids) - 1, LONGEST_PIECE)
            self._pieces += [ids[start : start + LONGEST_PIECE + 1] for start in starts]
        self._lengths = np.array([len(piece) for piece in self._pieces])
        self._batch_size = batch_size
        self.steps = -(-len(self._pieces) // batch_size)
        self.tokens = int((self._lengths - 1).sum())

    def epoch(self, random: np.random.Generator | None) -> Iterator[Batch]:
        """See Batches."""
        count, size = len(self._pieces), self._batch_size
        order = np.arange(count) if random is None else random.permutation(count)
        for start in range(0, count, size * POOLED_BATCHES):
            pool = order[start : start + size * POOLED_BATCHES]
            pool = pool[np.argsort(self._lengths[pool], kind="stable")]
            batches = [pool[first : first + size] for first in range(0, len(pool), size)]
            if random is not None:
                random.shuffle(batches)
            yield from map(self._pad, batches)

    def _pad(self, rows: NDArray[np.intp]) -> Batch:
        padded = np.zeros((len(rows), self._lengths[rows].max()), np.int32)
        for row, index in enumerate(rows):
            padded[row, : self._lengths[index]] = self._pieces[index]
        targets = padded[:, 1:]
        inputs = np.where(targets > 0, padded[:, :-1], 0)
        return inputs, targets


class PrefixBatches:
    """The tutorial's samples: every prefix of every line, left-padded, and the word that follows.

    Where the vocabulary has tokens that begin and end a text, as textgenrnn's has, they stand around
    every line. What is read as id 0 may stand in a prefix, but nobody is asked to guess it.
    """

    def __init__(
        self, lines: Sequence[Line], vocabulary: Vocabulary, window: int, batch_size: int
    ) -> None:
        begin, end = ([] if id_ is None else [id_] for id_ in (vocabulary.start, vocabulary.end))
        encoded = [[*begin, *vocabulary.encode(line), *end] for line in lines]
        self._ids = np.array([id_ for line in encoded for id_ in line], dtype=np.int32)
        lengths = np.array([len(line) for line in encoded])
        firsts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        # A sample is the place of its target; the prefix is what stands before it in its line.
        targets = np.concatenate(
            [np.arange(first + 1, first + n) for first, n in zip(firsts, lengths, strict=True)]
        )
        known = self._ids[targets] > 0
        self._targets = targets[known]
        self._firsts = np.repeat(firsts, np.maximum(lengths - 1, 0))[known]
        self._window = window
        self._batch_size = batch_size
        self.tokens = len(self._targets)
        self.steps = -(-self.tokens // batch_size)

    def epoch(self, random: np.random.Generator | None) -> Iterator[Batch]:
        """See Batches."""
        order = np.arange(self.tokens) if random is None else random.permutation(self.tokens)
        for start in range(0, self.tokens, self._batch_size):
            rows = order[start : start + self._batch_size]
            yield self._prefixes(rows), self._ids[self._targets[rows]]

    def _prefixes(self, rows: NDArray[np.intp]) -> Ids:
        places = self._targets[rows][:, None] - self._window + np.arange(self._window)
        inside = places >= self._firsts[rows][:, None]
        return np.where(inside, self._ids[np.maximum(places, 0)], 0).astype(np.int32)
