"""A setting's values with what each of them gave; what differs from the row above is marked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.text import Text

from core.decoding.generator import Continuation, Generator, Seed
from core.insight.sweeping import Row, perplexity_of
from core.setting import Setting
from repl import views
from repl.pictures.marks import Legend, Marked, common_sampling
from repl.views import columns, safe

SIDE_BY_SIDE = 60
"""Columns from which on a value stands beside its words."""


def picture(generator: Generator, seed: Seed, setting: Setting, rows: Sequence[Row]) -> RenderableType:
    """Draw a sweep: the seed, the grid, and what would give it again."""
    shown = Text(safe(generator.model.cleaning.show(seed.text)) or "(the beginning)", "seed")
    told = [views.named(generator), *_common(generator, setting, rows)]
    if setting.name != "rng" and any(row.settings.draws for row in rows):
        told.append("the same random numbers in every row")
    grid = Grid(setting, rows)
    drawn: list[RenderableType] = [shown, grid, Text(" · ".join(told), "status")]
    if any(differs for row in rows if row.same_as is None for line in row.differs for differs in line):
        drawn.insert(2, Legend("is not as in the row above"))
    if len(rows) > 1 and all(row.same_as == 0 for row in rows[1:]):
        nothing = f"every value gives the same words: {setting.name} changes nothing here"
        drawn.insert(2, Text(nothing, "notice"))
    return Group(*drawn)


def _common(generator: Generator, setting: Setting, rows: Sequence[Row]) -> list[str]:
    own = setting.name.replace("_", "-")
    told = common_sampling([generator.under(row.settings) for row in rows])
    return [part for part in told if not part.startswith(f"{own} ")]


@dataclass(frozen=True)
class Grid:
    """A row a value; where there is little room, the value stands above its words."""

    setting: Setting
    rows: Sequence[Row]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw what fits."""
        wide = options.max_width >= SIDE_BY_SIDE
        yield from self._table() if wide else self._stack()

    def _table(self) -> Iterator[RenderableType]:
        perplexity = "perplexity\nwithout seed"
        table = columns(self.setting.name, "words", perplexity, right=(perplexity,))
        table.columns[-1].no_wrap = True
        for row in self.rows:
            value = self._value(row)
            for words, measure in self._cells(row):
                table.add_row(value, words, measure)
                value = Text()
        yield table

    def _stack(self) -> Iterator[RenderableType]:
        for row in self.rows:
            value = self._value(row)
            for words, measure in self._cells(row):
                told = f"  perplexity {measure} without the seed"
                yield Text.assemble(value, (told, "muted")) if measure else value
                yield Padding.indent(words, 2)
                value = Text()

    def _value(self, row: Row) -> Text:
        return Text(safe(self.setting.show(row.value)), "value")

    def _cells(self, row: Row) -> Iterator[tuple[RenderableType, str]]:
        if row.same_as is not None:
            other = self.setting.show(self.rows[row.same_as].value)
            yield Text(f"the same as {safe(other)}", "muted"), ""
            return
        for line, differs in zip(row.lines, row.differs, strict=True):
            pieces = [(word.piece, new) for word, new in zip(line.words, differs, strict=True)]
            if pieces:  # the space that belongs after the seed
                pieces[0] = (pieces[0][0].lstrip() or pieces[0][0], pieces[0][1])
            yield Marked(pieces), _perplexity(line)


def _perplexity(line: Continuation) -> str:
    value = perplexity_of([line])
    return "" if value is None else views.perplexed(value).removeprefix("perplexity ")
