"""Commands of the prompt: one table for dispatch, help and completion.

A command is a function whose first parameter is the session. Its other parameters are what the user
types: positional ones in order, `*rest` takes all that are left, keyword-only ones are `--options` (a
bool is a flag, a tuple may be given more than once; an underscore at the end of a name is left out).
A last parameter that is `Rest` takes what is left of the line as it was typed, quotes and all, and
there are no options then. Its docstring is its help.
"""

import difflib
import inspect
import shlex
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from rich.console import RenderableType

from core.decoding.generator import Seed
from core.errors import HeadlongError
from core.settings import SamplingSettings
from repl.session import Session
from repl.turns import ROOT


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a command returns to say that it did something, rather than to answer a question.

    It is a message, so where results go into a pipe it does not stand among them.
    """

    message: RenderableType


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


Rest = NewType("Rest", str)
"""The rest of a typed line: a text of the user's, in which a quotation mark is just that."""

NOTHING = Rest("")
"""The default of a rest that may be left out."""

Result = RenderableType | Confirmation | Continue | None
Handler = Callable[..., Result]
Choices = Callable[[Session], Iterable[str]]


class CommandError(HeadlongError):
    """A command that does not exist, or arguments that it does not take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: `:name`, its aliases, and how it is used."""

    name: str
    aliases: tuple[str, ...]
    example: str
    choices: Choices | None
    several: str
    handler: Handler

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
        words = [_usage(p) for p in self.parameters if p.kind is not p.KEYWORD_ONLY]
        return " ".join([f":{self.name}", *words])

    @property
    def usage(self) -> str:
        """How it is typed, with all options."""
        return " ".join([f":{self.name}", *map(_usage, self.parameters)])

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """What the user types, in order; the session is not among them."""
        return list(inspect.signature(self.handler).parameters.values())[1:]

    @property
    def options(self) -> list[str]:
        """Its options as they are typed: `--name`."""
        keyword = inspect.Parameter.KEYWORD_ONLY
        return [_option(p) for p in self.parameters if p.kind is keyword]

    def run(self, session: Session, text: str) -> Result:
        """Bind `text`, all that follows the name, to the signature, and call the handler.

        Raises:
            CommandError: too few or too many arguments, or one of the wrong type.
        """
        positional, keyword = self.bind(text)
        return self.handler(session, *positional, **keyword)

    def bind(self, text: str) -> tuple[list[Any], dict[str, Any]]:
        """Return what the handler would be called with after the session, without calling it.

        Raises:
            CommandError: see `run`.
        """
        return _Binder(self, text).bind()


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
        choices: Choices | None = None,
        several: str = "",
    ) -> Callable[[Handler], Handler]:
        """Register the decorated function as `:name`.

        Args:
            name: what the user types after the colon.
            aliases: other names for it.
            example: a whole line that shows its use.
            choices: words to offer for its first argument.
            several: characters in it after which another of these words may follow.
        """

        def register(handler: Handler) -> Handler:
            command = Command(
                name=name,
                aliases=aliases,
                example=example,
                choices=choices,
                several=several,
                handler=handler,
            )
            self.commands[name] = command
            self._by_alias.update(dict.fromkeys((name, *aliases), command))
            return handler

        return register

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
        hint = f"did you mean :{near[0]}?" if near else ":help lists them all"
        raise CommandError(f"there is no command :{name}; {hint} (a seed may begin with ::)")

    def run(self, session: Session, line: str) -> Result:
        """Run one line that begins with a colon.

        Raises:
            HeadlongError: whatever the command raises, or that it cannot run now.
        """
        name, _, rest = line[1:].strip().partition(" ")
        return self.find(name).run(session, rest)


registry = Registry()
"""The table that `repl.commands` fills."""


class _Binder:
    """Takes one command line apart by its command's signature."""

    def __init__(self, command: Command, text: str) -> None:
        self._command = command
        self._hints = get_type_hints(command.handler)
        self._options = {_option(p): p for p in command.parameters if p.kind is p.KEYWORD_ONLY}
        self._verbatim = Rest in self._hints.values()
        if self._verbatim:
            self._words = text.split(maxsplit=len(command.parameters) - 1)
            return
        try:
            self._words = shlex.split(text)
        except ValueError as error:  # an apostrophe is more often a letter than a quotation
            if "quotation" not in str(error):
                raise self._wrong(str(error)) from error
            self._words = text.split()

    def bind(self) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments to call the handler with."""
        plain: list[str] = []
        keyword: dict[str, Any] = {}
        words = iter(self._words)
        for word in words:
            if self._verbatim or not word.startswith("--"):
                plain.append(word)
                continue
            name, separator, value = word.partition("=")
            parameter = self._options.get(name)
            if parameter is None:
                known = "there are " + ", ".join(self._options) if self._options else "it takes none"
                raise self._wrong(f"there is no option {name}; {known}")
            if self._hints[parameter.name] is bool:
                if separator:
                    raise self._wrong(f"{name} takes no value; leave it out, or type {name} alone")
                keyword[parameter.name] = True
                continue
            if not separator:
                value = next(words, "")
            if not value:
                raise self._wrong(f"{name} needs a value")
            self._add(keyword, parameter, value)
        return self._positional(plain), keyword

    def _add(self, keyword: dict[str, Any], parameter: inspect.Parameter, value: str) -> None:
        hint = self._hints[parameter.name]
        if get_origin(hint) is tuple:
            keyword[parameter.name] = (*keyword.get(parameter.name, ()), value)
        else:
            keyword[parameter.name] = self._convert(parameter, value)

    def _positional(self, words: list[str]) -> list[Any]:
        arguments: list[Any] = []
        left = list(words)
        for parameter in self._command.parameters:
            if parameter.kind is parameter.VAR_POSITIONAL:
                arguments += [self._convert(parameter, word) for word in left]
                left = []
            elif parameter.kind is not parameter.KEYWORD_ONLY:
                if left:
                    arguments.append(self._convert(parameter, left.pop(0)))
                elif parameter.default is parameter.empty:
                    raise self._wrong(f"{parameter.name.upper()} is missing")
        if left:
            raise self._wrong(f"{left[0]!r} is one word too many")
        return arguments

    def _convert(self, parameter: inspect.Parameter, word: str) -> Any:
        hint = self._hints[parameter.name]
        if get_origin(hint) in (Union, types.UnionType):
            hint = next(part for part in get_args(hint) if part is not type(None))
        try:
            return Path(word).expanduser() if hint is Path else hint(word)
        except ValueError:
            noun = "a whole number" if hint is int else "a number"
            raise self._wrong(f"{parameter.name} must be {noun}, not {word!r}") from None

    def _wrong(self, what: str) -> CommandError:
        return CommandError(f"{what}; it is typed {self._command.short_usage}")


def _option(parameter: inspect.Parameter) -> str:
    return "--" + _typed(parameter).replace("_", "-")


def _typed(parameter: inspect.Parameter) -> str:
    """Return the name that the user types: `from_` is `from`, which Python keeps for itself."""
    return parameter.name.removesuffix("_")


def _usage(parameter: inspect.Parameter) -> str:
    name = _typed(parameter).upper()
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"[{name} ...]"
    if parameter.kind is parameter.KEYWORD_ONLY:
        flag = parameter.annotation is bool
        return f"[{_option(parameter)}]" if flag else f"[{_option(parameter)} {name}]"
    words = name.replace("_", " ")
    return words if parameter.default is parameter.empty else f"[{words}]"
