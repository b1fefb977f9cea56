"""ngrams.zlib to counted n-grams and back, small and checked. The format is in models/README.md.

N-grams in ascending order are a tree: each node says how far its id lies above that of the node before
it, and how many nodes follow below it - or, at the end of an n-gram, how often that occurs. Nearly all
of these numbers are small, so their high bytes lie together and pack to next to nothing.
"""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.library.limits import NGRAMS_AT_MOST, Content
from core.text.kneser_ney import HIGHEST_ORDER, LOWEST_ORDER, PADDING, NGrams
from core.text.vocabulary import Vocabulary

Integers = NDArray[np.int64]
NUMBER = np.dtype("<u4")


class WrongNGrams(ValueError):
    """What a file of n-grams holds is not what it must hold."""


def write(ngrams: NGrams) -> bytes:
    """Return n-grams as the content of a file."""
    ids, counts = ngrams
    order = ids.shape[1]
    places = [_firsts(ids[:, :length]) for length in range(1, order + 1)]
    columns: list[Sequence[int] | Integers] = [[order], [*map(len, places)]]
    for length, firsts in enumerate(places, 1):
        columns.append(_steps(ids[firsts, :length]))
        if length < order:
            columns.append(_below(firsts, places[length]))
    columns.append(np.minimum(counts, np.iinfo(NUMBER).max))
    return zlib.compress(b"".join(map(_planes, columns)), 9)


def _below(nodes: Integers, longer: Integers) -> Integers:
    """Return how many of the longer prefixes begin with each, given where they stand."""
    return np.diff(np.append(np.searchsorted(longer, nodes), len(longer)))


def _firsts(prefixes: Integers) -> Integers:
    """Return where each prefix stands for the first time, among sorted ones."""
    changes = (prefixes[1:] != prefixes[:-1]).any(axis=1)
    return np.flatnonzero(np.append(True, changes))


def _steps(nodes: Integers) -> Integers:
    """Return by how much more than 1 each id lies above the one before it, below the same node."""
    ids = nodes[:, -1]
    siblings = (nodes[1:, :-1] == nodes[:-1, :-1]).all(axis=1)
    return np.append(ids[:1], np.where(siblings, ids[1:] - ids[:-1] - 1, ids[1:]))


def _planes(numbers: Sequence[int] | Integers) -> bytes:
    """Return four bytes a number: all lowest ones first, all highest ones last."""
    return np.asarray(numbers, NUMBER).view(np.uint8).reshape(-1, NUMBER.itemsize).T.tobytes()


def read(content: Content, vocabulary: Vocabulary) -> NGrams:
    """Return the n-grams of a file.

    Raises:
        WrongNGrams: it is none, or its n-grams are not such as lines of this vocabulary have.
    """
    numbers = _Numbers(content)
    order = int(numbers.take(1)[0])
    if not LOWEST_ORDER <= order <= HIGHEST_ORDER:
        raise WrongNGrams(f"it has n-grams of {order:,} words")
    sizes = numbers.take(order).tolist()
    if not 1 <= sizes[0] <= sizes[-1] <= NGRAMS_AT_MOST or sorted(sizes) != sizes:
        raise WrongNGrams(f"it has {sizes[-1]:,} n-grams, and may have {NGRAMS_AT_MOST:,}")
    ids, parents = np.zeros((1, 0), np.int64), np.array([sizes[0]], np.int64)
    for size in sizes:
        if parents.min() < 1 or int(parents.sum()) != size:
            raise WrongNGrams("its tree of n-grams does not fit together")
        rows = np.repeat(np.arange(len(ids)), parents)
        ids = np.column_stack([ids[rows], _ids(numbers.take(size), parents)])
        parents = numbers.take(size)
    numbers.end()
    _check(ids, parents, vocabulary)
    return NGrams(ids, parents)


def _ids(steps: Integers, siblings: Integers) -> Integers:
    """Return ids from the steps between siblings, of which there are so many below each node."""
    climbed = np.cumsum(steps + 1) - 1
    starts = np.cumsum(siblings) - siblings
    ids: Integers = climbed - np.repeat(climbed[starts] - steps[starts], siblings)
    return ids


def _check(ids: Integers, counts: Integers, vocabulary: Vocabulary) -> None:
    if ids.max() >= len(vocabulary):
        raise WrongNGrams("it has words that the vocabulary lacks")
    if counts.min() < 1:
        raise WrongNGrams("it has n-grams that never occurred")
    if vocabulary.start is None:
        raise WrongNGrams("it counts lines that begin with <s>, which the vocabulary lacks")
    padding, begins = ids == PADDING, ids == vocabulary.start
    # Padding ends where `<s>` stands, and `<s>` stands where padding ends or at the very beginning.
    if padding[:, -2:].any() or (padding[:, :-1] & ~(padding | begins)[:, 1:]).any():
        raise WrongNGrams("it has padding within a line")
    if begins[:, -1].any() or (begins[:, 1:] & ~padding[:, :-1]).any():
        raise WrongNGrams("it has lines that begin twice")


class _Numbers:
    """The numbers of a file, one array after another; no more is unpacked than is asked for."""

    def __init__(self, content: Content) -> None:
        self._packed: Content = content
        self._unpacker = zlib.decompressobj()

    def take(self, count: int) -> Integers:
        """Return the next numbers."""
        size, found = count * NUMBER.itemsize, b""
        try:
            while len(found) < size:
                piece = self._unpacker.decompress(self._packed, size - len(found))
                self._packed = self._unpacker.unconsumed_tail
                if not piece:
                    break
                found += piece
        except zlib.error as error:
            raise WrongNGrams(f"it cannot be unpacked ({error})") from error
        if len(found) < size:
            raise WrongNGrams("it ends too early")
        planes = np.frombuffer(found, np.uint8).reshape(NUMBER.itemsize, count)
        numbers: Integers = np.ascontiguousarray(planes.T).view(NUMBER)[:, 0].astype(np.int64)
        return numbers

    def end(self) -> None:
        """See that nothing is left."""
        try:
            left = self._unpacker.decompress(self._packed, 1)
        except zlib.error as error:
            raise WrongNGrams(f"it cannot be unpacked ({error})") from error
        if left or self._unpacker.unused_data:
            raise WrongNGrams("it goes on after its last number")
        if not self._unpacker.eof:
            raise WrongNGrams("it ends too early")
