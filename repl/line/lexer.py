"""The colours of what is being typed: words that the model does not know, and the parts of commands.

What a command takes is read from its signature and from the table of settings. `spans` is pure and
knows no terminal; `PromptLexer` remembers what would have to be looked up on the disk.
"""

import inspect
import logging
import re
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples, split_lines
from prompt_toolkit.lexers import Lexer

from core.decoding.generator import Generator
from core.errors import SettingError
from core.library import mixture
from core.setting import Setting
from repl.arguments import ENDS_OPTIONS, OPTION, CommandError, Rest
from repl.choices import models
from repl.line.typed import Line, Word, arguments_of, name_of, typed_lines
from repl.line.unknown import unknown_in
from repl.line.validation import named_and_value, set_by, settings_for, takes_value
from repl.registry import Choices, Command, Registry
from repl.session import Session

Offered = Callable[[Choices], Collection[str]]
"""The words that a command offers for an argument, without looking at the disk at each keystroke."""

_log = logging.getLogger(__name__)


class Span(NamedTuple):
    """A part of a typed text that is drawn in a style: unknown, command, option, value or bad"""

    start: int
    end: int
    style: str


def spans(session: Session, registry: Registry, offered: Offered, typed: str) -> list[Span]:
    """Return the parts of `typed` that are not plain, in order.

    What is still being typed is no error while it may become right: `:lo` may become `:load`.
    """
    found: list[Span] = []
    for line in typed_lines(typed):
        if line.is_command:
            found += _command(registry, offered, line)
        elif session.generator is not None:
            found += _seed(session.generator, line)
    return found


def _seed(generator: Generator, line: Line) -> list[Span]:
    unknown = unknown_in(generator, line.text)
    return [Span(line.start + part.start, line.start + part.end, "unknown") for part in unknown]


def _command(registry: Registry, offered: Offered, line: Line) -> list[Span]:
    name, end = name_of(line), line.start + len(line.text)
    try:
        command = registry.find(name.text)
    except CommandError:
        names = [
            known for entry in registry.commands.values() for known in (entry.name, *entry.aliases)
        ]
        if name.end == end and _begins(name.text, names):
            return []
        return [Span(line.start, name.end, "bad")]
    signature = _signature(command)
    try:
        words = arguments_of(line, name, signature.before)
    except ValueError:  # a backslash at the end: what it stands before is not typed yet
        words = []
    reader = _Reader(command, signature, line, offered, end)
    return [Span(line.start, name.end, "command"), *reader.read(words)]


@dataclass(frozen=True, slots=True)
class _Signature:
    """What a command takes, as `registry` binds it."""

    plain: tuple[inspect.Parameter, ...]
    options: Mapping[str, inspect.Parameter]
    hints: Mapping[str, Any]  # whatever an annotation may be
    before: int | None

    def place(self, number: int) -> inspect.Parameter | None:
        """Return what the plain argument of this number is taken for; None where it is too many."""
        if number < len(self.plain):
            return self.plain[number]
        last = self.plain[-1:]
        return next(
            (parameter for parameter in last if parameter.kind is parameter.VAR_POSITIONAL), None
        )


def _signature(command: Command) -> _Signature:
    hints = get_type_hints(command.handler)
    named = [p for p in command.parameters if p.kind is p.KEYWORD_ONLY]
    return _Signature(
        tuple(p for p in command.parameters if p.kind is not p.KEYWORD_ONLY),
        dict(zip(command.options, named, strict=True)),
        hints,
        len(command.parameters) - 1 if Rest in hints.values() else None,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the words after a command's name; at `end` the line ends, where it may go on."""

    command: Command
    signature: _Signature
    line: Line
    offered: Offered
    end: int

    def read(self, words: list[Word]) -> Iterator[Span]:
        """Yield what stands out of the words, in order."""
        plain: list[Word] = []
        left = iter(words)
        options = True
        for word in left:
            if options and word.text == ENDS_OPTIONS:
                options = False
                yield Span(word.start, word.end, "option")
            elif options and self.signature.before is not None and (wrong := self._refused(word)):
                plain.append(word)
                yield from wrong
            elif options and self.signature.before is None and word.text.startswith("--"):
                yield from self._option(word, left)
            else:
                plain.append(word)
                yield from self._plain(word, len(plain) - 1)
        if takes_value(self.command):
            yield from self._value_of_named(plain)

    def _refused(self, word: Word) -> list[Span]:
        """Return what would be taken for an option where there are none."""
        begin = word.start - self.line.start
        parts = re.finditer(r"\S+", self.line.text[begin : word.end - self.line.start])
        before = takewhile(lambda part: part[0] != ENDS_OPTIONS, parts)
        return [
            Span(word.start + part.start(), word.start + part.end(), "bad")
            for part in before
            if OPTION.match(part[0])
        ]

    def _plain(self, word: Word, number: int) -> Iterator[Span]:
        parameter = self.signature.place(number)
        offers = self.command.choices[number : number + 1]
        if parameter is None:
            yield Span(word.start, word.end, "bad")
        elif number == 0 and settings_for(self.command):
            yield from self._setting(word)
        elif takes_value(self.command):
            return
        elif offers == (models,):
            yield from self._model(word, self.offered(models))
        elif number == 0 and any(word.text in self.offered(offer) for offer in offers):
            yield Span(word.start, word.end, "value")
        elif number == 0 and (own := set_by(self.command)) is not None:
            yield from self._value(own, word.text, word.start, word.end)
        else:
            yield from self._number(word, parameter)

    def _option(self, word: Word, left: Iterator[Word]) -> Iterator[Span]:
        name, separator, value = word.text.partition("=")
        parameter = self.signature.options.get(name)
        is_flag = parameter is not None and self.signature.hints[parameter.name] is bool
        if parameter is None or (is_flag and separator):
            if separator or not self._unfinished(word, self.signature.options):
                yield Span(word.start, word.end, "bad")
            return
        yield Span(word.start, word.end - len(value), "option")
        if is_flag:
            return
        given = Word(value, word.end - len(value), word.end) if separator else next(left, None)
        if given is not None and given.text:
            if self.command.values.get(name) is models:
                yield from self._model(given, self.offered(models))
            else:
                yield from self._number(given, parameter)

    def _setting(self, word: Word) -> Iterator[Span]:
        name, _, value = word.text.partition("=")
        end = word.end - (len(value) + 1 if "=" in word.text else 0)
        known = settings_for(self.command)
        if name.replace("-", "_") in known:
            yield Span(word.start, end, "option")
        elif not self._unfinished(word, known):
            yield Span(word.start, end, "bad")

    def _value_of_named(self, words: list[Word]) -> Iterator[Span]:
        """Yield the value that follows a setting's name, in however many words it is."""
        if not words:
            return
        name, value = named_and_value([word.text for word in words])
        known = settings_for(self.command)
        if name in known and value:
            first, last = words[0], words[-1]
            start = (
                first.end - len(first.text.partition("=")[2]) if "=" in first.text else words[1].start
            )
            yield from self._value(known[name], value, start, last.end)

    def _value(self, setting: Setting, text: str, start: int, end: int) -> Iterator[Span]:
        try:
            setting.parse(text)
        except SettingError:
            spelled = ("on", "off") if setting.kind is bool else (*setting.choices, setting.none or "")
            if not self._unfinished(Word(text.lower(), start, end), spelled):
                yield Span(start, end, "bad")
            return
        yield Span(start, end, "value")

    def _model(self, word: Word, known: Collection[str]) -> Iterator[Span]:
        names = [word.text]
        if self.command.several and mixture.is_mixture(word.text):
            try:
                names = [part.name for part in mixture.parse(word.text)]
            except SettingError:
                if word.end != self.end:
                    yield Span(word.start, word.end, "bad")
                return
        if all(name in known for name in names):
            yield Span(word.start, word.end, "value")
            return
        last = Word(names[-1], word.start, word.end)
        missing = [name for name in names if name not in known and not _is_path(name)]
        if missing == names[-1:] and self._unfinished(last, known):
            return
        if missing and known:
            yield Span(word.start, word.end, "bad")

    def _number(self, word: Word, parameter: inspect.Parameter) -> Iterator[Span]:
        kind = _number_of(self.signature.hints[parameter.name])
        if kind is None:
            return
        try:
            kind(word.text)
        except ValueError:
            if word.text != "-" or word.end != self.end:
                yield Span(word.start, word.end, "bad")
            return
        yield Span(word.start, word.end, "value")

    def _unfinished(self, word: Word, known: Collection[str]) -> bool:
        """Say whether a word is still being typed and may become a known one."""
        return word.end == self.end and _begins(word.text, known)


def _begins(text: str, known: Collection[str]) -> bool:
    begun = text.replace("-", "_")  # top-k is top_k
    return any(word.replace("-", "_").startswith(begun) for word in known)


def _is_path(name: str) -> bool:
    return any(sign in name for sign in "/\\.~")


def _number_of(hint: Any) -> type[int] | type[float] | None:
    """Return the kind of number that an annotation asks for; None where it is none."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    return hint if hint in (int, float) else None


class PromptLexer(Lexer):
    """Colours the line that is being typed. Call `refresh` before each: models come and go."""

    def __init__(self, session: Session, registry: Registry) -> None:
        self._session = session
        self._registry = registry
        self._offered: dict[Choices, frozenset[str]] = {}
        self._lines = 0

    def refresh(self) -> None:
        """Forget what commands offer; it is looked up once more when it is needed."""
        self._offered.clear()
        self._lines += 1

    def offered(self, offer: Choices) -> Collection[str]:
        """Return what is offered for an argument, looked up at most once for each line."""
        if offer not in self._offered:
            self._offered[offer] = frozenset(choice.text for choice in offer(self._session, ()))
        return self._offered[offer]

    def invalidation_hash(self) -> tuple[int, int]:
        """Tell one line's colours from another's: the same text may mean something else by then."""
        return id(self), self._lines

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """Return what gives each line of the document its colours; plain where something fails."""
        try:
            found = spans(self._session, self._registry, self.offered, document.text)
            lines = list(split_lines(_fragments(document.text, found)))
        except Exception:  # one here would end the prompt
            _log.exception("a line could not be coloured")
            lines = [[("", line)] for line in document.lines]
        return lambda number: list(lines[number]) if number < len(lines) else []


def _fragments(text: str, found: list[Span]) -> StyleAndTextTuples:
    fragments: StyleAndTextTuples = []
    at = 0
    for span in found:
        fragments += [("", text[at : span.start]), (f"class:{span.style}", text[span.start : span.end])]
        at = span.end
    fragments.append(("", text[at:]))
    return [fragment for fragment in fragments if fragment[1]]
