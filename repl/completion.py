"""What may come next on a command line. `candidates` is pure and knows no terminal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from repl.registry import CommandError, Registry
from repl.session import Session


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that could stand at the cursor, and what it means."""

    text: str
    meaning: str = ""


def candidates(session: Session, registry: Registry, before: str) -> list[Candidate]:
    """Return what could complete the last word of `before`, the text left of the cursor."""
    if not before.startswith(":") or before.startswith("::"):
        return []
    name, space, rest = before[1:].partition(" ")
    if not space:
        return [
            Candidate(f":{command.name}", command.summary)
            for command in registry.commands.values()
            if command.name.startswith(name)
        ]
    try:
        command = registry.find(name)
    except CommandError:  # an unknown command has no arguments to complete
        return []
    word = rest.rpartition(" ")[2]
    if word.startswith("--"):
        return [Candidate(option) for option in command.options if option.startswith(word)]
    if command.choices is None or " " in rest.lstrip():
        return []
    begun = max((word.rfind(character) for character in command.several), default=-1) + 1
    offered = [text for text in command.choices(session) if text.startswith(word[begun:])]
    return [Candidate(word[:begun] + text) for text in offered]


class CommandCompleter(Completer):
    """Offers commands, their options and arguments; files after `:train`, `:load` and their like."""

    def __init__(self, session: Session, registry: Registry) -> None:
        self._session = session
        self._registry = registry
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        """Yield completions for the word at the cursor."""
        before = document.text_before_cursor.lstrip()
        word = before.rpartition(" ")[2]
        for candidate in candidates(self._session, self._registry, before):
            yield Completion(candidate.text, -len(word), display_meta=candidate.meaning)
        if before.startswith((":train ", ":load ", ":import ", ":neurons ")) and not word.startswith(
            "--"
        ):
            yield from self._files(word, event)

    def _files(self, word: str, event: CompleteEvent) -> Iterable[Completion]:
        if not word and not event.completion_requested:
            return ()
        return self._paths.get_completions(Document(word), event)
