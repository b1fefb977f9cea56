"""Kill a trainer at random moments, again and again, until its run is done: nothing may be lost.

    python -m tests.core.training.kill DIRECTORY [TIMES] [SEED]

After every kill the model, if there is one, must be whole; so must every checkpoint; no epoch that was
told may be forgotten; and what is resumed must end with the weights of a run that nobody killed. The
first moments are the whole life of a trainer, TensorFlow's start included; then those after it.
"""

import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

from core.errors import SettingError, TrainingError
from core.library import bundle
from core.library.model import Model
from core.recipe import preset
from core.text.corpus import Source
from core.training import checkpoints
from core.training.checkpoints import Run
from core.training.client import Trainer
from core.training.events import Done, EpochDone, Event, Started
from core.training.job import Job, plan, resume

LINES = "\n".join(f"the {a} says {b} to war {c}" for a in "abcde" for b in "defghi" for c in "hijklm")
LONGEST_WAIT = 1.0
"""Seconds after which a trainer is killed, from its start on or from the first step on."""


def make_job(directory: Path, name: str) -> Job:
    path = directory / "lines.txt"
    path.write_text(LINES)
    recipe = preset("small").change(
        epochs=40, hidden_size=16, embedding_size=8, batch_size=6, patience=None, word_dropout=0.1
    )
    return plan(Source((path,)), recipe, name, directory=directory / "models")


def train(job: Job, killer: "Killer | None" = None) -> list[Event]:
    """Run a trainer, and return what it told; the last event is Done where it was not killed."""
    events: list[Event] = []
    with Trainer(job) as trainer:
        if killer:
            killer.begin(trainer)
        try:
            for event in trainer.events():
                events.append(event)
                if killer and isinstance(event, Started):
                    killer.started(trainer)
        except TrainingError as error:
            if "killed by SIGKILL" not in str(error):
                raise
    return events


class Killer:
    """Kills a trainer after a random time: from its start on, or from its first step on."""

    def __init__(self, draw: random.Random, early: bool) -> None:
        self._draw, self._early = draw, early

    def begin(self, trainer: Trainer) -> None:
        if self._early:
            self._kill_later(trainer, 6 * LONGEST_WAIT)

    def started(self, trainer: Trainer) -> None:
        if not self._early:
            self._kill_later(trainer, LONGEST_WAIT)

    def _kill_later(self, trainer: Trainer, most: float) -> None:
        def kill() -> None:
            time.sleep(seconds)
            try:
                os.kill(trainer.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

        seconds = self._draw.uniform(0, most)
        threading.Thread(target=kill, daemon=True).start()


def check(job: Job, told: int) -> None:
    """See that all that a killed trainer left is whole, and that `told` epochs are not forgotten."""
    if job.destination.exists():
        bundle.verify(job.destination)
    files = Run.of(job.destination).files()
    for path in files:
        checkpoints.read(path)
    assert len(files) <= checkpoints.KEPT + 1
    if told:
        checkpoint, damaged = Run.of(job.destination).load()
        assert checkpoint is not None
        assert not damaged
        assert checkpoint.place.epochs >= told, "an epoch is lost"
        assert job.destination.exists()


def one_run(directory: Path, name: str, draw: random.Random, kills: int) -> tuple[Model, int]:
    """Train to the end, with at most so many kills; return the model, and how many there were."""
    job = make_job(directory, name)
    told = killed = 0
    while True:
        killer = Killer(draw, early=draw.random() < 0.2) if killed < kills else None
        events = train(job, killer)
        told = max([told, *(event.epoch for event in events if isinstance(event, EpochDone))])
        if events and isinstance(events[-1], Done):
            return bundle.verify(Path(events[-1].path)), killed
        killed += 1
        check(job, told)
        try:
            job = resume(name)
        except SettingError:  # no checkpoint: the run had not begun, or was over and did not say so
            if told:
                model = bundle.verify(job.destination)
                assert model.manifest.training["ended"] == "all 40 epochs done", "an epoch is lost"
                return model, killed


def main(directory: Path, times: int = 50, seed: int = 0) -> int:
    draw = random.Random(seed)
    whole, _ = one_run(directory, "whole", draw, 0)
    killed = runs = 0
    while killed < times:
        model, kills = one_run(directory, f"killed-{runs}", draw, min(10, times - killed))
        killed, runs = killed + kills, runs + 1
        for name, array in whole.weights.items():
            np.testing.assert_allclose(model.weights[name], array, atol=1e-6, rtol=0, err_msg=name)
    left = list(checkpoints.runs_directory().glob(f"*/*{checkpoints.ENDING}"))
    assert not left, left
    print(f"{killed} kills in {runs} runs; every one ended with the weights of an undisturbed run")
    return 0


if __name__ == "__main__":
    where, *numbers = sys.argv[1:]
    sys.exit(main(Path(where), *map(int, numbers)))
