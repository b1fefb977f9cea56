"""Trainers of a few lines, for jobs behind the prompt: they print events, and wait for files."""

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from core.recipe import preset
from core.training.events import STOPPED, Done, EpochDone, Event, Progress, Started, to_json
from core.training.job import Job, plan, source
from repl.jobs import Jobs

BEGIN = ["import json, os, sys, time", "sys.stdin.readline()"]

STARTED = Started("mine", 90, 10, 40, 0.25, 1234, 7, 50)
HALF_WAY = Progress(2, 20, 50, 4.5, 100.0, 75.0)


def epoch(
    number: int, perplexity: float | None, best: bool = True, saved_as: str | None = None
) -> EpochDone:
    """Return the end of an epoch with a loss of 5."""
    return EpochDone(number, 5.0, perplexity, None, 100.0, 1.0, 0.002, best, saved_as)


def done(path: Path, reason: str = STOPPED) -> Done:
    """Return an end that kept epoch 1."""
    return Done(path.name, str(path), 61.2, 1, 124.0, reason)


def says(event: Event) -> str:
    """Return the line of a trainer's script that reports an event."""
    return f"print({json.dumps(to_json(event))!r}, flush=True)"


def waits_for(path: Path) -> str:
    """Return the line that waits for a file, so that a test says when it goes on."""
    return f"while not os.path.exists({str(path)!r}): time.sleep(0.01)"


WAITS_TO_BE_STOPPED = "assert sys.stdin.readline() in ('stop\\n', '')"
DEAF = "time.sleep(600)"


def command(*script: str) -> list[str]:
    """Return the command line of a trainer that does these lines once it has its job."""
    return [sys.executable, "-S", "-c", "\n".join([*BEGIN, *script])]


def job(directory: Path, name: str = "mine") -> Job:
    """Return a job; what is trained is the trainer's own affair."""
    return plan(source(), preset("small"), name, directory=directory)


class FakeJobs(Jobs):
    """Jobs whose trainer is a script."""

    def __init__(self, *script: str) -> None:
        super().__init__(repaint=0.0)
        self._script = command(*script)
        self.heard = threading.Event()
        self.changed = self.heard.set

    def start(
        self, job: Job, called: Callable[[Path], str] = str, command: list[str] | None = None
    ) -> None:
        super().start(job, called, command or self._script)


def eventually(reached: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)
