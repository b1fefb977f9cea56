"""A small chart of columns, made of blocks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

HEIGHT = 6
"""Lines of a chart, if nothing else is said."""

LEVELS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Chart:
    """Columns from left to right, the highest and the lowest labelled, the ends numbered below."""

    values: Sequence[float]
    label: Callable[[float], str]
    ends: tuple[int, int]
    height: int = HEIGHT

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw what fits the width; of very many columns the means of neighbours."""
        yield from self.rows(options.max_width)

    def rows(self, width: int) -> Iterator[Text]:
        """Yield the lines of the chart, and the one below them."""
        heights = squeezed(self.values, max(1, width - 12))
        low, high = min(heights), max(heights)
        labels = [self.label(high), self.label(low)]
        margin = max(map(len, labels))
        room = width - margin - 2
        drawn = squeezed(heights, max(1, room))
        wide = max(1, min(4, room // len(drawn)) - 1)
        gap = " " if (wide + 1) * len(drawn) <= room else ""
        for line in range(self.height):
            label = labels[0] if line == 0 else labels[1] if line == self.height - 1 else ""
            blocks = "".join(self._block(value, low, high, line) * wide + gap for value in drawn)
            yield Text.assemble((label.rjust(margin) + "  ", "muted"), (blocks.rstrip(), "value"))
        yield self._ends(margin + 2, len(drawn) * (wide + len(gap)) - len(gap))

    def _ends(self, margin: int, width: int) -> Text:
        first, last = map(str, self.ends)
        across = max(width, len(first))
        ends = first + last.rjust(across - len(first)) if len(self.values) > 1 else first
        return Text(" " * margin + ends, "muted")

    def _block(self, value: float, low: float, high: float, line: int) -> str:
        """Draw the part of a column that is in one line; the lowest is one level high."""
        share = (value - low) / (high - low) if high > low else 0.0
        levels = 1 + round(share * (8 * self.height - 1))
        return LEVELS[min(max(levels - 8 * (self.height - 1 - line), 0), 8)]


def squeezed(values: Sequence[float], most: int) -> list[float]:
    """Return at most so many values: the means of runs of neighbours."""
    if len(values) <= most:
        return list(values)
    edges = [index * len(values) // most for index in range(most + 1)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
