"""A session as a file, `headlong-session/1`: readable JSON, and the same session when it is read.

Settings are written as what differs from `defaults`, which stand in the file too, so that a version of
the program with other defaults reads the same. What is read is checked by `repl.saving.reading`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import InputError
from core.insight.scoring import Measure
from core.library.shelf import Place
from core.setting import Value
from core.settings import SamplingSettings
from repl.turns import Turn, Turns

FORMAT = "headlong-session/1"

LARGEST = 32 << 20
"""Bytes of a session's file at most."""

SMALL = 8 << 20
"""Bytes that cannot take more than 200 MB of memory, whatever they hold."""

MOST_TURNS = 20_000
"""Lines of its tree at most; those that nothing holds go long before."""

DEFAULTS = SamplingSettings().to_json()

Kind = tuple[tuple[Place, ...], str]
"""The places of a model, or of several that spoke as one, and its sha256."""


@dataclass(frozen=True)
class Saved:
    """What is kept of a session: the loaded model by its places and sha256, and all that was typed."""

    places: tuple[Place, ...] = ()
    sha256: str = ""
    settings: SamplingSettings = field(default_factory=SamplingSettings)
    heat: Measure | None = None
    typed: tuple[str, ...] = ()
    turns: Turns = field(default_factory=Turns)


class Writer:
    """Writes one session again and again; a turn that did not change is not made into text again."""

    def __init__(self) -> None:
        self._written: dict[int, tuple[Turn, str]] = {}
        self._kinds: dict[Kind, int] = {}

    def write(self, saved: Saved) -> bytes:
        """Return the file of a session.

        Raises:
            InputError: there is so much in it that it could not be opened again.
        """
        turns = [self._turn(turn) for turn in saved.turns]
        self._forget(saved.turns)
        parts = {
            "format": _json(FORMAT),
            "model": _list([_json(place) for place in _places(saved.places)], 1),
            "sha256": _json(saved.sha256),
            "heat": _json(saved.heat),
            "defaults": _json(DEFAULTS),
            "settings": _json(difference(saved.settings)),
            "typed": _list(map(_json, saved.typed), 1),
            "models": _list([_json([_places(places), sha256]) for places, sha256 in self._kinds], 1),
            "last": _json(saved.turns.last),
            "current": _json(saved.turns.current.number if saved.turns.current else 0),
            "turns": _list(turns, 1),
        }
        content = (_object(parts, 0) + "\n").encode("utf-8", "replace")
        if is_too_large(content) or len(turns) > MOST_TURNS:
            raise InputError(
                f"the session is too large to be saved: {len(turns):,} lines of "
                f"{len(content) / 1e6:.0f} MB, not {MOST_TURNS:,} of {LARGEST / 1e6:.0f} MB; "
                ":prune those that you do not need"
            )
        return content

    def _turn(self, turn: Turn) -> str:
        known, text = self._written.get(turn.number, (None, ""))
        if known is not turn:
            kind = self._kinds.setdefault((turn.places, turn.sha256), len(self._kinds))
            text = _object(_parts(turn, kind), 2)
            self._written[turn.number] = turn, text
        return text

    def _forget(self, turns: Turns) -> None:
        for number in [number for number in self._written if number not in turns]:
            del self._written[number]


def is_too_large(content: bytes) -> bool:
    """Say whether a file is too long, or has so many values that they would take too much memory."""
    if len(content) <= SMALL:
        return False
    marks = content.count(b"[") + content.count(b"{")
    return len(content) > LARGEST or marks > 1_000_000 or content.count(b",") > 5_000_000


def difference(settings: SamplingSettings) -> dict[str, Value]:
    """Return the settings that are not at their defaults."""
    return {name: value for name, value in settings.to_json().items() if value != DEFAULTS[name]}


def _parts(turn: Turn, kind: int) -> dict[str, str]:
    line, seed = turn.line, turn.line.seed
    named = {"bookmark": _json(turn.bookmark)} if turn.bookmark else {}
    forced = {"forced": _json(turn.forced)} if turn.forced else {}
    words = [[word.text, word.piece, word.id, word.rank, word.probability] for word in line.words]
    return {
        "number": _json(turn.number),
        "parent": _json(turn.parent),
        **named,
        "model": _json(kind),
        "settings": _json(difference(turn.settings)),
        "seed": _json({"text": seed.text, "ids": seed.ids, "unknown": seed.unknown}),
        **forced,
        "sample": _json(line.sample),
        "text": _json(line.text),
        "words": _list(map(_json, words), 3),
    }


def _places(places: Sequence[Place]) -> list[tuple[float, str]]:
    return [(weight, str(path.absolute())) for weight, path in places]


def _json(value: object) -> str:
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _list(items: Iterable[str], depth: int) -> str:
    """Write a list whose items have a line each."""
    line = "\n" + "  " * (depth + 1)
    inside = f",{line}".join(items)
    return f"[{line}{inside}\n{'  ' * depth}]" if inside else "[]"


def _object(parts: Mapping[str, str], depth: int) -> str:
    """Write an object whose members have a line each."""
    line = "\n" + "  " * (depth + 1)
    inside = f",{line}".join(f'"{name}": {text}' for name, text in parts.items())
    return f"{{{line}{inside}\n{'  ' * depth}}}"
