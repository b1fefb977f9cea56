"""Training behind the prompt: the trainer, a thread that listens to it, what is to be told of it.

Importing this is cheap, as every session has one; what training needs is imported when one starts.
"""

import logging
import shlex
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from core.errors import HeadlongError, TrainingError

if TYPE_CHECKING:
    from core.training.client import Trainer
    from core.training.events import Event
    from core.training.job import Job
    from repl.pictures.job import Status

BETWEEN = 5.0
"""Seconds at least between two epochs that are told: short ones would push away what one reads."""

REPAINT = 1.0
"""Seconds at least between two looks at how far a training is."""

PATIENCE = 30.0
"""Seconds that a trainer has to stop by itself when the program ends; then it is killed."""

_log = logging.getLogger(__name__)


class Jobs:
    """One training at a time; all but its thread may be called from the main thread only."""

    def __init__(self, repaint: float = REPAINT) -> None:
        self.repaint = repaint
        self.changed: Callable[[], None] | None = None
        """Called by the thread when there is news, or when `short` has changed; it must not wait."""

        self.short = ""
        """How far the training is, in a few words; empty where there is none."""

        self._status: Status | None = None
        self._trainer: Trainer | None = None
        self._thread: threading.Thread | None = None
        self._called: Callable[[Path], str] = str
        self._lock = threading.Lock()
        self._news: deque[Text] = deque()
        self._stopping = self._killed = False
        self._end: Text | None = None
        self._told = self._painted = 0.0

    @property
    def name(self) -> str | None:
        """The name of the model that is being trained; None where there is none."""
        return self._trainer.job.name if self._trainer is not None and self._end is None else None

    @property
    def pid(self) -> int | None:
        """The process that trains, or trained last."""
        return self._trainer.pid if self._trainer is not None else None

    def refuse_another(self) -> None:
        """Refuse to train while something is being trained.

        Raises:
            TrainingError: it is.
        """
        if self.name is not None:
            raise TrainingError(
                f"{self.name} is being trained already; :jobs tells how far, :stop ends it"
            )

    def start(
        self, job: "Job", called: Callable[[Path], str] = str, command: list[str] | None = None
    ) -> None:
        """Start a training.

        Args:
            job: what is trained.
            called: says what to type for the model in a folder; it is asked by the thread.
            command: the trainer's command line, for tests.

        Raises:
            TrainingError: another one runs, or the process cannot be started.
        """
        from core.training.client import Trainer
        from repl.pictures.job import Status

        self.refuse_another()
        self._trainer = Trainer(job, command)
        self._called = lambda path: shlex.quote(called(path))
        self._status, self._end = Status(job.name), None
        self._stopping = self._killed = False
        self._told = self._painted = 0.0
        self.short = self._status.short
        self._thread = threading.Thread(target=self._follow, args=(self._trainer,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the training to stop and to keep its best weights.

        Raises:
            TrainingError: nothing is being trained.
        """
        if self._trainer is None or self.name is None:
            raise TrainingError("nothing is being trained; :train FILE begins")
        self._stopping = True
        self._trainer.stop()

    def pause(self) -> None:
        """Ask the training to wait after its step.

        Raises:
            TrainingError: nothing is being trained, or it waits already.
        """
        trainer, status = self._running()
        if status.is_paused:
            raise TrainingError(f"{status.name} is paused already; :resume goes on, :stop ends it")
        trainer.pause()
        self._pausing(True)

    def resume(self) -> None:
        """Ask a training that waits to go on.

        Raises:
            TrainingError: nothing is being trained, or it does not wait.
        """
        trainer, status = self._running()
        if not status.is_paused:
            raise TrainingError(f"{status.name} is not paused; :jobs tells how far it is")
        trainer.resume()
        self._pausing(False)

    def _running(self) -> "tuple[Trainer, Status]":
        if self._trainer is None or self._status is None or self.name is None:
            raise TrainingError(
                "nothing is being trained; :train FILE begins, and :train --resume goes on with what "
                "was cut off"
            )
        return self._trainer, self._status

    def _pausing(self, wanted: bool) -> None:
        """Show at once what the trainer does after its step."""
        with self._lock:
            assert self._status is not None
            self._status = replace(self._status, is_paused=wanted)
            self.short = self._status.short

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the training's end; the news tells it."""
        if self._thread is not None:
            self._thread.join(seconds)

    def close(self, seconds: float = PATIENCE) -> None:
        """Stop what is being trained; where it does not stop in time, or at Ctrl-C, kill it."""
        if self._trainer is None or self.name is None:
            return
        try:
            self.stop()
            self.wait(seconds)
        except KeyboardInterrupt:
            pass
        finally:
            if self.name is not None:
                self._killed = True
                self._trainer.kill()
            self.wait()

    def news(self) -> Iterator[Text]:
        """Yield what was not told yet, and forget it."""
        while self._news:
            yield self._news.popleft()

    @property
    def has_news(self) -> bool:
        """Whether there is something to be told."""
        return bool(self._news)

    def view(self) -> RenderableType:
        """Draw what is being trained, or how the last training ended."""
        from repl.pictures.job import JobView

        if self._status is None:
            return Text("nothing is being trained; :train FILE begins")
        if self._end is not None:
            return Text.assemble("nothing is being trained; the last one: ", self._end)
        return JobView(self._status, self._stopping)

    # --- the thread ---------------------------------------------------------------------------------

    def _follow(self, trainer: "Trainer") -> None:
        try:
            end = self._listen(trainer)
        except Exception as error:  # nobody else would hear of it
            _log.debug("", exc_info=True)
            end = self._failed(trainer.job.name, error)
        self.short = ""
        self._news.append(end)
        self._end = end
        self._tell()

    def _listen(self, trainer: "Trainer") -> Text:
        from core.training.events import Done
        from repl.pictures.job import done

        with trainer:
            for event in trainer.events():
                if isinstance(event, Done):
                    end = done(event, self._called(Path(event.path)))
                else:
                    self._take(event, trainer.job)
        return end

    def _failed(self, name: str, error: Exception) -> Text:
        from repl.pictures.job import failed, killed
        from repl.views import fault

        if self._killed and self._status is not None:
            return killed(self._status)
        return failed(name, error) if isinstance(error, HeadlongError) else fault(error)

    def _take(self, event: "Event", job: "Job") -> None:
        from core.training.events import EpochDone

        saved = None
        if isinstance(event, EpochDone) and event.saved_as is not None:
            saved = self._called(job.destination.with_name(event.saved_as))
        with self._lock:
            before = self._status
            assert before is not None
            self._status = before.after(event, saved)
            self.short = self._status.short
        news = self._worth_telling(event, job, None if before.saved else saved)
        self._news.extend(news)
        now = time.monotonic()
        if news or now - self._painted >= self.repaint:
            self._painted = now
            self._tell()

    def _worth_telling(self, event: "Event", job: "Job", saved_first: str | None) -> list[Text]:
        from core.training.client import STOPPING
        from core.training.events import EpochDone, Notice, Started
        from repl.pictures.job import begun, epoch_done, notice

        if isinstance(event, Started):
            return begun(event, job)
        if isinstance(event, Notice) and event is not STOPPING:
            return [notice(job.name, event)]
        now = time.monotonic()
        if isinstance(event, EpochDone) and (saved_first or now - self._told >= BETWEEN):
            self._told = now
            return [epoch_done(job.name, event, saved_first)]
        return []

    def _tell(self) -> None:
        changed = self.changed
        if changed is not None:
            changed()
