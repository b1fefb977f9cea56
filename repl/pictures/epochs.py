"""The epochs of a model that are kept: which there are, and what each makes of one seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from core.insight.evolution import Spoken
from core.library.model import Manifest
from repl.pictures.history import short
from repl.pictures.marks import Legend
from repl.pictures.probes import Lines, Said, runs
from repl.views import columns, safe

WITH_NOTES = 56
"""Columns from which on perplexities stand beside the lines."""


def table(
    name: str, epochs: Mapping[int, Manifest], best: int | None, loaded: int | None
) -> RenderableType:
    """Draw which epochs there are, how good each is, which was kept as the model, which is loaded."""
    headings = ("epoch", "loss", "perplexity", "bits/char")
    drawn = columns(*headings, "", right=headings)
    for number, manifest in epochs.items():
        figures = [
            _figure(manifest, "training_loss", "{:.3f}"),
            _perplexity(manifest.metrics.get("validation_perplexity")),
            _figure(manifest, "bits_per_character", "{:.3f}"),
        ]
        mark = Text("loaded", "name") if number == loaded else ""
        drawn.add_row(f"{'*' if number == best else ''}{number}", *figures, mark)
    told = f":epoch N loads one, :load {safe(name)}@N too; * is {safe(name)} itself"
    return Group(drawn, Text(told, "muted"))


def _figure(manifest: Manifest, name: str, form: str) -> str:
    value = manifest.metrics.get(name)
    return form.format(value) if isinstance(value, float) else ""


def _perplexity(value: object) -> str:
    return short(value) if isinstance(value, float) else ""


@dataclass(frozen=True)
class Evolution:
    """What the epochs of a model made of one seed, a row each; neighbours that say the same are one."""

    name: str
    seed: str
    spoken: Sequence[Spoken]
    best: int | None
    told: Sequence[str] = ()
    """How words were drawn."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw what fits."""
        said = runs(
            Said(
                each.epoch, each.epoch, each.text, each.epoch == self.best, _perplexity(each.perplexity)
            )
            for each in self.spoken
        )
        noted = options.max_width >= WITH_NOTES and any(each.note for each in said)
        yield Lines(self.seed, said, "perplexity" if noted else "")
        if len(said) > 1:
            yield Legend("is not as in the row above")
        else:
            yield Text("every epoch says the same", "notice")
        if any(each.starred for each in said):
            yield Text(f"* {safe(self.name)} itself, the best on held-out lines", "muted")
        yield Text(" · ".join([safe(self.name), *self.told]), "status")
