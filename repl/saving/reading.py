"""A session's file, checked: whoever wrote it, what is read is a session or one clear sentence."""

import json
import math
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from core.decoding.generator import Continuation, Seed, Word
from core.errors import InputError, SettingError
from core.library.mixture import HEAVIEST, LIGHTEST, MOST
from core.library.shelf import Place
from core.setting import settings_of
from core.settings import SamplingSettings
from repl.saving.format import FORMAT, LARGEST, MOST_TURNS, Kind, Saved, is_too_large
from repl.turns import ROOT, Turn, Turns

Record = Mapping[str, Any]

LARGE = 2**53
"""The largest number that counts anything: as far as every program reads JSON's numbers exactly."""

_FAMILY = FORMAT.partition("/")[0]


_BRIEF = reprlib.Repr()
_BRIEF.maxstring = 60


class _Wrong(ValueError):
    """What a record does not say as it must."""


def read_file(path: Path) -> Saved:
    """Return the session in a file.

    Raises:
        InputError: it cannot be read, is too large, damaged, or no session that this version knows.
    """
    try:
        if not path.is_file():
            raise InputError(f"there is no session {path}; :open and Tab list those that you saved")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', error)}") from error
    return read(content, str(path))


def read(content: bytes, name: str) -> Saved:
    """Return the session in the content of the file called `name`.

    Raises:
        InputError: it is too large, damaged, or no session that this version knows.
    """
    if is_too_large(content):
        raise InputError(
            f"{name} is too large: a session has up to {LARGEST >> 20} MB and 5 million values"
        )
    try:
        record = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{name} is no session, or a damaged one: it is not JSON ({str(error)[:80]})"
        ) from error
    declared = record.get("format") if isinstance(record, dict) else None
    if declared != FORMAT:
        raise InputError(_foreign(declared, name))
    try:
        return _saved(record)
    except (_Wrong, RecursionError) as error:
        raise InputError(f"{name} is damaged: {error}; nothing was opened") from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _shown(value: object) -> str:
    """Return a value as it stands in a message: never long, and never deep."""
    return _BRIEF.repr(value)


def _foreign(declared: object, name: str) -> str:
    if isinstance(declared, str) and declared.startswith(f"{_FAMILY}/"):
        return f"{name} is of a newer version of Headlong ({_shown(declared)}); update to open it"
    told = f"its format is {_shown(declared)}" if declared is not None else "it declares no format"
    return f"{name} is no session of Headlong: {told}, and not {FORMAT!r}"


def _saved(record: Record) -> Saved:
    defaults = _settings(record, "defaults", SamplingSettings())
    kinds = [_kind(item) for item in _list(record, "models")]
    heat = record.get("heat")
    if heat not in (None, "rank", "probability"):
        raise _Wrong(f"heat is {_shown(heat)}")
    return Saved(
        tuple(_place(item) for item in _list(record, "model", MOST)),
        _text(record, "sha256"),
        _settings(record, "settings", defaults),
        heat,
        tuple(_is_text(item, "a typed line") for item in _list(record, "typed")),
        _tree(record, kinds, defaults),
    )


def _tree(record: Record, kinds: list[Kind], defaults: SamplingSettings) -> Turns:
    turns: dict[int, Turn] = {}
    bookmarks = {""}
    last, current = _whole(record, "last"), _whole(record, "current")
    for item in _list(record, "turns", MOST_TURNS):
        try:
            turn = _turn(item, kinds, defaults)
            _check_place(turn, turns, last)
            _check_bookmark(turn, bookmarks)
        except _Wrong as error:
            raise _Wrong(f"line {len(turns) + 1} of the tree: {error}") from error
        turns[turn.number] = turn
    if current and current not in turns:
        raise _Wrong(f"there is no line {current}, which is to be the current one")
    return Turns.restored(turns.values(), last, current)


def _settings(record: Record, name: str, base: SamplingSettings) -> SamplingSettings:
    changes, known = _object(record, name), settings_of(SamplingSettings)
    for unknown in changes.keys() - known:
        raise _Wrong(f"there is no setting {_shown(unknown)}; a newer version may know it")
    try:
        return base.change(**changes)
    except SettingError as error:
        raise _Wrong(str(error)[:200]) from error


def _check_place(turn: Turn, before: dict[int, Turn], last: int) -> None:
    """See that turns stand in order, and each below one that is there."""
    if not next(reversed(before), ROOT) < turn.number <= last:
        raise _Wrong(f"its number is {turn.number}")
    if turn.parent != ROOT and turn.parent not in before:
        raise _Wrong(f"its parent is {turn.parent}, which is not there")


def _check_bookmark(turn: Turn, taken: set[str]) -> None:
    if turn.bookmark and (turn.bookmark.isdecimal() or turn.bookmark in taken):
        raise _Wrong(f"its bookmark is {_shown(turn.bookmark)}, which is a number or not the only one")
    taken.add(turn.bookmark)


def _turn(record: object, kinds: list[Kind], defaults: SamplingSettings) -> Turn:
    if not isinstance(record, dict):
        raise _Wrong("it is no object")
    kind = _whole(record, "model")
    if kind >= len(kinds):
        raise _Wrong(f"its model is {kind}, and there are {len(kinds)}")
    return Turn(
        _whole(record, "number"),
        _whole(record, "parent"),
        *kinds[kind],
        _settings(record, "settings", defaults),
        _ids(record.get("forced", []), "forced"),
        _line(record),
        _text(record, "bookmark") if "bookmark" in record else "",
    )


def _line(record: Record) -> Continuation:
    seed, sample = _object(record, "seed"), _whole(record, "sample")
    unknown = tuple(_is_text(item, "unknown") for item in _list(seed, "unknown"))
    words = tuple(_word(item, sample) for item in _list(record, "words"))
    text = _text(record, "text")
    if not text.endswith("".join(word.piece for word in words)):
        raise _Wrong(f"its text does not end with its words: {_shown(text)}")
    return Continuation(Seed(_text(seed, "text"), unknown, _ids(seed.get("ids"), "ids")), words, text)


def _word(item: object, sample: int) -> Word:
    if not isinstance(item, list) or len(item) != 5:
        raise _Wrong(f"a word is text, piece, id, rank and probability, not {_shown(item)}")
    text, piece, id_, rank, probability = item
    if type(probability) not in (int, float) or not 0 <= probability <= 1:
        raise _Wrong(f"a probability is from 0 to 1, not {_shown(probability)}")
    return Word(
        _is_text(text, "a word"),
        _is_text(piece, "a word"),
        float(probability),
        _is_whole(rank, "rank", 1),
        sample,
        _is_whole(id_, "id"),
    )


def _kind(item: object) -> Kind:
    if not isinstance(item, list) or len(item) != 2:
        raise _Wrong(f"a model is its places and sha256, not {_shown(item)}")
    places = _list({"a model's places": item[0]}, "a model's places", MOST)
    return tuple(map(_place, places)), _is_text(item[1], "a model's sha256")


def _place(item: object) -> Place:
    if not isinstance(item, list) or len(item) != 2:
        raise _Wrong(f"a model is a weight and a path, not {_shown(item)}")
    weight = item[0]
    if (
        type(weight) not in (int, float)
        or not math.isfinite(weight)
        or not LIGHTEST <= weight <= HEAVIEST
    ):
        raise _Wrong(f"a model's weight is {_shown(weight)}")
    return Place(float(weight), Path(_name(item[1])))


def _name(value: object) -> str:
    name = _is_text(value, "a model's place")
    if not name or "\0" in name:
        raise _Wrong(f"a model's place is {_shown(name)}")
    return name


def _ids(value: object, name: str) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise _Wrong(f"{name} must be a list, not {_shown(value)}")
    return tuple(_is_whole(item, name) for item in value)


def _object(record: Record, name: str) -> dict[str, Any]:
    value = record.get(name)
    if not isinstance(value, dict):
        raise _Wrong(f"{name} must be an object, not {_shown(value)}")
    return value


def _list(record: Record, name: str, most: int = LARGEST) -> list[Any]:
    value = record.get(name)
    if not isinstance(value, list) or len(value) > most:
        raise _Wrong(f"{name} must be a list of at most {most:,}, not {_shown(value)}")
    return value


def _text(record: Record, name: str) -> str:
    return _is_text(record.get(name), name)


def _is_text(value: object, name: str) -> str:
    """Return a text that can be written: JSON can hold half of a character."""
    if not isinstance(value, str):
        raise _Wrong(f"{name} must be text, not {_shown(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _Wrong(f"{name} holds half a character") from None
    return value


def _whole(record: Record, name: str) -> int:
    return _is_whole(record.get(name), name)


def _is_whole(value: object, name: str, low: int = 0) -> int:
    if type(value) is not int or not low <= value <= LARGE:
        raise _Wrong(f"{name} must be a whole number of at least {low}, not {_shown(value)}")
    return value
