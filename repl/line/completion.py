"""What may come next on the line. `candidates` is pure and knows no terminal."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from core.insight.following import following
from repl import views
from repl.arguments import CommandError
from repl.registry import Choice, Command, Registry
from repl.script import is_command, seed_in
from repl.session import Session

_BLANK = re.compile(r"(?<!\\) ")
"""What stands between words; a blank behind a backslash is a part of one."""

_log = logging.getLogger(__name__)

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that could stand in place of the last `replaces` characters, and what it means."""

    text: str
    meaning: str = ""
    replaces: int = 0


def candidates(session: Session, registry: Registry, before: str) -> list[Candidate]:
    """Return what could stand at the end of `before`, the text left of the cursor; files aside."""
    if not is_command(before):
        return _words(session, seed_in(before))
    name, space, rest = before[1:].partition(" ")
    if not space:
        return [
            Candidate(f":{command.name}", command.summary, len(before))
            for command in _matching(registry, name)
        ]
    command = _command(registry, name)
    return [] if command is None else _arguments(session, command, rest)


def takes_path(registry: Registry, before: str) -> bool:
    """Say whether a file may stand at the end of `before`."""
    name, space, rest = before[1:].partition(" ")
    command = _command(registry, name) if before.startswith(":") and space else None
    if command is None:
        return False
    *words, last = _BLANK.split(rest)
    option = words[-1] if words else ""
    if option.startswith("--") and option in command.options:
        return command.takes_path(option)
    return not last.startswith("--") and command.takes_path(len(_positional(command, words)))


def _command(registry: Registry, name: str) -> Command | None:
    try:
        return registry.find(name)
    except CommandError:  # an unknown command has no arguments to complete
        return None


def _matching(registry: Registry, typed: str) -> list[Command]:
    """Return the commands that `typed` may mean, those that begin so first; an alias counts too."""
    return _best(registry.commands.values(), lambda command: command.names, typed)


def _best(items: Iterable[_Item], names: Callable[[_Item], Sequence[str]], typed: str) -> list[_Item]:
    """Return the items that fit what was typed by one of their names, those that begin so first.

    Those that have no more than its letters are only offered where there are no others.
    """
    ranked: dict[int, list[_Item]] = {1: [], 2: [], 3: []}
    for item in items:
        ranks = [r for name in names(item) if (r := rank(name, typed))]
        if ranks:
            ranked[min(ranks)].append(item)
    return ranked[1] + ranked[2] or ranked[3]


def rank(text: str, typed: str) -> int:
    """Say how well `text` fits what was typed: 1 it begins so, 2 holds it, 3 has its letters, 0 none.

    Letters have to come in their order, as in `ld` for load, and the first one has to be the first.
    """
    text, typed = text.lower(), typed.lower()
    if text.startswith(typed):
        return 1
    if typed in text:
        return 2
    rest = iter(text)
    return 3 if text[:1] == typed[:1] and all(letter in rest for letter in typed) else 0


def _arguments(session: Session, command: Command, rest: str) -> list[Candidate]:
    *words, last = _BLANK.split(rest)
    words = [word for word in words if word]
    option = words[-1] if words else ""
    if option in command.values:
        return _fitting(command.values[option](session, ()), last)
    if last.startswith("--"):
        return _fitting(
            [Choice(*told) for told in command.options.items() if told[0] not in words], last
        )
    before = _positional(command, words)
    if len(before) >= len(command.choices):
        return []
    begun = max((last.rfind(character) for character in command.several), default=-1) + 1
    return _fitting(command.choices[len(before)](session, before), last[begun:])


def _positional(command: Command, words: Sequence[str]) -> list[str]:
    """Return the words that are no options, and no values of them."""
    left, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("--"):
            skip = word in command.options and not command.is_flag(word)
        elif word:
            left.append(word)
    return left


def _fitting(choices: Iterable[Choice], typed: str) -> list[Candidate]:
    best = _best(choices, lambda choice: (choice.text,), typed)
    return [Candidate(choice.text, choice.meaning, len(typed)) for choice in best]


def _words(session: Session, before: str) -> list[Candidate]:
    """Return the words that the loaded model finds likeliest there."""
    if session.generator is None:
        return []
    before = before.encode("utf-8", "replace").decode()  # as the generator does; a character stays one
    begun = before.rpartition(" ")[2]
    text = before[: len(before) - len(begun)]
    return [
        Candidate(views.safe(word.word), f"{word.probability:.1%}", len(begun))
        for word in following(session.generator, text, begun)
    ]


class LineCompleter(Completer):
    """Offers commands, their options and arguments, files where they belong, and the model's words.

    `alone` is called before the model is asked, so that nobody else uses it meanwhile.
    """

    def __init__(
        self, session: Session, registry: Registry, alone: Callable[[], None] = lambda: None
    ) -> None:
        self._session = session
        self._registry = registry
        self._alone = alone
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        """Yield completions for the word at the cursor; whatever fails, the prompt goes on without."""
        try:
            yield from list(self._completions(document, event))
        except Exception:
            _log.debug("completion", exc_info=True)

    def _completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        before = document.text_before_cursor.lstrip()
        if not is_command(before):
            self._alone()
        for candidate in candidates(self._session, self._registry, before):
            yield Completion(candidate.text, -candidate.replaces, display_meta=candidate.meaning)
        word = _BLANK.split(before)[-1]
        if takes_path(self._registry, before) and (word or event.completion_requested):
            yield from self._files(word, event)

    def _files(self, word: str, event: CompleteEvent) -> Iterator[Completion]:
        """Yield what a path may go on with; hidden files where their dot is typed."""
        typed = re.sub(r"\\(.)", r"\1", word)
        begun = typed.rpartition("/")[2]
        for found in self._paths.get_completions(Document(typed), event):
            if begun or not found.text.startswith("."):
                text = re.sub(r"""([\s\\"'])""", r"\\\1", found.text)
                yield Completion(text, found.start_position, found.display)
