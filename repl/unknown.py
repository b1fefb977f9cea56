"""Where the words stand that a model does not know, and what they were probably meant to be."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.decoding.generator import Generator
from core.text.nearest import nearest
from repl.typed import typed_lines

OFFERED_AMONG = 3
"""How many unknown words are looked up at most, from the last one back: each takes its time."""

_STRAIGHT = str.maketrans("‘’ʼ‛“”„", "''''" + '"""')
"""A quote is found whichever way the cleaning bends it."""

_PIECES = 200
"""Pieces of a text at most that are read one after the other, each with all before it."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part of a typed text with the unknown words that a model reads there, most often one."""

    start: int
    end: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A known word that could stand in place of an unknown one: `text` is how it would be typed."""

    start: int
    end: int
    word: str
    text: str


def unknown_words(generator: Generator, typed: str) -> list[Unknown]:
    """Return the unknown words of every seed in `typed`, in order; commands have none."""
    return [
        Unknown(line.start + found.start, line.start + found.end, found.words)
        for line in typed_lines(typed)
        if not line.is_command
        for found in unknown_in(generator, line.text)
    ]


def unknown_in(generator: Generator, seed: str) -> list[Unknown]:
    """Return where the words of `Generator.read_seed(seed).unknown` stand: all of them, no others.

    A word that the cleaning changed beyond finding it again has all that was typed between two blanks.
    """
    unknown = generator.read_seed(seed).unknown
    if not unknown:
        return []
    seed = seed.encode("utf-8", "replace").decode()  # as the generator does; a character stays one
    found: list[Unknown] = []
    split = generator.model.cleaning.split
    for start, end, words in _pieces(split, seed):
        missing = [not generator.vocabulary.knows(word) for word in words]
        if any(missing):
            found += _inside(seed[start:end], start, words, missing)
    for match in re.finditer(r"\S+", seed):  # what the cleaning drops whole
        if match[0] in unknown and not split(match[0]):
            found.append(Unknown(*match.span(), (match[0],)))
    return _apart(found)


def suggestion(generator: Generator, typed: str) -> Suggestion | None:
    """Return what to put in place of the last unknown word that has a known one like it."""
    for found in unknown_words(generator, typed)[: -OFFERED_AMONG - 1 : -1]:
        known = nearest(found.words[0], generator.vocabulary) if len(found.words) == 1 else None
        if known is not None:
            text = _in_the_case_of(typed[found.start : found.end], known, generator)
            return Suggestion(found.start, found.end, found.words[0], text)
    return None


Split = Callable[[str], list[str]]
Piece = tuple[int, int, list[str]]


def _pieces(split: Split, text: str) -> list[Piece]:
    """Cut a text into pieces whose words, put together, are the words of the whole."""
    whole = split(text)
    for pattern in (r"\S+", r"[^ ]+", r"(?s:.)"):
        spans = [match.span() for match in re.finditer(pattern, text)]
        alone = [split(text[start:end]) for start, end in spans]
        if [word for words in alone for word in words] == whole:
            return [(*span, words) for span, words in zip(spans, alone, strict=True)]
    return list(_read_on(split, text, whole)) or [(0, len(text), whole)]


def _read_on(split: Split, text: str, whole: list[str]) -> Iterator[Piece]:
    """Yield the words that each piece adds to what stands before it: quotes come in pairs.

    Nothing is yielded where a later piece changes the words of earlier ones.
    """
    spans = [match.span() for match in re.finditer(r"\S+", text)]
    if len(spans) > _PIECES:
        return
    ends = [len(split(text[:end])) for _, end in spans]
    if any(split(text[:end]) != whole[:count] for (_, end), count in zip(spans, ends, strict=True)):
        return
    begins = [0, *ends]
    for (start, end), first, last in zip(spans, begins, ends, strict=False):
        yield start, end, whole[first:last]


def _inside(piece: str, start: int, words: list[str], missing: list[bool]) -> list[Unknown]:
    """Return the unknown words of one piece where they stand in it, or the piece where they do not."""
    straight = piece.translate(_STRAIGHT)
    lowered = straight.lower()
    for text in (straight, lowered if len(lowered) == len(piece) else straight):
        found, at = [], 0
        for word, is_missing in zip(words, missing, strict=True):
            at = text.find(word.translate(_STRAIGHT), at)
            if at < 0:
                break
            if is_missing:
                found.append(Unknown(start + at, start + at + len(word), (word,)))
            at += len(word)
        else:
            return found
    unknown = tuple(word for word, is_missing in zip(words, missing, strict=True) if is_missing)
    return [Unknown(start, start + len(piece), unknown)]


def _apart(found: list[Unknown]) -> list[Unknown]:
    """Put parts in order, and make one of those that overlap."""
    parts: list[Unknown] = []
    for part in sorted(found, key=lambda part: part.start):
        if parts and part.start < parts[-1].end:
            last = parts.pop()
            part = Unknown(last.start, max(last.end, part.end), (*last.words, *part.words))
        parts.append(part)
    return parts


def _in_the_case_of(typed: str, known: str, generator: Generator) -> str:
    """Return a known word in capitals, or with one, as the unknown one was typed, if it stays known."""
    likely = known.upper() if typed.isupper() and len(typed) > 1 else known
    if typed[:1].isupper() and likely == known:
        likely = known[:1].upper() + known[1:]
    return likely if generator.model.cleaning.split(likely) == [known] else known
