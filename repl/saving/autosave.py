"""The session that saves itself: after each line, and when the program ends, by whatever signal.

Each running program has a file of its own, `last-….json` among the saved sessions, and holds a lock for
it that dies with the process; `headlong --continue` takes the latest one that nobody holds.
"""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from core.errors import HeadlongError
from core.library.writing import write_files
from repl import views
from repl.saving.files import (
    AUTOMATIC,
    ENDING,
    OWNER_ONLY,
    make_directory,
    sessions_directory,
    taken_from,
)
from repl.saving.format import Saved, Writer
from repl.session import Session
from repl.turns import Turns

KEPT = 10
"""Sessions that saved themselves and are kept; the oldest go first."""

SHARE = 0.05
"""The share of the time at most that saving may take; a large session is saved less often."""

SIGNALS = ("SIGTERM", "SIGHUP")


class Autosave:
    """Keeps one running session in a file; trouble with it is told once and stops nothing."""

    def __init__(self, messages: Console) -> None:
        self._messages = messages
        self._writer = Writer()
        self._path: Path | None = None
        self._lock: int | None = None
        self._turns: Turns | None = None
        self._content = b""
        self._unsaved: Saved | None = None
        """The session as it is, where it was too early to save it again."""

        self.next = 0.0
        """When it is to be saved again at the earliest."""

        self._told = False

    def take_latest(self) -> Path | None:
        """Return the latest session that no running program holds, and go on in its file."""
        for path in _automatic():
            try:
                lock = _locked(path)
            except OSError:  # nothing can be written here, but what is there can be read
                return path
            if lock is not None:
                self.let_go()
                self._path, self._lock = path, lock
                return path
        return None

    def start_with(self, session: Session) -> None:
        """Take a session as it is for what the file is about."""
        self._turns = session.turns

    def after_line(self, session: Session) -> None:
        """Save what a line changed, without waiting for the disk."""
        if self._turns is not session.turns and self._turns is not None:
            self._begin_another()
        self._turns, self._unsaved = session.turns, taken_from(session)
        if time.monotonic() >= self.next:
            self._save(self._unsaved, lasting=False)

    def close(self, session: Session) -> None:
        """Save for the last time, and let another program go on."""
        self._save(taken_from(session), lasting=True)
        self.let_go()

    def _begin_another(self) -> None:
        """Leave the file to the session that was there before another one was opened."""
        if self._unsaved is not None:
            self._save(self._unsaved, lasting=False)
        if self._path is not None and self._content:
            name = self._path.stem
            told = Text(f"  what was here before is kept: :open {name}\n", style="muted")
            self._messages.print(told)
        self.let_go()

    def let_go(self) -> None:
        """Leave the file as it is to whoever wants it; what comes is saved to another one."""
        if self._lock is not None:
            os.close(self._lock)
        self._path = self._lock = None
        self._content, self._writer, self.next = b"", Writer(), 0.0
        self._unsaved = None

    def _save(self, saved: Saved, lasting: bool) -> None:
        if not saved.typed:
            return
        began = time.monotonic()
        try:
            content = self._writer.write(saved)
            if content != self._content or lasting:
                _write(self._file(), content, lasting)
                self._content = content
            self._unsaved = None
        except (HeadlongError, OSError) as error:
            self._tell(error)
        now = time.monotonic()
        self.next = now + (now - began) / SHARE

    def _file(self) -> Path:
        if self._path is None:
            directory = sessions_directory()
            make_directory(directory)
            _prune()
            self._path = directory / f"{AUTOMATIC}{secrets.token_hex(3)}{ENDING}"
            self._lock = _locked(self._path)
        return self._path

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            told = f"  this session will not be there for --continue: {error}"
            self._messages.print(Text(views.safe(told), style="notice"))


@contextmanager
def saving_itself(session: Session, autosave: Autosave) -> Iterator[None]:
    """Keep a session saved while it runs, and when it ends."""
    session.after_line = autosave.after_line
    try:
        with _leaving_on_signals(session):
            yield
    finally:
        session.after_line = None
        autosave.close(session)


@contextmanager
def _leaving_on_signals(session: Session) -> Iterator[None]:
    """Have the signals that end a program end it in order."""

    def leave(number: int, frame: FrameType | None) -> None:
        session.leaving = True
        session.ended_by = number
        if not _leave_prompt():
            _exit(number)

    there = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    heard = [number for number in there if signal.getsignal(number) != signal.SIG_IGN]  # as under nohup
    before = {number: signal.signal(number, leave) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if session.ended_by:
        _exit(session.ended_by)


def _exit(number: int) -> NoReturn:
    raise SystemExit(128 + number)


def _leave_prompt() -> bool:
    """End a prompt that waits for keys, so that it gives the terminal back; say whether one did."""
    from prompt_toolkit.application import get_app_or_none

    application = get_app_or_none()
    if application is None or not application.is_running or application.loop is None:
        return False

    def leave() -> None:
        with suppress(Exception):  # it has ended meanwhile
            application.exit(exception=EOFError)

    application.loop.call_soon_threadsafe(leave)
    return True


def _automatic() -> list[Path]:
    """Return the sessions that saved themselves, the latest first."""
    found = []
    with suppress(OSError):
        for path in sessions_directory().glob(f"{AUTOMATIC}*{ENDING}"):
            with suppress(OSError):
                found.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(found, reverse=True)]


def _locked(path: Path) -> int | None:
    """Lock a session for this process; None where another has it. Closing what is returned unlocks."""
    descriptor = os.open(_lock_of(path), os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    if os.name == "posix":
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:  # a file system without locks
            pass
    return descriptor


def _lock_of(path: Path) -> Path:
    return path.with_name(f".{path.stem}.lock")


def _prune() -> None:
    for path in _automatic()[KEPT - 1 :]:
        with suppress(OSError):
            lock = _locked(path)
            if lock is not None:
                path.unlink(missing_ok=True)
                _lock_of(path).unlink(missing_ok=True)
                os.close(lock)


def _write(path: Path, content: bytes, lasting: bool) -> None:
    """Write a file whole; what lasts waits for the disk, else only a power cut may undo it."""
    if lasting:
        write_files({path: content}, OWNER_ONLY)
        return
    passing = path.with_name(f".{path.stem}.headlong")
    try:
        passing.touch(OWNER_ONLY)
        passing.write_bytes(content)
        passing.replace(path)
    finally:
        passing.unlink(missing_ok=True)
