"""Where an unfinished run stands, so that it can go on as if it had never been cut off.

A run has a directory in the user's state directory, named by where its model goes. In it stand its last
two checkpoints, the model it started from, if any, those of its networks that are trained, where it is
to have several, and a lock that dies with the trainer. A checkpoint is one file: a line with the
SHA-256 of all that follows, a line of JSON, and the arrays as safetensors.
No TensorFlow here.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError, SettingError, TrainingError
from core.library.model import Weights
from core.library.writing import write_parts
from core.settings import MOST_NETWORKS
from core.training.history import Best, Epoch

FORMAT = "headlong-checkpoint/1"
KEPT = 2
ENDING = ".checkpoint"
OWNER_ONLY = 0o600
LONGEST_LINE = 64 << 20
"""Bytes of the JSON line that are read at the most; a hundred thousand epochs take 20 MB."""

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """How far a run has come: whole epochs, and steps of the one that runs.

    `loss` is the sum over the `tokens` of that epoch so far, `seconds` the time that went into them.
    """

    epochs: int = 0
    step: int = 0
    loss: float = 0.0
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Checkpoint:
    """All that the rest of a run depends on, beside its job and its text.

    The order of the data and what is dropped follow from the seed, the epoch and the step.
    """

    weights: Weights
    state: Arrays
    """What the optimizer knows, by name."""

    place: Place
    best: Best | None
    history: tuple[Epoch, ...]
    run: str
    """The run's own name, which the models that it saves bear too."""

    fingerprint: str
    """Of the text, see `core.text.corpus.Corpus`."""

    seconds: float
    """How long the run has taken so far."""

    before: tuple[float | None, float | None] = (None, None)
    """Perplexity and bits per character of the base, before training."""

    saved_as: str | None = None
    network: int = 1
    """Which of a model's networks is in training, counted from 1; those before it are trained."""


class WrongCheckpoint(ValueError):
    """A file that is no whole checkpoint."""


def runs_directory() -> Path:
    """Return the directory of unfinished runs."""
    import platformdirs

    return platformdirs.user_state_path("headlong", appauthor=False) / "training"


@dataclass(frozen=True, slots=True)
class Run:
    """The directory of one run."""

    folder: Path

    @classmethod
    def of(cls, destination: Path) -> "Run":
        """Return the run whose model goes to `destination`."""
        path = os.fsencode(destination.absolute())
        return cls(runs_directory() / f"{destination.name}-{hashlib.sha256(path).hexdigest()[:16]}")

    @property
    def base(self) -> Path:
        """Where a copy of the model stands that the run started from."""
        return self.folder / "base"

    def files(self) -> list[Path]:
        """Return the checkpoints there are, the newest first."""
        with contextlib.suppress(OSError):
            return sorted(self.folder.glob(f"[0-9]*{ENDING}"), reverse=True)
        return []

    def trained(self, network: int) -> Path:
        """Return where a network stands that is trained, of a model of several; see `keep`."""
        return self.folder / f"network-{network:02}{ENDING}"

    def keep(self, trained: Checkpoint, job: str) -> None:
        """Keep a network that is trained until the last one is, see `core.training.members`.

        Raises:
            ModelError: it cannot be written.
        """
        write_parts(self.trained(trained.network), _parts(trained, job), OWNER_ONLY)

    @property
    def is_claimed(self) -> bool:
        """Whether the run can go on, or a trainer is at it right now."""
        return bool(self.files()) or self.is_running

    @property
    def is_running(self) -> bool:
        """Whether a trainer is at it right now."""
        try:
            os.close(_lock(self.folder / "lock", "", create=False))
        except OSError:
            return False
        except TrainingError:
            return True
        return False

    @classmethod
    def running(cls) -> "list[Run]":
        """Return the runs that a trainer is at right now."""
        with contextlib.suppress(OSError):
            return [run for run in map(cls, runs_directory().iterdir()) if run.is_running]
        return []

    @property
    def saved_as(self) -> Path | None:
        """Where the model stands that the run has saved so far, as its newest checkpoint has it."""
        record = self._record()
        with contextlib.suppress(KeyError, TypeError, ValueError):
            return Path(json.loads(record["job"])["destination"]).with_name(record["saved_as"])
        return None

    def save(self, checkpoint: Checkpoint, job: str) -> None:
        """Write a checkpoint, whole or not at all, and remove those before the last two.

        Raises:
            ModelError: it cannot be written; those that were there still are.
        """
        place, network = checkpoint.place, checkpoint.network
        later = f"9{network:02}-" if network > 1 else ""  # those of the first network come before
        path = self.folder / f"{later}{place.epochs:06}-{place.step:09}{ENDING}"
        write_parts(path, _parts(checkpoint, job), OWNER_ONLY)
        for old in self.files()[KEPT:]:
            with contextlib.suppress(OSError):
                old.unlink()

    def load(self) -> tuple[Checkpoint | None, int]:
        """Return the newest checkpoint that is whole, or None, and how many newer ones are damaged."""
        for damaged, path in enumerate(self.files()):
            with contextlib.suppress(OSError, WrongCheckpoint):
                return read(path), damaged
        return None, len(self.files())

    def job(self) -> str | None:
        """Return the job of the newest checkpoint that can be read, as the text of a job file."""
        job = self._record().get("job")
        return job if isinstance(job, str) else None

    def _record(self) -> dict[str, Any]:
        """Return the JSON of the newest checkpoint that can be read."""
        for path in self.files():
            with contextlib.suppress(OSError, WrongCheckpoint), path.open("rb") as file:
                file.readline(100)
                return _record(file.readline(LONGEST_LINE))
        return {}

    def move(self, destination: Path) -> None:
        """Have the run make the model at `destination` from now on; what cannot move is given up."""
        checkpoint, _ = self.load()
        job, new = self.job(), Run.of(destination)
        if checkpoint is not None and job is not None:
            with contextlib.suppress(OSError, ModelError):
                record = json.loads(job) | {"destination": str(destination)}
                new.remove()
                new.folder.mkdir(parents=True)
                if self.base.is_dir():
                    self.base.rename(new.base)
                for number in range(1, checkpoint.network):
                    self.trained(number).rename(new.trained(number))
                moved = replace(checkpoint, saved_as=None)
                new.save(moved, json.dumps(record))
        self.remove()

    def remove(self) -> None:
        """Remove all there is of the run, which no trainer is at."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def discard(self) -> None:
        """Remove what the run has written; a file that cannot be removed stays."""
        for path in (*self.files(), *map(self.trained, range(1, MOST_NETWORKS + 1))):
            with contextlib.suppress(OSError):
                path.unlink()
        shutil.rmtree(self.base, ignore_errors=True)

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Be the only trainer of the model called `name`; the lock dies with the process.

        Raises:
            TrainingError: another one makes it.
            OSError: the directory cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = _lock(self.folder / "lock", name)
        try:
            yield
        finally:
            if not self.files():
                shutil.rmtree(self.folder, ignore_errors=True)
            os.close(descriptor)


def find(name: str | None) -> str:
    """Return the job of an unfinished run, as the text of a job file.

    Args:
        name: the model's; None, where there is only one such run.

    Raises:
        SettingError: there is none, or there are several.
    """
    jobs = dict(_unfinished())
    if name is None and len(jobs) == 1:
        return next(iter(jobs.values()))
    if name in jobs:
        return jobs[name]
    names = ", ".join(sorted(jobs))
    if name is None and jobs:
        raise SettingError(f"there are several unfinished trainings, {names}; choose one with --name")
    wanted = "" if name is None else f" of {name!r}"
    there = f"; there are {names}" if jobs else ", because every training is finished, or none began"
    raise SettingError(f"there is no unfinished training{wanted} to resume{there}")


def _unfinished() -> Iterator[tuple[str, str]]:
    """Yield the names and the jobs of unfinished runs, the newest last."""
    directory = runs_directory()
    folders = [path for path in directory.iterdir() if path.is_dir()] if directory.is_dir() else []
    found = [(run.files()[0].stat().st_mtime, run) for run in map(Run, folders) if run.files()]
    for _, run in sorted(found, key=lambda each: each[0]):
        job = run.job()
        if job is not None:
            yield Path(json.loads(job)["destination"]).name, job


def _lock(path: Path, name: str, create: bool = True) -> int:
    """Open a lock file and hold its lock; return its descriptor."""
    while True:
        descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), OWNER_ONLY)
        if os.name != "posix":
            return descriptor
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise TrainingError(
                f"another trainer is making the model {name!r} right now; "
                "stop that one, or choose another name with --name"
            ) from None
        except OSError:
            return descriptor  # a file system without locks
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)  # removed by a run that ended meanwhile
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)


def _parts(checkpoint: Checkpoint, job: str) -> list[bytes | memoryview]:
    arrays: dict[str, NDArray[Any]] = {}
    for name, array in checkpoint.weights.items():
        arrays[f"weights.{name}"] = array
    for name, array in checkpoint.state.items():
        arrays[f"state.{name}"] = array
    best = checkpoint.best
    of_this_epoch = best is not None and all(
        best.weights[name] is array for name, array in checkpoint.weights.items()
    )
    if best is not None and not of_this_epoch:
        arrays |= {f"best.{name}": array for name, array in best.weights.items()}
    record = {
        "format": FORMAT,
        "job": job,
        "place": asdict(checkpoint.place),
        "best": _best_record(best),
        "history": [list(asdict(epoch).values()) for epoch in checkpoint.history],
        "run": checkpoint.run,
        "fingerprint": checkpoint.fingerprint,
        "seconds": checkpoint.seconds,
        "before": list(checkpoint.before),
        "saved_as": checkpoint.saved_as,
        "network": checkpoint.network,
    }
    content = [json.dumps(record).encode() + b"\n", *_safetensors(arrays)]
    digest = hashlib.sha256()
    for part in content:
        digest.update(part)
    return [digest.hexdigest().encode() + b"\n", *content]


def _best_record(best: Best | None) -> dict[str, Any] | None:
    if best is None:
        return None
    return {name: getattr(best, name) for name in Best.__slots__ if name != "weights"}


def _safetensors(arrays: Arrays) -> Iterable[bytes | memoryview]:
    """Yield the content of a safetensors file piece by piece: the arrays are not copied."""
    header, end = {}, 0
    for name, array in arrays.items():
        begin, end = end, end + array.nbytes
        kind = {"f": "F", "i": "I"}[array.dtype.kind] + str(8 * array.dtype.itemsize)
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    yield len(text).to_bytes(8, "little") + text
    for array in arrays.values():
        yield np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def read(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        WrongCheckpoint: the file is damaged, or of another version of the program.
        OSError: it cannot be read.
    """
    return decode(path.read_bytes(), str(path))


def encode(checkpoint: Checkpoint, job: str) -> bytes:
    """Return a checkpoint as the content of its file."""
    return b"".join(_parts(checkpoint, job))


def decode(stored: bytes, name: str) -> Checkpoint:
    """Read the content of a checkpoint's file.

    Raises:
        WrongCheckpoint: it is damaged, or of another version of the program.
    """
    import safetensors
    import safetensors.numpy

    digest, _, content = stored.partition(b"\n")
    if hashlib.sha256(content).hexdigest().encode() != digest:
        raise WrongCheckpoint(f"{name} is damaged")
    line, _, stored = content.partition(b"\n")
    del content
    record = _record(line)
    try:
        arrays = safetensors.numpy.load(stored)
        return _checkpoint(record, arrays)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise WrongCheckpoint(f"{name}: {error}") from error


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WrongCheckpoint("it is not JSON") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise WrongCheckpoint(f"it is not a {FORMAT}")
    return record


def _checkpoint(record: dict[str, Any], arrays: Arrays) -> Checkpoint:
    groups: dict[str, dict[str, NDArray[Any]]] = {"weights": {}, "state": {}, "best": {}}
    for name, array in arrays.items():
        group, _, own = name.partition(".")
        groups[group][own] = array
    best = record["best"]
    return Checkpoint(
        weights=groups["weights"],
        state=groups["state"],
        place=Place(**record["place"]),
        best=best and Best(groups["best"] or groups["weights"], **best),
        history=tuple(Epoch(*row) for row in record["history"]),
        run=record["run"],
        fingerprint=record["fingerprint"],
        seconds=record["seconds"],
        before=tuple(record["before"]),
        saved_as=record["saved_as"],
        network=record.get("network", 1),
    )
