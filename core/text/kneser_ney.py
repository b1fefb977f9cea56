"""An n-gram model with Kneser-Ney smoothing: counts of a text to the next word's distribution.

Ids and numpy only. A line is `<s>` and its words to `</s>`, as ids; what stands before `<s>` is
padding, id 0. What a word was followed by is looked up in sorted arrays, so a whole corpus is scored
at once, and a distribution is a row of shorter contexts with a few corrections.

Kneser and Ney (1995), interpolated and with three discounts D an order (Chen and Goodman 1998):

    p(w | h) = (c(h w) - D(c(h w))) / c(h) + (sum over v of D(c(h v))) / c(h) * p(w | h less its first)

where c counts occurrences at the highest order and after `<s>`, before which nothing can stand, and
elsewhere how many different words stand before (h w). Below the shortest context lies the same
probability for every word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.integer]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

PADDING = 0
LOWEST_ORDER, HIGHEST_ORDER = 2, 5
USUAL = 0.5
"""The discount where a text is too small, or too even, to tell it."""

LEAST = 0.01
"""A discount is at least this and at most its count less this, so that no word is impossible."""


class NGrams(NamedTuple):
    """The different n-grams of a text, (n, order) ids in ascending order, and how often each occurs."""

    ids: Integers
    counts: Integers


def count(lines: Iterable[Sequence[int]], order: int) -> NGrams:
    """Count the n-grams that end in each id after the first of each line; shorter ones are padded."""
    before = [PADDING] * (order - 2)
    flat = np.array([id_ for line in lines for id_ in (*before, *line)], np.int64)
    lengths = np.array([len(line) + len(before) for line in lines], np.int64)
    ends = _targets(lengths, order)
    windows = flat[ends[:, None] + np.arange(1 - order, 1)]
    keys = windows[:, 0]
    base = int(flat.max(initial=0)) + 1
    parents = []
    for column in windows.T[1:]:  # ranks instead of products, which five ids would overflow
        different, keys = np.unique(keys, return_inverse=True)
        parents.append(different)
        keys = keys * base + column
    different, counts = np.unique(keys, return_counts=True)
    return NGrams(_unranked(different, parents, base), counts)


def _targets(lengths: Integers, order: int) -> Integers:
    """Return where the ids stand that an n-gram ends in: all but the first order - 1 of each line."""
    firsts = np.cumsum(lengths) - lengths
    inside = np.arange(int(lengths.sum())) - np.repeat(firsts, lengths)
    return np.flatnonzero(inside >= order - 1)


def _unranked(keys: Integers, parents: Sequence[Integers], base: int) -> Integers:
    columns = []
    for different in reversed(parents):
        rank, column = np.divmod(keys, base)
        columns.append(column)
        keys = different[rank]
    return np.stack([keys, *reversed(columns)], axis=1)


@dataclass(frozen=True)
class _Level:
    """All contexts of one length, numbered, and what followed them."""

    contexts: Integers
    """A context's number is the place of (number of the shorter context) * words + (first word)."""

    ngrams: Integers
    """Context * words + word, ascending."""

    shares: Floats
    """What each has of its context's probability, after the discount."""

    backoff: Floats
    """What each context leaves to the shorter one."""

    starts: Integers
    """Where each context's n-grams begin; one more for the end."""

    def find(self, parents: Integers, firsts: Ids, words: int) -> Integers:
        """Return the contexts' numbers, -1 for one never seen."""
        return np.where(parents >= 0, _find(self.contexts, parents * words + firsts), -1)


@dataclass(frozen=True)
class KneserNey:
    """The model: what comes after the last `order` - 1 ids. Padding and `<s>` never do."""

    order: int
    words: int
    unigram: Floats
    """The distribution after no context, (words,)."""

    levels: tuple[_Level, ...]
    """For contexts of one word, of two, and so on."""

    @classmethod
    def build(cls, lines: Sequence[Sequence[int]], words: int, order: int = 3) -> "KneserNey":
        """Learn from lines of ids, each beginning with `<s>` and ending with `</s>`.

        Args:
            lines: at least one; all begin with the same id.
            words: size of the vocabulary, padding and `<s>` included.
            order: the longest n-grams, from 2 to 5.
        """
        return cls.of(count(lines, order), words, lines[0][0])

    @classmethod
    def of(cls, ngrams: NGrams, words: int, start: int) -> "KneserNey":
        """Make the model of counted n-grams; `start` is the id of `<s>`."""
        order = ngrams.ids.shape[1]
        if not LOWEST_ORDER <= order <= HIGHEST_ORDER:
            raise ValueError(f"an order is from {LOWEST_ORDER} to {HIGHEST_ORDER}, not {order}")
        contexts, numbers = _contexts(ngrams.ids, words)
        levels: list[_Level] = []
        keys, values = np.zeros(0, np.int64), np.zeros(0, np.int64)
        for length in range(len(contexts) - 1, -1, -1):
            longer = contexts[length + 1] if length + 1 < len(contexts) else keys
            keys, values = _counted(ngrams, numbers, length, words, keys, longer)
            levels.insert(0, _level(contexts[length], keys, values, words))
        return cls(order, words, _unigram(levels[0], words, start), tuple(levels[1:]))

    def probabilities(self, context: Sequence[int]) -> Floats:
        """Return the distribution of the next id: (words,), adding up to 1.

        `context` is what was read, `<s>` included; of more than `order` - 1 ids the last ones count.
        """
        row = self.unigram.copy()
        number = np.zeros(1, np.int64)
        for level, first in zip(self.levels, reversed(context), strict=False):
            number = level.find(number, np.array([first]), self.words)
            if number[0] < 0:
                break
            begin, end = level.starts[number[0] : number[0] + 2]
            row *= level.backoff[number[0]]
            row[level.ngrams[begin:end] % self.words] += level.shares[begin:end]
        return row

    def log_probabilities(self, line: Sequence[int]) -> Floats:
        """Return the natural log-probability of each id after the first, `<s>`: (ids - 1,)."""
        return self.score([line])

    def score(self, lines: Sequence[Sequence[int]]) -> Floats:
        """Return what `log_probabilities` would of each line, one after another."""
        before = [PADDING] * (self.order - 2)
        flat = np.array([id_ for line in lines for id_ in (*before, *line)], np.int64)
        ends = _targets(np.array([len(line) + len(before) for line in lines], np.int64), self.order)
        targets, numbers = flat[ends], np.zeros(len(ends), np.int64)
        likely = self.unigram[targets]
        for length, level in enumerate(self.levels, 1):
            numbers = level.find(numbers, flat[ends - length], self.words)
            seen = numbers >= 0
            places = np.where(seen, _find(level.ngrams, numbers * self.words + targets), -1)
            shares = np.where(places >= 0, level.shares[places], 0.0)
            likely = np.where(seen, level.backoff[numbers] * likely + shares, likely)
        with np.errstate(divide="ignore"):
            return np.log(likely)


def _find(keys: Integers, wanted: Integers) -> Integers:
    """Return the places of `wanted` among ascending keys, of which there are some; -1 for none."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, -1)


def _contexts(ids: Integers, words: int) -> tuple[list[Integers], list[Integers]]:
    """Number the contexts of each length there is; return their keys, and each n-gram's or -1."""
    keys, numbers = [np.zeros(1, np.int64)], [np.zeros(len(ids), np.int64)]
    for column in reversed(ids.T[:-1]):
        inside = column != PADDING
        if not inside.any():
            break
        longer = numbers[-1][inside] * words + column[inside]
        different, inverse = np.unique(longer, return_inverse=True)
        number = np.full(len(ids), -1, np.int64)
        number[inside] = inverse
        keys.append(different)
        numbers.append(number)
    return keys, numbers


def _counted(
    ngrams: NGrams,
    numbers: Sequence[Integers],
    length: int,
    words: int,
    longer: Integers,
    contexts: Integers,
) -> tuple[Integers, Integers]:
    """Return the n-grams after contexts of one length, and their counts.

    Args:
        ngrams: all of the highest order.
        numbers: of their contexts, for each length.
        length: which.
        words: size of the vocabulary.
        longer: the n-grams of the next longer contexts, of which each counts once.
        contexts: those contexts.
    """
    whole = numbers[length] >= 0
    if length + 1 < len(numbers):
        whole &= numbers[length + 1] < 0
    counted = (numbers[length] * words + ngrams.ids[:, -1])[whole]
    context, word = np.divmod(longer, words)
    shorter = contexts[context] // words if len(longer) else context
    keys, inverse = np.unique(np.concatenate([counted, shorter * words + word]), return_inverse=True)
    once = np.ones(len(longer), np.int64)
    weights = np.concatenate([ngrams.counts[whole], once])
    return keys, np.bincount(inverse, weights, len(keys)).astype(np.int64)


def _level(contexts: Integers, keys: Integers, values: Integers, words: int) -> _Level:
    starts = np.searchsorted(keys, np.arange(len(contexts) + 1) * words)
    totals = np.add.reduceat(values, starts[:-1]).astype(np.float64)
    taken = np.array(discounts(values))[np.minimum(values, 3) - 1]
    left = (values - taken) / np.repeat(totals, np.diff(starts))
    return _Level(contexts, keys, left, np.add.reduceat(taken, starts[:-1]) / totals, starts)


def discounts(counts: Integers) -> tuple[float, float, float]:
    """Return what is taken from counts of 1, of 2, and of 3 and more.

    With n(k) the number of counts that are k and D = n(1) / (n(1) + 2 n(2)), it is
    k - (k + 1) D n(k + 1) / n(k) (Chen and Goodman 1998), and D where one of them is missing.
    """
    number = [int(np.count_nonzero(counts == k)) for k in range(1, 5)]
    single = number[0] / (number[0] + 2 * number[1]) if number[0] and number[1] else USUAL
    if not all(number):
        return single, single, single
    each = [k - (k + 1) * single * number[k] / number[k - 1] for k in range(1, 4)]
    first, second, more = (min(max(d, LEAST), k - LEAST) for k, d in enumerate(each, 1))
    return first, second, more


def _unigram(level: _Level, words: int, start: int) -> Floats:
    row = np.full(words, level.backoff[0] / (words - 2))
    row[level.ngrams] += level.shares
    row[[PADDING, start]] = 0
    return row
