"""What was shown, as far as it is remembered: typed line by typed line, each with its answer."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import RenderableType

TYPED = 1000
"""Typed lines that are remembered with their answers."""

WORDS = 300_000
"""Words of generated lines in them at most; a coloured one takes some 270 bytes."""


@dataclass
class _Entry:
    shown: list[RenderableType] = field(default_factory=list)
    words: int = 0


class Transcript:
    """The last typed lines with their answers; iterating yields what was shown for each."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque(maxlen=TYPED)

    def __iter__(self) -> Iterator[list[RenderableType]]:
        return iter([entry.shown for entry in self._entries])

    def begin(self, shown: RenderableType) -> None:
        """Begin an entry with what was typed."""
        self._entries.append(_Entry([shown]))

    def keep(self, shown: RenderableType, words: int = 0) -> None:
        """Add to the last answer; `words` says how many of generated lines are in what is added."""
        if not self._entries:
            return
        self._entries[-1].shown.append(shown)
        self._entries[-1].words += words
        while len(self._entries) > 1 and sum(entry.words for entry in self._entries) > WORDS:
            self._entries.popleft()
