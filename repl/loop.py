"""Read a line, dispatch it, show what comes back, whatever goes wrong on the way."""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from core.decoding.generator import Generator, Seed, Word
from core.errors import HeadlongError
from repl import views
from repl.commands import registry
from repl.registry import Confirmation
from repl.session import Session, print_error
from repl.turns import ROOT

INDENT = "  "

_log = logging.getLogger(__name__)


def run_line(session: Session, text: str) -> None:
    """Do what one line says; whatever goes wrong is shown and the session goes on."""
    with reporting(session):
        dispatch(session, text)


@contextmanager
def reporting(session: Session) -> Iterator[None]:
    """Show what goes wrong inside as one sentence, and keep the session alive."""
    try:
        yield
    except KeyboardInterrupt:
        if not session.interactive:
            raise
        _show(session, session.messages, Text("interrupted", style="notice"))
    except HeadlongError as error:
        session.failed = True
        _log.debug("", exc_info=True)
        _show_error(session, str(error))
    except OSError as error:
        if not session.interactive and error.filename is None:
            raise  # the output itself
        session.failed = True
        _show_error(session, str(error))
    except Exception as error:
        session.failed = True
        _log.debug("", exc_info=True)
        _show(session, session.messages, views.fault(error))


def run_script(session: Session, lines: Iterable[str]) -> None:
    """Run lines that nobody types, until they end or one says :quit."""
    for text in lines:
        run_line(session, text.rstrip("\r\n"))
        if session.leaving:
            return


def dispatch(session: Session, text: str) -> None:
    """Run a command, or continue a seed; a blank line does nothing.

    Raises:
        HeadlongError: what the user did cannot be done.
    """
    text = text.lstrip()  # blanks at the end may matter to a model of letters
    if text.startswith(":") and not text.startswith("::"):
        result = registry.run(session, text)
        if isinstance(result, Confirmation):
            _show(session, session.messages, result.message)
        elif result is not None:
            _show(session, session.console, result)
    elif text.strip():
        continue_seed(session, text[1:] if text.startswith("::") else text)


def _show_error(session: Session, message: str) -> None:
    print_error(session.messages, message, len(INDENT) if session.interactive else 0)
    if session.interactive:
        session.messages.print()


def _show(session: Session, console: Console, result: RenderableType) -> None:
    if not session.interactive:
        console.print(result)
        return
    console.print(Padding.indent(result, len(INDENT)))
    console.print()


def continue_seed(
    session: Session, text: str, forced: tuple[int, ...] = (), parent: int = ROOT
) -> None:
    """Continue a seed with the loaded model and show it.

    Args:
        session: what is loaded and set.
        text: the seed.
        forced: ids that the continuation begins with.
        parent: the turn that the line goes on from.

    Raises:
        HeadlongError: no model is loaded, or the settings leave it nothing to say.
    """
    generator = session.require_generator()
    seed = generator.read_seed(text)
    notice = views.unknown_words(seed, generator)
    if notice is not None:
        session.messages.print(Padding.indent(notice, len(INDENT)))
    began = time.perf_counter()
    words: list[Word] = []
    interrupted = False
    try:
        _write(session, generator, seed, forced, words)
    except KeyboardInterrupt:
        if not session.interactive:
            raise
        interrupted = True
    milliseconds = 1000 * (time.perf_counter() - began)
    lines = generator.gather(seed, words)
    session.remember(lines, forced, parent)
    if not session.interactive:
        for line in lines:
            session.console.print(views.line(line, generator))
        return
    if generator.settings.samples > 1:
        drawn = views.numbered([views.line(line, generator) for line in lines])
        session.console.print(Padding.indent(drawn, len(INDENT)))
    _show(session, session.console, views.status(generator, milliseconds, interrupted))


def _write(
    session: Session, generator: Generator, seed: Seed, forced: tuple[int, ...], words: list[Word]
) -> None:
    """Generate into `words`; a single line is also printed at a terminal, word by word."""
    stream = generator.stream(seed, forced)
    if not session.interactive or generator.settings.samples > 1:
        words.extend(stream)
        return
    writer = _Writer(session.console)
    try:
        writer.write(generator.model.cleaning.show(seed.text), "seed")
        writer.flush()
        for word in stream:
            words.append(word)
            writer.write(word.piece, "word")
    finally:
        writer.flush()
        session.console.print()


class _Writer:
    """Writes pieces of one text, breaking lines between words: Rich wraps only what it has whole.

    A piece is a word with its space, several words, or a letter; what may go on is held back until the
    next word begins.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._column = 0
        self._held, self._style = "", ""

    def write(self, piece: str, style: str) -> None:
        """Write a piece."""
        *whole, self._held = _parts(self._held + views.safe(piece))
        self._style = style
        for part in whole:
            self._put(part)

    def flush(self) -> None:
        """Write what is held back."""
        self._put(self._held)
        self._held = ""

    def _put(self, part: str) -> None:
        if not part:
            return
        if self._column == 0:
            self._break(first=True)
        elif self._column + cell_len(part) > self._console.width:
            self._break()
            part = part.lstrip()
        self._console.print(Text(part, self._style), end="", soft_wrap=True)
        self._column += cell_len(part)

    def _break(self, first: bool = False) -> None:
        self._console.print(INDENT if first else f"\n{INDENT}", end="", soft_wrap=True)
        self._column = len(INDENT)


def _parts(text: str) -> list[str]:
    """Cut before every space, so that a part is one word with the space that belongs before it."""
    return text.replace(" ", "\0 ").split("\0")
