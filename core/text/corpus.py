"""Raw rows to the lines that a model learns from: dropped, cleaned, numbered, counted."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import core
from core.errors import InputError
from core.text import cache
from core.text.cleaning import Cleaning, cleaning
from core.text.encoding import (
    IDS,
    LENGTHS,
    REMEMBERED,
    REPEATED,
    WORDS,
    Encoder,
    Facts,
)
from core.text.labels import Labels, is_label, words_of
from core.text.reading import RawText, pieces
from core.text.storage import Memory, Storage, read_words
from core.text.vocabulary import PADDING

Watch = Callable[[int, float], None]
"""Told how many rows are read, and how much of the files, from 0 to 1."""

FORGOTTEN = (
    "there are so many different words that the rarest were counted in parts; "
    "some of them may be taken for rarer than they are"
)

COUNTED = 1 << 20
"""Words that are counted at a time."""

Line = tuple[str, ...]
"""A cleaned line: its words, after its label's token where it has one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may stand in memory: bytes of files, beyond which a text is kept on the disk, and words."""

    bytes: int = 4 << 20
    words: int = REMEMBERED


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Source:
    """Where the text comes from and how to take it out of its files."""

    files: tuple[Path, ...]
    column: str | None = None
    drop: tuple[str, ...] = ()
    encoding: str | None = None
    label: str | None = None
    """The column of the lines' labels, where they have some."""


class Arrays(NamedTuple):
    """The words of all lines one after another, and for each line its length and whether it repeats."""

    ids: NDArray[np.uint32]
    lengths: NDArray[np.uint32]
    repeated: NDArray[np.bool_]


@dataclass(frozen=True)
class Corpus:
    """Cleaned lines as numbers of words, with a count of what was read and what was left out.

    A small text stands in memory, a large one in the cache directory, see core.text.cache.
    """

    rows: int
    dropped: int
    blank: int
    facts: Facts
    cleaning: Cleaning
    storage: Storage
    texts: tuple[RawText, ...]
    """The files, without their rows."""

    notices: tuple[str, ...] = ()
    """What the user should know of how it was read."""

    @classmethod
    def load(
        cls,
        source: Source,
        cleaning_name: str,
        watch: Watch = lambda rows, share: None,
        limits: Limits = LIMITS,
    ) -> "Corpus":
        """Read, drop, clean and number; repeated lines are kept.

        Args:
            source: the files and how to read them. A value of `drop` matches a whole raw cell.
            cleaning_name: see core.text.cleaning.
            watch: told now and then how far it is; what it raises ends it.
            limits: what may stand in memory.

        Raises:
            InputError: a file cannot be used, no line is left, or there is no room for a large text.
        """
        method = cleaning(cleaning_name)
        reading = _Reading(source, method, watch, limits.words, Labels(source.label or ""))
        notice = None
        storage: Storage = Memory()
        if any(path.is_fifo() for path in source.files):
            storage, record = cache.temporary(reading.encode)
        elif _size(source.files) > limits.bytes:
            key = cache.key_of(source.files, reading.settings(), lambda: watch(0, 0.0))
            storage, record, notice = cache.prepared(key, reading.encode)
        else:
            record = reading.encode(storage)
        facts = Facts(**record["facts"])
        rows, dropped, blank = record["counts"]
        taken = zip(source.files, record["taken"], strict=True)
        return cls(
            rows,
            dropped,
            blank,
            facts,
            method,
            storage,
            tuple(RawText(path, [], column, guessed) for path, (column, guessed) in taken),
            tuple(filter(None, (notice, FORGOTTEN if facts.forgotten else None))),
        )

    @property
    def fingerprint(self) -> str:
        """The sha256 of the cleaned lines: the same text gives the same fingerprint anywhere."""
        return self.facts.fingerprint

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines as words, for texts that fit in memory."""
        words, arrays = list(self.words()), self.arrays()
        ends = np.cumsum(arrays.lengths, dtype=np.int64)
        return tuple(
            tuple(words[id_] for id_ in arrays.ids[end - length : end].tolist())
            for end, length in zip(ends.tolist(), arrays.lengths.tolist(), strict=True)
        )

    def unique_lines(self) -> tuple[Line, ...]:
        """Return every line once, in order of first appearance, for texts that fit in memory."""
        return tuple(dict.fromkeys(self.lines))

    def words(self) -> Iterator[str]:
        """Yield the words by their numbers; one that was forgotten meanwhile comes more than once."""
        return read_words(self.storage.lines(WORDS))

    def arrays(self) -> Arrays:
        """Return the lines as they stand in memory or on the disk; let go of them soon."""
        view = self.storage.view
        return Arrays(view(IDS, np.uint32), view(LENGTHS, np.uint32), view(REPEATED, np.bool_))

    def part(self, words: slice, lines: slice) -> Arrays:
        """Return a copy of some of the lines, and of the words that they have."""
        read = self.storage.read
        return Arrays(
            read(IDS, np.uint32, words),
            read(LENGTHS, np.uint32, lines),
            read(REPEATED, np.bool_, lines),
        )


@dataclass(frozen=True)
class _Reading:
    """A text on its way from files to numbers."""

    source: Source
    method: Cleaning
    watch: Watch
    remembered: int
    labels: Labels

    def settings(self) -> dict[str, Any]:
        """Return all that the numbers depend on beside the content of the files."""
        source = self.source
        return {
            "version": core.__version__,
            "cleaning": self.method.name,
            "column": source.column,
            "drop": sorted(source.drop),
            "encoding": source.encoding,
            "remembered": self.remembered,
            **({} if source.label is None else {"label": source.label}),
        }

    def encode(self, storage: Storage) -> dict[str, Any]:
        """Write the text to a storage; return its facts, and the column taken of each file."""
        counts, longest = Counter[str](), 0
        taken: dict[Path, tuple[str | None, bool]] = {}
        with (
            closing(Encoder(storage, self.remembered)) as encoder,
            closing(self._pieces()) as texts,
        ):
            for text, share in texts:
                kept, lines = self._lines(text)
                encoder.add(lines)
                if text.labels is not None:
                    longest = max(longest, *(len(words_of(line)) for line in lines), 0)
                counts.update(rows=len(text.rows), kept=kept, lines=len(lines))
                taken[text.path] = (text.column, text.guessed)
                self.watch(counts["rows"], share)
            rows, dropped = counts["rows"], counts["rows"] - counts["kept"]
            if not counts["lines"]:
                raise InputError(_nothing_left(self.source, rows, counts["kept"], self.method))
            facts = encoder.finish()
        if longest:  # without the label, which is no word
            facts = replace(facts, longest=longest)
        return {
            "facts": asdict(facts),
            "counts": (rows, dropped, counts["kept"] - counts["lines"]),
            "taken": [taken[path] for path in self.source.files],
        }

    def _lines(self, text: RawText) -> tuple[int, list[Sequence[str]]]:
        """Return how many rows are not dropped, and the words of those that have any."""
        unwanted = frozenset(self.source.drop)
        kept = [row.strip() not in unwanted for row in text.rows]
        words = map(self.method.split, compress(text.rows, kept))
        if text.labels is None:
            return sum(kept), [line for line in words if line]
        before = self.labels.before(compress(text.labels, kept))
        return sum(kept), [(*label, *line) for label, line in zip(before, words, strict=True) if line]

    def _pieces(self) -> Generator[tuple[RawText, float], None, None]:
        """Yield what was read, and how much of all it is up to there."""
        source, before, whole = self.source, 0, max(1, _size(self.source.files))
        for path in source.files:
            with closing(pieces(path, source.column, source.encoding, source.label)) as texts:
                for text in texts:
                    yield text, min(1.0, (before + text.bytes_read) / whole)
            before += _size([path])


def _size(files: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in files if path.is_file())


@dataclass(frozen=True, slots=True)
class CorpusCounts:
    """What a text would be to a model, as `headlong corpus` prints it."""

    rows: int
    lines: int
    dropped: int
    blank: int
    duplicates: int
    vocabulary: int
    samples: int
    longest: int
    tokens: int
    labels: int
    labelled: int
    """Different labels, and lines that have one; labels count as nothing else."""
    kept: dict[int, tuple[int, float]]
    """For each `min_count`: the words kept, and the share of tokens that would become `<unk>`."""


def count(corpus: Corpus) -> CorpusCounts:
    """Count a corpus the way the tutorial does: padding is in the vocabulary, samples are prefixes."""
    facts, counts = corpus.facts, occurrences(corpus)
    marks = label_marks(corpus)
    labelled = int(counts[marks].sum())
    tokens = facts.tokens - labelled
    return CorpusCounts(
        rows=corpus.rows,
        lines=facts.lines,
        dropped=corpus.dropped,
        blank=corpus.blank,
        duplicates=facts.repeated,
        vocabulary=1 + int((~marks).sum()) - sum(word == PADDING for word in corpus.words()),
        samples=tokens - facts.lines,
        longest=facts.longest,
        tokens=tokens,
        labels=len(set(filter(is_label, corpus.words()))) if labelled else 0,
        labelled=labelled,
        kept={least: _kept(counts[~marks], least) for least in (1, 2, 3, 5, 10)},
    )


def label_marks(corpus: Corpus) -> NDArray[np.bool_]:
    """Say which numbers of words are those of labels."""
    return np.fromiter(map(is_label, corpus.words()), np.bool_, corpus.facts.words)


def occurrences(corpus: Corpus) -> NDArray[np.int64]:
    """Return how often each number of a word comes."""
    facts = corpus.facts
    counts = np.zeros(facts.words, np.int64)
    for first in range(0, facts.tokens, COUNTED):
        counts += np.bincount(corpus.arrays().ids[first : first + COUNTED], minlength=facts.words)
    return counts


def _kept(counts: NDArray[np.int64], least: int) -> tuple[int, float]:
    rare = counts[counts < least]
    return len(counts) - len(rare), float(rare.sum() / counts.sum())


def _nothing_left(source: Source, rows: int, kept: int, method: Cleaning) -> str:
    names = ", ".join(str(path) for path in source.files)
    if not kept:
        return f"every one of the {rows} rows of {names} is dropped by --drop; drop fewer values"
    return (
        f"no line of {names} is left after the cleaning {method.name!r} "
        f"({rows} rows, {rows - kept} dropped); try --cleaning cased or another --column"
    )
