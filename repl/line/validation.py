"""What is wrong with a command before it is run: the sentence that running it would give.

Nothing is run and nothing is looked up on the disk, so a model or a file that is not there is not known
here. A seed is never wrong: a word that the model does not know is no error.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence

from prompt_toolkit.document import Document
from prompt_toolkit.validation import ValidationError, Validator

from core.errors import HeadlongError
from core.setting import Setting, Value, find_setting, settings_of
from core.settings import SamplingSettings
from repl import labels, views
from repl.choices import all_settings, setting_names, setting_values
from repl.line.toolbar import shortened
from repl.line.typed import Line, name_of, typed_lines
from repl.program import ProgramSettings
from repl.registry import Command, Registry
from repl.session import Session

SETTINGS = settings_of(SamplingSettings)
ALL = SETTINGS | settings_of(ProgramSettings)

MEANT = re.compile(r"did you mean [^?]+\?")
"""What a sentence offers in place of what was typed."""

_log = logging.getLogger(__name__)


def problem(session: Session, registry: Registry, line: Line, first: bool = True) -> str | None:
    """Return what is wrong with a command line; None where nothing is, or it is a seed.

    `first` says whether it runs under the settings of now: what goes together with them is known then.
    """
    if not line.is_command:
        return None
    name = name_of(line)
    try:
        command = registry.find(name.text)
        positional, _ = command.bind(line.text[name.end - line.start + 1 :].rstrip())
        changes = labels.known(session, _changes(session, command, positional))
        if first:
            session.settings.change(**changes)
    except HeadlongError as error:
        return str(error)
    return None


def set_by(command: Command) -> Setting | None:
    """Return the setting that a command is named after: `:temp` is also `:temperature`."""
    return next((SETTINGS[name] for name in (command.name, *command.aliases) if name in SETTINGS), None)


def named_and_value(words: Sequence[str]) -> tuple[str, str]:
    """Return the name of a setting and its value from what follows `:set`: `top-k 40`, `top_k=40`."""
    name, separator, begun = words[0].partition("=")
    value = [begun, *words[1:]] if separator else words[1:]
    return name.replace("-", "_"), " ".join(value).strip()


def takes_value(command: Command) -> bool:
    """Say whether a command takes a setting's name and then, in as many words as it has, a value."""
    in_words = any(p.kind is p.VAR_POSITIONAL for p in command.parameters[1:2])
    return in_words and bool(settings_for(command)) and command.choices[1:] == (setting_values,)


def settings_for(command: Command) -> Mapping[str, Setting]:
    """Return the settings whose names may be a command's first argument, if it takes one."""
    if command.choices[:1] == (all_settings,):
        return ALL
    return SETTINGS if command.choices[:1] == (setting_names,) else {}


def _changes(session: Session, command: Command, words: Sequence[object]) -> dict[str, Value]:
    """Return how words are drawn that the command would set, by name.

    Raises:
        SettingError: no such setting, or a value that it does not take.
    """
    typed = [str(word) for word in words if isinstance(word, str | int | float)]
    if not typed or not typed[0]:
        return {}
    own = set_by(command)
    if own is not None:
        offered = [choice.text for offer in command.choices[:1] for choice in offer(session, ())]
        return {} if typed[0] in offered else {own.name: own.parse(typed[0])}
    if known := settings_for(command):
        name, value = named_and_value(typed) if takes_value(command) else (typed[0], "")
        setting = find_setting(name.replace("-", "_"), known)
        if value:
            parsed = setting.parse(value)
            return {setting.name: parsed} if setting.name in SETTINGS else {}
    return {}


def fitted(sentence: str, room: int) -> str:
    """Return a sentence as far as there is room; where there is little, what was meant comes first."""
    meant = MEANT.search(sentence)
    if meant and len(sentence) > room >= len(meant[0]):
        return meant[0]
    return shortened(sentence, room)


class CommandValidator(Validator):
    """Keeps a line with a wrong command for correction, and says what is wrong with it.

    The toolbar that says so has one line and cuts it off; `columns` tells how long that is.
    """

    def __init__(
        self, session: Session, registry: Registry, columns: Callable[[], int] | None = None
    ) -> None:
        self._session = session
        self._registry = registry
        self._columns = columns

    def validate(self, document: Document) -> None:
        """Look at every typed line.

        Raises:
            ValidationError: a command is wrong; the cursor goes to the end of its line.
        """
        for number, line in enumerate(typed_lines(document.text)):
            message = self._problem(line, number == 0)
            if message is not None:
                raise ValidationError(line.start + len(line.text), self._fitted(message))

    def _fitted(self, message: str) -> str:
        sentence = views.safe(message.partition("\n")[0])
        return fitted(sentence, self._columns()) if self._columns is not None else sentence

    def _problem(self, line: Line, first: bool) -> str | None:
        try:
            return problem(self._session, self._registry, line, first)
        except Exception:  # running the line will show what it is; an exception here ends the prompt
            _log.exception("a line could not be checked")
            return None
