"""`python -m core.training.worker JOB.json`: one training run, reported as JSON lines.

With `-` the job is the first line of standard input. A line `stop` there, or its end, stops the run and
keeps the best weights. Everything else that libraries print goes to standard error, so that standard
output holds events and nothing else.
"""

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import HeadlongError, TrainingError, TrainingStopped, WorkerLost
from core.library import layout
from core.library.model import Model
from core.text.corpus import Watch
from core.text.levels import nouns
from core.text.vocabulary import Vocabulary
from core.training import cluster as clusters
from core.training import history, probes
from core.training.checkpoints import Checkpoint
from core.training.cluster import Cluster
from core.training.control import Pausing, listen
from core.training.dataset import Dataset
from core.training.events import (
    STOPPED_EARLY,
    Event,
    Failed,
    Notice,
    Reading,
    Started,
    to_json,
)
from core.training.gathering import check_lines, faults_told, gathered, in_cluster
from core.training.history import Epoch
from core.training.job import Job, check_alone
from core.training.keeper import Keeper, Report, alone
from core.training.opening import follow, lead
from core.training.session import Session, done

READING_SECONDS = 1.0
"""How often it is told how far reading is; texts that take less are read without a word."""


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
    check_alone(job.recipe, cluster.size if cluster else job.workers)
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

            def build(text: Dataset, behind: Sequence[Epoch], network: int) -> Loop:
                loop = Loop(text, team.stopping, team, pausing)
                report(_started(job, dataset, behind, network))
                return loop

            Session(job, dataset, build, keeper, report, began, checkpoint, speak).train()


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
    report(done(job.destination, seconds, best, loop.reason, cluster.chief))


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
    if job.source.label is not None:
        report(Notice(_labelled(job.source.label, dataset)))
    if base is not None and model is not None:
        report(Notice(f"starts from {base.name}, {_added(model, dataset)}"))
    return dataset


def _added(base: Model, dataset: Dataset) -> str:
    words, tokens = _words(base.vocabulary), nouns(base.level)
    if base.vocabulary.by_pieces:
        return f"and cuts words in its {words:,} {tokens}"
    return f"{_words(dataset.vocabulary) - words:,} new {tokens} added to its {words:,}"


def _words(vocabulary: Vocabulary) -> int:
    """Return how many tokens there are, labels aside."""
    return len(vocabulary) - len(vocabulary.labels)


def _labelled(column: str, dataset: Dataset) -> str:
    labels = len(dataset.vocabulary.labels)
    told = f"lines begin with what column {column!r} says, one of {labels:,} labels"
    return told if dataset.validation is None else f"{told}; held-out lines are measured with theirs"


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


def _started(job: Job, dataset: Dataset, done: Sequence[Epoch], network: int = 1) -> Started:
    words = len(dataset.vocabulary)
    return Started(
        job.name,
        dataset.lines,
        dataset.validation_lines,
        _words(dataset.vocabulary),
        dataset.unknown_rate,
        layout.parameters(dataset.recipe.model, words),
        dataset.recipe.training.epochs,
        dataset.training.steps,
        history.to_json(done) if done else {},
        network,
        dataset.recipe.training.networks,
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
