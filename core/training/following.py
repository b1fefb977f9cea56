"""What is done with every epoch beside saving the best: its lines are spoken, its weights kept."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import HeadlongError, TrainingError
from core.library.model import Model
from core.training import probes
from core.training.board import Board
from core.training.events import EpochDone, Event, Notice
from core.training.history import Best
from core.training.job import Job
from core.training.saver import Saver

if TYPE_CHECKING:
    from core.training.loop import Loop


class Epochs:
    """Follows a run epoch by epoch; what it cannot do is told once, and training goes on."""

    def __init__(
        self,
        job: Job,
        loop: "Loop",
        saver: Saver,
        speak: probes.Speak | None,
        report: Callable[[Event], None],
    ) -> None:
        """Choose the probes.

        Raises:
            TrainingError: TensorBoard's files cannot be written.
        """
        self._loop, self._saver, self._speak, self._report = loop, saver, speak, report
        self._seeds = job.probes if job.probes is not None else probes.taken_from(loop.dataset)
        self._board = Board(job.tensorboard) if job.tensorboard is not None else None
        self._keeps = True
        self._model: Model | None = None

    def speak(self, event: EpochDone) -> EpochDone:
        """Return what is told of an epoch that has just ended, with its lines."""
        best = self._loop.best
        if best is None or not event.best:
            weights = self._loop.weights()
            measured = event.validation_perplexity, event.bits_per_character
            best = Best(weights, event.epoch, event.loss, *measured)
        self._model = self._saver.model(best)
        event = replace(event, probes=self._spoken(self._model))
        self._loop.tell_probes(event.probes)
        self._write(event)
        return event

    def _write(self, event: EpochDone) -> None:
        if self._board is not None:
            try:
                self._board.write(event)
            except TrainingError as error:
                self._report(Notice(f"{error}; training goes on without"))
                self._board = None

    def _spoken(self, model: Model) -> dict[str, str]:
        if self._speak is None or not self._seeds:
            return {}
        try:
            return dict(probes.spoken(self._speak, model, self._seeds))
        except HeadlongError as error:
            self._report(Notice(f"the probes cannot be continued: {error}"))
            self._seeds = ()
            return {}

    def keep(self) -> None:
        """Keep the weights of the epoch that spoke last, beside what is saved."""
        model, best = self._model, self._loop.best
        if model is None or not self._keeps:
            return
        try:
            self._saver.keep(model, best.epoch if best else None)
        except OSError as error:
            told = f"the weights of each epoch cannot be kept: {error.strerror or error}"
            self._report(Notice(f"{told}; training goes on without"))
            self._keeps = False
