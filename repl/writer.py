"""One text written as it comes, with its lines broken where words end, or wide letters."""

import unicodedata
from itertools import pairwise

from rich.cells import set_cell_size
from rich.console import Console
from rich.text import Text

from core.text.cleaning import is_wide

_OPENING = ("Ps", "Pi")
"""The categories of marks that belong to what follows them."""


class Writer:
    """Writes pieces of one text, breaking lines between words: Rich wraps only what it has whole.

    A piece is a word with its space, several words, or a letter; what may go on is held back until the
    next word begins. A line may also end before most wide letters, and within a word that is too long.
    """

    def __init__(self, console: Console, indent: str) -> None:
        self._console, self._indent = console, indent
        self._column = 0
        self._held = Text()

    def write(self, piece: Text) -> None:
        """Write a piece."""
        held = self._held + piece
        # Cut before every space, so that a part is one word with the space that belongs before it.
        *whole, self._held = held.divide(breaks(held.plain))
        for part in whole:
            self._put(part)

    def flush(self) -> None:
        """Write what is held back."""
        self._put(self._held)
        self._held = Text()

    def _put(self, part: Text) -> None:
        if not part.plain:
            return
        if self._column == 0:
            self._break(first=True)
        elif self._column + part.cell_len > self._console.width:
            self._break()
            part = part[len(part.plain) - len(part.plain.lstrip()) :]
        while part.cell_len > (room := max(2, self._console.width - self._column)):
            fits = len(set_cell_size(part.plain, room).rstrip()) or 1
            self._print(part[:fits])
            self._break()
            part = part[fits:]
        self._print(part)

    def _print(self, part: Text) -> None:
        self._console.print(part, end="", soft_wrap=True)
        self._column += part.cell_len

    def _break(self, first: bool = False) -> None:
        self._console.print(self._indent if first else f"\n{self._indent}", end="", soft_wrap=True)
        self._column = len(self._indent)


def breaks(text: str) -> list[int]:
    """Return where a line may be broken: before blanks, and beside wide letters, which need none.

    Closing marks stay with what is before them, and what follows opening ones with these.
    """
    places = [0] if text.startswith(" ") else []
    for place, (before, after) in enumerate(pairwise(text), 1):
        kinds = unicodedata.category(before), unicodedata.category(after)
        bound = kinds[0] in _OPENING or (kinds[1][0] in "PM" and kinds[1] not in _OPENING)
        if after == " " or (not bound and before != " " and (is_wide(before) or is_wide(after))):
            places.append(place)
    return places
