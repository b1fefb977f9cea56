"""A training that is waited for: the cockpit at a terminal, a line an epoch in a pipe, Ctrl-C stops."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Protocol

from rich.console import Console, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.text import Text

from core.text.levels import nouns
from core.training import events
from core.training.client import STOPPING, Trainer
from core.training.events import (
    Done,
    EpochDone,
    Event,
    Notice,
    Paused,
    Progress,
    Reading,
    Resumed,
    Started,
)
from core.training.job import Job
from repl.echo import echo
from repl.pictures.cockpit import Cockpit
from repl.training import LITTLE, has_few, started_text
from repl.views import epoch_line, safe

ENDLESS = "a trainer's events end with Done or an error"

A_SECOND = 5
"""How often the cockpit is drawn."""


def follow(job: Job, emit: Callable[[dict[str, Any]], None], messages: Console) -> Done:
    """Train and pass epochs and the end on as records, as `--json` prints them.

    Raises:
        TrainingError, KeyboardInterrupt: as `watch`.
    """
    with Trainer(job) as trainer, ctrl_c_stops(trainer):
        for event in trainer.events():
            if isinstance(event, Notice):
                messages.print(Text(safe(event.text), "notice"))
            if isinstance(event, EpochDone | Done):
                emit(events.to_json(event))
            if isinstance(event, Done):
                return event
    raise AssertionError(ENDLESS)


def watch(job: Job, console: Console, messages: Console, indent: int = 0) -> Done:
    """Train in full view; Ctrl-C stops and keeps the best weights, a second one kills.

    What is told of the training begins `indent` columns from the edge, as answers at the prompt do.

    Raises:
        TrainingError: the trainer failed, or died.
        KeyboardInterrupt: Ctrl-C was pressed twice.
    """
    display: Display
    with Trainer(job) as trainer, echo(False), ctrl_c_stops(trainer):
        if console.is_terminal:
            display = Screen(job, console, messages, indent)
        else:
            display = Plain(job, console, messages, indent)
        with display.shown():
            for event in trainer.events():
                display.show(event)
                if isinstance(event, Done):
                    return event
    raise AssertionError(ENDLESS)


@contextmanager
def ctrl_c_stops(trainer: Trainer) -> Iterator[None]:
    """Make the first Ctrl-C ask the trainer to stop; the second one interrupts as usual.

    A signal handler, because KeyboardInterrupt would tear what is being drawn.
    """
    usual = signal.getsignal(signal.SIGINT)

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, usual)
        trainer.stop()

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


class Display(Protocol):
    """Where the events of a training are shown."""

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show what there is until the block ends."""
        yield

    def show(self, event: Event) -> None:
        """Show one event."""


@dataclass
class Plain:
    """Prints a line an epoch, with what the network makes of the first probe."""

    job: Job
    console: Console
    messages: Console
    indent: int = 0

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show nothing but what comes."""
        yield

    def show(self, event: Event) -> None:
        """Print what is worth a line."""
        for told in told_of(event, self.job):
            self.messages.print(indented(told, self.indent))
        if isinstance(event, EpochDone):
            line = epoch_line(
                event.epoch,
                event.loss,
                event.validation_perplexity,
                f"{event.tokens_per_second:,.0f} {nouns(self.job.recipe.text.level)}/s",
                event.best,
            )
            for spoken in list(event.probes.values())[:1]:
                line.append(f"  {safe(spoken)}")
            self.console.print(indented(line, self.indent))


@dataclass
class Screen:
    """The cockpit, drawn again and again in its place; its last state stays."""

    job: Job
    console: Console
    messages: Console
    indent: int = 0
    began: float = field(default_factory=time.monotonic)
    _started: Started | None = None
    _progress: Progress | None = None
    _epochs: list[EpochDone] = field(default_factory=list)
    _state: str = ""
    _ended: bool = False

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the cockpit until the block ends."""
        live = Live(
            console=self.console,
            get_renderable=self.picture,
            refresh_per_second=A_SECOND,
            vertical_overflow="crop",
        )
        with live:
            yield

    def picture(self) -> RenderableType:
        """Return what there is to be seen now."""
        cockpit = Cockpit(
            self.job.name,
            nouns(self.job.recipe.text.level),
            self._started,
            self._progress,
            self._epochs,
            time.monotonic() - self.began,
            self._state,
            self._ended,
            self.console.height - 1,
        )
        return indented(cockpit, self.indent)

    def show(self, event: Event) -> None:
        """Take an event into the cockpit; what is told beside it stands above."""
        # Printed on the other console it would tear the picture, where both are the same terminal.
        messages = self.console if self.messages.is_terminal else self.messages
        for told in told_of(event, self.job):
            messages.print(indented(told, self.indent))
        if isinstance(event, Reading):
            self._state = f"{event.rows:,} rows read"
        elif isinstance(event, Started):
            self._started, self._progress, self._state = event, None, ""
            self._epochs = list(events.epochs_before(event))
        elif isinstance(event, Progress):
            self._progress = event
        elif isinstance(event, EpochDone):
            self._epochs.append(event)
        elif isinstance(event, Paused | Resumed):
            self._state = "paused" if isinstance(event, Paused) else ""
        elif isinstance(event, Done):
            self._state, self._ended = "", True
        elif event is STOPPING:
            self._state = STOPPING.text


def told_of(event: Event, job: Job) -> list[Text]:
    """Return what is told of an event in lines, beside the epochs."""
    if isinstance(event, Notice):
        return [Text(safe(event.text), "notice")]
    if isinstance(event, Started):
        few = [Text(LITTLE, style="notice")] if has_few(event) else []
        return [started_text(event, nouns(job.recipe.text.level)), *few]
    return []


def indented(drawn: RenderableType, indent: int) -> RenderableType:
    """Move a picture to the right, where that is wanted: padding cuts what a pipe keeps."""
    return Padding.indent(drawn, indent) if indent else drawn
