"""What is typed after a command's name, taken apart by the signature of the function that runs it."""

import difflib
import inspect
import re
import shlex
import types
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NewType, Union, get_args, get_origin, get_type_hints

from core.errors import HeadlongError
from core.library.paths import expanded

Rest = NewType("Rest", str)
"""The rest of a typed line: a text of the user's, in which a quotation mark is just that."""

NameOrPath = NewType("NameOrPath", str)
"""A name, or the path of what it is the name of: a model, a session."""

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


class Option(NamedTuple):
    """What an option means, and the word that stands for its value where its type does not say it."""

    meaning: str
    value: str = ""


class CommandError(HeadlongError):
    """A command that does not exist, or arguments that it does not take."""


class Binder:
    """Takes one command line apart by its command's signature."""

    def __init__(self, handler: Callable[..., object], usage: str, text: str) -> None:
        self._usage = usage
        self._parameters = parameters(handler)
        self._hints = get_type_hints(handler)
        self._options = {option(p): p for p in self._parameters if p.kind is p.KEYWORD_ONLY}
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
        before, words = len(self._parameters) - 1, list[str]()
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
            known = self._known_options(name)
            raise self._wrong(f"there is no option {name}; {known}")
        if self._hints[parameter.name] is bool:
            if separator:
                raise self._wrong(f"{name} takes no value; leave it out, or type {name} alone")
            keyword[parameter.name] = True
            return
        given = value if separator else next(words, None)
        # An empty one says something only where there may be several, as --probe "" does.
        if given is None or not (given or get_origin(self._hints[parameter.name]) is tuple):
            raise self._wrong(f"{name} needs a value")
        value = given
        self._add(keyword, parameter, value)

    def _known_options(self, typed: str) -> str:
        """Say which options there are: the nearest, if one is near."""
        if not self._options:
            return "it takes none"
        near = difflib.get_close_matches(typed, self._options, n=1)
        return f"did you mean {near[0]}?" if near else "there are " + ", ".join(self._options)

    def _add(self, keyword: dict[str, Any], parameter: inspect.Parameter, value: str) -> None:
        hint = self._hints[parameter.name]
        if get_origin(hint) is tuple:
            keyword[parameter.name] = (*keyword.get(parameter.name, ()), value)
        else:
            keyword[parameter.name] = self._convert(parameter, value)

    def _positional(self, words: list[str]) -> list[Any]:
        arguments: list[Any] = []
        left = list(words)
        for parameter in self._parameters:
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
            return expanded(word) if hint is Path else hint(word)
        except ValueError:
            noun = "a whole number" if hint is int else "a number"
            raise self._wrong(f"{parameter.name} must be {noun}, not {word!r}") from None

    def _wrong(self, what: str) -> CommandError:
        return CommandError(f"{what}; type {self._usage}")


def parameters(handler: Callable[..., object]) -> list[inspect.Parameter]:
    """Return what the user types for a command, in order; the session is not among it."""
    return list(inspect.signature(handler).parameters.values())[1:]


def option(parameter: inspect.Parameter) -> str:
    """Return an option as it is typed: `--name`."""
    return "--" + _typed(parameter).replace("_", "-")


def meaning(parameter: inspect.Parameter) -> str:
    """Say what an option means; nothing where nobody has said it."""
    told = _told(parameter)
    return told.meaning if told is not None else ""


def _told(parameter: inspect.Parameter) -> Option | None:
    if get_origin(parameter.annotation) is not Annotated:
        return None
    told = parameter.annotation.__metadata__[0]
    return told if isinstance(told, Option) else Option("", str(told))


def _typed(parameter: inspect.Parameter) -> str:
    """Return the name that the user types: `from_` is `from`, which Python keeps for itself."""
    return parameter.name.removesuffix("_")


def usage(parameter: inspect.Parameter) -> str:
    """Say how an argument or an option is typed."""
    name = _typed(parameter).upper()
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"[{name} ...]"
    if parameter.kind is parameter.KEYWORD_ONLY:
        flag = bool in (parameter.annotation, *get_args(parameter.annotation))
        return f"[{option(parameter)}]" if flag else f"[{option(parameter)} {_value(parameter)}]"
    annotated = get_origin(parameter.annotation) is Annotated
    words = _value(parameter) if annotated else name.replace("_", " ")
    return words if parameter.default is parameter.empty else f"[{words}]"


def _value(parameter: inspect.Parameter) -> str:
    """Return the word that stands for an option's value: as annotated, else its type's, or its name."""
    told, annotation = _told(parameter), parameter.annotation
    if told is not None:
        if told.value:
            return told.value
        annotation = annotation.__origin__
    kinds = (annotation, *get_args(annotation))
    words = {Path: "FILE", int: "N", float: "NUMBER"}
    found = (word for kind, word in words.items() if kind in kinds)
    return next(found, _typed(parameter).upper().replace("_", "-"))


def unquoted(word: str) -> str:
    """Return one of the words before a rest without its quotation marks."""
    return re.sub(_QUOTED, r"\1\2", word)
