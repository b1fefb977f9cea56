"""How several workers begin: what the chief tells the others, and that all have the same text.

Only the chief has checkpoints, and the copy of the model that a resumed run began with; so those go
through the exchange, and hosts need no common disk.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from core.errors import HeadlongError
from core.library import bundle
from core.training import checkpoints
from core.training.checkpoints import Checkpoint
from core.training.dataset import Dataset
from core.training.job import Job
from core.training.team import Team

if TYPE_CHECKING:
    from core.training.loop import Loop


@dataclass(frozen=True, slots=True)
class Opening:
    """What the chief tells: the job, digests of its text and settings, where to go on if anywhere."""

    job: Job
    text: str
    recipe: str
    checkpoint: bytes = b""
    base: tuple[tuple[str, bytes], ...] = ()
    """The files of the model that a resumed run began with."""

    def to_bytes(self) -> bytes:
        """Return it as one line of JSON and the files behind it."""
        files = {"checkpoint": self.checkpoint} | dict(self.base)
        record = {
            "job": self.job.to_json(),
            "text": self.text,
            "recipe": self.recipe,
            "files": [(name, len(content)) for name, content in files.items()],
        }
        return json.dumps(record).encode() + b"\n" + b"".join(files.values())

    @classmethod
    def from_bytes(cls, content: bytes) -> "Opening":
        """Read what `to_bytes` wrote."""
        line, _, rest = content.partition(b"\n")
        record, files = json.loads(line), []
        for name, length in record["files"]:
            files.append((name, rest[:length]))
            rest = rest[length:]
        job = Job.from_json(record["job"])
        return cls(job, record["text"], record["recipe"], files[0][1], tuple(files[1:]))


def prepare(job: Job) -> Dataset:
    """Read the text of a job.

    Raises:
        HeadlongError: it cannot be used, or the job's base cannot.
    """
    return Dataset.prepare(job.source, job.recipe, job.base.load() if job.base else None)


def lead(team: Team, job: Job, dataset: Dataset, checkpoint: Checkpoint | None) -> None:
    """Tell all others what is to be done, as the chief.

    Raises:
        TrainingError: one of them has another text, or cannot read it.
        WorkerLost: one of them is gone.
    """
    if team.size == 1:
        return
    team.agree(None)
    stored = checkpoints.encode(checkpoint, job.to_json()) if checkpoint else b""
    base = tuple(bundle.read_files(job.base.path).items()) if job.base and job.resume else ()
    opening = Opening(job, dataset.corpus.fingerprint, _digest(dataset), stored, base)
    team.broadcast(opening.to_bytes())
    team.agree(None)


def follow(job: Job, join: Callable[[], Team]) -> "Loop":
    """Return the loop that this worker runs beside the chief's.

    Args:
        job: what this worker was told to do; one that resumes takes the chief's instead.
        join: connects to the others, when the text is read.

    Raises:
        TrainingError: a worker has found a fault.
        WorkerLost: one of them is gone.
    """
    dataset, fault = (None, None) if job.resume else _prepared(job)
    team = join()
    team.agree(fault)
    opening = Opening.from_bytes(team.broadcast(b""))
    if dataset is None:
        dataset, fault = _prepared_as(opening, job)
    team.agree(fault or _difference(team, opening, dataset))
    assert dataset is not None
    from core.training.loop import Loop

    loop = Loop(dataset, team.stopping, team)
    if opening.checkpoint:
        loop.resume(checkpoints.decode(opening.checkpoint, "what worker 1 sent"))
    elif dataset.base is not None:
        loop.measure_start()
    return loop


def _prepared(job: Job) -> tuple[Dataset | None, str | None]:
    try:
        return prepare(job), None
    except HeadlongError as error:
        return None, str(error)


def _prepared_as(opening: Opening, own: Job) -> tuple[Dataset | None, str | None]:
    """Read the text that the chief has read, where it stands under the same name here."""
    job = opening.job
    with TemporaryDirectory() as folder:
        if job.base is not None and opening.base:
            bundle.write("base", Path(folder) / "base", dict(opening.base))
            job = replace(job, base=replace(job.base, path=Path(folder) / "base"))
        return _prepared(job)


def _difference(team: Team, opening: Opening, dataset: Dataset | None) -> str | None:
    assert dataset is not None
    if dataset.corpus.fingerprint != opening.text:
        what = "another text"
    elif _digest(dataset) != opening.recipe:
        what = "other settings"
    else:
        return None
    return (
        f"worker {team.index + 1} of {team.size} has {what} than worker 1; "
        "give the same command, and the same text, on every host"
    )


def _digest(dataset: Dataset) -> str:
    """Return what two workers' settings and words have in common only where they are the same."""
    known = [dataset.recipe.to_json(), dataset.lines, dataset.vocabulary.tokens]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()
