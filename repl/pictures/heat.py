"""How likely each word of a line was, as a colour; as a sign after the word where there are none.

The bands of ranks are GLTR's (Gehrmann et al. 2019): the top 10, 100 and 1,000, and the rest. By
probability they are as many powers of ten.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.text import Text

from core.errors import SettingError
from core.insight.scoring import Measure, Score, ScoredWord
from repl.pictures.bars import percent
from repl.pictures.marks import apart, coloured, joined
from repl.views import columns, perplexed, safe

STYLES = ("heat.10", "heat.100", "heat.1000", "heat.rest")
SIGNS = ("", "²", "³", "⁺")
PLAIN_SIGNS = ("", "^2", "^3", "^+")
UNKNOWN = "?"

LEGENDS: dict[Measure, tuple[str, ...]] = {
    "rank": ("top 10", "top 100", "top 1,000", "beyond"),
    "probability": ("10% or more", "1% or more", "0.1% or more", "less"),
}

LIMITS: dict[Measure, tuple[str, ...]] = {
    "rank": ("rank above", "10", "100", "1,000"),
    "probability": ("below", "10%", "1%", "0.1%"),
}

ROWS = 60
"""Words that a table has at most."""

NARROWEST = 30
"""Columns that a table of words needs."""


Kind = TypeVar("Kind", bound="Likely")


class Likely(Protocol):
    """What can be coloured: a word that was generated, or one that was scored."""

    @property
    def piece(self) -> str:
        """What to print, the space before the word included."""
        ...

    @property
    def probability(self) -> float:
        """The model's own."""
        ...

    @property
    def rank(self) -> int:
        """1 is the likeliest."""
        ...


def band(word: Likely, by: Measure) -> int:
    """Return a word's band, 0 for the likeliest words to 3."""
    if by == "rank":
        return sum(word.rank > limit for limit in (10, 100, 1000))
    return sum(word.probability < limit for limit in (0.1, 0.01, 0.001))


@dataclass(frozen=True)
class Palette:
    """How bands are told apart on one console: by colours, or by signs if there are any."""

    by: Measure
    signs: tuple[str, ...] = ("",) * len(STYLES)

    @classmethod
    def of(cls, console: Console, by: Measure) -> "Palette":
        """Return what suits a console."""
        if coloured(console):
            return cls(by)
        return cls(by, PLAIN_SIGNS if console.options.ascii_only else SIGNS)

    def look(self, word: Likely) -> tuple[str, str]:
        """Return a word's style, and the sign that stands after it."""
        if isinstance(word, ScoredWord) and word.unknown:
            return "heat.unknown", UNKNOWN
        place = band(word, self.by)
        return STYLES[place], self.signs[place]

    def add_unread(self, text: Text, piece: str) -> None:
        """Append a word that the model does not know and cannot read."""
        space, bare = apart(piece)
        text.append(space).append(bare + UNKNOWN, "heat.unknown")

    def add(self, text: Text, word: Likely, new: bool) -> None:
        """Append a word to a text, with what tells its band; a new one, the model's own, is bright."""
        space, bare = apart(word.piece)
        style, sign = self.look(word)
        at = len(text.append(space))
        text.append(bare + sign, style)
        if new:
            text.stylize("word", at)

    def legend(self) -> Text:
        """Say what the colours or signs mean."""
        if any(self.signs):
            what, *limits = LIMITS[self.by]
            told = [f"{limit} {sign}" for limit, sign in zip(limits, self.signs[1:], strict=True)]
            return Text(f"{what} {', '.join(told)}", "muted")
        names = [Text(name, style) for name, style in zip(LEGENDS[self.by], STYLES, strict=True)]
        return joined(*names)


@dataclass(frozen=True)
class Heated:
    """A line with its words coloured, those after the `given` ones bright; what stands `before` is dim.

    Each `unread` word in between, which the model cannot read, has the number of words before it.
    """

    words: Sequence[Likely]
    by: Measure
    given: int = 0
    before: str = ""
    unread: Sequence[tuple[int, str]] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it as one text."""
        yield self.text(Palette.of(console, self.by))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Take as much room as the text."""
        return Measurement.get(console, options, self.text(Palette.of(console, self.by)))

    def text(self, palette: Palette) -> Text:
        """Return the line with its colours or signs."""
        text = Text()
        text.append(safe(self.before), "seed")
        for number, word in _merged(self.words, self.unread):
            if isinstance(word, str):
                palette.add_unread(text, word)
            else:
                palette.add(text, word, new=number >= self.given)
        return text


def _merged(
    words: Sequence[Kind], unread: Sequence[tuple[int, str]]
) -> Iterator[tuple[int, Kind | str]]:
    """Yield all words in their order, each with the number of those before it that can be read."""
    waiting = deque(unread)
    for number, word in enumerate(words):
        while waiting and waiting[0][0] <= number:
            yield waiting.popleft()
        yield number, word
    yield from waiting


@dataclass(frozen=True)
class Legend:
    """What the colours or signs mean."""

    by: Measure

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it in one line."""
        yield Palette.of(console, self.by).legend()


def line(score: Score, by: Measure) -> Heated:
    """Draw a line with its words coloured."""
    return Heated(score.words, by, score.given, score.before, score.unread)


def summary(score: Score) -> RenderableType:
    """Tell a line's perplexity, of which words, the most surprising one, and which are not known."""
    word = score.most_surprising
    surprising = Text("most surprising ", "muted").append(shown(word.piece), "word")
    surprising.append(f" {percent(word.probability)}, rank {word.rank:,}", "muted")
    measured = Text(perplexed(score.perplexity), "value").append(f" {counted(score)}", "muted")
    facts = joined(measured, surprising)
    unknown = unknown_words(score)
    return Group(facts, unknown) if unknown else facts


def counted(score: Score) -> str:
    """Say which words a line's perplexity is about."""
    if 0 < score.given < len(score.words):
        return "with the seed"
    return "without the seed" if score.before else "of the whole line"


def unknown_words(score: Score) -> Text | None:
    """Say how the perplexity takes words that the model does not know."""
    how = []
    if score.unknown:
        how.append(f"{_listed(score.unknown)} counted as an unknown word")
    if score.skipped:
        how.append(f"{_listed(score.skipped)} not counted")
    if not how:
        return None
    return Text(f"unknown ({UNKNOWN}), {percent(score.unknown_rate)}: {'; '.join(how)}", "notice")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(map(safe, words))


def told(score: Score, by: Measure, table: bool = False) -> RenderableType:
    """Draw a line in colours with its summary, and a table of its words if that is wanted."""
    drawn = [line(score, by), summary(score)]
    return Group(*drawn, WordTable(score.words, by, score.unread)) if table else Group(*drawn)


def picture(score: Score, by: Measure, table: bool = False) -> RenderableType:
    """Draw a line with all that can be told of it, and what the colours mean."""
    return Group(told(score, by, table), Legend(by))


def measure(name: str) -> Measure:
    """Return what colours tell by its name.

    Raises:
        SettingError: they cannot tell that.
    """
    for known in LEGENDS:
        if known == name:
            return known
    raise SettingError(f"colours tell rank or probability, not {name!r}")


def shown(piece: str) -> str:
    """Return a word as it is shown alone; a blank would not be seen."""
    return safe(piece.strip()) or "␣"


@dataclass(frozen=True)
class WordTable:
    """A row a word: its probability and rank, and the entropy of what it was drawn from, in nats."""

    words: Sequence[ScoredWord]
    by: Measure
    unread: Sequence[tuple[int, str]] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it where there is room for it."""
        if options.max_width < NARROWEST:
            return
        palette = Palette.of(console, self.by)
        headings = ("word", "probability", "rank", "entropy")
        table = columns(*headings, right=headings[1:])
        rows = list(_merged(self.words, self.unread))
        for _, word in rows[:ROWS]:
            if isinstance(word, str):
                table.add_row(Text(shown(word) + UNKNOWN, "heat.unknown"), "–", "–", "–")
                continue
            style, sign = palette.look(word)
            cells = (percent(word.probability), f"{word.rank:,}", f"{word.entropy:.2f}")
            table.add_row(Text(shown(word.piece) + sign, style), *cells)
        yield table
        if len(rows) > ROWS:
            yield Text(f"… {len(rows) - ROWS:,} more words", style="muted")
