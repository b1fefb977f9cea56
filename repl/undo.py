"""What one typed line changed, so that it can be taken back."""

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import InputError
from core.insight.scoring import Measure
from core.library.shelf import Place
from core.settings import SamplingSettings
from repl.turns import Turns

if TYPE_CHECKING:
    from repl.session import Session

LIMIT = 50
"""Lines that can be taken back."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a line can change: the model by its place, the settings, the tree of lines.

    The model itself is not held, so that one that was left does not stay in memory.
    """

    places: tuple[Place, ...]
    sha256: str
    settings: SamplingSettings
    turns: Turns
    heat: Measure | None

    def same(self, other: "Snapshot") -> bool:
        """Say whether nothing changed between the two."""
        unchanged = (self.places, self.sha256, self.settings, self.heat) == (
            other.places,
            other.sha256,
            other.settings,
            other.heat,
        )
        return unchanged and self.turns.same(other.turns)


class Past:
    """The lines that changed something, each with what was there before it."""

    def __init__(self) -> None:
        self._lines: deque[tuple[str, Snapshot]] = deque(maxlen=LIMIT)

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, line: str, before: Snapshot) -> None:
        """Remember a line and what was there before it."""
        self._lines.append((line, before))

    def take_back(self, session: "Session") -> str:
        """Put everything back to where it was before the last line that changed it; return that line.

        Raises:
            InputError: nothing was changed yet.
            ModelError: the model that was loaded then cannot be loaded any more; nothing is changed.
        """
        if not self._lines:
            raise InputError("nothing was changed yet that could be taken back")
        line, before = self._lines[-1]
        restore(session, before)
        self._lines.pop()
        return line


def snapshot(session: "Session") -> Snapshot:
    """Return what is there now."""
    sha256 = "" if session.generator is None else session.generator.model.sha256
    return Snapshot(tuple(session.places), sha256, session.settings, session.turns.copy(), session.heat)


def restore(session: "Session", before: Snapshot) -> None:
    """Put back what was there.

    Raises:
        ModelError: the model of then cannot be loaded any more; nothing is changed.
    """
    if before.sha256 != snapshot(session).sha256:
        session.put(before.places)
    session.places = list(before.places)
    session.settings = before.settings
    if session.generator is not None:
        session.generator.settings = before.settings
    session.turns.become(before.turns)
    session.heat = before.heat
