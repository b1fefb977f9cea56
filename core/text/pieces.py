"""Words to pieces: byte-pair encoding, as sentencepiece does it, with nothing but a list of pieces.

A word is spelt with a sign before it and joined, two neighbours at a time, to the pieces that stand
earliest in the list (Gage 1994; Sennrich, Haddow and Birch 2016). What is no piece even alone becomes
the bytes of its UTF-8, so nothing is unknown. How the list is learnt is `core.training.merges`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from heapq import heapify, heappop, heappush
from itertools import islice, pairwise

from core.text.cleaning import Cleaning

BEGINS = "▁"
"""What a piece begins with that begins a word, as in sentencepiece."""

BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
"""The tokens of the bytes, by their values."""

_IS_BYTE = frozenset(BYTES)

REMEMBERED = 1 << 16
"""Words whose pieces are remembered, of at most `LONGEST` characters each."""

LONGEST = 64


def is_byte(token: str) -> bool:
    """Say whether a token of a vocabulary of pieces is a byte: read, and never said."""
    return token in _IS_BYTE


def begins(token: str) -> bool:
    """Say whether a piece begins a word."""
    return token.startswith(BEGINS)


class Pieces:
    """A list of pieces, and what it makes of words.

    Args:
        ranks: the pieces, each with its place: of two joins that could be made, the one whose piece
            has the lower is made first.
    """

    def __init__(self, ranks: Mapping[str, int]) -> None:
        self._ranks = ranks
        self._remembered = lru_cache(REMEMBERED)(self._spell)

    @property
    def tokens(self) -> list[str]:
        """The pieces in the order in which they are joined."""
        return list(self._ranks)

    def spell(self, word: str) -> tuple[str, ...]:
        """Return the pieces and bytes of a word, the first of which begin with the sign for that."""
        return self._remembered(word) if len(word) <= LONGEST else self._spell(word)

    def joins(self, word: str) -> Iterator[str]:
        """Yield the piece of every join that is made in a word."""
        for run in _runs(word):
            made: list[str] = []
            self._join(run, made)
            yield from made

    def inside(self, text: str) -> tuple[str, ...]:
        """Return the pieces of a part of a word that does not begin it."""
        return self._symbols(text)

    def holding(self, text: str) -> list[str]:
        """Return the pieces that have a text in them."""
        return [piece for piece in self._ranks if text in piece]

    def ways(self, word: str, most: int, begun: bool = True) -> list[tuple[str, ...]]:
        """Return how a word can be put together of pieces, `spell`'s way first: `most` ways at most.

        A word that is too long to be remembered has that one way.

        Args:
            word: the word, or with `begun` off a part of one that does not begin it.
            most: ways at most.
            begun: whether its beginning is one.
        """
        own = self.spell(word) if begun else self.inside(word)
        if len(word) > LONGEST or BEGINS in word or any(map(is_byte, own)):
            return [own]
        found = islice(self._ways(BEGINS + word if begun else word), most)
        return list(dict.fromkeys((own, *found)))[:most]

    def _ways(self, run: str) -> Iterator[tuple[str, ...]]:
        """Yield the ways of a run, those that begin with long pieces first."""
        size, ranks = len(run), self._ranks
        ends: list[list[int]] = [[] for _ in run]
        whole = {size}
        for start in reversed(range(size)):
            ends[start] = [
                end for end in range(size, start, -1) if end in whole and run[start:end] in ranks
            ]
            if ends[start]:
                whole.add(start)

        def after(start: int) -> Iterator[tuple[str, ...]]:
            if start == size:
                yield ()
            for end in ends[start] if start < size else ():
                yield from ((run[start:end], *rest) for rest in after(end))

        return after(0)

    def _spell(self, word: str) -> tuple[str, ...]:
        first, *others = _runs(word)
        spelt = [*self._symbols(first)]
        for run in others:  # a sign that was in the word itself begins nothing
            spelt += (*_bytes(BEGINS), *self._symbols(run))
        return tuple(spelt)

    def _symbols(self, run: str) -> tuple[str, ...]:
        spelt: list[str] = []
        for symbol in self._join(run, []):
            spelt += [symbol] if symbol in self._ranks else _bytes(symbol)
        return tuple(spelt)

    def _join(self, run: str, made: list[str]) -> list[str]:
        """Return the symbols of a run once nothing more can be joined; `made` takes what was.

        Symbols are a list whose members know their neighbours, and possible joins a heap, so a run of
        n characters takes n log n steps.
        """
        ranks, symbols, size = self._ranks, list(run), len(run)
        after, before = list(range(1, size + 1)), list(range(-1, size - 1))
        heap = [
            (rank, place, one, other)
            for place, (one, other) in enumerate(pairwise(run))
            if (rank := ranks.get(one + other)) is not None
        ]
        heapify(heap)
        while heap:
            _, place, one, other = heappop(heap)
            next_ = after[place]
            if symbols[place] != one or next_ == size or symbols[next_] != other:
                continue  # one of them has been joined to something else meanwhile
            joined = symbols[place] = one + other
            symbols[next_] = ""
            made.append(joined)
            behind = after[place] = after[next_]
            if behind < size:
                before[behind] = place
                rank = ranks.get(joined + symbols[behind])
                if rank is not None:
                    heappush(heap, (rank, place, joined, symbols[behind]))
            front = before[place]
            if front >= 0:
                rank = ranks.get(symbols[front] + joined)
                if rank is not None:
                    heappush(heap, (rank, front, symbols[front], joined))
        return [symbol for symbol in symbols if symbol]


def _bytes(text: str) -> list[str]:
    return [BYTES[byte] for byte in text.encode("utf-8", "replace")]


def _runs(word: str) -> list[str]:
    """Return what may be joined within itself: a word with the sign before it, cut at further signs."""
    first, *others = word.split(BEGINS)
    return [BEGINS + first, *others]


def words_of(tokens: Iterable[str]) -> list[list[str]]:
    """Return the tokens of each word, where they begin with a word's beginning."""
    words: list[list[str]] = []
    for token in tokens:
        if begins(token):
            words.append([])
        words[-1].append(token)
    return words


def in_pieces(cleaning: Cleaning, pieces: Pieces) -> Cleaning:
    """Return a cleaning whose tokens are not words but their pieces."""
    return replace(
        cleaning,
        split=partial(_split, cleaning, pieces),
        piece=partial(_piece, cleaning),
    )


def _split(cleaning: Cleaning, pieces: Pieces, line: str) -> list[str]:
    return spelt(cleaning.split(line), pieces)


def spelt(words: Iterable[str], pieces: Pieces) -> list[str]:
    """Return the pieces of some words, one after another."""
    return [piece for word in words for piece in pieces.spell(word)]


def _piece(cleaning: Cleaning, text: str, token: str) -> str:
    """Say what to add to a text: a word's beginning as the cleaning has it, anything else as it is."""
    if not begins(token):
        return token
    if token == BEGINS:  # the letters of the word come as bytes, or one by one
        return cleaning.piece(text, "a").removesuffix("a")
    return cleaning.piece(text, token.removeprefix(BEGINS))
