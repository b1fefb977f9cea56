"""`python -m core.training.worker JOB.json`: one training run, reported as JSON lines.

With `-` the job is the first line of standard input. A line `stop` there, or its end, stops the run and
keeps the best weights. Everything else that libraries print goes to standard error, so that standard
output holds events and nothing else.
"""

import json
import os
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import HeadlongError, ModelError, TrainingError, TrainingStopped, WorkerLost
from core.library import layout
from core.library.model import Model
from core.text.corpus import Watch
from core.text.levels import nouns
from core.training import cluster as clusters
from core.training import history, probes
from core.training.checkpoints import Checkpoint, Place
from core.training.cluster import Cluster
from core.training.control import Pausing, listen
from core.training.dataset import Dataset
from core.training.events import (
    STOPPED,
    STOPPED_EARLY,
    Done,
    EpochDone,
    Event,
    Failed,
    Notice,
    Paused,
    Progress,
    Reading,
    Started,
    to_json,
)
from core.training.following import Epochs
from core.training.gathering import check_lines, faults_told, gathered, in_cluster
from core.training.history import Best, Epoch
from core.training.job import Job
from core.training.keeper import Keeper, Report, alone
from core.training.mixing import Mixture, is_wanted, mixture
from core.training.opening import follow, lead
from core.training.saver import Measured, Saver

if TYPE_CHECKING:
    from core.training.loop import Loop

READING_SECONDS = 1.0
"""How often it is told how far reading is; texts that take less are read without a word."""

Save = Callable[[Best, str, Sequence[Epoch], float], None]


def main(arguments: list[str], speak: probes.Speak | None = None) -> int:
    """Run the job file named on the command line; return the exit status.

    `speak` says what the network makes of some seeds after every epoch.
    """
    report = _report_to_own_output()
    try:
        name = arguments[0]
        text = sys.stdin.readline() if name == "-" else Path(name).read_text(encoding="utf-8")
        stopping, pausing = _listening(sys.stdin)
        run(Job.from_json(text), report, stopping, pausing, speak)
    except Exception as error:
        report(failure(error))
        return 1
    return 0


def failure(error: Exception) -> Failed:
    """Say what went wrong; a fault of the program is printed whole to standard error."""
    if isinstance(error, HeadlongError):
        return Failed(str(error), stopped=isinstance(error, TrainingStopped))
    # The second is TensorFlow's, which may not have been imported yet.
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return Failed("there is not enough memory; try a smaller batch_size or hidden_size")
    traceback.print_exception(error)
    return Failed(f"the trainer failed: {error.__class__.__name__}: {error}")


def run(
    job: Job,
    report: Report,
    stopping: threading.Event,
    pausing: Pausing | None = None,
    speak: probes.Speak | None = None,
) -> None:
    """Train as `job` says, saving the model after every epoch that is the best so far.

    Raises:
        HeadlongError: the text cannot be used, the loss exploded, or the model cannot be saved; or
            another trainer makes the same model, or there is nothing to resume.
    """
    began = time.perf_counter()
    cluster = clusters.of_environment()
    if cluster is not None and cluster.index:
        _assist(job, cluster, report, stopping)
        return
    with alone(job, report) as writable:
        keeper = Keeper(job, report, writable)
        checkpoint = keeper.resume() if job.resume else None
        if checkpoint is None:
            keeper.begin()
        job = _with_own_base(job, keeper)
        with gathered(job, cluster, stopping, report) as join:
            with faults_told(join, cluster, report):
                dataset = _prepare(job, report, stopping)  # before the seconds that TensorFlow takes
                check_lines(dataset, cluster.size if cluster else job.workers)
                _check_text(job, dataset, checkpoint)
                if stopping.is_set():
                    raise TrainingStopped(STOPPED_EARLY)
            team = join()
            lead(team, job, dataset, checkpoint)
            from core.training.loop import Loop

            loop = Loop(dataset, team.stopping, team, pausing)
            report(_started(job, dataset, checkpoint.history if checkpoint else ()))
            _Session(job, loop, keeper, report, began, checkpoint, speak).train()


def _assist(job: Job, cluster: Cluster, report: Report, stopping: threading.Event) -> None:
    """Train beside the chief of a cluster, which saves the model."""
    began = time.perf_counter()
    try:
        loop = follow(job, lambda: in_cluster(cluster, stopping, report))
        report(_started(job, loop.dataset, loop.history))
        for event in loop.run():
            report(event)
        best = loop.outcome()
    except WorkerLost as error:
        again = f"go on with --resume --name {job.name} on every host"
        raise WorkerLost(f"{error}; {again}") from error
    seconds = round(time.perf_counter() - began, 2)
    report(_done(job.destination, seconds, best, loop.reason, cluster.chief))


def _with_own_base(job: Job, keeper: Keeper) -> Job:
    """Let a resumed run begin with its own copy of the model that it started from."""
    if job.resume and job.base is not None and keeper.run.base.is_dir():
        return replace(job, base=replace(job.base, path=keeper.run.base))
    return job


def _check_text(job: Job, dataset: Dataset, checkpoint: Checkpoint | None) -> None:
    if checkpoint is not None and checkpoint.fingerprint != dataset.fingerprint:
        pieces = ", or the pieces that it gives," if dataset.vocabulary.by_pieces else ""
        raise TrainingError(
            f"the text of {job.name!r}{pieces} has changed since its training began, so that cannot go "
            "on; put the text back as it was, or start anew with --replace"
        )


def _prepare(job: Job, report: Report, stopping: threading.Event) -> Dataset:
    base = job.base
    model = base.load() if base else None
    dataset = Dataset.prepare(job.source, job.recipe, model, _watch(report, stopping))
    for notice in dataset.corpus.notices:
        report(Notice(notice))
    for text in dataset.corpus.texts:
        if text.guessed:
            report(Notice(f"took column {text.column!r} of {text.path.name}"))
    if base is not None and model is not None:
        report(Notice(f"starts from {base.name}, {_added(model, dataset)}"))
    return dataset


def _added(base: Model, dataset: Dataset) -> str:
    words, tokens = len(base.vocabulary), nouns(base.level)
    if base.vocabulary.by_pieces:
        return f"and cuts words in its {words:,} {tokens}"
    return f"{len(dataset.vocabulary) - words:,} new {tokens} added to its {words:,}"


def _watch(report: Report, stopping: threading.Event) -> Watch:
    """Tell now and then how far reading is, and end it where somebody wants to stop."""
    told = time.monotonic()

    def watch(rows: int, share: float) -> None:
        nonlocal told
        if stopping.is_set():
            raise TrainingStopped(STOPPED_EARLY)
        if (now := time.monotonic()) - told >= READING_SECONDS:
            told = now
            report(Reading(rows, share))

    return watch


class _Session:
    """From a network that stands to the end: what is learnt is saved, and where it stands is kept."""

    def __init__(
        self,
        job: Job,
        loop: "Loop",
        keeper: Keeper,
        report: Report,
        began: float,
        checkpoint: Checkpoint | None,
        speak: probes.Speak | None,
    ) -> None:
        """Begin, or go on from `checkpoint`.

        Raises:
            TrainingError: the checkpoint is of another version of the program.
        """
        self._job, self._loop, self._keeper, self._report = job, loop, keeper, report
        self._began, self._run, saved_as = began, secrets.token_hex(8), None
        if checkpoint is not None:
            loop.resume(checkpoint)
            self._began -= checkpoint.seconds
            self._run, saved_as = checkpoint.run, checkpoint.saved_as
            place = checkpoint.place
            step = f", step {place.step:,} of epoch {place.epochs + 1}" if place.step else ""
            report(Notice(f"goes on after {place.epochs:,} whole epochs{step}"))
        elif job.base:
            report(Notice(f"before: {self._measured(loop.measure_start())}"))
        self._saver = Saver(job, loop.dataset, self._run, loop.before, saved_as)
        self._epochs = Epochs(job, loop, self._saver, speak, report)

    def train(self) -> None:
        """Train to the end.

        Raises:
            TrainingError, ModelError: the loss exploded, or the model cannot be saved.
            TrainingStopped: there is too little to keep.
        """
        loop, report = self._loop, self._report
        try:
            for event in loop.run():
                report(self._kept(event))
        except WorkerLost as error:
            raise self._interrupted(error) from error
        except TrainingError as error:
            self._keeper.discard()  # it would explode again
            kept = (
                f"the weights of epoch {loop.best.epoch} are kept" if loop.best else "nothing is saved"
            )
            raise TrainingError(f"{error}; {kept}") from error
        if loop.reason == STOPPED and loop.place != Place():
            self._keep()
        best = loop.outcome()
        self._saver.mixture = self._mixture(best)
        self._save(best, loop.reason, self._saver.finish)
        if mixed := self._saver.mixture:
            report(Notice(mixed.describe(best.perplexity)))
        before = loop.before
        if doubt := _doubt(best, len(loop.dataset.vocabulary), before.perplexity):
            report(Notice(doubt))
        if before.bits_per_character is not None:
            now = self._measured((best.perplexity, best.bits_per_character))
            report(Notice(f"held-out text, before: {self._measured(before)}; now: {now}"))
        if loop.reason != STOPPED:
            self._keeper.discard()
        elif self._keeper.hint:
            report(Notice(f"not finished{self._keeper.hint}"))
        done = _done(self._saver.destination, round(self._seconds, 2), best, loop.reason)
        spelt = loop.dataset.spelt(best.bits_per_character)
        report(replace(done, bits_per_character_spelt=spelt))

    def _interrupted(self, error: WorkerLost) -> WorkerLost:
        """Keep where the run stands, which is between two steps; and say how it can go on."""
        if self._loop.place != Place():
            self._keep()
        saved = self._saver.saved_as
        kept = f"the best weights so far are saved as {saved!r}" if saved else "nothing is saved yet"
        return WorkerLost(f"{error}; {kept}{self._keeper.hint}")

    def _mixture(self, best: Best) -> Mixture | None:
        """Return the n-grams that the best weights are to be mixed with, if any are."""
        dataset, network = self._loop.dataset, self._loop.network
        if not is_wanted(dataset):
            return None
        if dataset.validation is None:
            return mixture(dataset, np.zeros(0))
        from core.training.judging import target_losses

        network.set_weights(best.weights)
        size = dataset.recipe.training.batch_size
        return mixture(dataset, target_losses(network, dataset.validation, size))

    def _kept(self, event: Event) -> Event:
        """Save what an event is about, before it is reported."""
        if isinstance(event, EpochDone):
            event = self._epochs.speak(event)
            if event.best and self._loop.best:
                self._save(self._loop.best, "still training", self._saver.save)
                event = replace(event, saved_as=self._saver.saved_as)
            self._epochs.keep()
            self._keep()
        elif isinstance(event, Paused) or (isinstance(event, Progress) and self._keeper.is_due):
            self._keep()
        return event

    def _keep(self) -> None:
        self._keeper.keep(self._loop.checkpoint(self._run, self._seconds, self._saver.saved_as))

    def _save(self, best: Best, reason: str, save: Save) -> None:
        try:
            save(best, reason, self._loop.history, self._seconds)
        except ModelError as error:
            saved = self._saver.saved_as
            kept = f"; the model of before is kept as {saved!r}" if saved else ""
            raise ModelError(f"{error}{kept}{self._keeper.hint}") from error

    def _measured(self, measure: Measured) -> str:
        perplexity, bits = measure
        spelt = self._loop.dataset.spelt(bits)
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
        return time.perf_counter() - self._began - self._loop.paused


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


def _done(path: Path, seconds: float, best: Best, reason: str, elsewhere: str | None = None) -> Done:
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


def _started(job: Job, dataset: Dataset, done: Sequence[Epoch]) -> Started:
    words = len(dataset.vocabulary)
    return Started(
        job.name,
        dataset.lines,
        dataset.validation_lines,
        words,
        dataset.unknown_rate,
        layout.parameters(dataset.recipe.model, words),
        dataset.recipe.training.epochs,
        dataset.training.steps,
        history.to_json(done) if done else {},
    )


def _report_to_own_output() -> Report:
    """Keep the real standard output for events and turn descriptor 1 over to standard error."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def report(event: Event) -> None:
        try:
            output.write(json.dumps(to_json(event)) + "\n")
            output.flush()
        except BrokenPipeError:
            os._exit(1)  # nobody is listening any more; what is saved is saved

    return report


def _listening(lines: Iterable[str]) -> tuple[threading.Event, Pausing]:
    """Return what tells whether to stop and whether to wait, as lines to come say."""
    stopping, pausing = threading.Event(), Pausing()
    threading.Thread(target=listen, args=(lines, stopping, pausing), daemon=True).start()
    return stopping, pausing


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
