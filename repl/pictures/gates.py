"""The gates of every layer, a row a word: how much was forgotten, written and shown."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType
from rich.text import Text

from core.insight.gates import LineGates, Moment, Spread
from core.settings import ModelSettings
from core.text.levels import noun, nouns
from repl.pictures.bars import bar, fraction, norm
from repl.views import columns, safe, visible

if TYPE_CHECKING:
    from rich.table import Table

WIDEST = 1000

NARROW = 7
"""Columns of a gate where its bar stands above its numbers."""

NETWORKS = {"lstm": "an LSTM", "gru": "a GRU", "rnn": "a plain RNN"}

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
    """A table for each layer, one below the other; one that is too wide has several lines a word."""

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
            yield from self._fitting(moments, console, options)
        yield Text()
        yield Text(LEGENDS[told.shape.cell], style="muted")

    def _fitting(
        self, moments: Sequence[Moment], console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        for narrow in (False, True):
            table = self._table(moments, narrow)
            wanted = console.measure(table, options=options.update(max_width=WIDEST)).maximum
            if wanted <= options.max_width or (narrow and not moments[0].gates):
                yield table
                return
        yield from self._stack(moments)

    def _stack(self, moments: Sequence[Moment]) -> Iterator[Text]:
        """Draw each word above its gates, so that it stands whole."""
        names = moments[0].gates
        heads = ["hidden"] if moments[0].cell is None else ["cell", "hidden"]
        ends = [_norms(moment) for moment in moments]
        room = max(map(len, [*heads, *(end for two in ends for end in two)]))
        for number, head in enumerate(heads, start=1):
            last = number == len(heads)
            gates = " ".join((name if last else "").ljust(NARROW) for name in names)
            yield Text(f"  {gates} {head.rjust(room)}", "table.header")
        for word, moment, end in zip(self.told.line.words, moments, ends, strict=True):
            yield Text(visible(word), style="word")
            bars = " ".join(bar(spread.mean, NARROW) for spread in moment.gates.values())
            numbers = " ".join(_numbers(spread) for spread in moment.gates.values())
            above, below = end if len(end) == 2 else ("", *end)
            yield Text.assemble("  ", (bars, "gate"), f" {above.rjust(room)}")
            yield Text(f"  {numbers} {below.rjust(room)}")

    def _table(self, moments: Sequence[Moment], narrow: bool) -> "Table":
        norms = ["hidden"] if moments[0].cell is None else ["cell", "hidden"]
        if narrow:
            norms = ["\n".join(norms)]
        right = norms if moments[0].gates else ()  # without gates there is a bar beside the norm
        table = columns(noun(self.level), *moments[0].gates, *norms, right=right)
        table.collapse_padding = narrow
        for column in table.columns[1:]:
            column.no_wrap = True  # so that where there is no room at all it is the words that fold
        for word, moment in zip(self.told.line.words, moments, strict=True):
            gates = [_gate(spread, narrow) for spread in moment.gates.values()]
            table.add_row(Text(visible(word), style="word"), *gates, *self._norms(moment, narrow))
        return table

    def _norms(self, moment: Moment, narrow: bool) -> list[Text]:
        if not moment.gates:
            share = moment.hidden / math.sqrt(self.told.shape.hidden_size)
            width = 12 if narrow else 30
            return [Text.assemble((bar(share, width), "gate"), f" {norm(moment.hidden)}")]
        told = _norms(moment)
        return [Text("\n".join(told))] if narrow else [Text(value) for value in told]


def _norms(moment: Moment) -> list[str]:
    return [norm(value) for value in (moment.cell, moment.hidden) if value is not None]


def _numbers(spread: Spread) -> str:
    return f"{fraction(spread.mean)}±{fraction(spread.deviation)}"


def _gate(spread: Spread, narrow: bool) -> Text:
    width, between = (NARROW, "\n") if narrow else (6, " ")
    return Text.assemble((bar(spread.mean, width), "gate"), between, _numbers(spread))


def describe(shape: ModelSettings, level: str) -> str:
    """Say what was looked at: the cells, and which of the network's readings."""
    layers = f"{shape.layers} layers" if shape.layers > 1 else "1 layer"
    told = f"{NETWORKS[shape.cell]}, {layers} of {shape.hidden_size:,} units · "
    if shape.attention:
        return f"{told}the last of the {shape.window} steps that its attention looks at"
    if shape.context == "window":
        return f"{told}the last {shape.window} {nouns(level)} read anew for each {noun(level)}"
    return f"{told}read {noun(level)} by {noun(level)}"
