"""Where the words stand that a model does not know, and what they were probably meant to be."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.decoding.generator import Generator
from core.text.nearest import nearest
from repl.line.typed import typed_lines

OFFERED_AMONG = 3
"""How many unknown words are looked up at most, from the last one back: each takes its time."""

_STRAIGHT = str.maketrans("‘’ʼ‛“”„", "''''" + '"""')
"""A quote is found whichever way the cleaning bends it."""

_LONGEST = 1000
"""Characters at most that are read anew for one piece."""


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


def suggestion(
    generator: Generator, typed: str, unknown: Sequence[Unknown] | None = None
) -> Suggestion | None:
    """Return what to put in place of the last unknown word that has a known one like it.

    `unknown` are the unknown words of what is typed, if they are at hand.
    """
    unknown = unknown_words(generator, typed) if unknown is None else unknown
    for found in unknown[: -OFFERED_AMONG - 1 : -1]:
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
    if whole == list(text):
        return [(place, place + 1, [letter]) for place, letter in enumerate(text)]
    for pattern in (r"\S+", r"[^ ]+"):
        pieces = _alone(split, text, pattern)
        if [word for *_, words in pieces for word in words] == whole:
            return pieces
    return _one_after_another(split, text, whole)


def _alone(split: Split, text: str, pattern: str) -> list[Piece]:
    return [(*match.span(), split(match[0])) for match in re.finditer(pattern, text)]


def _one_after_another(split: Split, text: str, whole: list[str]) -> list[Piece]:
    """Cut a text where the words of a piece depend on what stands before it: quotes come in pairs.

    Where they depend on what comes later too, the whole text is one piece.
    """
    pieces: list[Piece] = []
    told = 0
    for start, end, words in _alone(split, text, r"\S+"):
        first, told = told, told + len(words)
        if whole[first:told] != words:
            told = len(split(text[:end])) if end <= _LONGEST else first - 1
        if told < first:
            return [(0, len(text), whole)]
        pieces.append((start, end, whole[first:told]))
    return pieces if told == len(whole) else [(0, len(text), whole)]


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
