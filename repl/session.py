"""The session: the only state that changes while the program runs."""

import io
import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.padding import Padding
from rich.text import Text
from rich.theme import Theme

from core.decoding.generator import Continuation, Generator
from core.errors import HeadlongError, InputError, ModelError, ModelNotFound, SettingError
from core.insight.line import Line, line_of, read_line
from core.insight.scoring import Measure
from core.library.ensemble import LanguageModel
from core.library.mixture import Part, write
from core.library.model import Model
from core.library.shelf import Place, Shelf, called, load_all, name_of
from core.setting import Value
from core.settings import SamplingSettings
from repl import views
from repl.echo import echo
from repl.jobs import Jobs
from repl.program import ProgramSettings
from repl.theme import THEME, THEMES, Name, resolve, use
from repl.transcript import TYPED, Transcript
from repl.turns import Turn, Turns, moved
from repl.undo import Past

if TYPE_CHECKING:  # it is of prompt_toolkit, which a pipe has no use for
    from repl.line.history import LineHistory

DEFAULT_MODEL = ProgramSettings().model

REMEMBERED = 100
"""Lines at most that join the tree when they were generated together."""


def make_console(file: TextIO, plain: bool = False) -> Console:
    """Return a console that draws on `file`; Rich honours NO_COLOR and a pipe by itself.

    A plain one sends a terminal nothing but text.
    """
    if isinstance(file, io.TextIOWrapper):
        file.reconfigure(errors="replace")  # a terminal that lacks a letter is no reason to fail
    return Console(
        file=file,
        theme=THEME,
        force_terminal=False if plain else None,
        color_system=None if plain else "auto",
        highlight=False,
        markup=False,  # what is shown may come from a file of somebody else's
        emoji=False,
        soft_wrap=not file.isatty(),
    )


def print_error(console: Console, message: str, indent: int = 0) -> None:
    """Print what went wrong; a command on a second line is left unbroken, so that it can be copied."""
    sentence, _, command = message.partition("\n")
    told = views.error(sentence)
    console.print(Padding.indent(told, indent) if indent else told)  # padding cuts what a pipe keeps
    if command:
        console.print(Text(views.safe(command)), soft_wrap=True)


def _name_of(path: Path, shelf: Shelf) -> str:
    name = name_of(path)
    with suppress(HeadlongError):
        if shelf.find(name).absolute() == path.absolute():
            return name
    return str(path)


def _renamed(model: LanguageModel, there: Sequence[bool], name: str) -> LanguageModel:
    """Return a model under another name, or several, of which those have it that are `there`."""
    if isinstance(model, Model):
        return called(model, name)
    pairs = zip(model.members, there, strict=True)
    members = (called(member, name) if is_there else member for member, is_there in pairs)
    return replace(model, members=tuple(members))


@dataclass
class Session:
    """What is loaded, how it is sampled, and where things are shown."""

    console: Console
    """Results."""

    messages: Console
    """Notices and errors: standard error where results go into a pipe, else the same console."""

    interactive: bool = False
    plain: bool = False
    """Whether the terminal is to get nothing but text: no colours, no keys but those of its own."""

    program: ProgramSettings = field(default_factory=ProgramSettings)
    shelf: Shelf = field(default_factory=Shelf)
    generator: Generator | None = None
    places: list[Place] = field(default_factory=list)
    """Where the loaded model stands, or those that speak as one."""

    settings: SamplingSettings = field(default_factory=SamplingSettings)
    turns: Turns = field(default_factory=Turns)
    """Every line that was generated, as a tree."""

    heat: Measure | None = None
    """What the words' colours tell, where they are coloured by how likely the words were."""

    transcript: Transcript = field(default_factory=Transcript)

    past: Past = field(default_factory=Past)
    """The lines that changed something, to be taken back."""

    pending: str = ""
    """What stands at the next prompt, to be edited."""

    scripts: int = 0
    """How many scripts run one another just now."""

    interrupted: bool = False
    """Whether the line that ran last was cancelled."""

    typed: deque[str] = field(default_factory=lambda: deque(maxlen=TYPED))
    """The lines that were typed, as they are saved with the session."""

    file: Path | None = None
    """Where the session was saved to, or opened from."""

    file_time: int = 0
    """When that file was written then, in nanoseconds."""

    after_line: Callable[["Session"], None] | None = None
    """What is called after each typed line."""

    jobs: Jobs = field(default_factory=Jobs)
    """What is trained behind the prompt."""

    history: "LineHistory | None" = None
    """The lines that were typed at a terminal, with those of earlier sessions."""

    leaving: bool = False
    ended_by: int = 0
    """The signal that ended the program, if one did."""

    failed: bool = False
    """Whether any line ended in an error; a script's exit status tells."""

    @property
    def path(self) -> Path | None:
        """Where the loaded model stands; None where there is none, or where several speak as one."""
        return self.places[0].path if len(self.places) == 1 else None

    @property
    def theme_name(self) -> Name:
        """The theme that is drawn with: never `auto` where the terminal or the user says more."""
        return "plain" if self.plain else resolve(self.program.theme, os.environ)

    @property
    def theme(self) -> Theme:
        """The styles that are drawn with."""
        return THEMES[self.theme_name]

    @property
    def program_now(self) -> ProgramSettings:
        """The settings of the program as they are now, also those that a line has changed since."""
        loaded = self.called(self.places) if self.places else self.program.model
        return self.program.change(heat=self.heat or "off", model=loaded)

    def use_program(self, program: ProgramSettings) -> None:
        """Take settings of the program, and draw as they say from now on."""
        self.program = program
        for console in (self.console, self.messages):
            use(console, self.theme_name)

    def load(self, name: str) -> Generator:
        """Load a model by name or path, or several; if that fails what is loaded stays.

        Raises:
            ModelError: there is no such model, or it cannot be used.
            SettingError: several are named, but not as it is done.
        """
        self.put(self.shelf.locate(name))
        return self.require_generator()

    def put(self, places: Sequence[Place], sha256: str = "") -> None:
        """Load the model at a place, or those at several, or none; if that fails what is loaded stays.

        Raises:
            ModelError: it cannot be used, or it is not the one of that `sha256`, where one is given.
        """
        model = load_all(places) if places else None
        if model is not None and sha256 and model.sha256 != sha256:
            raise ModelError(f"{self.called(places)} is another model by now")
        self.generator = None if model is None else Generator(model, self.settings)
        self.places = list(places)

    def follow(self, old: Path, new: Path) -> None:
        """Know what was at `old` by its new place and name: what is loaded, and what wrote lines."""
        self.turns.follow(old, new)
        before, self.places = self.places, list(moved(self.places, old, new))
        if self.generator is not None and self.places != before:
            model, there = self.generator.model, [place.path == old for place in before]
            self.generator.model = _renamed(model, there, name_of(new))
        self.past.follow(self, old, new)

    def require_generator(self) -> Generator:
        """Return the loaded generator.

        Raises:
            ModelNotFound: no model is loaded.
        """
        if self.generator is None:
            raise ModelNotFound("no model is loaded; :models lists them, :load NAME loads one")
        return self.generator

    def remember(
        self,
        generator: Generator,
        lines: Sequence[Continuation],
        forced: tuple[int, ...],
        parent: int,
    ) -> None:
        """Add lines that were generated together to the tree; the first becomes the current one."""
        places = [place._replace(path=place.path.absolute()) for place in self.places]
        model, settings = generator.model, generator.settings
        self.turns.add(lines[:REMEMBERED], places, model.sha256, settings, parent, forced)

    def tell(self, notice: Text) -> None:
        """Print a notice, which is no result."""
        self.messages.print(Padding.indent(notice, 2) if self.interactive else notice)

    def tell_news(self) -> None:
        """Print what happened behind the prompt since it was told last."""
        for news in self.jobs.news():
            self.transcript.keep(Padding.indent(news, 2))
            self.tell(news)

    def may_leave(self) -> bool:
        """Return whether nothing is being trained, or the user says that it may be stopped."""
        name = self.jobs.name
        if name is None or not self.interactive:
            return True
        question = "is still being trained; stop it, keep its best weights and leave?"
        return self.ask(f"{views.safe(name)} {question}", at_end=True)

    def end_jobs(self) -> None:
        """Stop what is being trained, wait for it, and tell what was kept."""
        if self.jobs.name is not None:
            with suppress(OSError):  # the terminal may be gone
                self.tell(Text(f"stopping {views.safe(self.jobs.name)}", style="notice"))
        self.jobs.close()
        with suppress(OSError):
            self.tell_news()

    def must_be_loaded(self, turn: Turn) -> None:
        """Refuse to go on from a line of a model that is not the loaded one.

        Raises:
            ModelError: another model is loaded, or none.
        """
        if self.generator is None or not turn.is_of(self.generator.model):
            raise ModelError(
                f"line {turn.number} is of another model; :load {self.called(turn.places)} first"
            )

    def generator_of(self, turn: Turn) -> Generator:
        """Return the model of a line with the settings it was generated with.

        It is loaded from where it stood if another one is loaded now; that one stays.

        Raises:
            ModelError: it is not there any more, or it is another one by now.
        """
        if self.generator is not None and turn.is_of(self.generator.model):
            return self.generator.under(turn.settings)
        generator = Generator(load_all(turn.places), turn.settings)
        if not turn.is_of(generator.model):
            name = self.called(turn.places)
            raise ModelError(f"{name} is not the model any more that wrote line {turn.number}")
        return generator

    def called(self, places: Sequence[Place], shelf: Shelf | None = None) -> str:
        """Return what to type for the models at `places`: names, and paths where none leads there.

        Names are looked up on `shelf`, or on the session's own.
        """
        on = shelf or self.shelf
        return write(Part(place.weight, _name_of(place.path, on)) for place in places)

    def line(self, text: str = "") -> Line:
        """Return `text`, or the current line, as the loaded model reads it.

        Raises:
            ModelNotFound: no model is loaded.
            InputError: there is no line yet, or the model knows no word of it.
        """
        generator = self.require_generator()
        if text:
            return read_line(generator, text)
        turn = self.turns.current
        if turn is None:
            raise InputError("there is no line yet; type the beginning of one, or give a text")
        if turn.is_of(generator.model):
            return line_of(generator, turn.line)
        return read_line(generator, turn.line.text)

    def ask(self, question: str, default: bool = False, at_end: bool = False) -> bool:
        """Return whether the user says yes, or nothing where that means yes; nobody is asked in a pipe.

        `at_end` is the answer where there is none: at Ctrl-D, or when the terminal is gone.

        Raises:
            SettingError: nobody is there to ask.
        """
        if not self.interactive:
            raise SettingError("nobody is there to ask; say --yes")
        try:
            with echo(True):
                choice = "[Y/n]" if default else "[y/N]"
                answer = self.console.input(Text(f"  {question} {choice} ", style="notice"))
        except EOFError:
            self.console.print()
            return at_end
        except KeyboardInterrupt:
            self.console.print()  # what is said next does not go on behind the question
            raise
        answer = answer.strip().lower()
        return answer in ("y", "yes") or (default and not answer)

    def configure(self, **changes: Value) -> None:
        """Change sampling settings by name, for this model and those loaded later.

        Raises:
            SettingError: no such setting or a value it does not take; nothing is changed then.
        """
        self.settings = self.settings.change(**changes)
        if self.generator is not None:
            self.generator.settings = self.settings
