"""Some lines of a text, spread evenly over it: what is measured over a corpus is measured on these."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.decoding.generator import Generator
from core.errors import InputError
from core.insight.line import Line, read_line
from core.text.corpus import Source
from core.text.reading import RawText, read

One = TypeVar("One")

LINES = 2000
"""Lines that are read at most to find out what units fire at."""

MEMORY_LINES = 300
"""Lines that models are compared on, if nobody says which."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Raw lines, each once, and how many different ones there were to choose from."""

    lines: tuple[str, ...]
    total: int
    texts: tuple[RawText, ...] = ()


def sample(source: Source, most: int) -> Sample:
    """Read a source and take at most so many of its lines, as far apart as they can be.

    Raises:
        InputError: a file cannot be used, or there is no line in it.
    """
    texts = tuple(read(path, source.column, source.encoding) for path in source.files)
    rows = dict.fromkeys(row.strip() for text in texts for row in text.rows)
    lines = [row for row in rows if row and row not in source.drop]
    if not lines:
        names = ", ".join(map(str, source.files))
        raise InputError(f"there is no line in {names} but blank or dropped ones; name another file")
    count = min(most, len(lines))
    return Sample(tuple(spread(lines, count)), len(lines), texts)


def spread(lines: Sequence[One], count: int) -> list[One]:
    """Return `count` of the lines, evenly spaced, in their order."""
    return [lines[number * len(lines) // count] for number in range(count)]


def readable(generator: Generator, texts: Sequence[str]) -> list[Line]:
    """Read texts as a model does, leaving out those of which it knows no word.

    Raises:
        InputError: it knows no word of any of them.
    """
    lines = []
    for text in texts:
        with contextlib.suppress(InputError):
            lines.append(read_line(generator, text))
    if not lines:
        several = f"these {len(texts):,} lines; give it others"
        which = several if len(texts) > 1 else "this line; give it another"
        raise InputError(f"{generator.model.name} knows no word of {which}")
    return lines
