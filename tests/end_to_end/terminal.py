"""A person at a terminal: keys go in, what stands on the screen comes out."""

import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
import pyte

from tests.repl.line.typist import split

COLUMNS, ROWS = 80, 24

PATIENCE = 60.0
"""Seconds to wait for what should come, on a machine that others use too."""


class Terminal:
    """The program in a pseudo-terminal, and the screen that a person would see."""

    def __init__(
        self,
        *arguments: str,
        directory: Path,
        columns: int = COLUMNS,
        rows: int = ROWS,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.sent = b""
        """All bytes that the program sent so far, as far as they were read."""

        self.ended = False
        """Whether the program has come to its end."""

        self._stream = pyte.ByteStream(self.screen)
        environment = os.environ | {"TERM": "xterm-256color"}
        for name in ("NO_COLOR", "COLORFGBG"):
            environment.pop(name, None)
        environment |= variables or {}
        self.process = pexpect.spawn(
            sys.executable,
            ["-P", "-m", "repl", *arguments],
            cwd=str(directory),
            dimensions=(rows, columns),
            env=environment,
            timeout=60,
        )
        # Where the cursor stands is asked by the program; without an answer there is no toolbar.
        self.screen.write_process_input = self.process.send

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without the blanks at their ends."""
        return [row.rstrip() for row in self.screen.display]

    def type(self, text: str, wait: str | None = None, seconds: float = PATIENCE) -> None:
        """Type a line and Enter; wait for a pattern on the screen, or for the next prompt."""
        if wait is not None:
            self.process.send(text + "\r")
            self.see(wait, seconds)
            return
        self.process.send(text)
        self._until(lambda: split(self.screen)[0] == text, seconds, text)
        self.process.send("\r")
        self.ready(seconds)

    def ready(self, seconds: float = PATIENCE) -> None:
        """Wait until the cursor stands at an empty prompt."""
        self._until(lambda: self.line_of_cursor() == "›", seconds)

    def press(self, key: str) -> None:
        """Press Ctrl and a key."""
        self.process.sendcontrol(key)

    def send(self, keys: str) -> None:
        """Press keys without a look at the screen."""
        self.process.send(keys)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window; what stands there is cut or stays, as in xterm."""
        self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def style(self, text: str, row: int | None = None) -> pyte.screens.Char:
        """Return the first letter of a text as it is drawn, on one row or the last that has it."""
        rows = [y for y, line in enumerate(self.lines) if text in line] if row is None else [row]
        return self.screen.buffer[rows[-1]][self.lines[rows[-1]].index(text)]

    def toolbar(self) -> str:
        """Return the last row that has something on it."""
        return [line for line in self.lines if line][-1]

    def settle(self, seconds: float = 0.4) -> None:
        """Read until nothing has come for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.ended:
            if self._read(0.05):
                end = time.monotonic() + seconds

    def watch(self, seconds: float) -> None:
        """Read for so long, whatever comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.ended:
            self._read(0.02)

    def until(self, reached: Callable[[], bool], wanted: str, seconds: float = PATIENCE) -> None:
        """Wait until something is so."""
        self._until(reached, seconds, wanted)

    def see(self, pattern: str, seconds: float = PATIENCE) -> str:
        """Wait until the pattern stands somewhere on the screen; return what matched."""
        self._until(lambda: re.search(pattern, self.text()) is not None, seconds, pattern)
        match = re.search(pattern, self.text())
        assert match is not None
        return match[0]

    def text(self) -> str:
        """Return the whole screen."""
        return "\n".join(self.lines)

    def line_of_cursor(self) -> str:
        """Return the row of the cursor up to the cursor: what comes after it is a ghost."""
        return self.screen.display[self.screen.cursor.y][: self.screen.cursor.x].rstrip()

    def ghost(self, typed: str, unlike: str = "", seconds: float = PATIENCE) -> str:
        """Wait until a text stands before the cursor and a dim one, unlike another, after it.

        On a slow machine its first words stand there before the others.
        """
        self._until(
            lambda: self._ghost_after(typed) not in ("", unlike), seconds, f"a ghost of {typed}"
        )
        shown = ""
        while shown != self._ghost_after(typed):
            shown = self._ghost_after(typed)
            self.watch(0.3)
        return shown

    def _ghost_after(self, typed: str) -> str:
        before, ghost = split(self.screen)
        return ghost if before == typed else ""

    def leave(self) -> int | None:
        """Wait for the program's end; return its exit status."""
        self._until(lambda: self.ended, PATIENCE, "the end")
        self.process.close()
        return self.process.exitstatus

    def _until(self, reached: Callable[[], bool], seconds: float, wanted: str = "the prompt") -> None:
        end = time.monotonic() + seconds
        while not reached():
            if time.monotonic() > end or self.ended:
                raise AssertionError(f"waited for {wanted}, and the screen is\n{self.text()}")
            self._read(0.1)

    def _read(self, seconds: float) -> bool:
        """Take what has come, and say whether something has."""
        try:
            came = self.process.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            self.ended = True
            return False
        self.sent += came
        self._stream.feed(came)
        return True
