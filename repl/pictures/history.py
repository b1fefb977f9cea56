"""How a training went: a chart of its epochs, and a table of their figures."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType
from rich.text import Text

from core.library.model import Manifest
from core.training.history import Epoch, from_json
from repl.pictures.chart import Chart
from repl.pictures.probes import Lines, Said, runs, some
from repl.views import columns, safe

if TYPE_CHECKING:
    from rich.table import Table

ROWS = 16
"""Epochs in the table at the most; of more, some spread evenly, the best and the last among them."""

WIDEST = 1000

SPARED = ("rate", "seconds", "tokens/s", "bits/char")
"""What a table can do without where it is too wide, the first first."""


@dataclass(frozen=True)
class HistoryView:
    """The chart and the table; `best` is the epoch whose weights the model has, 0 for the start's."""

    name: str
    epochs: Sequence[Epoch]
    best: int
    networks: int = 1
    """How many networks the model has; the epochs are the last one's."""

    @classmethod
    def of(cls, name: str, manifest: Manifest) -> "HistoryView":
        """Return the view of what the model called `name` says of its training; it may say anything."""
        best = manifest.training.get("best_epoch")
        epochs = from_json(manifest.training.get("history"))
        return cls(name, epochs, best if type(best) is int else 0, manifest.networks)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Draw what fits the console's width."""
        if not self.epochs:
            yield Text(f"{safe(self.name)} has no training history", "notice")
            return
        yield self._title()
        measured = "validation perplexity" if self._held_out else "loss of the training lines"
        yield Text(f"{measured} by epoch", "muted")
        yield from self._chart(options.max_width)
        yield Text()
        for left_out in range(len(SPARED) + 1):
            table = self._table(SPARED[:left_out])
            wanted = console.measure(table, options=options.update(max_width=WIDEST)).maximum
            if wanted <= options.max_width or left_out == len(SPARED):
                yield table
                break
        if any(epoch.epoch == self.best for epoch in self.epochs):
            yield Text("* the weights that were kept", "muted")
        elif not self.best:
            yield Text("none was better than the start, whose weights were kept", "muted")
        yield from self._probes()

    def _title(self) -> Text:
        count, seconds = self.epochs[-1].epoch, sum(epoch.seconds for epoch in self.epochs)
        parts = [f"{count:,} epoch{'s' if count > 1 else ''}"]
        if len(self.epochs) == count:
            parts.append(f"{seconds:,.0f} s")
        if self.networks > 1:
            parts.append(f"the last of {self.networks} networks")
        return Text.assemble((safe(self.name), "name"), (" · ".join(["", *parts]), "muted"))

    @property
    def _held_out(self) -> bool:
        return all(epoch.validation_perplexity is not None for epoch in self.epochs)

    def _heights(self) -> list[float]:
        """Return what is drawn of each epoch, in nats: perplexities differ by factors."""
        if not self._held_out:
            return [epoch.loss for epoch in self.epochs]
        return [math.log(max(epoch.validation_perplexity or 1.0, 1.0)) for epoch in self.epochs]

    def _label(self, nats: float) -> str:
        return f"{nats:.2f}" if not self._held_out else short(math.exp(min(nats, 700.0)))

    def _chart(self, width: int) -> Iterator[Text]:
        ends = self.epochs[0].epoch, self.epochs[-1].epoch
        return Chart(self._heights(), self._label, ends).rows(width)

    def _probes(self) -> Iterator[RenderableType]:
        """Draw what the network made of each seed, epoch after epoch."""
        for seed in dict.fromkeys(seed for each in self.epochs for seed in each.probes):
            said = (
                Said(each.epoch, each.epoch, each.probes[seed], each.epoch == self.best)
                for each in self.epochs
                if seed in each.probes
            )
            yield Text()
            yield Text.assemble(
                (safe(seed) or "(the beginning)", "seed"), (" after each epoch", "muted")
            )
            yield Lines(seed, some(runs(said)))

    def _table(self, left_out: Sequence[str]) -> "Table":
        rows = [self._cells(each) for each in chosen(self.epochs, self.best)]
        kept = [name for name in rows[0] if name not in left_out and any(row[name] for row in rows)]
        table = columns(*kept, right=kept)
        for row in rows:
            table.add_row(*(Text(row[name]) for name in kept))
        return table

    def _cells(self, each: Epoch) -> dict[str, str]:
        return {
            "epoch": f"{'*' if each.epoch == self.best else ''}{each.epoch:,}",
            "loss": f"{each.loss:.3f}",
            "perplexity": _or_nothing(each.validation_perplexity, short),
            "bits/char": _or_nothing(each.bits_per_character, "{:.3f}".format),
            "tokens/s": f"{each.tokens_per_second:,.0f}",
            "seconds": f"{each.seconds:,.1f}",
            "rate": f"{each.learning_rate:.2g}",
        }


def _or_nothing(value: float | None, write: Callable[[float], str]) -> str:
    return "" if value is None else write(value)


def chosen(epochs: Sequence[Epoch], best: int) -> list[Epoch]:
    """Return the epochs that the table shows."""
    if len(epochs) <= ROWS:
        return list(epochs)
    last = len(epochs) - 1
    kept = {index * last // (ROWS - 2) for index in range(ROWS - 1)}
    return [each for index, each in enumerate(epochs) if index in kept or each.epoch == best]


def short(perplexity: float) -> str:
    """Write a perplexity in a few columns: 8.53, 83.2, 1,234.5, 8.1e+09."""
    if perplexity >= 1e6:
        return f"{perplexity:.1e}"
    return f"{perplexity:,.2f}" if perplexity < 20 else f"{perplexity:,.1f}"
