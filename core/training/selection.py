"""Which lines of a text are learnt from and which are held out, read block by block."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.text.corpus import Corpus

_T = TypeVar("_T")

BLOCK = 256
"""Lines that are read together: neighbours in the text, some ten kilobytes."""

WINDOW = 1 << 20
"""Words that are shuffled together; a text that has no more is shuffled as a whole."""

SCANNED = 1 << 20
"""Lines whose lengths are looked at together."""

Numbers = NDArray[np.int64]


class Ragged(NamedTuple):
    """Lines of ids one after another, and the length of each."""

    ids: NDArray[np.int32]
    lengths: Numbers


class Lines(Protocol):
    """Lines of ids that are read in blocks, the last of which may be smaller than others."""

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        ...

    @property
    def tokens(self) -> int:
        """Ids in all of them."""
        ...

    def read(self, blocks: Iterable[int]) -> Ragged:
        """Return the lines of some blocks, in the order in which these are asked for."""
        ...


def windows(lines: Lines, random: np.random.Generator | None) -> Iterator[Ragged]:
    """Yield all lines, as many at a time as are shuffled together, one window at least.

    Args:
        lines: what is read.
        random: mixes the blocks over the windows; without it, and in a single window, they stay in
            their order.
    """
    count = max(1, -(-lines.tokens // WINDOW))
    order = np.arange(lines.blocks)
    if random is not None and count > 1:
        order = random.permutation(lines.blocks)
    for blocks in np.array_split(order, count):
        yield lines.read(blocks.tolist())


def held_out(first: int, last: int, lines: int, count: int) -> NDArray[np.bool_]:
    """Say for the lines from `first` to before `last` which of them are held out.

    Of all `lines`, `count` are, evenly spread, so a file sorted by date or topic is represented whole.
    """
    marks = np.zeros(last - first, np.bool_)
    if count:
        begin, end = first * count // lines - 1, -(-last * count // lines) + 1
        numbers = np.arange(max(begin, 0), min(end, count))
        places = ((numbers + 0.5) * lines / count).astype(np.int64)
        marks[places[(places >= first) & (places < last)] - first] = True
    return marks


def how_many_held_out(lines: int, share: float) -> int:
    """Say how many lines are held out; with a share above 0 one at least, but not all."""
    if share <= 0 or lines < 2:
        return 0
    return min(max(1, round(lines * share)), lines - 1)


def parted(lines: Sequence[_T], share: float) -> tuple[list[_T], list[_T]]:
    """Return the lines that are learnt from and those that are held out, as Split tells them apart."""
    marks = held_out(0, len(lines), len(lines), how_many_held_out(len(lines), share))
    chosen: tuple[list[_T], list[_T]] = [], []
    for line, held in zip(lines, marks, strict=True):
        chosen[int(held)].append(line)
    return chosen


@dataclass(frozen=True)
class Split:
    """A text with its lines told apart by position: so many of them are held out.

    Repeated lines are left out before, where they are not wanted, or a line could stand on both sides.
    """

    corpus: Corpus
    deduplicate: bool
    share: float

    @cached_property
    def lines(self) -> int:
        """How many lines there are on both sides."""
        facts = self.corpus.facts
        return facts.lines - facts.repeated if self.deduplicate else facts.lines

    @cached_property
    def held_out(self) -> int:
        """How many lines are held out."""
        return how_many_held_out(self.lines, self.share)

    @property
    def training(self) -> "Side":
        """The lines that are learnt from."""
        return Side(self, False)

    @property
    def validation(self) -> "Side":
        """The lines that are held out."""
        return Side(self, True)

    @cached_property
    def starts(self) -> tuple[Numbers, Numbers]:
        """Where each block begins, in words and in lines that are wanted, and the end of the last."""
        words, wanted = [], []
        for first in range(0, self.corpus.facts.lines, SCANNED):
            arrays = self.corpus.arrays()
            lengths = arrays.lengths[first : first + SCANNED]
            blocks = np.arange(0, len(lengths), BLOCK)
            words.append(np.add.reduceat(lengths, blocks, dtype=np.int64))
            new = self._wanted(arrays.repeated[first : first + SCANNED])
            wanted.append(np.add.reduceat(new, blocks, dtype=np.int64))
        return _ends(np.concatenate(words)), _ends(np.concatenate(wanted))

    def read(self, blocks: Iterable[int], held: bool) -> Ragged:
        """Return the lines of one side that stand in these blocks."""
        words, ranks = self.starts
        found = [Ragged(np.empty(0, np.int32), np.empty(0, np.int64))]
        for block in blocks:
            lines = slice(block * BLOCK, (block + 1) * BLOCK)
            arrays = self.corpus.part(slice(words[block], words[block + 1]), lines)
            lengths, chosen = arrays.lengths.astype(np.int64), self._wanted(arrays.repeated)
            side = held_out(int(ranks[block]), int(ranks[block + 1]), self.lines, self.held_out)
            chosen[chosen] = side == held
            found.append(
                Ragged(arrays.ids[np.repeat(chosen, lengths)].astype(np.int32), lengths[chosen])
            )
        ids = np.concatenate([some.ids for some in found])
        return Ragged(ids, np.concatenate([some.lengths for some in found]))

    def _wanted(self, repeated: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return ~repeated if self.deduplicate else np.ones(len(repeated), np.bool_)


def _ends(lengths: Numbers) -> Numbers:
    return np.concatenate([[0], np.cumsum(lengths)])


@dataclass(frozen=True)
class Side:
    """The lines of one side of a split, as the numbers that words have in the corpus."""

    split: Split
    held: bool

    def __len__(self) -> int:
        split = self.split
        return split.held_out if self.held else split.lines - split.held_out

    @property
    def blocks(self) -> int:
        """See Lines."""
        return len(self.split.starts[0]) - 1

    @property
    def tokens(self) -> int:
        """About as many as there are; see Lines."""
        return self.split.corpus.facts.tokens * len(self) // self.split.lines

    def read(self, blocks: Iterable[int]) -> Ragged:
        """See Lines."""
        return self.split.read(blocks, self.held)


class Tally:
    """How often each word comes on one side, where it comes first, and how long the lines are.

    `marks` says which numbers are labels, which count as no words: `labels` has how often they come.
    """

    def __init__(self, side: Side, marks: NDArray[np.bool_] | None = None) -> None:
        words = side.split.corpus.facts.words
        self.lines = len(side)
        self.tokens = self.longest = 0
        self.counts = np.zeros(words, np.int64)
        self.places = np.full(words, -1, np.int64)
        for ids, lengths in windows(side, None):
            if len(ids):
                self._add(ids, int(lengths.max()))
        self.labels = np.zeros(words, np.int64)
        if marks is not None:
            self.labels[marks], self.counts[marks] = self.counts[marks], 0
            self.tokens = int(self.counts.sum())

    def pieces(self, table: NDArray[np.int32] | Ragged) -> int:
        """Return how many ids the words become."""
        return int(self.counts @ table.lengths) if isinstance(table, Ragged) else self.tokens

    def _add(self, ids: NDArray[np.int32], longest: int) -> None:
        self.counts += np.bincount(ids, minlength=len(self.counts))
        first = np.full(len(self.places), -1, np.int64)
        first[ids[::-1]] = np.arange(len(ids) - 1, -1, -1) + self.tokens  # the last one stays
        self.places = np.where(self.places < 0, first, self.places)
        self.tokens, self.longest = self.tokens + len(ids), max(self.longest, longest)


@dataclass(frozen=True)
class Encoded:
    """Lines as the ids of a vocabulary.

    `table` has an id for each number of the corpus, -1 for what a model reads as nothing at all; or
    for each number the ids of its pieces.
    """

    side: Side
    table: NDArray[np.int32] | Ragged
    tokens: int

    @property
    def blocks(self) -> int:
        """See Lines."""
        return self.side.blocks

    def read(self, blocks: Iterable[int]) -> Ragged:
        """See Lines."""
        words, lengths = self.side.read(blocks)
        if isinstance(self.table, Ragged):
            return self._spelt(words, lengths)
        ids = self.table[words]
        known = ids >= 0
        if known.all():
            return Ragged(ids, lengths)
        return Ragged(ids[known], _sums(known.astype(np.int64), lengths))

    @cached_property
    def _starts(self) -> Numbers:
        """Where the pieces of each word begin."""
        assert isinstance(self.table, Ragged)
        return _ends(self.table.lengths)

    def _spelt(self, words: NDArray[np.int32], lengths: Numbers) -> Ragged:
        assert isinstance(self.table, Ragged)
        sizes = self.table.lengths[words]
        ends = np.cumsum(sizes)
        # The place of each piece: where its word's pieces begin, and how many of them are before it.
        places = np.repeat(self._starts[words] - (ends - sizes), sizes) + np.arange(sizes.sum())
        return Ragged(self.table.ids[places], _sums(sizes, lengths))


def _sums(values: Numbers, lengths: Numbers) -> Numbers:
    """Return the sum of the values of each line: (words,) and (lines,) to (lines,)."""
    ends, before = np.cumsum(lengths), _ends(values)
    sums: Numbers = before[ends] - before[ends - lengths]
    return sums
