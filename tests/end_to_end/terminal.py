"""A person at a terminal: keys go in, what stands on the screen comes out."""

import os
import re
import sys
import time
from pathlib import Path

import pexpect
import pyte

from tests.repl.line.typist import split

COLUMNS, ROWS = 80, 24


class Terminal:
    """The program in a pseudo-terminal, and the screen that a person would see."""

    def __init__(
        self, *arguments: str, directory: Path, columns: int = COLUMNS, rows: int = ROWS
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        environment = os.environ | {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
        for name in ("NO_COLOR", "COLORFGBG"):
            environment.pop(name, None)
        self.process = pexpect.spawn(
            sys.executable,
            ["-P", "-m", "repl", *arguments],
            cwd=str(directory),
            dimensions=(rows, columns),
            env=environment,
            timeout=60,
        )

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without the blanks at their ends."""
        return [row.rstrip() for row in self.screen.display]

    def type(self, text: str, wait: str | None = None, seconds: float = 60) -> None:
        """Type a line and Enter; wait for a pattern on the screen, or for the next prompt."""
        if wait is not None:
            self.process.send(text + "\r")
            self.see(wait, seconds)
            return
        self.process.send(text)
        self._until(lambda: split(self.screen)[0] == text, seconds, text)
        self.process.send("\r")
        self.ready(seconds)

    def ready(self, seconds: float = 60) -> None:
        """Wait until the cursor stands at an empty prompt."""
        self._until(lambda: self.line_of_cursor() == "›", seconds)

    def press(self, key: str) -> None:
        """Press Ctrl and a key."""
        self.process.sendcontrol(key)

    def see(self, pattern: str, seconds: float = 60) -> str:
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

    def ghost(self, typed: str, unlike: str = "", seconds: float = 60) -> str:
        """Wait until a text stands before the cursor and a dim one, unlike another, after it."""
        self._until(
            lambda: self._ghost_after(typed) not in ("", unlike), seconds, f"a ghost of {typed}"
        )
        return self._ghost_after(typed)

    def _ghost_after(self, typed: str) -> str:
        before, ghost = split(self.screen)
        return ghost if before == typed else ""

    def leave(self) -> int | None:
        """Wait for the program's end; return its exit status."""
        self.process.expect(pexpect.EOF)
        self.process.close()
        return self.process.exitstatus

    def _until(self, reached: object, seconds: float, wanted: str = "the prompt") -> None:
        end = time.monotonic() + seconds
        while not reached():  # type: ignore[operator]
            if time.monotonic() > end:
                raise AssertionError(f"waited for {wanted}, and the screen is\n{self.text()}")
            try:
                self._stream.feed(self.process.read_nonblocking(65536, timeout=0.1))
            except pexpect.TIMEOUT:
                continue
