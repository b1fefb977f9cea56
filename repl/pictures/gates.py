"""The gates of every layer, a row a word: how much was forgotten, written and shown."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType
from rich.text import Text

from core.insight.gates import LineGates, Moment, Spread
from core.settings import ModelSettings
from repl.pictures.bars import bar, fraction, norm
from repl.views import columns, safe, visible

if TYPE_CHECKING:
    from rich.table import Table

WIDEST = 1000

LEGENDS = {
    "lstm": "forget: 1 keeps the cell state, 0 clears it; input: 1 writes the new into it; output: 1 "
    "shows it. Mean ± standard deviation over the units; cell and hidden are the norms of the states.",
    "gru": "update: 1 keeps the old state, 0 takes the new; reset: 0 hides the old from the new. "
    "Mean ± standard deviation over the units; hidden is the norm of the state.",
    "rnn": "A plain RNN has no gates: every step rewrites its whole state. hidden is the norm of the "
    "state; its bar is full where every unit is at a limit.",
}


@dataclass(frozen=True)
class GatesView:
    """A table for each layer, one below the other; where one is too wide, it has two lines a word."""

    told: LineGates
    level: str = "word"
    """What a token is: a word or a character."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Draw what fits the console's width."""
        told = self.told
        described = describe(told.shape, self.level)
        yield Text.assemble((safe(told.model), "name"), (f" · {described}", "muted"))
        for number, moments in enumerate(told.layers, start=1):
            yield Text()
            if len(told.layers) > 1:
                yield Text(f"layer {number} of {len(told.layers)}", style="name")
            table = self._table(moments, narrow=False)
            wanted = console.measure(table, options=options.update(max_width=WIDEST)).maximum
            yield table if wanted <= options.max_width else self._table(moments, narrow=True)
        yield Text()
        yield Text(LEGENDS[told.shape.cell], style="muted")

    def _table(self, moments: Sequence[Moment], narrow: bool) -> "Table":
        norms = ["hidden"] if moments[0].cell is None else ["cell", "hidden"]
        if narrow:
            norms = ["\n".join(norms)]
        right = norms if moments[0].gates else ()  # without gates there is a bar beside the norm
        table = columns(self.level, *moments[0].gates, *norms, right=right)
        table.collapse_padding = narrow
        for column in table.columns[1:]:
            column.no_wrap = True  # so that where there is too little room it is the words that fold
        for word, moment in zip(self.told.line.words, moments, strict=True):
            gates = [_gate(spread, narrow) for spread in moment.gates.values()]
            table.add_row(Text(visible(word), style="word"), *gates, *self._norms(moment, narrow))
        return table

    def _norms(self, moment: Moment, narrow: bool) -> list[Text]:
        if not moment.gates:
            share = moment.hidden / math.sqrt(self.told.shape.hidden_size)
            width = 12 if narrow else 30
            return [Text.assemble((bar(share, width), "gate"), f" {norm(moment.hidden)}")]
        told = [norm(value) for value in (moment.cell, moment.hidden) if value is not None]
        return [Text("\n".join(told))] if narrow else [Text(value) for value in told]


def _gate(spread: Spread, narrow: bool) -> Text:
    numbers = f"{fraction(spread.mean)}±{fraction(spread.deviation)}"
    width, between = (7, "\n") if narrow else (6, " ")
    return Text.assemble((bar(spread.mean, width), "gate"), between, numbers)


def describe(shape: ModelSettings, level: str) -> str:
    """Say what was looked at: the cells, and which of the network's readings."""
    layers = f"{shape.layers} layers" if shape.layers > 1 else "1 layer"
    told = f"{shape.cell} · {layers} of {shape.hidden_size:,} units · "
    if shape.attention:
        return f"{told}the last of the {shape.window} steps that its attention looks at"
    if shape.context == "window":
        return f"{told}the last {shape.window} {level}s read anew for each {level}"
    return f"{told}read {level} by {level}"
