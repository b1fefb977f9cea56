"""The history of typed lines: in memory, and in a file that only its owner may read.

The file has the form that prompt_toolkit gives it: `+` before each line of an entry, other lines
between entries. Programs that run side by side add to one file, and none loses what another wrote.
"""

import errno
import os
import stat
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

import platformdirs
from prompt_toolkit.history import History
from rich.console import Console
from rich.text import Text

from core.library.folders import locked
from repl.views import safe

KEPT = 5000
"""Entries that the file holds at least before the oldest are forgotten; twice as many at most."""

LARGEST = 32 << 20
"""Bytes of the file at most that are read, from its end."""


def history_path() -> Path:
    """Return the file that typed lines are kept in."""
    return platformdirs.user_state_path("headlong", appauthor=False) / "history"


def open_history(path: Path, messages: Console, keep: bool = True) -> "LineHistory":
    """Return the history in `path`; where that cannot be written, say so, and keep it in memory.

    Without `keep` it begins switched off, and knows no line.
    """
    if not keep:
        history = LineHistory(None)
        history.keeps = False
        return history
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _be_ours(path)
        return LineHistory(path)
    except OSError as error:
        message = f"lines typed here will be forgotten: {path} cannot be written ({error.strerror})"
        messages.print(Text(safe(message), style="notice"))
        return LineHistory(None)


class LineHistory(History):
    """Typed lines without repeats: a line that comes again is remembered where it came last."""

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self.path = path
        self.keeps = True
        """Whether what is typed from now on is kept; else neither in the file nor in memory."""

        # As keys, because a line that comes again is then found and moved at once; oldest first.
        written = _entries_of(path) if path else []
        self._entries = dict.fromkeys(_last_of_each(written)[-KEPT:])
        self._written = len(written)

    def clear(self) -> None:
        """Forget every line, those in the file too.

        Raises:
            OSError: the file cannot be written; what is in memory is gone all the same.
        """
        self._entries.clear()
        self._written = 0
        if self.path is not None:
            with locked(self.path.parent, alone=True):
                _replace(self.path, ())

    def latest(self, beginning: str) -> str | None:
        """Return the last single line that goes on after `beginning`, if there is one."""
        for entry in reversed(self._entries):
            if entry.startswith(beginning) and entry != beginning and "\n" not in entry:
                return entry
        return None

    async def load(self) -> AsyncGenerator[str, None]:
        """Yield the entries, the newest first."""
        for entry in self.load_history_strings():
            yield entry

    def load_history_strings(self) -> Iterable[str]:
        """Return the entries, the newest first."""
        return list(reversed(self._entries))

    def get_strings(self) -> list[str]:
        """Return the entries, the oldest first."""
        return list(self._entries)

    def append_string(self, string: str) -> None:
        """Remember a line, and forget where it came before."""
        if not self.keeps or not string.strip():
            return
        self._entries.pop(string, None)
        self._entries[string] = None
        if len(self._entries) > 2 * KEPT:
            self._entries = dict.fromkeys(list(self._entries)[-KEPT:])
        self.store_string(string)

    def store_string(self, string: str) -> None:
        """Add a line to the file, if there is one; a disk that fills up costs only its memory."""
        if self.path is None:
            return
        try:
            with locked(self.path.parent, alone=True):
                _append(self.path, string)
                self._written += 1
                if self._written > 2 * KEPT:
                    # Read anew: other programs may have added to it.
                    kept = _last_of_each(_entries_of(self.path))[-KEPT:]
                    _replace(self.path, kept)
                    self._written = len(kept)
        except OSError:
            return


def _be_ours(path: Path) -> None:
    """Make the file that nobody else may read, if it is not there.

    Raises:
        OSError: it cannot be written, or is no file, as where it is a link to /dev/null.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file")
    finally:
        os.close(descriptor)
    path.chmod(0o600)  # another program, or an older one of ours, may have made it


def _entries_of(path: Path) -> list[str]:
    """Return what is in a file, the oldest first; of what nobody can have typed the end alone."""
    entries: list[str] = []
    lines: list[str] = []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LARGEST))
        content = file.read(LARGEST)
    for line in [*content.decode("utf-8", "replace").split("\n"), ""]:
        if line.startswith("+"):
            lines.append(line[1:])
        elif lines:
            entries.append("\n".join(lines))
            lines = []
    return entries


def _last_of_each(entries: list[str]) -> list[str]:
    """Leave out what comes again later."""
    return list(dict.fromkeys(reversed(entries)))[::-1]


def _block(entry: str) -> bytes:
    marked = "".join(f"+{line}\n" for line in entry.split("\n"))
    return f"\n\n{marked}".encode("utf-8", "replace")  # the entry before may have been cut off


def _append(path: Path, entry: str) -> None:
    # It may be gone: somebody has tidied up.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, _block(entry))
    finally:
        os.close(descriptor)


def _replace(path: Path, entries: Iterable[str]) -> None:
    """Write a file anew, so that a crash leaves the old one or the new one."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(map(_block, entries))
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
