"""The epochs around the steps: early stopping, best weights, progress.

Knows nothing of files or processes: what it finds out it yields as events.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from itertools import islice
from typing import NamedTuple

import numpy as np

from core.errors import TrainingError, TrainingStopped
from core.library.model import Weights
from core.training.checkpoints import Checkpoint, Place
from core.training.control import Pausing
from core.training.dataset import Dataset
from core.training.events import STOPPED, STOPPED_EARLY, EpochDone, Paused, Progress, Resumed
from core.training.history import Best, Epoch
from core.training.network import Network
from core.training.step import Step
from core.training.team import ALONE, Team

PROGRESS_SECONDS = 0.2


class Measure(NamedTuple):
    """How well held-out text is guessed; None where there is none, or where it cannot be said."""

    perplexity: float | None
    bits_per_character: float | None


class Loop:
    """Trains a network on a dataset, epoch by epoch, and remembers the best weights.

    Whenever `run` has yielded or ended, it stands between two steps, and `checkpoint` tells where.
    """

    def __init__(
        self,
        dataset: Dataset,
        stopping: Callable[[], bool],
        team: Team = ALONE,
        pausing: Pausing | None = None,
    ) -> None:
        """Build the network, with the weights of the dataset's base where it has one.

        Args:
            dataset: what to train on.
            stopping: asked between steps whether to stop; all workers must get the same answer.
            team: the workers that train.
            pausing: asked between steps whether to wait.
        """
        self.settings = dataset.recipe.training
        self._anneals = self.settings.annealing == "linear"
        self.dataset = dataset
        self._stopping, self._team, self._pausing = stopping, team, pausing or Pausing()
        self.network = Network(
            dataset.recipe.model, len(dataset.vocabulary), dataset.unigram, self.settings.seed
        )
        if dataset.base is not None:
            self.network.set_weights(dataset.base.weights)
        self._step = Step(self.network, dataset, team)
        self._clock, self._steps_before = 0.0, 0
        self.place = Place()
        self.history: list[Epoch] = []
        self.best: Best | None = None
        self.before = Measure(None, None)
        self.reason = ""
        self.paused = 0.0
        """Seconds that were spent waiting."""

    def measure_start(self) -> Measure:
        """Measure the base that training starts from, the best until something better comes."""
        assert self.dataset.base is not None
        self.before = self.measure()
        if self.before.perplexity is not None:
            self.best = Best(self.network.weights(), 0, None, *self.before, start=True)
        return self.before

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from where another loop stood.

        Raises:
            TrainingError: the checkpoint is of another optimizer, or another network.
        """
        self._step.set_state(checkpoint.state)
        self.network.set_weights(checkpoint.weights)
        self.place, self.best = checkpoint.place, checkpoint.best
        self.history, self.before = list(checkpoint.history), Measure(*checkpoint.before)

    def checkpoint(self, run: str, seconds: float, saved_as: str | None) -> Checkpoint:
        """Return where the run stands, with its name, its seconds so far and what it saved."""
        place, best = self.place, self.best
        fresh = best is not None and not best.start and (best.epoch, 0) == (place.epochs, place.step)
        fresh &= not self.settings.averaging  # the best weights are an average, and no step's own
        return Checkpoint(
            weights=best.weights if best and fresh else self.network.weights(),
            state=self._step.state(),
            place=place,
            best=best,
            history=tuple(self.history),
            run=run,
            fingerprint=self.dataset.fingerprint,
            seconds=seconds,
            before=(self.before.perplexity, self.before.bits_per_character),
            saved_as=saved_as,
        )

    def run(self) -> Iterator[Progress | EpochDone | Paused | Resumed]:
        """Yield progress until training ends; `best` and `reason` tell the outcome.

        Raises:
            TrainingError: the loss is no longer a number; `best` still holds what was good.
        """
        self._clock = time.perf_counter()
        self._steps_before = self.place.epochs * self.dataset.training.steps + self.place.step
        while not self._ended():
            yield from self._train()
            if not self.reason:
                with self._step.averaged():
                    done = self._end_epoch()
                yield done

    def outcome(self) -> Best:
        """Return the weights to keep, at the end of the run.

        Stopped in the first epoch: half an epoch's weights are better than nothing, and than those that
        training began with where they measure better.

        Raises:
            TrainingStopped: nothing was learnt yet.
        """
        place = self.place
        if place.epochs:
            assert self.best is not None
            return self.best
        if not place.step:
            raise TrainingStopped(STOPPED_EARLY)
        with self._step.averaged():
            measured = Measure(None, None) if self.best is None else self.measure()
            if self.best is not None and not self._improves(measured.perplexity):
                return self.best
            return Best(self.network.weights(), 0, place.loss / place.tokens, *measured)

    def weights(self) -> Weights:
        """Return the weights that would be measured now: averaged, where they are."""
        with self._step.averaged():
            return self.network.weights()

    def measure(self) -> Measure:
        """Measure the network as it is on the held-out lines."""
        held_out = self.dataset.validation
        if held_out is None:
            return Measure(None, None)
        nats = self._team.total(sum(self._step.evaluate(*batch) for batch in held_out.epoch(None)))
        characters = self.dataset.validation_characters
        bits = nats / math.log(2) / characters if characters else None
        return Measure(math.exp(min(nats / held_out.tokens, 700.0)), bits)

    def _ended(self) -> bool:
        """Say whether training is over, and why in `reason`."""
        epochs, patience = self.place.epochs, self.settings.patience
        if not self.reason:
            if patience and self.best and epochs - self.best.epoch >= patience:
                self.reason = f"no better validation for {patience} epochs"
            elif epochs >= self.settings.epochs:
                self.reason = f"all {self.settings.epochs} epochs done"
        return bool(self.reason)

    def _train(self) -> Iterator[Progress | Paused | Resumed]:
        """Train to the end of an epoch, or until stopped."""
        begin, shown = self.place, 0.0
        began = time.perf_counter() - begin.seconds
        epoch = begin.epochs + 1
        # Its own generator, so that an epoch's order does not depend on how the ones before were cut.
        random = np.random.default_rng((self.settings.seed, epoch))
        for inputs, targets in islice(self.dataset.training.epoch(random), begin.step, None):
            if self._pausing.is_wanted:
                yield Paused(epoch, self.place.step)
                waited = self._wait()
                began += waited
                yield Resumed(waited)
            if self._stopping():
                self.reason = STOPPED
                break
            if self._anneals:
                self._step.anneal(self._left())
            loss = float(self._step.train(inputs, targets))
            if not math.isfinite(loss):
                raise TrainingError(
                    f"the loss is {loss} in epoch {epoch}; "
                    f"try a learning_rate below {self.settings.learning_rate:g}"
                )
            count, now = int(np.count_nonzero(targets)), time.perf_counter()
            self.place = self._advanced(loss, count, now - began)
            if now - shown >= PROGRESS_SECONDS:
                shown = now
                yield self._progress()

    def _left(self) -> float:
        """Return the share of all steps that is still to be done, this one among them."""
        steps = self.dataset.training.steps
        done = self.place.epochs * steps + self.place.step
        return 1 - done / (self.settings.epochs * steps)

    def _wait(self) -> float:
        """Wait until the run may go on; that counts neither for its speed nor for the time left."""
        waited = self._pausing.wait()
        self._clock += waited
        self.paused += waited
        return waited

    def _advanced(self, loss: float, tokens: int, seconds: float) -> Place:
        place = self.place
        return Place(
            place.epochs, place.step + 1, place.loss + loss * tokens, place.tokens + tokens, seconds
        )

    def _end_epoch(self) -> EpochDone:
        """Measure, remember the best weights, and where they are older halve the learning rate."""
        place, measured = self.place, self.measure()
        rate, number, loss = self._step.learning_rate, place.epochs + 1, place.loss / place.tokens
        speed = place.tokens / place.seconds
        epoch = Epoch(number, loss, *measured, speed, place.seconds, rate)
        improved = self._improves(measured.perplexity)
        if improved:
            self.best = Best(self.network.weights(), number, loss, *measured)
        elif not self._anneals:
            self._step.slow_down()
        self.place = Place(number)
        self.history.append(epoch)
        return EpochDone(**asdict(epoch), best=improved)

    def tell_probes(self, probes: Mapping[str, str]) -> None:
        """Remember what the network made of some seeds after the epoch that has just ended."""
        self.history[-1] = replace(self.history[-1], probes=probes)

    def _progress(self) -> Progress:
        place, steps = self.place, self.dataset.training.steps
        elapsed = time.perf_counter() - self._clock
        done = place.epochs * steps + place.step
        left = elapsed / (done - self._steps_before) * (self.settings.epochs * steps - done)
        speed, loss = place.tokens / place.seconds, place.loss / place.tokens
        return Progress(place.epochs + 1, place.step, steps, loss, speed, left)

    def _improves(self, perplexity: float | None) -> bool:
        """Without held-out text nothing can be compared, and the latest weights are kept."""
        if self.best is None or self.best.perplexity is None or perplexity is None:
            return True
        return perplexity < self.best.perplexity
