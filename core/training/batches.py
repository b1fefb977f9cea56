"""Lines to padded arrays of ids, batch by batch. Numpy only.

Two ways to learn from a line. `LineBatches` shows it once and asks for every next word at the same
time; `PrefixBatches` is the tutorial's: each beginning of the line is a sample of its own, left-padded,
with one word to guess - about as many times the work as a line has words.

Both hold one window of a large text at a time, and shuffle within it.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.text.vocabulary import Vocabulary
from core.training.selection import Lines, Numbers, Ragged, windows

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

    counts: Numbers
    """How often each id is a target in an epoch."""

    def epoch(self, random: np.random.Generator | None) -> Iterator[Batch]:
        """Yield every sample once: shuffled, or in order where `random` is None."""
        ...


class _Pieces(NamedTuple):
    """Runs of ids: where in `ids` each begins, and its length."""

    ids: Ids
    starts: Numbers
    lengths: Numbers

    def take(self, rows: NDArray[np.intp]) -> "_Pieces":
        return _Pieces(self.ids, self.starts[rows], self.lengths[rows])

    def copy(self) -> "_Pieces":
        """Return the same without the ids of others."""
        runs = zip(self.starts.tolist(), self.lengths.tolist(), strict=True)
        ids = np.concatenate([self.ids[:0], *(self.ids[at : at + size] for at, size in runs)])
        return _Pieces(ids, np.cumsum(self.lengths) - self.lengths, self.lengths)

    def join(self, others: "_Pieces") -> "_Pieces":
        return _Pieces(
            np.concatenate([self.ids, others.ids]),
            np.concatenate([self.starts, others.starts + len(self.ids)]),
            np.concatenate([self.lengths, others.lengths]),
        )


class LineBatches:
    """`<s> w1 .. wn` in, `w1 .. wn </s>` to guess, right-padded to the longest of the batch.

    A label behind `<s>` is read, and nobody is asked to guess it. In a shuffled epoch a share of
    `label_dropout` of the lines goes without theirs, so that a model also works without one.
    """

    def __init__(
        self, lines: Lines, vocabulary: Vocabulary, batch_size: int, label_dropout: float = 0.0
    ) -> None:
        assert vocabulary.start is not None
        assert vocabulary.end is not None
        self._lines, self._batch_size = lines, batch_size
        self._around = vocabulary.start, vocabulary.end
        self._label_dropout, self._is_label = label_dropout, np.zeros(len(vocabulary), np.bool_)
        self._is_label[list(vocabulary.label_ids)] = True
        self.counts, pieces = np.zeros(len(vocabulary), np.int64), 0
        for ids, lengths in windows(lines, None):
            self.counts += np.bincount(ids, minlength=len(vocabulary))
            self.counts[vocabulary.end] += len(lengths)
            pieces += int(_pieces_of(lengths + 1).sum())
        self.steps = -(-pieces // batch_size)
        self.counts[self._is_label] = 0
        self.tokens = int(self.counts.sum())
        self.counts[0] = 0  # what is read as padding is not learnt

    def epoch(self, random: np.random.Generator | None) -> Iterator[Batch]:
        """See Batches."""
        size = self._batch_size
        for pool in self._pools(random):
            ordered = pool.take(np.argsort(pool.lengths, kind="stable"))
            firsts = list(range(0, len(ordered.starts), size))
            if random is not None:
                random.shuffle(firsts)
            for first in firsts:
                batch = ordered.take(np.arange(first, min(first + size, len(ordered.starts))))
                yield _padded(batch, self._is_label)

    def _pools(self, random: np.random.Generator | None) -> Iterator[_Pieces]:
        """Yield pieces in their order, as many as are sorted together; what a window leaves waits."""
        size, left = self._batch_size * POOLED_BATCHES, None
        for window in windows(self._lines, random):
            pieces = self._cut(window if random is None else self._some_unlabelled(window, random))
            count = len(pieces.starts)
            pieces = pieces.take(np.arange(count) if random is None else random.permutation(count))
            if left is not None:
                pieces = left.join(pieces)
            whole = len(pieces.starts) // size * size
            for first in range(0, whole, size):
                yield pieces.take(np.arange(first, first + size))
            left = pieces.take(np.arange(whole, len(pieces.starts))).copy()
        if left is not None and len(left.starts):
            yield left

    def _some_unlabelled(self, window: Ragged, random: np.random.Generator) -> Ragged:
        """Leave out the labels of some lines; a text without labels draws nothing."""
        if not self._label_dropout or not self._is_label.any():
            return window
        ids, lengths = window
        starts = np.cumsum(lengths) - lengths
        some = np.flatnonzero((random.random(len(lengths)) < self._label_dropout) & (lengths > 0))
        some = some[self._is_label[ids[starts[some]]]]
        lengths = lengths.copy()
        lengths[some] -= 1
        return Ragged(np.delete(ids, starts[some]), lengths)

    def _cut(self, window: Ragged) -> _Pieces:
        """Put start and end around lines; a piece shares its last word with the next one.

        So the next one begins by reading it.
        """
        framed = _framed(window, *self._around)
        lengths = window.lengths + 2
        starts = np.cumsum(lengths) - lengths
        counts = _pieces_of(lengths - 1)
        numbers = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        offsets = numbers * LONGEST_PIECE
        rest = np.repeat(lengths, counts) - offsets
        return _Pieces(framed, np.repeat(starts, counts) + offsets, np.minimum(rest, LONGEST_PIECE + 1))


def _pieces_of(targets: Numbers) -> Numbers:
    return -(-targets // LONGEST_PIECE)


def _framed(window: Ragged, start: int | None, end: int | None) -> Ids:
    """Return all ids with `start` before and `end` behind every line, where they are not None."""
    ids, lengths = window
    ends = np.cumsum(lengths)
    places, values = [], []
    for place, id_ in ((ends - lengths, start), (ends, end)):
        if id_ is not None:
            places.append(place)
            values.append(np.full(len(lengths), id_, np.int32))
    if not places:
        return ids
    # An empty line has both at one place, and they shall come line by line.
    at, what = np.stack(places, axis=1).ravel(), np.stack(values, axis=1).ravel()
    return np.insert(ids, at, what)


def _padded(pieces: _Pieces, is_label: NDArray[np.bool_]) -> Batch:
    steps = np.arange(pieces.lengths.max())
    places = pieces.starts[:, None] + steps
    inside = steps < pieces.lengths[:, None]
    padded = np.where(inside, pieces.ids[np.where(inside, places, 0)], 0)
    targets = padded[:, 1:]
    inputs = np.where(targets > 0, padded[:, :-1], 0)
    return inputs, np.where(is_label[targets], 0, targets)


class _Samples(NamedTuple):
    """Of each sample the place of its target, and where its line begins; the prefix stands between."""

    ids: Ids
    targets: Numbers
    firsts: Numbers


class PrefixBatches:
    """The tutorial's samples: every prefix of every line, left-padded, and the word that follows.

    Where the vocabulary has tokens that begin and end a text, as textgenrnn's has, they stand around
    every line. What is read as id 0 may stand in a prefix, but nobody is asked to guess it.
    """

    def __init__(self, lines: Lines, vocabulary: Vocabulary, window: int, batch_size: int) -> None:
        self._lines, self._window, self._batch_size = lines, window, batch_size
        self._around = vocabulary.start, vocabulary.end
        self.counts = np.zeros(len(vocabulary), np.int64)
        for some in windows(lines, None):
            samples = self._samples(some)
            self.counts += np.bincount(samples.ids[samples.targets], minlength=len(vocabulary))
        self.tokens = int(self.counts.sum())
        self.steps = -(-self.tokens // batch_size)

    def epoch(self, random: np.random.Generator | None) -> Iterator[Batch]:
        """See Batches."""
        size = self._batch_size
        inputs, targets = np.empty((0, self._window), np.int32), np.empty(0, np.int32)
        for window in windows(self._lines, random):
            samples = self._samples(window)
            count, done = len(samples.targets), 0
            order = np.arange(count) if random is None else random.permutation(count)
            while done < count:
                rows = order[done : done + size - len(targets)]
                inputs = np.concatenate([inputs, self._prefixes(samples, rows)])
                targets = np.concatenate([targets, samples.ids[samples.targets[rows]]])
                done += len(rows)
                if len(targets) == size:
                    yield inputs, targets
                    inputs, targets = inputs[:0], targets[:0]
        if len(targets):
            yield inputs, targets

    def _samples(self, window: Ragged) -> _Samples:
        ids = _framed(window, *self._around)
        lengths = window.lengths + sum(id_ is not None for id_ in self._around)
        firsts = np.repeat(np.cumsum(lengths) - lengths, lengths)
        places = np.arange(len(ids))
        asked = (places > firsts) & (ids > 0)
        return _Samples(ids, places[asked], firsts[asked])

    def _prefixes(self, samples: _Samples, rows: NDArray[np.intp]) -> Ids:
        places = samples.targets[rows][:, None] - self._window + np.arange(self._window)
        inside = places >= samples.firsts[rows][:, None]
        return np.where(inside, samples.ids[np.maximum(places, 0)], 0).astype(np.int32)
