"""The interactive prompt: a prompt_toolkit session with a ghost and a history, and its loop."""

from contextlib import suppress

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.styles import DynamicStyle
from rich.text import Text

from repl.commands import registry
from repl.echo import echo
from repl.interrupts import deaf, once_a_press
from repl.line.completion import LineCompleter
from repl.line.ghost import Ghost
from repl.line.ghost_view import GhostProcessor
from repl.line.history import history_path, open_history
from repl.line.keys import key_bindings
from repl.line.lexer import PromptLexer
from repl.line.toolbar import tip, toolbar
from repl.line.validation import CommandValidator
from repl.loop import reporting, run_line
from repl.script import MARK, is_command
from repl.session import Session
from repl.theme import prompt_style

MANY = 5
"""Lines that may be pasted and run without a question."""


def run_prompt(session: Session) -> None:
    """Read and run lines until the user leaves."""
    line = LineEditor(session)
    with deaf():
        while not session.leaving:
            try:
                text = line.read()
                with echo(False):
                    run_typed(session, text, blank_means_seed=line.shown.after == text)
            except KeyboardInterrupt:
                continue  # the line is abandoned, the session is not
            except EOFError:
                if session.leaving or _may_leave(session):
                    return


def _may_leave(session: Session) -> bool:
    with once_a_press(), reporting(session):
        return session.may_leave()
    return False


class LineEditor:
    """The line editor with all that it shows and the keys it knows."""

    def __init__(self, session: Session) -> None:
        self._session = session
        session.history = open_history(history_path(), session.messages, session.program.history)
        self._ghost = Ghost(session, session.history.latest, lambda: self._prompt.app.invalidate())
        self.shown = GhostProcessor(self._ghost)
        self._lexer = PromptLexer(session, registry)
        self._read = 0
        self._prompt: PromptSession[str] = PromptSession(
            [("class:prompt", MARK)],
            style=DynamicStyle(lambda: prompt_style(session.theme_name)),
            history=session.history,
            lexer=self._lexer,
            completer=LineCompleter(session, registry, self._ghost.drop),
            complete_while_typing=Condition(lambda: is_command(self._prompt.default_buffer.text)),
            validator=CommandValidator(session, registry, self._columns),
            validate_while_typing=False,
            bottom_toolbar=self._toolbar,
            input_processors=[self.shown],
            key_bindings=key_bindings(session, self._ghost),
            enable_suspend=True,
            # Lines that were pasted stand below one another; a long one goes on at the edge.
            prompt_continuation=lambda width, number, wrapped: "" if wrapped else " " * width,
        )
        session.jobs.changed = self._jobs_changed
        self._prompt.app.ttimeoutlen = 0.05  # how long Escape may be the beginning of another key
        self._prompt.app.timeoutlen = 0.5  # or of two

    def read(self) -> str:
        """Return the line that is typed next.

        Raises:
            KeyboardInterrupt, EOFError: Ctrl-C, Ctrl-D.
        """
        self.shown.after = (
            None  # what is typed ahead, such as Enter, was typed before a ghost was there
        )
        self._lexer.refresh()
        begun, self._session.pending = self._session.pending, ""
        try:
            return self._prompt.prompt(default=begun, pre_run=self._jobs_changed)
        finally:
            self._ghost.drop()
            self._read += 1

    def _jobs_changed(self) -> None:
        """Have the prompt, if there is one now, show what is new of a job; any thread may call it."""
        app = self._prompt.app
        loop, context = app.loop, app.context
        if loop is None or context is None:
            return  # a line runs, and what is new is told after it
        with suppress(RuntimeError):  # the prompt has just ended
            loop.call_soon_threadsafe(self._show_jobs, context=context.copy())

    def _show_jobs(self) -> None:
        app = self._prompt.app
        if not app.is_running or app.is_done:
            return
        if self._session.jobs.has_news:
            run_in_terminal(self._tell_news)
        else:
            app.invalidate()

    def _tell_news(self) -> None:
        with echo(False):
            self._session.tell_news()

    def _columns(self) -> int:
        return self._prompt.app.output.get_size().columns

    def _toolbar(self) -> StyleAndTextTuples:
        text = self._prompt.default_buffer.text
        hint = "" if is_command(text) else tip(self._read)
        job = self._session.jobs.short
        return toolbar(self._session, text, self._columns(), self._ghost.message, job, hint)


def run_typed(session: Session, text: str, blank_means_seed: bool = False) -> None:
    """Run what was accepted: a line, or each of several that were pasted.

    A blank line runs only where its ghost was shown: nobody wants words that he has not asked for.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines and blank_means_seed:
        lines = [""]
    with once_a_press() as interrupted:
        if len(lines) > MANY and not _wanted(session, len(lines)):
            return
        for line in lines:
            run_line(session, line, blank_means_seed)
            if session.leaving or interrupted:
                break


def _wanted(session: Session, lines: int) -> bool:
    with reporting(session):
        if session.ask(f"run {lines} pasted lines?"):
            return True
    session.messages.print(Text("  nothing was run; Up brings the lines back\n", style="notice"))
    return False
