"""The session as a tree: every line that was generated, what it went on from, and the way back.

A turn's children continue its whole line; its siblings begin as it does and say something else.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.decoding.generator import Continuation
from core.errors import InputError
from core.library.ensemble import LanguageModel
from core.library.shelf import Place
from core.settings import SamplingSettings

LIMIT = 1000
"""Turns that are kept; of those without bookmark or attention the oldest without children go first.

Where all have children, as in a chain, the oldest goes, and what went on from it is as if begun anew.
"""

MEMORY = 100_000_000
"""Bytes that turns take at most, roughly: each holds its whole line, and a chain's lines grow."""

WORD, READ = 250, 22
"""Bytes of a word that was generated, and of one that was read, roughly."""

LONGEST = 5_000
"""Words of a line from which it does not go on: it is read from its beginning every time."""

ROOT = 0
"""The parent of lines that were begun anew."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One line with all that gives it again: model, settings, seed, and the words it was made to take.

    `places` are where its model stood, or those that spoke as one; `forced` are ids that the
    continuation was begun with.
    """

    number: int
    parent: int
    places: tuple[Place, ...]
    sha256: str
    settings: SamplingSettings
    forced: tuple[int, ...]
    line: Continuation
    bookmark: str = ""

    @property
    def bytes(self) -> int:
        """Roughly how much memory it takes."""
        return WORD * len(self.line.words) + READ * len(self.line.seed.ids)

    def is_of(self, model: LanguageModel) -> bool:
        """Say whether a model wrote this line; a file may say so and hold words that it has not."""
        if self.sha256 != model.sha256:
            return False
        ids = (*self.line.seed.ids, *self.forced, *(word.id for word in self.line.words))
        return max(ids, default=0) < len(model.vocabulary)


class Turns:
    """All turns by number, counted from 1, and the current one."""

    def __init__(self) -> None:
        self._turns: dict[int, Turn] = {}
        self._last = ROOT
        self.current: Turn | None = None

    @classmethod
    def restored(cls, turns: Iterable[Turn], last: int, current: int) -> "Turns":
        """Return a tree of turns that were kept, in order; `last` numbers were given, 0 is no turn."""
        tree = cls()
        tree._turns = {turn.number: turn for turn in turns}
        tree._last = last
        tree.current = tree._turns.get(current)
        return tree

    @property
    def last(self) -> int:
        """The number that was given last, be it that the turn is there or not."""
        return self._last

    def __contains__(self, number: int) -> bool:
        return number in self._turns

    def __iter__(self) -> Iterator[Turn]:
        return iter(self._turns.values())

    def __len__(self) -> int:
        return len(self._turns)

    def add(
        self,
        lines: Sequence[Continuation],
        places: Sequence[Place],
        sha256: str,
        settings: SamplingSettings,
        parent: int = ROOT,
        forced: tuple[int, ...] = (),
    ) -> None:
        """Add lines that were generated together; the first becomes the current one."""
        first = self._last + 1
        for line in lines:
            self._last += 1
            turn = Turn(self._last, parent, tuple(places), sha256, settings, forced, line)
            self._turns[turn.number] = turn
        self.current = self._turns.get(first, self.current)
        self._forget()

    def copy(self) -> "Turns":
        """Return the same turns, which may go another way."""
        copy = Turns()
        copy.become(self)
        return copy

    def become(self, other: "Turns") -> None:
        """Hold the turns of another tree, with the same one current."""
        self._turns, self._last, self.current = dict(other._turns), other._last, other.current

    def same(self, other: "Turns") -> bool:
        """Say whether these are the very turns of another tree, with the same one current."""
        mine, theirs = list(self), list(other)
        return (
            self.current is other.current
            and len(mine) == len(theirs)
            and all(a is b for a, b in zip(mine, theirs, strict=True))
        )

    def go(self, key: str) -> Turn:
        """Make the turn of that number or bookmark the current one.

        Raises:
            InputError: there is none.
        """
        self.current = self.find(key)
        return self.current

    def find(self, key: str) -> Turn:
        """Return the turn of that number or bookmark; of an empty key, the current one.

        Raises:
            InputError: there is none.
        """
        if not key:
            return self.require()
        for turn in self:
            if key in (str(turn.number), turn.bookmark):
                return turn
        raise InputError(f"there is no line {key!r}; :turns lists them with numbers and bookmarks")

    def require(self) -> Turn:
        """Return the current turn.

        Raises:
            InputError: nothing was generated yet.
        """
        if self.current is None:
            raise InputError("there is no line yet; type the beginning of one")
        return self.current

    def parent(self) -> Turn:
        """Go to what the current line went on from.

        Raises:
            InputError: it was begun anew.
        """
        turn = self.require()
        if turn.parent not in self._turns:
            raise InputError(f"line {turn.number} has no parent: it was begun with a seed")
        return self.go(str(turn.parent))

    def child(self, place: int) -> Turn:
        """Go to what continues the current line: the first, the second ...

        Raises:
            InputError: there are not so many.
        """
        turn = self.require()
        children = self.children(turn.number)
        if not 1 <= place <= len(children):
            there = "1 child" if len(children) == 1 else f"{len(children) or 'no'} children"
            raise InputError(
                f"line {turn.number} has {there}, so there is no child {place}; :more adds one"
            )
        return self.go(str(children[place - 1].number))

    def sibling(self, step: int) -> Turn:
        """Go `step` siblings on from the current line, round and round.

        Raises:
            InputError: it has none.
        """
        turn = self.require()
        siblings = self.siblings(turn)
        if len(siblings) == 1:
            raise InputError(f"line {turn.number} has no siblings; :again adds one")
        numbers = [sibling.number for sibling in siblings]
        return self.go(str(numbers[(numbers.index(turn.number) + step) % len(numbers)]))

    def children(self, number: int) -> list[Turn]:
        """Return the turns that continue one; of `ROOT`, those that were begun anew."""
        return [turn for turn in self if turn.parent == number]

    def under(self, number: int) -> list[Turn]:
        """Return all turns that go on from one, and from those."""
        found = self.children(number)
        for turn in found:  # grows meanwhile, by children
            found += self.children(turn.number)
        return found

    def siblings(self, turn: Turn) -> list[Turn]:
        """Return the turns that begin as this one does, itself among them."""
        if turn.parent != ROOT:
            return self.children(turn.parent)
        seed = turn.line.seed.text
        return [other for other in self.children(ROOT) if other.line.seed.text == seed]

    def bookmark(self, name: str) -> Turn:
        """Name the current turn; the name leaves any other that had it.

        Raises:
            InputError: nothing was generated yet, or the name is a number.
        """
        turn = self.require()
        if not name or name.isdecimal():
            raise InputError(f"{name!r} cannot be a bookmark; take a word, as numbers are lines")
        for other in self:
            if other.bookmark == name:
                self._put(replace(other, bookmark=""))
        self._put(replace(turn, bookmark=name))
        return self.require()

    def follow(self, old: Path, new: Path) -> None:
        """Know the models that stood at `old` by their new place."""
        old, new = old.absolute(), new.absolute()
        for turn in list(self):
            if any(place.path == old for place in turn.places):
                self._put(replace(turn, places=moved(turn.places, old, new)))

    def prune(self, key: str) -> list[Turn]:
        """Remove a turn and all that continues it, and return them; the current one becomes its parent.

        Raises:
            InputError: there is no such turn.
        """
        top = self.find(key)
        removed = [top, *self.under(top.number)]
        for turn in removed:
            del self._turns[turn.number]
        if self.current is not None and self.current.number not in self._turns:
            left = list(self)
            self.current = self._turns.get(top.parent, left[-1] if left else None)
        return removed

    def _put(self, turn: Turn) -> None:
        """Put a turn in the place of the one of its number."""
        self._turns[turn.number] = turn
        if self.current is not None and self.current.number == turn.number:
            self.current = turn

    def _forget(self) -> None:
        taken = sum(turn.bytes for turn in self)
        while len(self._turns) > LIMIT or taken > MEMORY:
            oldest = self._oldest()
            if oldest is None:
                return
            del self._turns[oldest.number]
            taken -= oldest.bytes
            for child in self.children(oldest.number):
                self._put(replace(child, parent=ROOT))

    def _oldest(self) -> Turn | None:
        """Return the turn that is to be forgotten first, if any may be."""
        parents = {turn.parent for turn in self}
        kept = {self._last, self.current.number if self.current else ROOT}
        free = [turn for turn in self if turn.number not in kept and not turn.bookmark]
        leaves = (turn for turn in free if turn.number not in parents)
        return next(leaves, free[0] if free else None)


def moved(places: Sequence[Place], old: Path, new: Path) -> tuple[Place, ...]:
    """Return places where what was at `old` is at `new`."""
    return tuple(place._replace(path=new) if place.path == old else place for place in places)
