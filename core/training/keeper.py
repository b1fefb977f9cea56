"""Keeps the checkpoints of a run that is under way, as far as the disk lets it. No TensorFlow here."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from core.errors import ModelError, TrainingError
from core.library import bundle
from core.training.checkpoints import Checkpoint, Run, WrongCheckpoint, read
from core.training.dataset import Dataset
from core.training.events import Event, Notice
from core.training.job import Job
from core.training.members import Member, Members

Report = Callable[[Event], None]

SECONDS = 120.0
"""How often a checkpoint is written within a long epoch."""


class Keeper:
    """The checkpoints of a run; where they cannot be written, it is told once and training goes on."""

    def __init__(self, job: Job, report: Report, writable: bool) -> None:
        self.run = Run.of(job.destination)
        # It may be resumed from another directory.
        files = tuple(path.absolute() for path in job.source.files)
        self._job = replace(job, source=replace(job.source, files=files), resume=False)
        self._report, self._writable = report, writable
        self._kept = time.monotonic()
        self._told = not writable

    @property
    def is_due(self) -> bool:
        """Whether the last checkpoint is so long ago that one within the epoch is worth its time."""
        return time.monotonic() - self._kept >= SECONDS

    @property
    def hint(self) -> str:
        """What to do to go on with the run, if that can be done."""
        return f"; go on with --resume --name {self._job.name}" if self.run.files() else ""

    def begin(self) -> None:
        """Begin a new run, with a copy of the model that it starts from, which may be replaced by then.

        An unfinished run of the same name is given up.
        """
        self.run.discard()
        if self._job.base is not None and self._writable:
            with suppress(ModelError):
                bundle.write("base", self.run.base, bundle.read_files(self._job.base.path))

    def resume(self) -> Checkpoint:
        """Return where to go on.

        Raises:
            TrainingError: there is no whole checkpoint.
        """
        checkpoint, damaged = self.run.load()
        if checkpoint is None:
            raise TrainingError(
                f"the training of {self._job.name!r} cannot be resumed: "
                f"{'its checkpoints are damaged' if damaged else 'it has no checkpoint'}; "
                "start it anew with --replace"
            )
        if damaged:
            self._report(Notice("the newest checkpoint is damaged; going on from the one before"))
        return checkpoint

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint."""
        self._kept = time.monotonic()
        self._write(lambda job: self.run.save(checkpoint, job))

    def _write(self, write: Callable[[str], None]) -> None:
        if not self._writable:
            return
        try:
            write(self._job.to_json())
        except ModelError as error:
            if not self._told:
                self._report(Notice(f"no checkpoint: {error}; training goes on without"))
            self._told = True

    def keep_trained(self, trained: Checkpoint) -> None:
        """Keep a network that is trained, for the ones after it; see `core.training.members`."""
        self._write(lambda job: self.run.keep(trained, job))

    def trained(self, count: int, dataset: Dataset) -> Members:
        """Return so many networks that are trained already, of a run that goes on.

        Raises:
            TrainingError: one of them is missing or damaged.
        """
        members = Members(dataset)
        for number in range(1, count + 1):
            try:
                members = members.joined_by(Member.of(read(self.run.trained(number)), dataset))
            except (OSError, WrongCheckpoint) as error:
                raise TrainingError(
                    f"the training of {self._job.name!r} cannot be resumed: network {number}, which "
                    "was trained already, is missing or damaged; start it anew with --replace"
                ) from error
        return members

    def discard(self) -> None:
        """Remove the checkpoints of a run that is over."""
        self.run.discard()


@contextmanager
def alone(job: Job, report: Report) -> Iterator[bool]:
    """Be the only trainer of a model; say whether checkpoints can be kept.

    Raises:
        TrainingError: another one makes it.
    """
    run = Run.of(job.destination)
    with ExitStack() as stack:
        try:
            stack.enter_context(run.locked(job.name))
            writable = True
        except OSError as error:
            writable = False
            report(
                Notice(
                    f"no checkpoints can be kept in {run.folder}: {error.strerror or error}; "
                    "the model is saved all the same, but this training cannot be resumed"
                )
            )
        yield writable
