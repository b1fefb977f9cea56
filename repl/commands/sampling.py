"""Commands that set how words are drawn."""

import secrets
import shlex

from rich.console import Group
from rich.text import Text

from core.decoding.ensemble import has_ngrams
from core.errors import SettingError
from core.setting import find_setting, settings_of
from core.settings import SamplingSettings
from repl import choices, labels, phrases, views
from repl.arguments import NOTHING, Rest
from repl.program import ProgramSettings
from repl.registry import Confirmation, Result, registry
from repl.session import Session

GROUP = "drawing"

NEW = 1_000_000
"""Random starts go up to here: a person may want to write one down."""

_SETTINGS = settings_of(SamplingSettings)
_PROGRAM = settings_of(ProgramSettings)

_COMMANDS = {"model": "load"}
"""The commands of what the prompt itself can be told, where they are called otherwise."""


@registry.command("len", "length", example=":len 5", choices=choices.value_of("length"))
def length(session: Session, words: str = "") -> Result:
    """Set how many words to add, or auto.

    With auto a line goes on until the model ends it, or for ten words if the model cannot.
    """
    return _set_or_show(session, "length", words)


@registry.command("temp", "temperature", example=":temp 0.5", choices=choices.value_of("temperature"))
def temperature(session: Session, value: str = "") -> Result:
    """Set the temperature: low is safe, high is wild.

    At 0 the likeliest word is always taken; at 1 words come as often as the model believes in them. It
    takes the place of a schedule.
    """
    if value:
        _SETTINGS["temperature"].parse(value)  # what is refused changes nothing
        session.configure(schedule=None)
    return _set_or_show(session, "temperature", value)


@registry.command("samples", example=":samples 5", choices=choices.value_of("samples"))
def samples(session: Session, count: str = "") -> Result:
    """Set how many continuations a seed gets."""
    return _set_or_show(session, "samples", count)


@registry.command("rng", example=":rng new", choices=choices.words({"new": "any other random numbers"}))
def rng(session: Session, start: str = "") -> Result:
    """Set where the random numbers start, or anew.

    The same start gives the same words for the same seed, model and settings.
    """
    return _set_or_show(session, "rng", str(secrets.randbelow(NEW)) if start == "new" else start)


@registry.command("greedy", "g", example=":greedy")
def greedy(session: Session) -> Result:
    """Always take the likeliest word.

    That is what the tutorial does, and the same as :temp 0. After :temp 0.8 words are drawn again.
    """
    session.configure(schedule=None)
    return _set_or_show(session, "temperature", "0")


@registry.command("label", example=":label Sports", choices=(choices.labels,) * labels.WORDS)
def label(session: Session, name: Rest = NOTHING) -> Result:
    """Set the label that every line begins with.

    Alone it lists those of the model. Labels are what a column said of the lines that the model was
    trained on with --label, such as the desk of a headline: after one it goes on as lines of that label
    do. Capitals do not matter where they tell no two labels apart. :label off reads lines without one.
    """
    return _set_or_show(session, "label", name) if name else labels.view(session)


@registry.command(
    "set", "s", example=":set top_k 40", choices=(choices.all_settings, choices.setting_values)
)
def set_(session: Session, name: str = "", *value: str) -> Result:
    """Change any setting, or show it.

    Alone it shows them all, with a name that one. Those of the prompt itself, such as theme, have
    commands of their own, and :set theme light is :theme light. Where a setting takes several values
    there are commas between them, as in :set must trade war, china. What the loaded model does not know
    of ban or must is named at once.
    """
    if not name:
        return views.settings_table(session.settings, session.program_now)
    name, separator, rest = name.partition("=")
    text = " ".join([rest, *value] if separator else value).strip()
    if name in _PROGRAM:
        return _of_the_program(session, name, text)
    return _set_or_show(session, name, text)


def _of_the_program(session: Session, name: str, text: str) -> Result:
    command = _COMMANDS.get(name, name)
    if not text:
        return views.setting_help(
            _PROGRAM[name], _PROGRAM[name].show(getattr(session.program_now, name))
        )
    if command not in registry:
        raise SettingError(f"{name} is read when the prompt opens; set it in the config file (:config)")
    return registry.find(command).run(session, shlex.quote(text))


def _set_or_show(session: Session, name: str, text: str) -> Result:
    setting = _SETTINGS[find_setting(name.replace("-", "_"), _SETTINGS | _PROGRAM).name]
    if text:
        session.configure(**labels.known(session, {setting.name: setting.parse(text)}))
    value = setting.show(getattr(session.settings, setting.name))
    if text:
        told = views.setting_line(setting, value)
        notices = _notices(session, setting.name)
        return Confirmation(Group(told, *notices) if notices else told)
    return views.setting_help(setting, value)


def _notices(session: Session, name: str) -> list[Text]:
    generator = session.generator
    if generator is None:
        return []
    if name == "ngram_weight" and generator.settings.ngram_weight and not has_ngrams(generator.network):
        told = f"{views.safe(generator.model.name)} has no n-grams, so that changes nothing"
        return [Text(told, style="notice")]
    return phrases.notices(generator, [name]) if name in phrases.EFFECTS else []
