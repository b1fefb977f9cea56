"""A training as one watches it: how far it is, its charts, and sentences that improve."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.text import Text

from core.training.events import EpochDone, Progress, Started
from repl.pictures.chart import HEIGHT, Chart
from repl.pictures.history import short
from repl.pictures.probes import Lines, Said, runs
from repl.training import clock, network_of
from repl.views import columns, perplexed, safe

SIDE_BY_SIDE = 72
"""Columns from which on two charts stand beside each other."""

LOWEST = 3
"""Lines of a chart below which there is none."""

REMEMBERED = 50
"""Epochs whose sentences are compared."""

PER_SEED = 4
"""Sentences of a seed at the most."""


@dataclass(frozen=True)
class Cockpit:
    """All of a training in at most `height` lines of the terminal.

    `state` says what is special: that it pauses, or stops; `ended` leaves out what has no sense then.
    """

    name: str
    tokens: str
    """What there are so many of a second: words."""

    started: Started | None = None
    progress: Progress | None = None
    epochs: Sequence[EpochDone] = ()
    seconds: float = 0.0
    state: str = ""
    ended: bool = False
    height: int = 23

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw what fits: the sentences first, then the charts."""
        width = options.max_width
        head: list[RenderableType] = [*packed(self._title(), width)]
        if not self.ended:
            head.append(Padding(self._bar(), 0))  # a bar alone does not end its line
        head += packed(self._figures(), width)
        yield from head
        if not self.epochs:
            return
        seeds = list(self.epochs[-1].probes)
        left = self.height - len(head) - (len(seeds) + 1 if seeds else 0)
        chart = min(HEIGHT, left - 3)
        if chart >= LOWEST:
            yield Text()
            yield from self._charts(width, chart)
            left -= chart + 3
        if seeds:
            yield from [Text()] if left >= 0 else []
            each = min(PER_SEED, 1 + max(0, left) // len(seeds))
            for seed in seeds:
                yield Lines(seed, self._said(seed)[-each:], cut=True)

    def _title(self) -> list[Text]:
        title = [Text(safe(self.name), "name"), *([Text(self.state, "notice")] if self.state else [])]
        told, done = clock(self.seconds), self.epochs[-1].epoch if self.epochs else 0
        if self.ended:
            title.append(Text(f"{done:,} epochs" if done != 1 else "1 epoch"))
        elif self.started is None:
            title.append(Text("reads the text, starts TensorFlow"))
        else:
            epoch = done + 1 if self.progress is None else self.progress.epoch
            if self.started.networks > 1:
                title.append(Text(network_of(self.started)))
            title.append(Text(f"epoch {epoch:,} of {self.started.epochs:,} at most"))
            if self.progress is not None:
                told += f", up to {clock(self.progress.seconds_left)} left"
        return [*title, Text(told, "muted")]

    def _bar(self) -> ProgressBar:
        if self.started is None:
            return ProgressBar(total=None, pulse=True, animation_time=self.seconds)
        total, done = self.started.epochs * self.started.steps, 0
        if self.progress is not None:
            done = (self.progress.epoch - 1) * self.progress.steps + self.progress.step
        return ProgressBar(total=total, completed=done)

    def _figures(self) -> list[Text]:
        latest = self.epochs[-1] if self.epochs else None
        now = latest if self.ended else self.progress or latest
        if now is None:
            return []
        figures = [Text(f"loss {now.loss:.3f}")]
        if latest is not None and latest.validation_perplexity is not None:
            style = "value" if latest.best else "muted"
            figures.append(Text(f"validation {perplexed(latest.validation_perplexity)}", style))
            best = next((each for each in reversed(self.epochs) if each.best), None)
            if best is not None and best is not latest and best.validation_perplexity is not None:
                told = f"best {short(best.validation_perplexity)}, epoch {best.epoch}"
                figures.append(Text(told, "value"))
        speed = latest.tokens_per_second if latest and self.ended else now.tokens_per_second
        return [*figures, Text(f"{speed:,.0f} {self.tokens}/s", "muted")]

    def _charts(self, width: int, height: int) -> Iterator[RenderableType]:
        ends = self.epochs[0].epoch, self.epochs[-1].epoch
        losses = [each.loss for each in self.epochs]
        loss = Chart(losses, "{:.2f}".format, ends, height)
        measured = [each.validation_perplexity for each in self.epochs]
        nats = [math.log(max(value, 1.0)) for value in measured if value is not None]
        if len(nats) < len(measured):
            yield Text("loss by epoch", "muted")
            yield from loss.rows(width)
            return
        perplexity = Chart(nats, lambda each: short(math.exp(min(each, 700.0))), ends, height)
        if width < SIDE_BY_SIDE:
            yield Text("validation perplexity by epoch", "muted")
            yield from perplexity.rows(width)
            return
        half = (width - 2) // 2
        table = columns("", "")
        table.show_header, table.padding = False, (0, 2, 0, 0)
        table.columns[0].width = half
        table.add_row(Text("loss", "muted"), Text("validation perplexity by epoch", "muted"))
        for left, right in zip(loss.rows(half), perplexity.rows(half), strict=True):
            table.add_row(left, right)
        yield table

    def _said(self, seed: str) -> list[Said]:
        recent = [each for each in self.epochs[-REMEMBERED:] if seed in each.probes]
        return runs(Said(each.epoch, each.epoch, each.probes[seed]) for each in recent)


def packed(facts: Sequence[Text], width: int) -> list[Text]:
    """Put facts into as few lines as they need, with dots between them."""
    lines: list[Text] = []
    for fact in facts:
        if lines and len(lines[-1]) + 3 + len(fact) <= width:
            lines[-1] = Text.assemble(lines[-1], (" · ", "muted"), fact)
        else:
            lines.append(fact)
    return lines
