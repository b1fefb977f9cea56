"""A person who types: each key is pressed when the frame that the one before gave is on the screen."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyte
from prompt_toolkit.application import create_app_session, get_app
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from repl.script import MARK

UP, RIGHT, LEFT, END = "\x1b[A", "\x1b[C", "\x1b[D", "\x1b[F"
ALT_F, ALT_N, ALT_P, ALT_S = "\x1bf", "\x1bn", "\x1bp", "\x1bs"
HOME, CTRL_C, CTRL_D, CTRL_E, CTRL_F, CTRL_U = "\x01", "\x03", "\x04", "\x05", "\x06", "\x15"
CTRL_RIGHT = "\x1b[1;5C"
CTRL_SPACE, TAB, ENTER, ESCAPE, BACKSPACE = "\x00", "\t", "\r", "\x1b", "\x7f"


def paste(text: str) -> str:
    """Return what a terminal sends for a paste."""
    return f"\x1b[200~{text}\x1b[201~"


GREY = "808080"
"""The colour of ghosts, as the screen has it."""


def split(screen: pyte.Screen) -> tuple[str, str]:
    """Return what was typed, and the grey text after the cursor; rows that go on are put together."""
    cells = [
        screen.buffer[row][column] for row in range(screen.lines) for column in range(screen.columns)
    ]
    at = screen.cursor.y * screen.columns + screen.cursor.x
    start = at
    while start > 0 and cells[start].data != MARK[0]:
        start -= 1
    end = at
    # A blank at the end of a row is wiped, and not written, so it has no look of its own.
    while any(cell.fg == GREY for cell in cells[end : end + 2]):
        end += 1
    typed = "".join(cell.data for cell in cells[start + len(MARK) : at])
    return typed, "".join(cell.data for cell in cells[at:end])


@dataclass
class Frame:
    """What was on the screen: the text before the cursor, the ghost, and seconds since the key."""

    typed: str
    ghost: str
    seconds: float


@dataclass
class Typist:
    """The file that the prompt draws on; what is drawn makes the next key come."""

    pipe: PipeInput
    keys: Iterator[str]
    screen: pyte.Screen
    frames: list[Frame] = field(default_factory=list)
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        self._stream = pyte.Stream(self.screen)
        self._pressed = time.perf_counter()

    def write(self, text: str) -> None:
        """Take what is drawn."""
        seconds = time.perf_counter() - self._pressed
        self._stream.feed(text)
        if not self._live():
            return
        self.frames.append(Frame(*split(self.screen), seconds))
        key = next(self.keys, "")
        self._pressed = time.perf_counter()
        self.pipe.send_text(key)

    def flush(self) -> None:
        """Be a file."""

    def isatty(self) -> bool:
        """Be a terminal."""
        return True

    def _live(self) -> bool:
        """Say whether the cursor is at the prompt: it is drawn, and the line is not done."""
        app = get_app()
        begun = self.screen.cursor.x > 0 or app.current_buffer.text != ""
        return app.is_running and not app.is_done and begun


@contextmanager
def typing(keys: Sequence[str], columns: int = 80, rows: int = 24) -> Iterator[Typist]:
    """Press keys at whatever prompt is opened inside."""
    with create_pipe_input() as pipe:
        typist = Typist(pipe, iter(keys), pyte.Screen(columns, rows))
        output = Vt100_Output(
            typist, lambda: Size(rows, columns), term="xterm-256color", enable_cpr=False
        )
        with create_app_session(input=pipe, output=output):
            yield typist
