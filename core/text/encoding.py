"""Words to numbers, once, in the order of first sight, so that a text takes four bytes a word.

These numbers know nothing of a vocabulary yet: which words are learnt depends on what is held out and
on `min_count`, and any choice of them is a table from these numbers to a model's ids.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from core.errors import InputError
from core.text.repeats import Repeats
from core.text.storage import Storage, write_words

IDS, LENGTHS, REPEATED, WORDS = "ids", "lengths", "repeated", "words"

REMEMBERED = 1_000_000
"""Words that are looked up at the same time, some 150 MB; a model may not hold more anyway."""

DIFFERENT = 8_000_000
"""Numbers that are given to words at the most."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was counted while a text was encoded; the fingerprint is the sha256 of its lines.

    `forgotten` says that rare words had to make room, and may have been counted in parts.
    """

    lines: int
    repeated: int
    tokens: int
    longest: int
    words: int
    fingerprint: str
    forgotten: bool


class Encoder:
    """Takes the words of lines and writes their numbers.

    Where there are more than `remembered` different words, the rarest are forgotten, as in lossy
    counting (Manku and Motwani 2002); one that comes again gets another number.
    """

    def __init__(self, storage: Storage, remembered: int, different: int = DIFFERENT) -> None:
        self._storage, self._remembered, self._different = storage, remembered, different
        self._ids, self._lengths, self._words = map(storage.create, (IDS, LENGTHS, WORDS))
        self._repeats = Repeats(storage)
        self._numbers: dict[str, int] = {}
        self._counts = np.zeros(0, np.int64)
        self._given = self._lines = self._tokens = self._longest = 0
        self._forgotten = False
        self._digest = hashlib.sha256()

    def add(self, lines: Sequence[Sequence[str]]) -> None:
        """Take the next lines, none of them empty.

        Raises:
            InputError: there are too many different words.
            OSError: they cannot be written.
        """
        if not lines:
            return
        self._number(list(dict.fromkeys(chain.from_iterable(lines))))
        lengths = np.fromiter(map(len, lines), np.uint32, len(lines))
        tokens = int(lengths.sum())
        ids = np.fromiter(map(self._numbers.__getitem__, chain.from_iterable(lines)), np.uint32, tokens)
        self._ids.write(ids.tobytes())
        self._lengths.write(lengths.tobytes())
        texts = [" ".join(line).encode() + b"\n" for line in lines]
        self._digest.update(b"".join(texts))
        self._repeats.add(texts)
        self._lines, self._tokens = self._lines + len(lines), self._tokens + tokens
        self._longest = max(self._longest, int(lengths.max()))
        self._counts += np.bincount(ids, minlength=self._given)
        if len(self._numbers) > self._remembered:
            self._forget()

    def finish(self) -> Facts:
        """Write what is left.

        Raises:
            OSError: it cannot be written.
        """
        marks = self._repeats.marks()
        with self._storage.create(REPEATED) as file:
            file.write(marks.tobytes())
        self.close()
        return Facts(
            self._lines,
            int(marks.sum()),
            self._tokens,
            self._longest,
            self._given,
            self._digest.hexdigest(),
            self._forgotten,
        )

    def close(self) -> None:
        """Close the files, also where it was not finished."""
        self._repeats.close()
        for file in (self._ids, self._lengths, self._words):
            file.close()

    def _number(self, words: list[str]) -> None:
        new = [word for word in words if word not in self._numbers]
        if self._given + len(new) > self._different:
            raise InputError(
                f"the text has more than {self._different:,} different words, as no language has; "
                "choose another cleaning, such as --cleaning plain, or name another --column"
            )
        self._numbers.update(zip(new, range(self._given, self._given + len(new)), strict=True))
        self._given += len(new)
        self._counts = np.pad(self._counts, (0, len(new)))
        write_words(new, self._words)

    def _forget(self) -> None:
        self._forgotten, least = True, 1
        while len(self._numbers) > self._remembered // 2:
            least += 1
            often = (self._counts >= least).tobytes()
            self._numbers = {word: id_ for word, id_ in self._numbers.items() if often[id_]}
