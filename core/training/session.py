"""A run from the first network to the last: trained, saved, kept so that it can go on.

A model mostly has one network. Of several each is trained in turn, as if it were alone, from a seed of
its own, and after each the model is saved with one more. TensorFlow comes with the loops.
"""

import gc
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError, TrainingError, WorkerLost
from core.training import probes
from core.training.checkpoints import Checkpoint, Place
from core.training.dataset import Dataset
from core.training.events import STOPPED, Done, EpochDone, Event, Notice, Paused, Progress
from core.training.following import Epochs
from core.training.history import Best, Epoch
from core.training.job import Job
from core.training.keeper import Keeper, Report
from core.training.members import Member, Members
from core.training.mixing import Mixture, is_wanted, mixture
from core.training.saver import Measured, Saver

if TYPE_CHECKING:
    from core.training.loop import Loop

Build = Callable[[Dataset, Sequence[Epoch], int], "Loop"]
"""Builds what trains a network, and tells that it begins: with its text, the epochs that are behind it,
and which network it is, counted from 1."""

Save = Callable[[Best, str, Sequence[Epoch], float], None]


class Session:
    """A model's networks, one after another: what is learnt is saved, and where it stands is kept."""

    def __init__(
        self,
        job: Job,
        dataset: Dataset,
        build: Build,
        keeper: Keeper,
        report: Report,
        began: float,
        checkpoint: Checkpoint | None,
        speak: probes.Speak | None,
    ) -> None:
        """Begin, or go on from `checkpoint`.

        Raises:
            TrainingError: the checkpoint is of another version of the program, or a network that was
                trained before it is lost.
        """
        self._job, self._dataset, self._keeper, self._report = job, dataset, keeper, report
        self._build, self._speak, self._began = build, speak, began
        self._run, self._paused, self._saved_before = secrets.token_hex(8), 0.0, None
        self._count = dataset.recipe.training.networks
        self._members = Members(dataset)
        if checkpoint is not None:
            self._began -= checkpoint.seconds
            self._run, self._saved_before = checkpoint.run, checkpoint.saved_as
            self._members = keeper.trained(checkpoint.network - 1, dataset)
        self._begin(checkpoint)

    def _begin(self, checkpoint: Checkpoint | None = None) -> None:
        """Begin with the next network, or go on with it from `checkpoint`."""
        number = self._number
        behind = checkpoint.history if checkpoint else ()
        self._loop = loop = self._build(self._members.dataset_of(number), behind, number)
        if checkpoint is not None:
            loop.resume(checkpoint)
            place = checkpoint.place
            step = f", step {place.step:,} of epoch {place.epochs + 1}" if place.step else ""
            of = f" of network {number}" if self._count > 1 else ""
            self._report(Notice(f"goes on after {place.epochs:,} whole epochs{of}{step}"))
        elif self._job.base:
            before = loop.measure_start()
            if number == 1:
                self._report(Notice(f"before: {self._measured(before)}"))
        if number == 1 or checkpoint is not None:
            self._saver = Saver(self._job, self._dataset, self._run, loop.before, self._saved_before)
        self._saver.members = self._members if len(self._members) else None
        job = self._job
        if self._count > 1 and job.tensorboard is not None:
            job = replace(job, tensorboard=job.tensorboard / f"network-{number}")
        self._epochs = Epochs(job, loop, self._saver, self._speak, self._report)
        if number > 1 and checkpoint is None:
            self._keep()

    @property
    def _number(self) -> int:
        """Which network is in training, counted from 1."""
        return len(self._members) + 1

    def train(self) -> None:
        """Train to the end.

        Raises:
            TrainingError, ModelError: the loss exploded, or the model cannot be saved.
            TrainingStopped: there is too little to keep.
        """
        while True:
            self._train()
            self._take()
            if self._loop.reason == STOPPED or len(self._members) == self._count:
                break
            self._save(
                self._members.best(), f"network {self._number} is still to come", self._saver.save
            )
            self._paused += self._loop.paused
            del self._loop, self._epochs
            gc.collect()  # its graphs are held in circles
            self._begin()
        self._end()

    def _train(self) -> None:
        """Train one network."""
        loop, report = self._loop, self._report
        try:
            for event in loop.run():
                report(self._kept(event))
        except WorkerLost as error:
            raise self._interrupted(error) from error
        except TrainingError as error:
            self._keeper.discard()  # it would explode again
            raise TrainingError(f"{error}; {self._is_kept()}") from error
        if loop.reason == STOPPED and loop.place != Place():
            self._keep()

    def _is_kept(self) -> str:
        if len(self._members):
            return f"what was trained before network {self._number} is kept as {self._saver.saved_as!r}"
        best = self._loop.best
        return f"the weights of epoch {best.epoch} are kept" if best else "nothing is saved"

    def _take(self) -> None:
        """Take in the network that was trained, with the n-grams that go with all there are.

        Raises:
            TrainingStopped: there is too little to keep.
        """
        self._members = self._joined()
        self._saver.members = self._members
        self._saver.mixture = self._mixture()

    def _joined(self) -> Members:
        """Return the networks that are trained, with the one that was in training.

        One that was stopped joins others only where held-out text says that it does them good.
        """
        loop, members = self._loop, self._members
        stopped = loop.reason == STOPPED
        if len(members) and stopped and not loop.place.epochs:
            return members
        best = loop.outcome()
        judged = self._count > 1 or is_wanted(self._dataset)
        losses = self._losses(best) if judged else None
        member = Member(best, losses, tuple(loop.history))
        joined = members.joined_by(member)
        if stopped:
            return joined if not len(members) or _improves(joined, members) else members
        if len(joined) < self._count:
            stands = loop.checkpoint(self._run, self._seconds, self._saver.saved_as)
            self._keeper.keep_trained(member.stored(replace(stands, network=len(joined))))
        return joined

    def _end(self) -> None:
        """Save for the last time, and tell how well it went."""
        best, report = self._members.best(), self._report
        reason, before = self._loop.reason, self._loop.before
        self._save(best, reason, self._saver.finish)
        if told := self._members.describe():
            report(Notice(told))
        if mixed := self._saver.mixture:
            networks = "networks" if len(self._members) > 1 else "network"
            report(Notice(mixed.describe(best.perplexity, networks)))
        if doubt := _doubt(best, len(self._dataset.vocabulary), before.perplexity):
            report(Notice(doubt))
        if before.bits_per_character is not None:
            now = self._measured((best.perplexity, best.bits_per_character))
            report(Notice(f"held-out text, before: {self._measured(before)}; now: {now}"))
        if reason != STOPPED:
            self._keeper.discard()
        elif self._keeper.hint:
            report(Notice(f"not finished{self._keeper.hint}"))
        ended = done(self._saver.destination, round(self._seconds, 2), best, reason)
        spelt = self._dataset.spelt(best.bits_per_character)
        report(replace(ended, bits_per_character_spelt=spelt, networks=len(self._members)))

    def _interrupted(self, error: WorkerLost) -> WorkerLost:
        """Keep where the run stands, which is between two steps; and say how it can go on."""
        if self._loop.place != Place():
            self._keep()
        saved = self._saver.saved_as
        kept = f"the best weights so far are saved as {saved!r}" if saved else "nothing is saved yet"
        return WorkerLost(f"{error}; {kept}{self._keeper.hint}")

    def _losses(self, best: Best) -> NDArray[np.float64] | None:
        """Return what the best weights think of each held-out word."""
        dataset, network = self._dataset, self._loop.network
        if dataset.validation is None:
            return None
        from core.training.judging import target_losses

        network.set_weights(best.weights)
        return target_losses(network, dataset.validation, dataset.recipe.training.batch_size)

    def _mixture(self) -> Mixture | None:
        """Return the n-grams that the networks are to be mixed with, if any are."""
        if not is_wanted(self._dataset):
            return None
        losses = self._members.losses()
        return mixture(self._dataset, np.zeros(0) if losses is None else losses, self._saver.mixture)

    def _kept(self, event: Event) -> Event:
        """Save what an event is about, before it is reported."""
        if isinstance(event, EpochDone):
            event = replace(self._epochs.speak(event), network=self._number)
            if event.best and self._loop.best:
                if not len(self._members):  # one that is not trained yet would spoil the others
                    self._save(self._loop.best, "still training", self._saver.save)
                event = replace(event, saved_as=self._saver.saved_as)
            self._epochs.keep()
            self._keep()
        elif isinstance(event, Paused) or (isinstance(event, Progress) and self._keeper.is_due):
            self._keep()
        return self._told(event) if isinstance(event, Progress) else event

    def _told(self, event: Progress) -> Progress:
        """Return it with the time that the networks to come may take, which is that of this one."""
        epochs = self._dataset.recipe.training.epochs
        left = epochs * event.steps - (event.epoch - 1) * event.steps - event.step
        to_come = self._count - self._number
        if not to_come or left <= 0:
            return event
        whole = event.seconds_left * epochs * event.steps / left
        return replace(event, seconds_left=event.seconds_left + to_come * whole)

    def _keep(self) -> None:
        stands = self._loop.checkpoint(self._run, self._seconds, self._saver.saved_as)
        self._keeper.keep(replace(stands, network=self._number))

    def _save(self, best: Best, reason: str, save: Save) -> None:
        try:
            history = self._members.history if len(self._members) else self._loop.history
            save(best, reason, history, self._seconds)
        except ModelError as error:
            saved = self._saver.saved_as
            kept = f"; the model of before is kept as {saved!r}" if saved else ""
            raise ModelError(f"{error}{kept}{self._keeper.hint}") from error

    def _measured(self, measure: Measured) -> str:
        perplexity, bits = measure
        spelt = self._dataset.spelt(bits)
        if perplexity is None:
            return "no text is held out, so nothing is measured"
        if bits is None or spelt is None:
            return f"perplexity {perplexity:,.2f}"
        return (
            f"perplexity {perplexity:,.2f}, {bits:.3f} bits per character, "
            f"{spelt:.3f} with unknown words spelt out"
        )

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self._began - self._paused - self._loop.paused


def _improves(joined: Members, members: Members) -> bool:
    now, before = joined.best().perplexity, members.best().perplexity
    return now is not None and before is not None and now < before


def _doubt(best: Best, words: int, before: float | None) -> str | None:
    """Say what is wrong with the outcome, if anything is."""
    if best.perplexity is None:
        return None
    if best.start:
        return (
            "no epoch guesses held-out text better than before; try a lower learning_rate or more text"
        )
    if best.perplexity > words:
        return "it guesses worse than blindly; try a lower learning_rate or more text"
    if before is not None and best.perplexity > before:
        return "it guesses held-out text worse than before; try a lower learning_rate or more text"
    return None


def done(path: Path, seconds: float, best: Best, reason: str, elsewhere: str | None = None) -> Done:
    """Tell of the end of a run; `elsewhere` is the worker that saved the model, if that was another."""
    return Done(
        path.name,
        str(path),
        seconds,
        best.epoch,
        best.perplexity,
        reason,
        best.bits_per_character,
        best.start,
        elsewhere,
    )
