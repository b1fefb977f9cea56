"""What one typed line changed, so that it can be taken back."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InputError
from core.insight.scoring import Measure
from core.library.shelf import Place
from core.settings import SamplingSettings
from repl.program import ProgramSettings
from repl.turns import Turns, moved

if TYPE_CHECKING:
    from repl.session import Session

ONLY_HERE = 10_000_000
"""Bytes at most, roughly, of lines that nothing but this holds any more."""

LIMIT = 50
"""Lines that can be taken back."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a line can change: the model by its place, the settings, the tree of lines.

    The model itself is not held, so that one that was left does not stay in memory. `typed` is the very
    log of the session, and only where another session was opened it is another one.
    """

    places: tuple[Place, ...]
    sha256: str
    settings: SamplingSettings
    program: ProgramSettings
    turns: Turns
    heat: Measure | None
    typed: deque[str]
    file: Path | None
    file_time: int

    def same(self, other: "Snapshot") -> bool:
        """Say whether nothing changed between the two."""
        return self._values == other._values and self.turns.same(other.turns)

    @property
    def _values(self) -> tuple[object, ...]:
        return self.places, self.sha256, self.settings, self.program, self.heat


@dataclass(slots=True)
class _Line:
    text: str
    before: Snapshot
    moves: list[tuple[Path, Path]] = field(default_factory=list)
    """Where models have been moved since, from where and to where."""

    lost: int = 0
    """Bytes, roughly, of the turns that went with it, which stay in memory only to come back."""


class Past:
    """The lines that changed something, each with what was there before it.

    The lines of a script have a past of their own; `outer` is that of the lines around it.
    """

    def __init__(self, outer: "Past | None" = None) -> None:
        self._outer = outer
        self._lines: deque[_Line] = deque(maxlen=LIMIT)
        self._running: _Line | None = None

    def __len__(self) -> int:
        return len(self._lines)

    @contextmanager
    def watching(self, session: "Session", text: str) -> Iterator[None]:
        """Remember a line that runs inside, if it changes something and takes nothing back."""
        line = self._running = _Line(text, snapshot(session))
        count = len(self._lines)
        try:
            yield
        finally:
            self._running = None
            undone = len(self._lines) < count
            if not undone and not snapshot(session).same(line.before):
                self._append(line, session.turns)

    def _append(self, line: _Line, left: Turns) -> None:
        there = set(map(id, left))
        line.lost = sum(turn.bytes for turn in line.before.turns if id(turn) not in there)
        self._lines.append(line)
        while len(self._lines) > 1 and sum(line.lost for line in self._lines) > ONLY_HERE:
            self._lines.popleft()

    def follow(self, session: "Session", old: Path, new: Path) -> None:
        """Know a model that the running line moved by its new place, as a move is not taken back."""
        if self._running is not None:
            self._running.before = snapshot(session)
        self._moved(old, new)

    def _moved(self, old: Path, new: Path) -> None:
        for line in self._lines:
            line.moves.append((old, new))
        if self._outer is not None:
            if self._outer._running is not None:
                self._outer._running.moves.append((old, new))
            self._outer._moved(old, new)

    def take_back(self, session: "Session") -> str:
        """Put everything back to where it was before the last line that changed it; return that line.

        Raises:
            InputError: nothing was changed yet.
            ModelError: the model that was loaded then cannot be loaded any more; nothing is changed.
        """
        if not self._lines:
            raise InputError("nothing was changed yet that could be taken back")
        line = self._lines[-1]
        _restore(session, line)
        self._lines.pop()
        return line.text


def snapshot(session: "Session") -> Snapshot:
    """Return what is there now."""
    return Snapshot(
        tuple(session.places),
        "" if session.generator is None else session.generator.model.sha256,
        session.settings,
        session.program,
        session.turns.copy(),
        session.heat,
        session.typed,
        session.file,
        session.file_time,
    )


def _restore(session: "Session", line: _Line) -> None:
    """Put back what was there before a line.

    Raises:
        ModelError: the model of then cannot be loaded any more; nothing is changed.
    """
    before, places = line.before, line.before.places
    for old, new in line.moves:
        places = moved(places, old, new)
    if before.sha256 != snapshot(session).sha256:
        session.put(places, before.sha256)
    session.places = list(places)
    session.settings = before.settings
    if session.generator is not None:
        session.generator.settings = before.settings
    session.turns.become(before.turns)
    for old, new in line.moves:
        session.turns.follow(old, new)
    session.heat = before.heat
    session.use_program(before.program)
    if session.history is not None:
        session.history.keeps = before.program.history
    if session.typed is not before.typed:  # another session was opened
        session.typed = before.typed
        session.file, session.file_time = before.file, before.file_time
