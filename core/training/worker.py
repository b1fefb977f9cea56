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
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import HeadlongError, TrainingError, TrainingStopped
from core.library import bundle, layout
from core.library.card import write_card
from core.library.folders import take_away, taken
from core.library.model import Manifest, Model
from core.library.shelf import free_name
from core.training.dataset import Dataset
from core.training.events import (
    STOPPED_EARLY,
    Done,
    EpochDone,
    Event,
    Failed,
    Notice,
    Started,
    to_json,
)
from core.training.job import Job, readable

if TYPE_CHECKING:
    from core.training.loop import Best

Report = Callable[[Event], None]

FILES_NAMED = 100
LONGEST_COMMAND = 10_000


def main(arguments: list[str]) -> int:
    """Run the job file named on the command line; return the exit status."""
    report = _report_to_own_output()
    try:
        name = arguments[0]
        text = sys.stdin.readline() if name == "-" else Path(name).read_text(encoding="utf-8")
        run(Job.from_json(text), report, _stop_flag())
    except HeadlongError as error:
        report(Failed(str(error), stopped=isinstance(error, TrainingStopped)))
        return 1
    except MemoryError:
        report(Failed("there is not enough memory; try a smaller batch_size or hidden_size"))
        return 1
    except Exception as error:
        traceback.print_exc()
        report(Failed(f"the trainer failed: {error.__class__.__name__}: {error}"))
        return 1
    return 0


def run(job: Job, report: Report, stopping: threading.Event) -> None:
    """Train as `job` says, saving the model after every epoch that is the best so far.

    Raises:
        HeadlongError: the text cannot be used, the loss exploded, or the model cannot be saved.
    """
    began = time.perf_counter()
    dataset = _prepare(job, report)  # before the seconds that TensorFlow takes
    if stopping.is_set():
        raise TrainingStopped(STOPPED_EARLY)
    from core.training.loop import Loop

    loop = Loop(dataset, stopping.is_set)
    report(_started(job, dataset))
    before = loop.perplexity() if job.base else None
    if before is not None:
        report(Notice(f"before: validation perplexity {before:,.2f}"))
    save = _Saver(job, dataset, before, began)
    try:
        for event in loop.run():
            if isinstance(event, EpochDone) and event.best and loop.best:
                save(loop.best, "still training")
                event = replace(event, saved_as=save.destination.name)
            report(event)
    except TrainingStopped:
        raise
    except TrainingError as error:
        kept = f"the weights of epoch {loop.best.epoch} are kept" if loop.best else "nothing is saved"
        raise TrainingError(f"{error}; {kept}") from error
    assert loop.best is not None
    save.finish(loop.best, loop.reason)
    if doubt := _doubt(loop.best, len(dataset.vocabulary), before):
        report(Notice(doubt))
    seconds = round(time.perf_counter() - began, 2)
    name, path = save.destination.name, str(save.destination)
    report(Done(name, path, seconds, loop.best.epoch, loop.best.perplexity, loop.reason))


def _prepare(job: Job, report: Report) -> Dataset:
    base = job.base.load() if job.base else None
    dataset = Dataset.prepare(job.source, job.recipe, base)
    for text in dataset.corpus.texts:
        if text.guessed:
            report(Notice(f"took column {text.column!r} of {text.path.name}"))
    if base is not None:
        level, words = base.manifest.level, len(base.vocabulary)
        added = f"{len(dataset.vocabulary) - words:,} new {level}s added to its {words:,}"
        report(Notice(f"starts from {base.name}, {added}"))
    return dataset


def _doubt(best: "Best", words: int, before: float | None) -> str | None:
    """Say what is wrong with the outcome, if anything is."""
    if best.perplexity is None:
        return None
    if best.perplexity > words:
        return "it guesses worse than blindly; try a lower learning_rate or more text"
    if before is not None and best.perplexity > before:
        return "it guesses held-out text worse than before; try a lower learning_rate or more text"
    return None


def _started(job: Job, dataset: Dataset) -> Started:
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
    )


class _Saver:
    """Saves what is best, each time over what it saved before.

    A model that has the name already is not touched: what is not finished is saved under the next
    free name. `finish` gives it the name it was to have, where that was to be replaced.
    """

    def __init__(self, job: Job, dataset: Dataset, before: float | None, began: float) -> None:
        self.destination = job.destination
        self._job, self._dataset, self._before, self._began = job, dataset, before, began
        self._saved = False

    def __call__(self, best: "Best", reason: str) -> None:
        if not self._saved and taken(self.destination):
            directory = self.destination.parent
            self.destination = directory / free_name(self.destination.name, directory)
        manifest = self._manifest(best, reason)
        model = Model(manifest, self._dataset.vocabulary, best.weights)
        bundle.save(model, self.destination, write_card(manifest), replace=self._saved)
        self._saved = True

    def finish(self, best: "Best", reason: str) -> None:
        """Save for the last time.

        Raises:
            TrainingStopped: not one epoch was finished, which is too little to replace a model by.
        """
        replaces = self._job.replace and taken(self._job.destination)
        if replaces and not best.epoch:
            kept = f"the model {self._job.name!r} from before is kept"
            raise TrainingStopped(f"training was stopped within its first epoch; {kept}")
        unfinished = self.destination
        if replaces:
            self.destination = self._job.destination
            self._saved = True
        self(best, reason)
        if unfinished != self.destination:
            with suppress(OSError):
                take_away(unfinished)

    def _manifest(self, best: "Best", reason: str) -> Manifest:
        job, dataset = self._job, self._dataset
        held_out = dataset.validation is not None
        return Manifest(
            name=self.destination.name,
            cleaning=dataset.recipe.text.cleaning,
            architecture=dataset.recipe.model,
            vocabulary=len(dataset.vocabulary),
            level=dataset.recipe.text.level,
            created=datetime.now(UTC).date().isoformat(),
            training={
                **self._origin(),
                "seconds": round(time.perf_counter() - self._began, 1),
                "best_epoch": best.epoch,
                "ended": reason,
                "command": _shortened(job.command),
                "settings": dataset.recipe.training.to_json() | dataset.recipe.text.to_json(),
            },
            corpus={
                "files": _named([readable(path) for path in job.source.files]),
                "column": dataset.corpus.texts[0].column,
                "dropped": list(job.source.drop),
                "lines": dataset.lines,
                "validation_lines": dataset.validation_lines,
                "fingerprint": dataset.corpus.fingerprint,
            },
            metrics={
                "training_loss": best.loss,
                "validation_perplexity": best.perplexity,
                **({} if self._before is None else {"validation_perplexity_before": self._before}),
                "unknown_rate": dataset.unknown_rate if held_out else None,
            },
        )

    def _origin(self) -> dict[str, Any]:
        base = self._job.base
        if base is None:
            return {"preset": self._dataset.recipe.preset}
        return {"started_from": base.name, "started_from_sha256": base.sha256}


def _named(files: list[str]) -> list[str]:
    """Name the first of many files, and say how many there are: a manifest is for people."""
    if len(files) <= FILES_NAMED:
        return files
    return [*files[:FILES_NAMED], f"and {len(files) - FILES_NAMED:,} more"]


def _shortened(command: str) -> str:
    """Cut off a command that names very many files."""
    return command if len(command) <= LONGEST_COMMAND else command[:LONGEST_COMMAND] + " ..."


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


def _stop_flag() -> threading.Event:
    flag = threading.Event()

    def wait() -> None:
        sys.stdin.readline()  # `stop`, or the end of input when the parent is gone
        flag.set()

    threading.Thread(target=wait, daemon=True).start()
    return flag


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
