"""JSON that somebody else wrote: how much of it there is is counted before Python makes objects of it.

A list of empty lists takes twenty times its text in memory. So the values are counted first: strings,
and what commas and brackets outside of strings announce.
"""

import json
from pathlib import Path
from typing import Any

from core.errors import ModelError, ModelNotFound

LARGEST_FILE = 32 << 20
"""Bytes: a tokenizer of 250,000 words as `to_json` repeats them, or the word_index of more.

Half of it where a character is not ASCII, which makes Python keep two or four bytes for every one. And
no more, because an escaped character does the same to strings, of which a tokenizer's words are one."""

MOST_WORDS = 500_000
"""Words of one vocabulary: a word and its number take 250 bytes while they are read."""

MOST_VALUES = 2 * MOST_WORDS


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object that a file holds.

    Raises:
        ModelNotFound: there is no such file.
        ModelError: it is no JSON object, or larger than a vocabulary can be.
    """
    return parse_json(_text(path), path.name)


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise ModelNotFound(f"there is no file {path}; check the name")
        content = b"" if path.stat().st_size > LARGEST_FILE else path.read_bytes()
        largest = LARGEST_FILE if content.isascii() else LARGEST_FILE // 2
        if path.stat().st_size > largest:
            raise ModelError(
                f"{path.name} is larger than the {largest:,} bytes that Headlong reads of one; "
                "of a tokenizer its word_index alone is enough: json.dump(tokenizer.word_index, file)"
            )
        return content.decode("utf-8-sig")
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ModelError(f"{path.name} is not JSON ({error})") from error


def parse_json(text: str, name: str) -> dict[str, Any]:
    """Return a JSON object, or one that is written into a JSON string; errors call it `name`.

    Raises:
        ModelError: it is none, or holds more values than a vocabulary can.
    """
    record = _parse(text, name)
    if isinstance(record, str):  # written with json.dump once more
        record = _parse(record, name)
    if not isinstance(record, dict):
        raise ModelError(f"{name} holds no JSON object")
    return record


def _parse(text: str, name: str) -> Any:
    try:
        if _values(text) > MOST_VALUES:
            raise ModelError(f"{name} holds more than the {MOST_WORDS:,} words that Headlong reads")
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
