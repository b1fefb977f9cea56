"""A unit's activation as the colour of the words, blue below zero and red above, and as numbers.

Words have their numbers below them. Letters have tenths: above them where the unit is positive, below
them where it is negative. So nothing is lost without colour.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.text import Text

from core.insight.neurons import Example, SelectiveUnit, Survey, UnitLine
from core.text.levels import nouns
from core.text.pieces import BEGINS, begins
from repl.pictures.bars import bar, signed
from repl.views import safe, visible

BANDS = (0.1, 0.3, 0.6)
"""Where the bands of an activation begin; below the first it counts as silent."""


def style(value: float) -> str:
    """Return the style of an activation from -1 to 1."""
    band = sum(abs(value) >= least for least in BANDS)
    side = "positive" if value > 0 else "negative"
    return f"{side}.{band}" if band else "silent"


@dataclass(frozen=True)
class UnitView:
    """A line coloured by one unit."""

    told: UnitLine
    letters: bool
    """Whether the line's tokens are letters, and not words."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Draw what fits the console's width."""
        told = self.told
        where = f" · unit {told.unit} of layer {told.layer}"
        yield Text.assemble((safe(told.model), "name"), (where, "muted"))
        yield Text()
        words = [safe(word) for word in told.line.words]
        lay = _letters if self.letters else _words
        yield from lay(words, told.values, options.max_width)
        yield _extremes(words, told.values)


def _words(words: Sequence[str], values: Sequence[float], width: int) -> Iterator[Text]:
    """Lay words out in pairs of rows, each with its number below it."""
    above, below = Text(), Text()
    for word, value in zip(words, values, strict=True):
        number = signed(value)
        wide = max(cell_len(word), len(number))
        if above and above.cell_len + wide > width:
            yield from (above, below, Text())
            above, below = Text(), Text()
        above.append(word, style(value)).append(" " * (wide - cell_len(word) + 1))
        below.append(number.ljust(wide + 1), "muted")
    yield from (above, below, Text())


def _letters(letters: Sequence[str], values: Sequence[float], width: int) -> Iterator[Text]:
    """Lay letters out in rows of three: tenths where positive, the text, tenths where negative."""
    rows = above, text, below = Text(), Text(), Text()
    for letter, value in zip(letters, values, strict=True):
        wide = cell_len(letter)
        if text.cell_len + wide > width:
            yield from rows
            rows = above, text, below = Text(), Text(), Text()
        tenths = min(9, int(abs(value) * 10))
        digit = str(tenths) if tenths else ""
        above.append((digit if value > 0 else "")[:wide].ljust(wide), "muted")
        text.append(letter, style(value))
        below.append((digit if value < 0 else "")[:wide].ljust(wide), "muted")
    yield from rows


def _extremes(words: Sequence[str], values: Sequence[float]) -> Text:
    high, low = max(values), min(values)
    highest, lowest = words[values.index(high)], words[values.index(low)]
    told = f"highest {signed(high)} at {highest!r} · lowest {signed(low)} at {lowest!r}"
    return Text(told, style="muted")


@dataclass(frozen=True)
class SurveyView:
    """The most selective units, each with its words and the lines in which it fires most."""

    told: Survey
    total: int
    """How many lines there were to choose from."""

    level: str = "word"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Draw what fits the console's width."""
        told = self.told
        yield Text.assemble(
            (safe(told.model), "name"), (f" · layer {told.layer} · {self._read()}", "muted")
        )
        for unit in told.units:
            yield Text()
            yield _unit_heading(unit)
            yield from _responses(unit, options)
            for example in unit.examples:
                yield _indented(_example(example, self.level), options)
        yield Text()
        if told.still:
            moving = f"{told.still:,} of {told.size:,} units hardly move and are left out"
            yield Text(moving, style="muted")
        yield Text(
            "Selectivity is lifetime sparseness: 0 for a unit that is the same at every word, 1 for "
            "one that leaves its rest at one word only. :neuron N colours a line by a unit.",
            style="muted",
        )

    def _read(self) -> str:
        told, many = self.told, nouns(self.level)
        return (
            f"{told.lines:,} of {self.total:,} lines, {told.words:,} {many}, "
            f"of which {told.kinds:,} different ones come {told.least:,} times or more"
        )


def _unit_heading(unit: SelectiveUnit) -> Text:
    return Text.assemble(
        (f"unit {unit.unit}", "name"),
        f"  selectivity {unit.selectivity:.2f} ",
        (bar(unit.selectivity, 10), "gate"),
        (f" at rest {signed(unit.rest)}", "muted"),
    )


def _responses(unit: SelectiveUnit, options: ConsoleOptions) -> Iterator[RenderableType]:
    """Draw words with means and counts; a row ends between two of them."""
    row = Text()
    for response in unit.words:
        one = Text.assemble(
            (visible(response.word), style(response.mean)),
            f" {signed(response.mean)}",
            (f" ×{response.count:,}", "muted"),
        )
        if row and not options.no_wrap and row.cell_len + one.cell_len + 5 > options.max_width:
            yield _indented(row, options)
            row = Text()
        row.append(" · " if row else "", "muted").append_text(one)
    yield _indented(row, options)


def _indented(text: Text, options: ConsoleOptions) -> RenderableType:
    """Indent a text, also where it wraps; in a pipe nothing wraps, and padding would cut it."""
    return Text("  ").append_text(text) if options.no_wrap else Padding.indent(text, 2)


def _example(example: Example, level: str) -> Text:
    """Draw a line with the activation at the word where the unit goes furthest."""
    told = Text()
    for place, (word, value) in enumerate(zip(example.line.words, example.values, strict=True)):
        pieces = level == "bpe"
        apart = begins(word) if pieces else level == "word"
        told.append(" " if apart and place else "")
        told.append(safe(word.removeprefix(BEGINS) if pieces else word), style(value))
        if place == example.peak:
            told.append(f"[{signed(value)}]", "muted")
    return told
