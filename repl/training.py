"""Training as the terminal does it: options to a job, a progress bar, Ctrl-C to a clean stop."""

import shlex
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from core.errors import SettingError
from core.library.shelf import Shelf
from core.recipe import Recipe, preset
from core.setting import Value, find_setting
from core.training import events
from core.training.base import Base, recipe_from
from core.training.client import Trainer
from core.training.cluster import Cluster, of_environment
from core.training.events import Done, EpochDone, Event, Notice, Started
from core.training.job import Job, check_workers, plan, readable, resume, source
from repl.echo import echo
from repl.views import epoch_line, perplexed, safe

DEFAULT_PRESET = "small"
ENDLESS = "a trainer's events end with Done or an error"


@dataclass(frozen=True)
class Request:
    """What a person asked for, the same from the prompt and from the shell."""

    files: Sequence[Path] = ()
    column: str | None = None
    drop: Sequence[str] = ()
    encoding: str | None = None
    preset: str | None = None
    name: str | None = None
    replace: bool = False
    base: str | None = None
    """The model that training starts from, by name or path; it is looked for on the shelf."""

    shelf: Shelf = field(default_factory=Shelf)
    workers: str | None = None
    """How many processes of this machine train together, as it was typed."""

    resume: bool = False
    """Whether to go on with a run that was cut off; all but its name and epochs is what it was then."""

    changes: Mapping[str, str] = field(default_factory=dict)
    """Settings that differ from the preset's, or the base's, by name, as they were typed."""

    def change(self, options: Mapping[str, str | None], assignments: Sequence[str]) -> "Request":
        """Return the request with settings changed.

        Args:
            options: by name; None means the option was not given.
            assignments: `name=value`, as `--set` takes them.

        Raises:
            SettingError: an assignment without an equals sign.
        """
        changes = {name: value for name, value in options.items() if value is not None}
        for assignment in assignments:
            name, separator, value = assignment.partition("=")
            if not separator:
                raise SettingError(f"--set takes name=value, not {assignment!r}")
            changes[name.strip().replace("-", "_")] = value.strip()
        return replace(self, changes=changes)

    def recipe(self) -> Recipe:
        """Return the preset with the changes made.

        Raises:
            SettingError: no such preset or setting, or a value that is not allowed.
        """
        return preset(DEFAULT_PRESET if self.preset is None else self.preset).change(**self._values())

    def _values(self) -> dict[str, Value]:
        table = Recipe.table()
        return {name: find_setting(name, table).parse(text) for name, text in self.changes.items()}

    def job(self) -> Job:
        """Plan the job.

        Raises:
            HeadlongError: see `recipe`, `core.training.base` and `core.training.job`.
        """
        cluster = of_environment()
        workers = check_workers(self.workers, cluster)
        if self.resume:
            return self._resumed(workers, cluster)
        text = source(self.files, self.column, self.drop, self.encoding)
        recipe, base = (self.recipe(), None) if self.base is None else self._start(self.base)
        return plan(
            text,
            recipe,
            self.name,
            self.replace,
            command=self.command(),
            base=base,
            workers=workers or 1,
        )

    def _resumed(self, workers: int | None, cluster: Cluster | None) -> Job:
        others = (
            self.files,
            self.column,
            self.drop,
            self.encoding,
            self.preset,
            self.base,
            self.replace,
        )
        if any(others) or self.changes.keys() - {"epochs"}:
            raise SettingError(
                "--resume goes on with the text and the settings that the training began with; "
                "leave out all but --name, --epochs and --workers"
            )
        return resume(self.name, self._values(), workers, cluster)

    def _start(self, name: str) -> tuple[Recipe, Base]:
        if self.preset is not None:
            raise SettingError(
                f"--preset {self.preset} chooses a network, and --from takes the one of {name}; "
                "leave out one of them, and change other settings with --set"
            )
        base, model = Base.of(self.shelf.find(name))
        return recipe_from(model, **self._values()), base

    def command(self) -> str:
        """Return the shell command that does the same; folders are left out of the files' names."""
        words = ["headlong", "train", *map(readable, self.files)]
        words += _given("--column", self.column)
        for value in self.drop:
            words += ["--drop", value]
        words += _given("--encoding", self.encoding)
        words += _given("--from", readable(Path(self.base)) or self.base if self.base else None)
        words += _given("--workers", self.workers)
        words += _given("--preset", self.preset if self.preset != DEFAULT_PRESET else None)
        for name, value in self.changes.items():
            words += ["--set", f"{name}={value}"]
        return shlex.join([*words, *_given("--name", self.name)])


def _given(option: str, value: str | None) -> list[str]:
    return [] if value is None else [option, value]


FEW = 10
"""Lines held out that are too few to tell when to stop."""

LITTLE = (
    "so few lines that are held out say little about when to stop; --preset tutorial holds out none "
    "and learns a small text by heart"
)


def follow(job: Job, emit: Callable[[dict[str, Any]], None], messages: Console) -> Done:
    """Train and pass epochs and the end on as records, as `--json` prints them.

    Raises:
        TrainingError, KeyboardInterrupt: as `watch`.
    """
    with Trainer(job) as trainer, _ctrl_c_stops(trainer):
        for event in trainer.events():
            if isinstance(event, Notice):
                messages.print(Text(safe(event.text), "notice"))
            if isinstance(event, EpochDone | Done):
                emit(events.to_json(event))
            if isinstance(event, Done):
                return event
    raise AssertionError(ENDLESS)


def watch(job: Job, console: Console, messages: Console, indent: int = 0) -> Done:
    """Train with a progress bar; Ctrl-C stops and keeps the best weights, a second one kills.

    What is told of the training begins `indent` columns from the edge, as answers at the prompt do.

    Raises:
        TrainingError: the trainer failed, or died.
        KeyboardInterrupt: Ctrl-C was pressed twice.
    """
    with (
        Trainer(job) as trainer,
        echo(False),
        _bar(console) as (bar, task),
        _ctrl_c_stops(trainer),
    ):
        display = _Display(bar, task, console, messages, f"{job.recipe.text.level}s", indent)
        for event in trainer.events():
            display.show(event)
            if isinstance(event, Done):
                return event
    raise AssertionError(ENDLESS)


@contextmanager
def _ctrl_c_stops(trainer: Trainer) -> Iterator[None]:
    """Make the first Ctrl-C ask the trainer to stop; the second one interrupts as usual.

    A signal handler, because KeyboardInterrupt would tear a line or a bar that is being drawn.
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


def done_line(done: Done) -> Text:
    """Draw how training ended and where the model is."""
    if done.elsewhere is not None:
        text = Text.assemble((safe(done.model), "name"), f" trained for {done.seconds:.0f} s: ")
        return text.append(f"{done.reason}; the model is saved by {safe(done.elsewhere)}")
    text = Text.assemble(
        (safe(done.model), "name"), f" saved after {done.seconds:.0f} s: {done.reason}"
    )
    epoch = f"epoch {done.best_epoch}" if done.best_epoch else "an unfinished first epoch"
    kept = (
        "no epoch was better than the start, whose weights" if done.start else f"the weights of {epoch}"
    )
    text.append(f", {kept} are kept")
    if done.validation_perplexity is not None:
        text.append(f", validation {perplexed(done.validation_perplexity)}")
    if done.bits_per_character is not None:
        text.append(f", {done.bits_per_character:.2f} bits per character")
    return text.append(f"\n{safe(done.path)}", "muted")


@contextmanager
def _bar(console: Console) -> Iterator[tuple[Progress, TaskID]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[loss]}{task.fields[perplexity]}"),
        TextColumn("{task.fields[speed]}", style="muted"),
    )
    shown = console.is_terminal
    progress = Progress(*columns, console=console, transient=True, expand=True, disable=not shown)
    with progress as bar:
        yield bar, bar.add_task("starting TensorFlow", total=None, loss="", perplexity="", speed="")


@dataclass(frozen=True)
class _Display:
    """Where the events of a training run are shown; `tokens` says what there are so many of."""

    bar: Progress
    task: TaskID
    console: Console
    messages: Console
    tokens: str
    indent: int = 0

    def show(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Notice):
            self._tell(Text(safe(event.text), "notice"))
        elif isinstance(event, events.Reading):
            description = f"reading · {event.rows:,} rows"
            self.bar.update(self.task, total=1.0, completed=event.share, description=description)
        elif isinstance(event, Started):
            self._started(event)
        elif isinstance(event, EpochDone):
            self._epoch_done(event)
        elif isinstance(event, events.Progress):
            speed = f"{event.tokens_per_second:,.0f} {self.tokens}/s"
            self.bar.update(
                self.task,
                completed=(event.epoch - 1) * event.steps + event.step,
                description=f"epoch {event.epoch}",
                loss=f"loss {event.loss:.3f}",
                speed=f"{speed} · up to {clock(event.seconds_left)} left",
            )

    def _tell(self, text: Text) -> None:
        self.messages.print(self._indented(text))

    def _indented(self, text: Text) -> RenderableType:
        return (
            Padding.indent(text, self.indent) if self.indent else text
        )  # padding cuts what a pipe keeps

    def _started(self, event: Started) -> None:
        self._tell(started_text(event, self.tokens))
        if has_few(event):
            self._tell(Text(LITTLE, style="notice"))
        self.bar.update(self.task, total=event.epochs * event.steps, description="epoch 1")

    def _epoch_done(self, event: EpochDone) -> None:
        if event.validation_perplexity is not None:
            self.bar.update(self.task, perplexity=f" · {perplexed(event.validation_perplexity)}")
        line = epoch_line(
            event.epoch,
            event.loss,
            event.validation_perplexity,
            f"{event.tokens_per_second:,.0f} {self.tokens}/s",
            event.best,
        )
        self.console.print(self._indented(line))


def started_text(event: Started, tokens: str) -> Text:
    """Draw what is learned from, and how large the network is."""
    held_out = f", {event.validation_lines:,} held out" if event.validation_lines else ""
    text = (
        f"{event.lines:,} lines{held_out} · {event.vocabulary:,} {tokens} "
        f"({event.unknown_rate:.0%} unknown) · {event.parameters:,} parameters"
    )
    return Text(text, style="muted")


def has_few(event: Started) -> bool:
    """Say whether the lines that are held out are too few to tell when to stop."""
    return 0 < event.validation_lines < FEW


def clock(seconds: float) -> str:
    """Write a duration as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
