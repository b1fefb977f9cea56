"""What each earlier word still changes, and how that falls with distance: bars, a chart, numbers."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType
from rich.text import Text

from core.insight.memory import Influence, LineMemory, Memory
from core.text.levels import noun
from repl.pictures.bars import bar, bits
from repl.views import columns, safe, visible

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 24
"""Words of a line that have a row of their own; those before them have one together."""

DECADES = 5
"""How far down the chart reaches at most: to a hundred-thousandth of the last word's influence."""

ROWS = 3
"""Rows of the chart for each decade."""

LABEL = 8
"""Columns of what stands left of the chart."""

BACK, COLUMN = 5, 8
"""Columns of the distances, and of one model's bits: where not all models fit, a table follows."""

SEVERAL = "*"
"""What stands in the chart where several curves meet."""

SERIES = 6
"""Colours there are for curves."""


@dataclass(frozen=True)
class MemoryView:
    """One line, word by word, and the average by distance."""

    told: LineMemory

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Draw what fits the console's width."""
        told, one = self.told, noun(self.told.memory.level)
        heading = f" · what leaving out a {one} changes in what is expected next"
        yield Text.assemble((safe(told.memory.model), "name"), (heading, "muted"))
        yield Text()
        yield self._words(options.max_width)
        yield Text()
        yield Text(f"by distance, averaged over the {one}s of this line", style="muted")
        yield _distances(told.memory, options.max_width)
        yield Text()
        yield _conclusion(told.memory)

    def _words(self, width: int) -> "Table":
        values = self.told.bits
        words = self.told.line.words[-len(values) :]
        table = columns(noun(self.told.memory.level), "back", "bits", "", right=("back", "bits"))
        for column in table.columns[1:]:
            column.no_wrap = True  # so that a long word folds, and not the bars
        hidden = len(values) - SHOWN
        if hidden > 0:
            earlier = Text(f"{hidden} before", style="muted")
            table.add_row(earlier, "", f"≤{bits(max(values[:hidden]))}", "")
        longest, room = max(values), max(8, min(40, width - 32))
        for place in range(max(hidden, 0), len(values)):
            table.add_row(
                Text(visible(words[place]), style="word"),
                str(len(values) - place),
                bits(values[place]),
                Text(bar(values[place] / longest if longest else 0, room), style="gate"),
            )
        return table


def ticks(influences: Sequence[Influence]) -> list[Influence]:
    """Return the distances that a table tells of: the first twelve, then fewer and fewer."""
    return [
        one
        for one in influences
        if one.distance <= 12 or one.distance % (5 if one.distance < 30 else 10) == 0
    ]


def _distances(memory: Memory, width: int) -> "Table":
    table = columns("back", "bits", "positions", "", right=("back", "bits", "positions"))
    longest = max((one.bits for one in memory.by_distance), default=0)
    for one in ticks(memory.by_distance):
        drawn = bar(one.bits / longest if longest else 0, max(8, min(40, width - 32)))
        table.add_row(
            str(one.distance), bits(one.bits), f"{one.positions:,}", Text(drawn, style="gate")
        )
    return table


def _conclusion(memory: Memory) -> Text:
    one = noun(memory.level)
    least = f"1% of the last {one}'s influence"
    if memory.forgotten is None:
        return Text(f"Nowhere in this line does it fall below {least}.", style="value")
    back = f"{memory.forgotten} {one}s" if memory.forgotten > 1 else f"one {one}"
    return Text(f"From {back} back on it is below {least}.", style="value")


@dataclass(frozen=True)
class ComparisonView:
    """Several models' memories side by side: a chart, and the numbers below it."""

    memories: Sequence[Memory]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Draw what fits the console's width."""
        one = self._noun()
        yield Text(
            f"what leaving out a {one} changes, by how far back it is, as a share of what leaving out "
            "the last one changes",
            style="muted",
        )
        drawn = chart([memory.by_distance for memory in self.memories], options.max_width)
        yield from drawn
        yield from self._legend(any(SEVERAL in row.plain for row in drawn))
        yield Text()
        several = max(1, (options.max_width - BACK) // COLUMN)
        for first in range(0, len(self.memories), several):
            yield self._table(range(first, min(first + several, len(self.memories))))
            yield Text()
        yield Text(
            f"The mean Kullback-Leibler divergence D(full || without) of the next {one}'s "
            "distribution, in bits. Each model is compared with itself only.",
            style="muted",
        )

    def _legend(self, meet: bool) -> Iterator[Text]:
        """Say whose curve is whose, and what a star means if there is one."""
        curves = (
            Text.assemble((_mark(number), f"series.{number % SERIES}"), f" {safe(memory.model)}")
            for number, memory in enumerate(self.memories)
        )
        told = [*curves, *([Text(f"{SEVERAL} several of them")] if meet else [])]
        yield Text(" · ", "muted").join(told)

    def _noun(self) -> str:
        levels = {memory.level for memory in self.memories}
        return noun(levels.pop()) if len(levels) == 1 else "token"

    def _table(self, which: Sequence[int]) -> "Table":
        memories = [self.memories[number] for number in which]
        headings = [f"{_mark(number)} {safe(self.memories[number].model)}" for number in which]
        table = columns("back", *headings, right=("back", *headings))
        longest = max((memory.by_distance for memory in self.memories), key=len)
        for one in ticks(longest):
            told = [_at(memory, one.distance) for memory in memories]
            table.add_row(str(one.distance), *told)
        ends = [_end(memory) for memory in memories]
        table.add_row(Text("<1%", style="name"), *(Text(end, style="value") for end in ends))
        lines = (Text(f"{memory.lines:,}", style="muted") for memory in memories)
        table.add_row(Text("lines", style="muted"), *lines)
        return table


def _at(memory: Memory, distance: int) -> str:
    told = memory.by_distance
    return bits(told[distance - 1].bits) if distance <= len(told) else ""


def _end(memory: Memory) -> str:
    if memory.forgotten is not None:
        return f"from {memory.forgotten}"
    return f"not by {len(memory.by_distance)}"


def _mark(number: int) -> str:
    return ascii_lowercase[number % len(ascii_lowercase)]


def chart(curves: Sequence[Sequence[Influence]], width: int) -> list[Text]:
    """Draw curves over distance as shares of their first value, a decade every few rows.

    Each curve has a letter; a star stands where several meet. What is below the last decade is not
    drawn. At 1% there is a line of dots.
    """
    shares = [
        {one.distance: one.bits / curve[0].bits for one in curve if min(one.bits, curve[0].bits) > 0}
        for curve in curves
    ]
    lowest = min((share for curve in shares for share in curve.values()), default=1.0)
    decades = min(DECADES, max(2, math.ceil(-math.log10(lowest))))
    longest = max(map(len, curves))
    room = max(2, min(4 * longest, width - LABEL))

    def column(distance: int) -> int:
        return round((distance - 1) * (room - 1) / max(1, longest - 1))

    rows = [[(" ", "") for _ in range(room)] for _ in range(decades * ROWS + 1)]
    rows[2 * ROWS] = [("·", "muted")] * room
    for number, curve in enumerate(shares):
        mark = (_mark(number), f"series.{number % SERIES}")
        for distance, share in curve.items():
            height = max(0, round(-math.log10(share) * ROWS))
            if height < len(rows):
                taken = rows[height][column(distance)][0] not in (" ", "·", mark[0])
                rows[height][column(distance)] = (SEVERAL, "") if taken else mark
    drawn = [
        Text.assemble((_label(height).rjust(LABEL - 1) + " ", "muted"), *row)
        for height, row in enumerate(rows)
    ]
    return [*drawn, _axis([column(distance) for distance in range(1, longest + 1)])]


def _label(height: int) -> str:
    return "" if height % ROWS else f"{100 / 10 ** (height // ROWS):g}%"


def _axis(places: Sequence[int]) -> Text:
    """Write distances below the columns they stand in, as many as there is room for."""
    axis = ""
    for distance, place in enumerate(places, start=1):
        if (distance == 1 or distance % 5 == 0) and place >= len(axis) + (distance > 1):
            axis = axis.ljust(place) + str(distance)
    return Text(" " * LABEL + axis, style="muted")
