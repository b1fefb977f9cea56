"""The session: the only state that changes while the program runs."""

import io
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from core.decoding.generator import Continuation, Generator
from core.errors import InputError, ModelError, ModelNotFound, SettingError
from core.insight.line import Line, line_of, read_line
from core.insight.scoring import Measure
from core.library.mixture import Part, write
from core.library.model import Model
from core.library.shelf import Place, Shelf, called, load_all
from core.setting import Value
from core.settings import SamplingSettings
from repl import views
from repl.theme import THEME
from repl.turns import Turn, Turns

DEFAULT_MODEL = "tutorial"

TRANSCRIPT = 1000
"""Typed lines that are remembered with their answers."""

REMEMBERED = 100
"""Lines at most that join the tree when they were generated together."""


def make_console(file: TextIO) -> Console:
    """Return a console that draws on `file`; Rich honours NO_COLOR and a pipe by itself."""
    if isinstance(file, io.TextIOWrapper):
        file.reconfigure(errors="replace")  # a terminal that lacks a letter is no reason to fail
    return Console(
        file=file,
        theme=THEME,
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


@dataclass
class Session:
    """What is loaded, how it is sampled, and where things are shown."""

    console: Console
    """Results."""

    messages: Console
    """Notices and errors: standard error where results go into a pipe, else the same console."""

    interactive: bool = False
    shelf: Shelf = field(default_factory=Shelf)
    generator: Generator | None = None
    places: list[Place] = field(default_factory=list)
    """Where the loaded model stands, or those that speak as one."""

    settings: SamplingSettings = field(default_factory=SamplingSettings)
    turns: Turns = field(default_factory=Turns)
    """Every line that was generated, as a tree."""

    heat: Measure | None = None
    """What the words' colours tell, where they are coloured by how likely the words were."""

    transcript: deque[list[RenderableType]] = field(default_factory=lambda: deque(maxlen=TRANSCRIPT))
    """What was shown, typed line by typed line, each with its answer."""

    ghost: bool = True
    """Whether the prompt shows what Enter would print, while one types."""

    leaving: bool = False
    failed: bool = False
    """Whether any line ended in an error; a script's exit status tells."""

    @property
    def path(self) -> Path | None:
        """Where the loaded model stands; None where there is none, or where several speak as one."""
        return self.places[0].path if len(self.places) == 1 else None

    def load(self, name: str) -> Generator:
        """Load a model by name or path, or several; if that fails what is loaded stays.

        Raises:
            ModelError: there is no such model, or it cannot be used.
            SettingError: several are named, but not as it is done.
        """
        places = self.shelf.locate(name)
        self.generator = Generator(load_all(places), self.settings)
        self.places = places
        return self.generator

    def follow(self, old: Path, new: Path) -> None:
        """Know what is loaded by its new place and name, if it is, or has in it, what was at `old`."""
        moved = [place.path == old for place in self.places]
        if self.generator is None or not any(moved):
            return
        self.places = [
            place._replace(path=new) if is_moved else place
            for place, is_moved in zip(self.places, moved, strict=True)
        ]
        model = self.generator.model
        if isinstance(model, Model):
            self.generator.model = called(model, new.stem)
            return
        members = [
            called(member, new.stem) if is_moved else member
            for member, is_moved in zip(model.members, moved, strict=True)
        ]
        self.generator.model = replace(model, members=tuple(members))

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
        parts = [Part(place.weight, str(place.path)) for place in self.places]
        model = write(parts) if parts else generator.model.name
        sha256 = generator.model.sha256
        added = [
            self.turns.add(line, model, sha256, generator.settings, parent, forced)
            for line in lines[:REMEMBERED]
        ]
        if added:
            self.turns.current = added[0]

    def keep(self, shown: RenderableType) -> None:
        """Add to the answer of the last typed line, as it is remembered."""
        if self.transcript:
            self.transcript[-1].append(shown)

    def must_be_loaded(self, turn: Turn) -> None:
        """Refuse to go on from a line of a model that is not the loaded one.

        Raises:
            ModelError: another model is loaded, or none.
        """
        if self.generator is None or self.generator.model.sha256 != turn.sha256:
            raise ModelError(f"line {turn.number} is of another model; :load {turn.model} first")

    def generator_of(self, turn: Turn) -> Generator:
        """Return the model of a line with the settings it was generated with.

        It is loaded from where it stood if another one is loaded now; that one stays.

        Raises:
            ModelError: it is not there any more, or it is another one by now.
        """
        if self.generator is not None and self.generator.model.sha256 == turn.sha256:
            return self.generator.under(turn.settings)
        generator = Generator(self.shelf.load(turn.model), turn.settings)
        if generator.model.sha256 != turn.sha256:
            raise ModelError(f"{turn.model} is not the model any more that wrote line {turn.number}")
        return generator

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
        if turn.sha256 == generator.model.sha256:
            return line_of(generator, turn.line)
        return read_line(generator, turn.line.text)

    def ask(self, question: str) -> bool:
        """Return whether the user says yes; nobody is asked where lines come from a pipe.

        Raises:
            SettingError: nobody is there to ask.
        """
        if not self.interactive:
            raise SettingError("nobody is there to ask; say --yes")
        try:
            answer = self.console.input(Text(f"  {question} [y/N] ", style="notice"))
        except EOFError:
            self.console.print()
            return False
        return answer.strip().lower() in ("y", "yes")

    def configure(self, **changes: Value) -> None:
        """Change sampling settings by name, for this model and those loaded later.

        Raises:
            SettingError: no such setting or a value it does not take; nothing is changed then.
        """
        self.settings = self.settings.change(**changes)
        if self.generator is not None:
            self.generator.settings = self.settings
