"""What a trainer is told: which text, which recipe, and where the model goes. No TensorFlow here."""

import dataclasses
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import InputError, SettingError, TrainingError
from core.library.folders import taken
from core.library.shelf import check_name, free_name, saved_models
from core.recipe import Recipe, preset
from core.setting import Value
from core.text.corpus import Source
from core.text.reading import check_readable
from core.training import checkpoints
from core.training.base import Base
from core.training.cluster import Cluster
from core.training.dataset import check_labels
from core.training.probes import check

HEADLINES = Path(__file__).parents[1] / "data" / "headlines.csv"
"""The corpus that comes with the program, used when no file is named."""

MOST_WORKERS = 64
"""Of one machine."""


@dataclass(frozen=True, slots=True)
class Job:
    """One training run. `command` is what a person would type to repeat it.

    With a `base` the recipe is `core.training.base.recipe_from` of that model.
    """

    source: Source
    recipe: Recipe
    destination: Path
    command: str = ""
    replace: bool = False
    base: Base | None = None
    resume: bool = False
    """Whether to go on with a run of the same destination that was cut off."""

    workers: int = 1
    """Processes on this machine that train together; on a cluster, TF_CONFIG names them instead."""
    probes: tuple[str, ...] | None = None
    """Seeds that are continued after every epoch; None takes some from the text."""

    tensorboard: Path | None = None
    """A directory for TensorBoard's files, absolute."""

    @property
    def name(self) -> str:
        """The model's name."""
        return self.destination.name

    def to_json(self) -> str:
        """Return the job as the text of a job file, one line."""
        record = asdict(self)
        return json.dumps(record, default=str)

    @classmethod
    def from_json(cls, text: str) -> "Job":
        """Read what `to_json` wrote.

        Raises:
            SettingError: a setting that does not exist or a value that is not allowed.
        """
        record: dict[str, Any] = json.loads(text)
        described, base = record["source"], record["base"]
        return cls(
            Source(
                tuple(Path(name) for name in described["files"]),
                described["column"],
                tuple(described["drop"]),
                described["encoding"],
                described.get("label"),
            ),
            Recipe.from_json(record["recipe"]),
            Path(record["destination"]),
            record["command"],
            record["replace"],
            Base(Path(base["path"]), base["name"], base["sha256"]) if base else None,
            record["resume"],
            record.get("workers", 1),
            None if record.get("probes") is None else tuple(record["probes"]),
            Path(record["tensorboard"]) if record.get("tensorboard") else None,
        )


def readable(path: Path) -> str:
    """Return a file's name without its folders, as text even where the name is none."""
    return os.fsencode(path.name).decode("utf-8", errors="replace")


def source(
    files: Sequence[Path] = (),
    column: str | None = None,
    drop: Sequence[str] = (),
    encoding: str | None = None,
    label: str | None = None,
) -> Source:
    """Return a source; without a file, the corpus that comes with the program."""
    if files:
        return Source(tuple(files), column, tuple(drop), encoding, label)
    return Source((HEADLINES,), column or "headline", tuple(drop) or ("Unknown",), encoding, label)


def plan(
    text: Source,
    recipe: Recipe,
    name: str | None = None,
    replace: bool = False,
    directory: Path | None = None,
    command: str = "",
    base: Base | None = None,
    workers: int = 1,
    probes: Sequence[str] | None = None,
    tensorboard: Path | None = None,
) -> Job:
    """Make a job, and find out before it runs whether its text is there and its model can be saved.

    Args:
        text: what to learn from.
        recipe: text, network and training settings.
        name: the model's name; None takes the first file's, numbered where there is one already.
        replace: whether a model of that name may be overwritten.
        directory: where to save; None is the user's data directory.
        command: what a person would type to repeat the run.
        base: the model to start from.
        workers: processes on this machine that train together, see `check_workers`.
        probes: seeds that are continued after every epoch; None takes some from the text.
        tensorboard: where to write what TensorBoard draws, a directory for each model.

    Raises:
        InputError: a file is a pipe, missing, or cannot be read.
        SettingError: the name is taken, also by an unfinished training, or cannot be a name; there are
            too many probes; or the network cannot read labels.
        TrainingError: a directory cannot be written to.
    """
    directory = directory or saved_models()
    name = free_name(text.files[0].stem, directory, _claimed) if name is None else check_name(name)
    destination = directory / name
    if checkpoints.Run.of(destination).files() and not replace:
        raise SettingError(
            f"there is an unfinished training of {name!r} already; "
            f"go on with --resume --name {name}, choose another name, or start anew with --replace"
        )
    if taken(destination) and not replace:
        raise SettingError(f"there is a model {name!r} already; choose another name or add --replace")
    if base is None:
        recipe.text.check_level()
    check_labels(text, recipe.model)
    check_alone(recipe, workers)
    _check_files(text)
    probes = None if probes is None else check(probes)
    _check_writable(
        directory, "models", "make it writable, or set XDG_DATA_HOME to a directory that is"
    )
    if tensorboard is not None:
        tensorboard = tensorboard.absolute() / name
        _check_writable(tensorboard, "what TensorBoard draws", "choose another directory")
    return Job(
        text,
        recipe,
        destination,
        command,
        replace,
        base,
        workers=workers,
        probes=probes,
        tensorboard=tensorboard,
    )


def _check_files(text: Source) -> None:
    for path in text.files:
        if path.is_fifo():
            raise InputError(f"{path} is a pipe, and a trainer reads files; save it to one first")
        check_readable(path, text.column, text.encoding, text.label)


def _check_writable(directory: Path, what: str, remedy: str) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise TrainingError(f"{what} cannot be saved to {directory}: {reason}; {remedy}") from error


def _claimed(destination: Path) -> bool:
    return taken(destination) or checkpoints.Run.of(destination).is_claimed


def resume(
    name: str | None = None,
    changes: Mapping[str, Value] | None = None,
    workers: int | None = None,
    cluster: Cluster | None = None,
) -> Job:
    """Return the job that goes on with an unfinished run.

    Args:
        name: the model's; None, where there is only one such run.
        changes: settings that are to be others from now on, such as epochs.
        workers: processes on this machine that train together; None for as many as before.
        cluster: the hosts that train together; only the chief's has the run, and tells the others.

    Raises:
        SettingError: there is none, or there are several; or a change that cannot be.
        InputError: its text is not there any more.
    """
    if cluster is not None and cluster.index:
        destination = saved_models() / (check_name(name) if name else "resumed")
        return Job(source(), preset("small"), destination, resume=True)
    job = Job.from_json(checkpoints.find(name))
    _check_files(job.source)
    recipe = job.recipe.change(**changes or {})
    check_alone(recipe, workers or job.workers)
    return dataclasses.replace(job, recipe=recipe, resume=True, workers=workers or job.workers)


def check_alone(recipe: Recipe, workers: int) -> None:
    """See that networks which are averaged are trained by one worker.

    Raises:
        SettingError: they are not.
    """
    networks = recipe.training.networks
    if networks > 1 and workers > 1:
        raise SettingError(
            f"{networks} networks of one model are trained in turn by one worker, not by {workers}; "
            "leave out --workers and TF_CONFIG, or --ensemble"
        )


def check_workers(asked: str | None, cluster: Cluster | None) -> int | None:
    """Return how many workers were asked for; None if nothing was said.

    Raises:
        SettingError: it is no such number, or not that of the cluster.
    """
    if asked is None:
        return None
    number = int(asked) if asked.strip().isascii() and asked.strip().isdigit() else 0
    if not 1 <= number <= MOST_WORKERS:
        raise SettingError(f"--workers takes a whole number from 1 to {MOST_WORKERS}, not {asked!r}")
    if cluster is not None and number != cluster.size:
        raise SettingError(
            f"--workers says {number}, and TF_CONFIG names {cluster.size}; leave out --workers"
        )
    return number
