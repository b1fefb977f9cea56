"""The interactive prompt: a prompt_toolkit session with a history that is kept, and its loop."""

import contextlib
import os
from pathlib import Path

import platformdirs
from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.styles import DynamicStyle
from rich.console import Console
from rich.text import Text

from repl.commands import registry
from repl.completion import LineCompleter
from repl.loop import run_line
from repl.session import Session
from repl.theme import prompt_style

MARK = "› "


def run_prompt(session: Session) -> None:
    """Read and run lines until the user leaves."""
    prompt: PromptSession[str] = PromptSession(
        [("class:prompt", MARK)],
        style=DynamicStyle(lambda: prompt_style(session.theme_name)),
        history=open_history(history_path(), session.messages)
        if session.program.history
        else InMemoryHistory(),
        completer=LineCompleter(session, registry),
        complete_while_typing=False,
    )
    while not session.leaving:
        try:
            text = prompt.prompt()
        except KeyboardInterrupt:
            continue  # the line is abandoned, the session is not
        except EOFError:
            return
        for line in text.splitlines():  # several where they were pasted
            run_line(session, line)
            if session.leaving:
                break


def history_path() -> Path:
    """Return the file that typed lines are kept in."""
    return platformdirs.user_state_path("headlong", appauthor=False) / "history"


def open_history(path: Path, messages: Console) -> History:
    """Return the history in `path`, readable by its owner only; where that fails, one in memory."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError as error:
        message = f"lines typed here will be forgotten: {path} cannot be written ({error.strerror})"
        messages.print(Text(message, style="notice"))
        return InMemoryHistory()
    return _UniqueHistory(str(path))


class _UniqueHistory(FileHistory):
    """A file history without immediate repeats, which survives a disk that fills up."""

    def store_string(self, string: str) -> None:
        if self.get_strings()[-2:-1] == [string]:
            return
        with contextlib.suppress(OSError):  # the line still runs; only its memory is lost
            super().store_string(string)
