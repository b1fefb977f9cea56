"""Commands of the prompt: one table for dispatch, help and completion.

A command is a function whose first parameter is the session. Its other parameters are what the user
types: positional ones in order, `*rest` takes all that are left, keyword-only ones are `--options` (a
bool is a flag, a tuple may be given more than once; an underscore at the end of a name is left out).
`Annotated[str, "MODEL"]` says what stands for its value in the usage, where neither type nor name does.
A last parameter that is `Rest` takes what is left of the line as it was typed, quotes and all, and
there are no options then. After -- alone nothing is an option. Its docstring is its help.
"""

import difflib
import inspect
import re
import shlex
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

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


@dataclass(frozen=True, slots=True)
class Script:
    """What a command returns to have lines run as if they were typed, up to the first that fails."""

    lines: tuple[str, ...]
    name: str


Rest = NewType("Rest", str)
"""The rest of a typed line: a text of the user's, in which a quotation mark is just that."""

ModelOrPath = NewType("ModelOrPath", str)
"""A model's name, or the path of its folder."""

NOTHING = Rest("")
"""The default of a rest that may be left out."""

ENDS_OPTIONS = "--"
"""What a user types before a text that begins with two hyphens."""

OPTION = re.compile(r"--[^\W\d]")
"""What is taken for an option where there are none."""

_QUOTED = r"""(?:^|(?<=[;,=]))(?:"([^"]*)"|'([^']*)')"""
"""Elsewhere in a word, as in don't, a quotation mark is a letter."""

WORD = re.compile(rf"(?:{_QUOTED}|\S)+")
"""One of the words before a rest."""

Result = RenderableType | Confirmation | Continue | Script | None

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


class CommandError(HeadlongError):
    """A command that does not exist, or arguments that it does not take."""


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

    def is_flag(self, option: str) -> bool:
        """Say whether an option of this command takes no value."""
        return self._hint(option) is bool

    def takes_path(self, argument: str | int) -> bool:
        """Say whether an option, or the argument at that place, may be a file."""
        return self._hint(argument) in (Path, Path | None, ModelOrPath)

    def _hint(self, argument: str | int) -> Any:
        """Return the type of an option, or of the argument at that place; None where there is none."""
        if isinstance(argument, str):
            found = [p for p in self.parameters if p.kind is p.KEYWORD_ONLY and _option(p) == argument]
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
            self._by_alias.update(dict.fromkeys((name, *aliases), command))
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
        self._words = self._cut(text) if Rest in self._hints.values() else self._split(text)

    def bind(self) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments to call the handler with."""
        plain: list[str] = []
        keyword: dict[str, Any] = {}
        words = iter(self._words)
        for word in words:
            if word == ENDS_OPTIONS:
                plain += words
            elif word.startswith("--"):
                self._take_option(keyword, word, words)
            else:
                plain.append(word)
        return self._positional(plain), keyword

    def _split(self, text: str) -> list[str]:
        try:
            return shlex.split(text)
        except ValueError as error:  # an apostrophe is more often a letter than a quotation
            if "quotation" not in str(error):
                raise self._wrong(str(error)) from error
            return text.split()

    def _cut(self, text: str) -> list[str]:
        """Cut off the words before the rest; the rest is left as it was typed."""
        before, words = len(self._command.parameters) - 1, list[str]()
        left, options = text.lstrip(), True
        while left and len(words) <= before:
            found = WORD.match(left)
            word = found[0] if found and len(words) < before else left
            if options and left.split(maxsplit=1)[0] == ENDS_OPTIONS:
                left, options = left[len(ENDS_OPTIONS) :].lstrip(), False
                continue
            if options:
                self._refuse_options(word)
            words.append(word if len(words) == before else unquoted(word))
            left = left[len(word) :].lstrip()
        return [ENDS_OPTIONS, *words]

    def _refuse_options(self, text: str) -> None:
        for word in takewhile(lambda word: word != ENDS_OPTIONS, text.split()):
            if OPTION.match(word):
                raise self._wrong(f"there is no option {word}; if that is text, type -- before it")

    def _take_option(self, keyword: dict[str, Any], word: str, words: Iterator[str]) -> None:
        name, separator, value = word.partition("=")
        parameter = self._options.get(name)
        if parameter is None:
            known = "there are " + ", ".join(self._options) if self._options else "it takes none"
            raise self._wrong(f"there is no option {name}; {known}")
        if self._hints[parameter.name] is bool:
            if separator:
                raise self._wrong(f"{name} takes no value; leave it out, or type {name} alone")
            keyword[parameter.name] = True
            return
        if not separator:
            value = next(words, "")
        if not value:
            raise self._wrong(f"{name} needs a value")
        self._add(keyword, parameter, value)

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
        return CommandError(f"{what}; it is typed {self._command.usage}")


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
        return f"[{_option(parameter)}]" if flag else f"[{_option(parameter)} {_value(parameter)}]"
    words = name.replace("_", " ")
    return words if parameter.default is parameter.empty else f"[{words}]"


def _value(parameter: inspect.Parameter) -> str:
    """Return the word that stands for an option's value: as annotated, else its type's, or its name."""
    annotation = parameter.annotation
    if get_origin(annotation) is Annotated:
        return str(annotation.__metadata__[0])
    kinds = (annotation, *get_args(annotation))
    words = {Path: "FILE", int: "N", float: "NUMBER"}
    found = (word for kind, word in words.items() if kind in kinds)
    return next(found, _typed(parameter).upper().replace("_", "-"))


def unquoted(word: str) -> str:
    """Return one of the words before a rest without its quotation marks."""
    return re.sub(_QUOTED, r"\1\2", word)
