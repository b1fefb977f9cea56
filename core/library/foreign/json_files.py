"""JSON that somebody else wrote: how much of it there is is counted before Python makes objects of it.

A list of empty lists takes twenty times its text in memory. So the values are counted first: strings,
and what commas and brackets outside of strings announce.
"""

import json
from pathlib import Path
from typing import Any

from core.errors import ModelError, ModelNotFound

LARGEST_FILE = 32 << 20
"""Bytes: the words of a tokenizer of 250,000 words as `to_json` repeats them, or a million alone.

More would not fit the promise of SECURITY.md: one rare character makes Python keep four bytes for
every character of a string, and a tokenizer's words are a string within a string."""

MOST_VALUES = 2_000_000
"""A million words with a number each."""


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object that a file holds.

    Raises:
        ModelNotFound: there is no such file.
        ModelError: it is no JSON object, or larger than a vocabulary can be.
    """
    return parse_json(read_text_file(path), path.name)


def read_text_file(path: Path) -> bytes:
    """Return a file's bytes, if they are no more than `LARGEST_FILE`.

    Raises:
        ModelNotFound: there is no such file.
        ModelError: it is too large, or cannot be read.
    """
    if not path.is_file():
        raise ModelNotFound(f"there is no file {path}; check the name")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError(
                f"{path.name} is larger than the {LARGEST_FILE:,} bytes that Headlong reads of one; "
                "of a tokenizer its word_index alone is enough: json.dump(tokenizer.word_index, file)"
            )
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}") from error


def parse_json(content: bytes | str, name: str) -> dict[str, Any]:
    """Return a JSON object, or one that is written into a JSON string; errors call it `name`.

    Raises:
        ModelError: it is none, or holds more values than a vocabulary can.
    """
    record = _parse(content, name)
    if isinstance(record, str):  # written with json.dump once more
        record = _parse(record, name)
    if not isinstance(record, dict):
        raise ModelError(f"{name} holds no JSON object")
    return record


def _parse(content: bytes | str, name: str) -> Any:
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        if _values(text) > MOST_VALUES:
            raise ModelError(f"{name} holds more than the million words that Headlong reads")
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is not JSON ({error})") from error


def _values(text: str) -> int:
    """Return how many values a JSON text can hold at most, or a number above `MOST_VALUES`."""
    skip = json.JSONDecoder().raw_decode
    count, position = 0, 0
    while count <= MOST_VALUES:
        quote = text.find('"', position)
        end = quote if quote >= 0 else len(text)
        count += 1 + text.count(",", position, end) + text.count("[", position, end)
        if quote < 0:
            break
        position = skip(text, quote)[1]
    return count
