"""The shelf as people see it: a table, or a line a model where a table does not fit."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderableType
from rich.text import Text

from core.library.model import Manifest
from core.library.shelf import Entry, saved_models
from core.text.levels import nouns
from repl.views import columns, error, safe

MEASURES = {
    "perplexity": ("validation_perplexity", "{:,.1f}"),
    "unknown": ("unknown_rate", "{:.0%}"),
    "bits/character": ("bits_per_character", "{:.2f}"),
}
"""What can be told of a model's quality: a heading, the name of the metric, how it is written."""

WIDEST = 1000
SPARED = ("size", "age")
"""What a table can do without where it is too wide."""


@dataclass(frozen=True)
class ShelfView:
    """What stands on the shelf, a star at the models that are loaded; a damaged one shows why."""

    entries: Sequence[Entry]
    loaded: Collection[Path]
    today: date

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Draw what fits the console's width."""
        if not self.entries:
            yield Text("no models; train one with :train", style="notice")
        rows = [(self._name(entry), self._cells(entry)) for entry in self.entries if entry.manifest]
        if rows:
            yield from self._fitting(rows, console, options)
            if any(entry.path in self.loaded for entry in self.entries if entry.manifest):
                yield Text("* is loaded", style="muted")
        for entry in self.entries:
            if entry.manifest is None:
                yield error(entry.problem or f"{entry.name} cannot be used")
        for entry in self.entries:
            for path in entry.shadowed:
                hidden = f"{entry.name} at {path} is not reached: another comes first"
                yield Text(safe(hidden), style="muted")

    def _fitting(
        self, rows: Sequence[tuple[Text, dict[str, str]]], console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        headings = [name for name in rows[0][1] if any(cells[name] for _, cells in rows)]
        for kept in (headings, [heading for heading in headings if heading not in SPARED]):
            table = columns("model", *kept, right=("tokens", "size", *MEASURES))
            for name, cells in rows:
                table.add_row(name, *(Text(cells[heading]) for heading in kept))
            wanted = console.measure(table, options=options.update(max_width=WIDEST)).maximum
            if wanted <= options.max_width:
                yield table
                return
        for name, cells in rows:
            told = [f"{n} {cells[n]}" if n in MEASURES else cells[n] for n in headings if cells[n]]
            yield Text.assemble(name, ("  " + " · ".join(told), "muted"))

    def _name(self, entry: Entry) -> Text:
        name = Text(safe(entry.name), style="name")
        return name.append(" *") if entry.path in self.loaded else name

    def _cells(self, entry: Entry) -> dict[str, str]:
        manifest = entry.manifest
        assert manifest is not None
        return {
            "tokens": f"{manifest.words:,} {nouns(manifest.level)}",
            "size": size(entry.bytes),
            **{heading: measure(heading, manifest) for heading in MEASURES},
            "age": age(manifest.created, self.today),
            "where": safe(place(entry)),
        }


def measure(heading: str, manifest: Manifest) -> str:
    """Write one measure of a model; a model may hold anything for it, and only a number counts."""
    name, form = MEASURES[heading]
    value = manifest.metrics.get(name)
    return form.format(value) if isinstance(value, float) and math.isfinite(value) else ""


def age(created: str, today: date) -> str:
    """Say how long ago a model was made, in the largest unit; nothing, where it does not say when."""
    try:
        days = (today - date.fromisoformat(created)).days
    except ValueError:
        return ""
    for unit, length in (("year", 365), ("month", 30), ("day", 1)):
        if days >= length:
            count = days // length
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return "today"


def place(entry: Entry) -> str:
    """Say where a model stands, in a word for the usual places."""
    if entry.shipped:
        return "shipped"
    return "saved" if entry.path.parent == saved_models() else str(entry.path.parent)


def size(count: int) -> str:
    """Write a number of bytes for people."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
