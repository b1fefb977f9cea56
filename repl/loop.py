"""Read a line, dispatch it, show what comes back, whatever goes wrong on the way."""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain, islice

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from core.decoding.generator import Continuation, Generator, Word
from core.errors import HeadlongError, InputError
from repl import drawing, script, views
from repl.commands import registry
from repl.interrupts import held_back
from repl.registry import Confirmation, Continue, Script, Verbatim
from repl.session import Session, print_error
from repl.undo import Past
from repl.writer import Writer

INDENT = "  "

BARE_WORDS = {"exit": "exit", "quit": "quit", "bye": "bye", "help": "help", "?": "help"}
"""Seeds that are more often meant as commands, and which."""

_log = logging.getLogger(__name__)


@dataclass
class Outcome:
    """Whether a line did what it said."""

    went_wrong: bool = False


def run_line(session: Session, text: str, blank_means_seed: bool = False) -> Outcome:
    """Do what one line says; whatever goes wrong is shown and the session goes on."""
    if text.strip() or blank_means_seed:
        _note(session, text)
    session.interrupted = False
    with session.past.watching(session, text.strip()), reporting(session) as outcome:
        dispatch(session, text, blank_means_seed)
    with reporting(session):
        if session.after_line is not None:
            session.after_line(session)
        session.tell_news()
    return outcome


def _note(session: Session, text: str) -> None:
    """Remember a line as typed; one of a script stands indented, as it was not, below the script."""
    if session.scripts:
        session.transcript.keep(Padding.indent(typed(text), len(INDENT)))
        return
    session.transcript.begin(typed(text))
    session.typed.append(text)


def typed(text: str) -> Text:
    """Draw a line as it was typed."""
    return Text.assemble((script.MARK, "name"), views.safe(text))


@contextmanager
def reporting(session: Session) -> Iterator[Outcome]:
    """Show what goes wrong inside as one sentence, and keep the session alive."""
    outcome = Outcome()
    try:
        yield outcome
        return
    except KeyboardInterrupt:
        if not session.interactive:
            raise
        session.interrupted = True
        with held_back():  # the key may still be held
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
    outcome.went_wrong = True


def run_script(session: Session, lines: Iterable[str]) -> None:
    """Run lines that nobody types, until they end or one says :quit."""
    for text in lines:
        run_line(session, text.rstrip("\r\n"))
        if session.leaving:
            return


def dispatch(session: Session, text: str, blank_means_seed: bool = False) -> None:
    """Run a command, or continue a seed; a blank line does nothing, unless it is to be one.

    Raises:
        HeadlongError: what the user did cannot be done.
    """
    if script.is_command(text):
        result = registry.run(session, text.lstrip())
        if isinstance(result, Confirmation):
            _show(session, session.messages, result.message)
        elif isinstance(result, Verbatim):
            _show_unbroken(session, Text(result.text))
        elif isinstance(result, Continue):
            continue_seed(session, result)
        elif isinstance(result, Script):
            _run(session, result)
        elif result is not None:
            _show(session, session.console, result)
    elif meant := _bare_word(session, text):
        dispatch(session, f":{meant}")
    elif text.strip() or blank_means_seed:
        seed = session.require_generator().read_seed(script.seed_in(text))
        notice = views.unknown_words(seed, session.require_generator())
        if notice is not None:
            session.tell(notice)
        continue_seed(session, Continue(seed))


def _bare_word(session: Session, text: str) -> str | None:
    """Return the command that somebody means who types its name alone, once they say so."""
    meant = BARE_WORDS.get(text.strip().lower()) if session.interactive else None
    return meant if meant and session.ask(f"Did you mean :{meant}?", default=True) else None


def _run(session: Session, wanted: Script) -> None:
    """Run a script up to the first line that fails, or is interrupted.

    Raises:
        InputError: scripts run one another without an end.
    """
    if session.scripts >= script.DEEPEST:
        raise InputError(
            f"{wanted.name} is run by scripts that run one another, {session.scripts} deep"
        )
    session.scripts += 1
    outer, session.past = session.past, Past(session.past)  # which is taken back as one
    try:
        for number, line in enumerate(wanted.lines, 1):
            if session.interactive:
                session.console.print(typed(line))
            outcome = run_line(session, line, blank_means_seed=True)
            if session.leaving or session.interrupted:
                return
            if outcome.went_wrong:
                left = len(wanted.lines) - number
                rest = f"; {left} {'was' if left == 1 else 'were'} not run" if left else ""
                raise InputError(f"{wanted.name} stops at its line {number}{rest}")
    finally:
        session.scripts -= 1
        session.past = outer


def _show_error(session: Session, message: str) -> None:
    session.transcript.keep(Padding.indent(views.error(message), len(INDENT)))
    print_error(session.messages, message, len(INDENT) if session.interactive else 0)
    if session.interactive:
        session.messages.print()


def _show(session: Session, console: Console, result: RenderableType) -> None:
    indented = Padding.indent(result, len(INDENT))
    session.transcript.keep(indented)
    if not session.interactive:
        console.print(result)
        return
    console.print(indented)
    console.print()


def _show_unbroken(session: Session, text: Text) -> None:
    """Print a text from the edge on, for the terminal to break: so it is whole where it is copied."""
    session.transcript.keep(Padding.indent(text, len(INDENT)))
    session.console.print(text, soft_wrap=True)
    if session.interactive:
        session.console.print()


def continue_seed(session: Session, wanted: Continue) -> None:
    """Continue a seed with the loaded model and show it.

    Raises:
        HeadlongError: no model is loaded, or the settings leave it nothing to say.
    """
    generator, words = session.require_generator(), list[Word]()
    if wanted.settings is not None:
        generator = generator.under(wanted.settings)
    began = time.perf_counter()
    interrupted = False
    try:
        _write(session, generator, wanted, words)
    except KeyboardInterrupt:
        if not session.interactive:
            raise
        interrupted = session.interrupted = True
    except SystemExit:  # a signal ends the program; what there is is saved
        _remembered(session, generator, wanted, words)
        raise
    milliseconds = 1000 * (time.perf_counter() - began)
    lines = _remembered(session, generator, wanted, words)
    with held_back() if interrupted else nullcontext():  # the key may still be held
        if not interrupted and (notice := views.fewer(generator, len(lines))):
            session.tell(notice)
        _show_lines(session, generator, lines)
        if session.interactive:
            status = views.status(generator, milliseconds, interrupted)
            legend = drawing.legend(session)
            _show(session, session.console, Group(legend, status) if legend else status)


def _remembered(
    session: Session, generator: Generator, wanted: Continue, words: Sequence[Word]
) -> list[Continuation]:
    """Put words together as lines, and add these to the tree."""
    lines = generator.gather(wanted.seed, words)
    session.remember(generator, lines, wanted.forced, wanted.parent)
    return lines


def _show_lines(session: Session, generator: Generator, lines: Sequence[Continuation]) -> None:
    """Show finished lines; at a terminal a single one is there already, but for what is below it."""
    drawn = drawing.finished(session, generator, lines)
    whole = [line.whole for line in drawn]
    many = generator.settings.samples > 1
    picture = Padding.indent(views.Numbered(whole) if many else Group(*whole), len(INDENT))
    size = sum(len(line.seed.ids) + len(line.words) for line in lines)
    session.transcript.keep(picture, size)
    if not session.interactive:
        _pass_on(session, drawn)
    elif many:
        session.console.print(picture)
    else:
        below = [line.below for line in drawn if line.below is not None]
        session.console.print(Padding.indent(Group(*below), len(INDENT)), end="")


def _pass_on(session: Session, drawn: Sequence[drawing.Drawn]) -> None:
    """Print lines for a pipe, which holds nothing else; what is told of them is a message."""
    for line in drawn:
        session.console.print(line.line)
        if line.below is not None:
            session.messages.print(line.below)
    legend = drawing.legend(session)
    if legend is not None:
        session.messages.print(legend)


def _write(session: Session, generator: Generator, wanted: Continue, words: list[Word]) -> None:
    """Generate into `words`; a single line is also printed at a terminal, word by word."""
    seed, stream = wanted.seed, generator.stream(wanted.seed, wanted.forced, wanted.sample)
    if not session.interactive or generator.settings.samples > 1:
        words.extend(stream)
        return
    writer = Writer(session.console, INDENT)
    first = list(islice(stream, 1))  # what cannot be said is told before anything is shown
    try:
        writer.write(drawing.beginning(session, generator, seed))
        writer.flush()
        for word in chain(first, stream):
            with held_back():  # so that what is shown is what is kept
                words.append(word)
                writer.write(drawing.coming(session, word))
    finally:
        writer.flush()
        session.console.print()
