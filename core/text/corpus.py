"""Raw rows to the lines that a model learns from: dropped, cleaned, counted, split."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.text.cleaning import Cleaning, cleaning
from core.text.reading import RawText, read
from core.text.vocabulary import PADDING, Vocabulary

Line = tuple[str, ...]
"""A cleaned line: its words."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the text comes from and how to take it out of its files."""

    files: tuple[Path, ...]
    column: str | None = None
    drop: tuple[str, ...] = ()
    encoding: str | None = None


@dataclass(frozen=True)
class Corpus:
    """Cleaned lines, with a count of what was read and what was left out on the way."""

    lines: tuple[Line, ...]
    rows: int
    dropped: int
    blank: int
    cleaning: Cleaning
    texts: tuple[RawText, ...] = ()

    @classmethod
    def load(cls, source: Source, cleaning_name: str) -> "Corpus":
        """Read, drop and clean; repeated lines are kept.

        Args:
            source: the files and how to read them. A value of `drop` matches a whole raw cell.
            cleaning_name: see core.text.cleaning.

        Raises:
            InputError: a file cannot be used, or no line is left.
        """
        method = cleaning(cleaning_name)
        texts = tuple(read(path, source.column, source.encoding) for path in source.files)
        rows = [row for text in texts for row in text.rows]
        unwanted = frozenset(source.drop)
        kept = [row for row in rows if row.strip() not in unwanted]
        lines = [tuple(words) for words in map(method.split, kept) if words]
        if not lines:
            raise InputError(_nothing_left(source, len(rows), len(kept), method))
        dropped = len(rows) - len(kept)
        return cls(tuple(lines), len(rows), dropped, len(kept) - len(lines), method, texts)

    @property
    def fingerprint(self) -> str:
        """The sha256 of the cleaned lines: the same text gives the same fingerprint anywhere."""
        digest = hashlib.sha256()
        for line in self.lines:
            digest.update(" ".join(line).encode() + b"\n")
        return digest.hexdigest()

    def unique_lines(self) -> tuple[Line, ...]:
        """Return every line once, in order of first appearance."""
        return tuple(dict.fromkeys(self.lines))


def split_lines(lines: Sequence[Line], share: float) -> tuple[list[Line], list[Line]]:
    """Split lines into training and validation by position, evenly over the file.

    Held-out lines lie `1 / share` apart, so a file sorted by date or topic is represented whole. Take
    repeated lines out first, or a line can stand on both sides.

    Returns:
        The training lines and the validation lines, both in file order; with a share above 0 at least
        one of each where there are two lines.
    """
    if share <= 0 or len(lines) < 2:
        return list(lines), []
    count = min(max(1, round(len(lines) * share)), len(lines) - 1)
    held_out = {int((index + 0.5) * len(lines) / count) for index in range(count)}
    training = [line for index, line in enumerate(lines) if index not in held_out]
    return training, [lines[index] for index in sorted(held_out)]


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
    kept: dict[int, tuple[int, float]]
    """For each `min_count`: the words kept, and the share of tokens that would become `<unk>`."""


def count(corpus: Corpus) -> CorpusCounts:
    """Count a corpus the way the tutorial does: padding is in the vocabulary, samples are prefixes."""
    lengths = [len(line) for line in corpus.lines]
    counts = Counter(word for line in corpus.lines for word in line)
    return CorpusCounts(
        rows=corpus.rows,
        lines=len(corpus.lines),
        dropped=corpus.dropped,
        blank=corpus.blank,
        duplicates=len(corpus.lines) - len(set(corpus.lines)),
        vocabulary=len(Vocabulary.build(corpus.lines, specials=(PADDING,))),
        samples=sum(length - 1 for length in lengths),
        longest=max(lengths),
        tokens=sum(lengths),
        kept={least: _kept(counts.values(), least) for least in (1, 2, 3, 5, 10)},
    )


def _kept(counts: Iterable[int], least: int) -> tuple[int, float]:
    rare = [count for count in counts if count < least]
    total = sum(counts)
    return len(list(counts)) - len(rare), sum(rare) / total


def _nothing_left(source: Source, rows: int, kept: int, method: Cleaning) -> str:
    names = ", ".join(str(path) for path in source.files)
    if not kept:
        return f"every one of the {rows} rows of {names} is dropped by --drop; drop fewer values"
    return (
        f"no line of {names} is left after the cleaning {method.name!r} "
        f"({rows} rows, {rows - kept} dropped); try --cleaning cased or another --column"
    )
