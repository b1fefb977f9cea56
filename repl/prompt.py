"""The interactive prompt: a prompt_toolkit session with a ghost and a history, and its loop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.filters import is_searching
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth
from rich.text import Text

from repl.commands import registry
from repl.completion import CommandCompleter
from repl.ghost import Ghost
from repl.history import LineHistory, history_path, open_history
from repl.keys import key_bindings
from repl.loop import continue_seed, reporting, run_line
from repl.registry import Continue
from repl.session import Session

MARK = "› "

MANY = 5
"""Lines that may be pasted and run without a question."""

GHOST_ROWS = 3
"""Rows of the screen that a line and its ghost take together, unless the line alone is as long."""

_STYLE = Style.from_dict({"prompt": "ansicyan bold", "ghost": "dim"})


def run_prompt(session: Session) -> None:
    """Read and run lines until the user leaves."""
    history = open_history(history_path(), session.messages)
    ghost = Ghost(session, history.latest, lambda: prompt.app.invalidate())
    shown = GhostProcessor(ghost)
    prompt = make_prompt(session, ghost, shown, history)
    while not session.leaving:
        shown.after = None  # what is typed ahead, such as Enter, was typed before there was a ghost
        try:
            text = prompt.prompt()
        except KeyboardInterrupt:
            continue  # the line is abandoned, the session is not
        except EOFError:
            return
        finally:
            ghost.drop()
        run_typed(session, text, blank_means_seed=shown.after == text)


def make_prompt(
    session: Session, ghost: Ghost, shown: "GhostProcessor", history: LineHistory
) -> PromptSession[str]:
    """Return the line editor with all that it shows and the keys it knows."""
    prompt: PromptSession[str] = PromptSession(
        [("class:prompt", MARK)],
        style=_STYLE,
        history=history,
        completer=CommandCompleter(session, registry),
        complete_while_typing=False,
        input_processors=[shown],
        key_bindings=key_bindings(session, ghost),
        enable_suspend=True,
        # Lines that were pasted stand below one another; a long one goes on at the edge.
        prompt_continuation=lambda width, number, wrapped: "" if wrapped else " " * width,
    )
    prompt.app.ttimeoutlen = 0.05  # how long Escape may be the beginning of another key
    prompt.app.timeoutlen = 0.5  # or of two
    return prompt


def run_typed(session: Session, text: str, blank_means_seed: bool = False) -> None:
    """Run what was accepted: a line, or each of several that were pasted.

    A blank line runs only where its ghost was shown: nobody wants words that he has not asked for.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines and blank_means_seed:
        session.transcript.append([Text(MARK, style="name")])
        with reporting(session):
            continue_seed(session, Continue(session.require_generator().read_seed("")))
    if len(lines) > MANY and not _wanted(session, len(lines)):
        return
    with _interrupts() as interrupted:
        for line in lines:
            run_line(session, line)
            if session.leaving or interrupted:
                break


def _wanted(session: Session, lines: int) -> bool:
    with reporting(session):
        if session.ask(f"run {lines} pasted lines?"):
            return True
    session.messages.print(Text("  nothing was run; Up brings the lines back\n", style="notice"))
    return False


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collect the signals of Ctrl-C, which a line that was interrupted keeps to itself."""
    collected: list[int] = []
    before = signal.getsignal(signal.SIGINT) or signal.SIG_DFL

    def interrupt(number: int, frame: FrameType | None) -> None:
        collected.append(number)
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield collected
    finally:
        signal.signal(signal.SIGINT, before)


class GhostProcessor(Processor):
    """Draws the ghost after the text, in the same frame as the key that changed it.

    Not by prompt_toolkit's suggestions: those come a moment later, and only when something is added.
    """

    def __init__(self, ghost: Ghost) -> None:
        self.after: str | None = None
        """The text that a ghost stands after on the screen, if one does."""

        self._ghost = ghost

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Append the ghost to the last line, if the cursor stands at its end."""
        document, fragments = transformation_input.document, transformation_input.fragments
        if get_app().is_done or transformation_input.lineno < document.line_count - 1:
            return Transformation(fragments)
        self.after = None
        if is_searching() or not document.is_cursor_at_the_end:
            return Transformation(fragments)
        ghost = fitted(self._ghost.of(document.text), document.text, transformation_input.width)
        if not ghost:
            return Transformation(fragments)
        self.after = document.text
        return Transformation([*fragments, ("class:ghost", ghost)])


def fitted(ghost: str, text: str, width: int) -> str:
    """Return as much of a ghost as has room after a text, with an ellipsis where it goes on."""
    used = get_cwidth(MARK) + get_cwidth(text)
    room = max(GHOST_ROWS * width, (used // width + 1) * width) - used - 1 if width else 0
    if get_cwidth(ghost) <= room:
        return ghost
    cut, cells = "", 1
    for character in ghost:
        cells += get_cwidth(character)
        if cells > room:
            break
        cut += character
    return f"{cut}…"
