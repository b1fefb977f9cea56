"""Training as the terminal does it: options to a job, what is told of its beginning and its end."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.text import Text

from core.errors import SettingError
from core.library.shelf import Shelf
from core.recipe import Recipe, preset
from core.setting import Value
from core.training.base import Base, recipe_from
from core.training.cluster import Cluster, of_environment
from core.training.events import Done, Started
from core.training.job import Job, check_workers, plan, readable, resume, source
from repl.text_options import values_of
from repl.views import perplexed, safe

DEFAULT_PRESET = "small"


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

    probes: Sequence[str] = ()
    """Seeds to continue after every epoch; none takes some from the text."""

    tensorboard: Path | None = None
    """Where to write what TensorBoard draws."""

    label: str | None = None
    """The column of the lines' labels."""

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
        return values_of(self.changes)

    def job(self) -> Job:
        """Plan the job.

        Raises:
            HeadlongError: see `recipe`, `core.training.base` and `core.training.job`.
        """
        cluster = of_environment()
        workers = check_workers(self.workers, cluster)
        if self.resume:
            return self._resumed(workers, cluster)
        text = source(self.files, self.column, self.drop, self.encoding, self.label)
        recipe, base = (self.recipe(), None) if self.base is None else self._start(self.base)
        return plan(
            text,
            recipe,
            self.name,
            self.replace,
            command=self.command(),
            base=base,
            workers=workers or 1,
            probes=self.probes or None,
            tensorboard=self.tensorboard,
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
            self.probes,
            self.tensorboard,
            self.label,
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
        words += _given("--label", self.label)
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
    kept = f"{done.networks} networks" if done.networks > 1 else kept
    text.append(f", {kept} are kept")
    if done.validation_perplexity is not None:
        text.append(f", validation {perplexed(done.validation_perplexity)}")
    if done.bits_per_character is not None:
        text.append(f", {done.bits_per_character:.2f} bits per character")
    if done.bits_per_character_spelt is not None:
        text.append(f" ({done.bits_per_character_spelt:.2f} with unknown words spelt out)")
    return text.append(f"\n{safe(done.path)}", "muted")


def started_text(event: Started, tokens: str) -> Text:
    """Draw what is learned from, and how large the network is."""
    held_out = f", {event.validation_lines:,} held out" if event.validation_lines else ""
    text = (
        f"{event.lines:,} lines{held_out} · {event.vocabulary:,} {tokens} "
        f"({event.unknown_rate:.0%} unknown) · {event.parameters:,} parameters"
    )
    if event.networks > 1:
        text = f"{network_of(event)} · {text}" if event.network == 1 else network_of(event)
    return Text(text, style="muted")


def network_of(event: Started) -> str:
    """Say which network of a model is trained: network 2 of 3."""
    return f"network {event.network} of {event.networks}"


def has_few(event: Started) -> bool:
    """Say whether the lines that are held out are too few to tell when to stop."""
    return 0 < event.validation_lines < FEW and event.network == 1


def clock(seconds: float) -> str:
    """Write a duration as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
