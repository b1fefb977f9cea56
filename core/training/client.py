"""Starts trainers, follows their events, stops them. No TensorFlow here.

A trainer is a child process in a session of its own: the terminal's Ctrl-C does not reach it, and when
this process dies, however it dies, the child reads the end of its input and stops too.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Self

from core.errors import TrainingError, TrainingStopped
from core.training import events
from core.training.checkpoints import Run
from core.training.cluster import of_environment
from core.training.control import PAUSE, RESUME, STOP
from core.training.events import Done, EpochDone, Event, Failed, Notice
from core.training.job import Job

STOPPING = Notice("stopping after this step")
"""What is told when a trainer was asked to stop."""

POLL_SECONDS = 0.1

WANT_OF_MEMORY = [getattr(signal, name, None) for name in ("SIGKILL", "SIGSEGV", "SIGABRT", "SIGBUS")]
"""How a process may end that gets no more memory: the system's doing, or TensorFlow's."""


class Trainer:
    """A running training job; a context manager that leaves no process behind."""

    def __init__(self, job: Job, command: list[str] | None = None) -> None:
        """Start the job. `command` replaces the worker's own command line, for tests.

        Raises:
            TrainingError: the process cannot be started.
        """
        self.job = job
        self._saved_as: str | None = None
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        # -P: a `core` in the user's current directory must not be taken for ours.
        command = command or [sys.executable, "-P", "-m", "core.trainer", "-"]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
                encoding="utf-8",
                start_new_session=True,
                env=_environment(),
            )
        except OSError as error:
            self._log.close()
            raise TrainingError(f"the trainer cannot be started: {error.strerror}") from error
        self._write(job.to_json() + "\n")
        # A SimpleQueue, because a signal handler may put into it while this thread waits at it.
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def events(self) -> Iterator[Event]:
        """Yield events until the trainer ends.

        Raises:
            TrainingError: the trainer failed, or died without a word.
        """
        while True:
            try:
                event = self._events.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if event is None:
                raise TrainingError(self._last_words())
            if isinstance(event, Failed):
                raise (TrainingStopped if event.stopped else TrainingError)(event.text)
            yield event
            if isinstance(event, Done):
                return

    def stop(self) -> None:
        """Ask the trainer to stop and keep its best weights; may be called by a signal handler.

        `events` goes on with a notice, and ends with Done, or with TrainingStopped where nothing was
        learnt yet.
        """
        self._events.put(STOPPING)
        self._write(f"{STOP}\n")

    def pause(self) -> None:
        """Ask the trainer to wait after its step; `events` goes on with Paused."""
        self._write(f"{PAUSE}\n")

    def resume(self) -> None:
        """Ask a trainer that waits to go on; `events` goes on with Resumed."""
        self._write(f"{RESUME}\n")

    def kill(self) -> None:
        """End the trainer at once; what it has saved so far stays."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.kill()
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()

    def _write(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # it may be gone already
            assert self._process.stdin is not None
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def _read(self, lines: IO[str]) -> None:
        with contextlib.suppress(ValueError):  # closed under our hands
            for line in lines:
                event = events.parse(line)
                if isinstance(event, EpochDone) and event.saved_as:
                    self._saved_as = event.saved_as
                if event is not None:
                    self._events.put(event)
        self._events.put(None)

    def _last_words(self) -> str:
        status = self._process.wait()
        cluster = of_environment()
        if cluster is not None and cluster.index:
            return f"{self._cause(status)}; what is saved, worker 1 has, {cluster.chief}"
        kept = (
            f"the best weights so far are saved as {self._saved_as!r}"
            if self._saved_as
            else "no epoch was finished, so nothing of this run is saved"
        )
        if Run.of(self.job.destination).files():
            kept += f"; go on with --resume --name {self.job.name}"
        return f"{self._cause(status)}; {kept}"

    def _cause(self, status: int) -> str:
        if status < 0:
            cause = f"was killed by {signal.Signals(-status).name}"
            if -status in WANT_OF_MEMORY:
                cause += ", perhaps for want of memory: try a smaller batch_size or hidden_size"
            return f"the trainer {cause}"
        self._log.seek(0)
        lines = self._log.read().strip().splitlines()
        reason = lines[-1] if lines else "it gave no reason"
        return f"the trainer ended with status {status} ({reason})"


def _environment() -> dict[str, str]:
    # Numpy only speaks there, a word at a time: its threads would but get into TensorFlow's way.
    return (
        {"OPENBLAS_NUM_THREADS": "1"}
        | os.environ
        | {
            "KERAS_BACKEND": "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONUNBUFFERED": "1",
        }
    )
