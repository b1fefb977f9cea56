"""Commands of the prompt: one table for dispatch, help and completion.

A command is a function whose first parameter is the session. Its other parameters are what the user
types: positional ones in order, `*rest` takes all that are left, keyword-only ones are `--options` (a
bool is a flag, a tuple may be given more than once; an underscore at the end of a name is left out).
`Annotated[str, Option(...)]` says what one means, and what stands for its value in the usage.
A last parameter that is `Rest` takes what is left of the line as it was typed, quotes and all, and
there are no options then. After -- alone nothing is an option. Its docstring is its help.
"""

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_type_hints

from rich.console import RenderableType

from core.decoding.generator import Seed
from core.settings import SamplingSettings
from repl.arguments import Binder, CommandError, NameOrPath, meaning, option, parameters, usage
from repl.session import Session
from repl.turns import ROOT


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a command returns to say that it did something, rather than to answer a question.

    It is a message, so where results go into a pipe it does not stand among them.
    """

    message: RenderableType


@dataclass(frozen=True, slots=True)
class Verbatim:
    """What a command returns to be copied: it is printed without line breaks that it does not have."""

    text: str


@dataclass(frozen=True, slots=True)
class Continue:
    """What a command returns to have a line generated and shown.

    `forced` are ids that the continuation begins with, `parent` is the turn that it goes on from. Where
    the line is to be like another but for some words, it is told that one's settings and sample.
    """

    seed: Seed
    forced: tuple[int, ...] = ()
    parent: int = ROOT
    settings: SamplingSettings | None = None
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """What a command returns to have lines run as if they were typed, up to the first that fails."""

    lines: tuple[str, ...]
    name: str


Result = RenderableType | Confirmation | Verbatim | Continue | Script | None

Need = Literal["model", "line"]
"""What a command cannot do without: a loaded model, a line that was generated."""

Handler = Callable[..., Result]


@dataclass(frozen=True, slots=True)
class Choice:
    """A word that may be typed for an argument, and what it means."""

    text: str
    meaning: str = ""


Choices = Callable[[Session, Sequence[str]], Iterable[Choice]]
"""Offers words for an argument; it is told the arguments before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: `:name`, its aliases, and how it is used."""

    name: str
    aliases: tuple[str, ...]
    example: str
    choices: tuple[Choices, ...]
    several: str
    values: Mapping[str, Choices]
    needs: Need | None
    group: str
    handler: Handler

    @property
    def names(self) -> tuple[str, ...]:
        """All that it may be called."""
        return (self.name, *self.aliases)

    @property
    def summary(self) -> str:
        """The first line of its help."""
        return self.help.split("\n", 1)[0]

    @property
    def help(self) -> str:
        """Its whole help, a paragraph a line, to be wrapped where it is shown."""
        paragraphs = (inspect.getdoc(self.handler) or "").split("\n\n")
        return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    @property
    def short_usage(self) -> str:
        """How it is typed, options aside: `:load MODEL`."""
        words = [usage(p) for p in self.parameters if p.kind is not p.KEYWORD_ONLY]
        return " ".join([f":{self.name}", *words])

    @property
    def usage(self) -> str:
        """How it is typed, with all options."""
        return " ".join([f":{self.name}", *map(usage, self.parameters)])

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """What the user types, in order; the session is not among them."""
        return parameters(self.handler)

    @property
    def options(self) -> dict[str, str]:
        """Its options as they are typed, `--name`, with what they mean."""
        keyword = inspect.Parameter.KEYWORD_ONLY
        return {option(p): meaning(p) for p in self.parameters if p.kind is keyword}

    def is_flag(self, option: str) -> bool:
        """Say whether an option of this command takes no value."""
        return self._hint(option) is bool

    def takes_path(self, argument: str | int) -> bool:
        """Say whether an option, or the argument at that place, may be a file."""
        return self._hint(argument) in (Path, Path | None, NameOrPath)

    def _hint(self, argument: str | int) -> Any:
        """Return the type of an option, or of the argument at that place; None where there is none."""
        if isinstance(argument, str):
            found = [p for p in self.parameters if p.kind is p.KEYWORD_ONLY and option(p) == argument]
        else:
            plain = [p for p in self.parameters if p.kind is not p.KEYWORD_ONLY]
            endless = bool(plain) and plain[-1].kind is inspect.Parameter.VAR_POSITIONAL
            found = plain[argument : argument + 1] or (plain[-1:] if endless else [])
        return get_type_hints(self.handler)[found[0].name] if found else None

    def run(self, session: Session, text: str) -> Result:
        """Bind `text`, all that follows the name, to the signature, and call the handler.

        Raises:
            CommandError: too few or too many arguments, or one of the wrong type.
            ModelNotFound, InputError: what it needs is not there.
        """
        positional, keyword = self.bind(text)
        if self.needs == "model":
            session.require_generator()
        elif self.needs == "line":
            session.turns.require()
        return self.handler(session, *positional, **keyword)

    def bind(self, text: str) -> tuple[list[Any], dict[str, Any]]:
        """Return what the handler would be called with after the session, without calling it.

        Raises:
            CommandError: see `run`.
        """
        return Binder(self.handler, self.usage, text).bind()


class Registry:
    """All commands by name."""

    def __init__(self) -> None:
        self.commands: dict[str, Command] = {}
        self._by_alias: dict[str, Command] = {}

    def command(
        self,
        name: str,
        *aliases: str,
        example: str = "",
        choices: Choices | tuple[Choices, ...] = (),
        several: str = "",
        values: Mapping[str, Choices] | None = None,
        needs: Need | None = None,
    ) -> Callable[[Handler], Handler]:
        """Register the decorated function as `:name`.

        Args:
            name: what the user types after the colon.
            aliases: other names for it.
            example: a whole line that shows its use.
            choices: what to offer for its arguments, one after another.
            several: characters in an argument after which another of its words may follow.
            values: what to offer for its options, by their names: `{"--model": models}`.
            needs: what has to be there before it can run.

        It stands in the group of help that its module names in `GROUP`.
        """

        def register(handler: Handler) -> Handler:
            command = Command(
                name=name,
                aliases=aliases,
                example=example,
                choices=choices if isinstance(choices, tuple) else (choices,),
                several=several,
                values=values or {},
                needs=needs,
                group=handler.__globals__.get("GROUP", ""),
                handler=handler,
            )
            self.commands[name] = command
            self._by_alias.update(dict.fromkeys(command.names, command))
            return handler

        return register

    @property
    def groups(self) -> dict[str, list[Command]]:
        """All commands by the group of help that they stand in."""
        groups: dict[str, list[Command]] = {}
        for command in self.commands.values():
            groups.setdefault(command.group, []).append(command)
        return groups

    def __contains__(self, name: str) -> bool:
        return name in self._by_alias

    def find(self, name: str) -> Command:
        """Return the command called `name`, or by an alias of it.

        Raises:
            CommandError: there is none; the message offers the nearest.
        """
        if name in self._by_alias:
            return self._by_alias[name]
        near = difflib.get_close_matches(name, self._by_alias, n=1, cutoff=0.5)
        all_ = ":help lists them, and :: begins a seed with a colon"
        hint = f"did you mean :{near[0]}?" if near else all_
        raise CommandError(f"there is no command :{name}; {hint}")

    def run(self, session: Session, line: str) -> Result:
        """Run one line that begins with a colon.

        Raises:
            HeadlongError: whatever the command raises, or that it cannot run now.
        """
        name, _, rest = line[1:].strip().partition(" ")
        return self.find(name).run(session, rest)


registry = Registry()
"""The table that `repl.commands` fills."""
