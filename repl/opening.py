"""How the prompt opens: the config file, what the command line says over it, what is continued."""

import gc
import os
import shlex
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from rich.padding import Padding
from rich.text import Text

from core import __version__
from core.errors import HeadlongError
from core.library.shelf import Shelf
from core.setting import settings_of
from repl import views
from repl.cli_base import standard_input
from repl.config import Config, config_path, read_config
from repl.loop import reporting, run_script
from repl.program import ProgramSettings
from repl.saving.autosave import Autosave, saving_itself
from repl.saving.files import open_
from repl.session import Session, make_console

DUMB = ("dumb", "unknown")
"""Values of TERM for terminals that can show text and nothing else."""

TOLD = 5
"""Problems of a config file that are told at the start."""


@dataclass(frozen=True)
class Wanted:
    """What the command line asks of the prompt; None where it says nothing."""

    shelf: Shelf
    model: str | None = None
    theme: str | None = None
    plain: bool = False
    resume: bool = False
    script: Path | None = None
    """A file of lines that are run in place of what would be typed."""


def open_prompt(wanted: Wanted) -> bool:
    """Open the prompt and run it; return whether a script of lines failed."""
    config = read_config(config_path())
    session = _session(wanted, config)
    if session.interactive:
        session.console.print(views.greeting(__version__))
    _tell(session, config)
    if not session.interactive:
        _begin(session, wanted, Autosave(session.messages))
        gc.enable()
        run_script(session, _lines(wanted))
        return session.failed
    with _keeping(session, wanted):
        gc.enable()
        if session.plain:
            from repl.plain import run_plain

            run_plain(session)
        else:
            from repl.line.prompt import run_prompt

            _run_and_end_jobs(session, run_prompt)
    return False


def _run_and_end_jobs(session: Session, run: Callable[[Session], None]) -> None:
    """Run the prompt, and leave no trainer behind, whatever ends it."""
    try:
        run(session)
    finally:
        session.end_jobs()


def _lines(wanted: Wanted) -> Iterable[str]:
    """Return the lines that nobody types."""
    if wanted.script is None:
        return standard_input()
    return [f":run -- {shlex.quote(str(wanted.script))}"]


def _session(wanted: Wanted, config: Config) -> Session:
    """Return a session that is set as the config file and the command line say.

    Raises:
        SettingError: there is no such theme.
    """
    program = config.program
    if wanted.theme is not None:
        program = program.change(theme=settings_of(ProgramSettings)["theme"].parse(wanted.theme))
    interactive = wanted.script is None and standard_input().isatty() and sys.stdout.isatty()
    plain = interactive and (wanted.plain or os.environ.get("TERM", "") in DUMB)
    out = make_console(sys.stdout, plain)
    messages = out if interactive else make_console(sys.stderr, wanted.plain)
    session = Session(out, messages, interactive, plain, program, wanted.shelf)
    session.settings = config.sampling
    session.heat = None if program.heat == "off" else program.heat
    session.use_program(program)
    return session


def _tell(session: Session, config: Config) -> None:
    problems = list(config.problems)
    for problem in problems[:TOLD]:
        _print_notice(session, str(problem))
    if len(problems) > TOLD:
        _print_notice(session, f"and {len(problems) - TOLD} more; :config lists them")


def _print_notice(session: Session, told: str) -> None:
    notice = Text(views.safe(told), style="notice")
    session.messages.print(Padding.indent(notice, 2) if session.interactive else notice)


def _keeping(session: Session, wanted: Wanted) -> AbstractContextManager[None]:
    """Begin, and keep the session in a file from then on, where that is wanted."""
    autosave = Autosave(session.messages)
    _begin(session, wanted, autosave)
    if not session.program.autosave:
        return nullcontext()
    autosave.start_with(session)
    return saving_itself(session, autosave)


def _begin(session: Session, wanted: Wanted, autosave: Autosave) -> None:
    """Bring back the last session if that is wanted, and have a model loaded."""
    if wanted.resume:
        with reporting(session):
            _continue(session, autosave)
    if wanted.model is not None or session.generator is None:
        with reporting(session):
            session.load(wanted.model or session.program.model)
            if session.interactive:
                session.console.print(views.loaded(session.require_generator()))


def _continue(session: Session, autosave: Autosave) -> None:
    path = autosave.take_latest()
    if path is None:
        _print_notice(session, "there is no session to continue, so this is a new one")
        return
    try:
        told = open_(session, path)
    except HeadlongError:
        autosave.let_go()  # what cannot be read is not written over
        raise
    session.messages.print(Padding.indent(told, 2) if session.interactive else told)
    if session.interactive:
        session.messages.print()
