"""A training that goes on behind the prompt: how far it is, and what is told of it above the prompt."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from core.errors import HeadlongError, TrainingStopped
from core.text.levels import nouns
from core.training.events import (
    STOPPED,
    Done,
    EpochDone,
    Event,
    Notice,
    Progress,
    Reading,
    Started,
    epochs_before,
)
from core.training.job import Job
from repl.pictures.probes import continued
from repl.training import LITTLE, clock, has_few, network_of, started_text
from repl.views import columns, perplexed, safe

Called = Callable[[Path], str]
"""What to type for the model in a folder."""


@dataclass(frozen=True, slots=True)
class Status:
    """How far a training is; what is not known yet is None, and epoch 0 is before the first.

    `loss` is the mean of the epoch, in nats a token; `share`, from 0 to 1, how much of it is done.
    `best` is the last epoch that was better than all before it, `saved` what to type for its model.
    """

    name: str
    epoch: int = 0
    epochs: int | None = None
    share: float = 0.0
    loss: float | None = None
    seconds_left: float | None = None
    last: EpochDone | None = None
    best: EpochDone | None = None
    saved: str | None = None
    is_paused: bool = False
    network: str = ""
    """Which network of several is trained."""

    def after(self, event: Event, saved: str | None = None) -> "Status":
        """Return the status after an event; `saved` is what to type for what was saved with it."""
        if isinstance(event, Reading):
            return replace(self, share=event.share)
        if isinstance(event, Started):
            status = replace(
                self,
                epochs=event.epochs,
                epoch=1,
                share=0.0,
                last=None,
                best=None,
                network=network_of(event) if event.networks > 1 else "",
            )
            return reduce(Status.after, epochs_before(event), status)
        if isinstance(event, Progress):
            share = event.step / event.steps
            return replace(
                self, epoch=event.epoch, share=share, loss=event.loss, seconds_left=event.seconds_left
            )
        if isinstance(event, EpochDone):
            best = event if event.best else self.best
            return replace(self, epoch=event.epoch, share=1.0, loss=event.loss, last=event, best=best,
                           saved=saved or self.saved)  # fmt: skip
        return self

    @property
    def short(self) -> str:
        """The status in a few words: `mine epoch 3 40%`."""
        if self.epoch:
            far = " ".join([self.network, f"epoch {self.epoch} {self.share:.0%}"]).lstrip()
        else:
            far = f"reads {self.share:.0%}" if self.share else "starts"
        return f"{self.name} {far} paused" if self.is_paused else f"{self.name} {far}"


@dataclass(frozen=True, slots=True)
class JobView:
    """Draws a status as facts, one a row."""

    status: Status
    stopping: bool = False

    def __rich__(self) -> RenderableType:
        status, table = self.status, columns()
        table.add_row(Text(safe(status.name), "name"), self._progress())
        if status.loss is not None:
            table.add_row("loss", Text(f"{status.loss:.3f}", "value"))
        for label, done in (("validation", status.last), ("best", status.best)):
            if done is not None and done.validation_perplexity is not None:
                told = f"{perplexed(done.validation_perplexity)}, epoch {done.epoch}"
                table.add_row(label, Text(told, "value"))
        if status.seconds_left is not None:
            table.add_row("time left", f"up to {clock(status.seconds_left)}")
        if status.last is not None:
            for number, (seed, line) in enumerate(status.last.probes.items()):
                table.add_row("" if number else "it says", continued(seed, line))
        if status.saved is None:
            return table
        return Group(table, Text(f":load {safe(status.saved)} loads the best so far", "muted"))

    def _progress(self) -> str:
        if self.stopping:
            return "stops after this step"
        if not self.status.epoch:
            share = f" ({self.status.share:.0%})" if self.status.share else ""
            return f"reads the text{share}, starts TensorFlow" + self._paused
        far = f"epoch {self.status.epoch} of {self.status.epochs} at most, {self.status.share:.0%}"
        far = f"{self.status.network}, {far}" if self.status.network else far
        return far + self._paused

    @property
    def _paused(self) -> str:
        return "; paused, :resume goes on" if self.status.is_paused else ""


def begun(event: Started, job: Job) -> list[Text]:
    """Tell that the text is read, and what of it the model is going to learn."""
    text = _named(job.name).append_text(started_text(event, nouns(job.recipe.text.level)))
    return [text, Text(LITTLE, style="notice")] if has_few(event) else [text]


def epoch_done(name: str, event: EpochDone, saved: str | None = None) -> Text:
    """Tell that an epoch ended; `saved` is what to type for the first one that was saved."""
    text = _named(name).append(f"epoch {event.epoch}")
    if event.validation_perplexity is not None:
        style = "value" if event.best else "muted"
        text.append(" · ").append(perplexed(event.validation_perplexity), style)
    text.append(f" · loss {event.loss:.3f}", "muted")
    return text.append(f" · :load {safe(saved)} tries it") if saved else text


def notice(name: str, event: Notice) -> Text:
    """Tell something that the trainer says."""
    return _named(name).append(safe(event.text), "notice")


def done(event: Done, called: str) -> Text:
    """Tell how training ended, what was kept, and how to load it."""
    how = "stopped" if event.reason == STOPPED else "trained"
    if event.elsewhere is not None:
        text = _named(event.model).append(f"{how} · {clock(event.seconds)} min · saved by ")
        return text.append(safe(event.elsewhere))
    text = _named(event.model).append(f"{how} · {clock(event.seconds)} min · ")
    unfinished = "the start" if event.start else "an unfinished epoch"
    kept = f"epoch {event.best_epoch}" if event.best_epoch else unfinished
    text.append(f"{event.networks} networks" if event.networks > 1 else kept).append(" kept")
    if event.validation_perplexity is not None:
        text.append(f", {perplexed(event.validation_perplexity)}", "value")
    return text.append(f" · :load {safe(called)}")


def failed(name: str, error: HeadlongError) -> Text:
    """Tell why training ended without what was wanted."""
    if isinstance(error, TrainingStopped):
        return _named(name).append(safe(str(error)), "notice")
    return _named(name).append("error: ", "error").append(safe(str(error)))


def killed(status: Status) -> Text:
    """Tell what is left of a training that was not waited for."""
    left = (
        f":load {safe(status.saved)} has its best epoch" if status.saved else "nothing of it is saved"
    )
    return _named(status.name).append(f"was ended at once; {left}", "notice")


def _named(name: str) -> Text:
    return Text.assemble((safe(name), "name"), " ")
