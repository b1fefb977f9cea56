"""What a token is, by level, in a word for people."""

from typing import Literal

Level = Literal["word", "character", "bpe"]

_NOUNS: dict[str, str] = {"word": "word", "character": "character", "bpe": "piece"}

LEVELS = tuple(_NOUNS)


def noun(level: str) -> str:
    """Return what one token of a level is called: a word, a character or a piece."""
    return _NOUNS[level]


def nouns(level: str) -> str:
    """Return what several tokens of a level are called."""
    return f"{_NOUNS[level]}s"
