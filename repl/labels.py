"""The labels of the loaded model: which one is meant, which there are, how they are swept."""

from collections.abc import Mapping

from rich.console import Group
from rich.text import Text

from core.decoding.generator import Generator
from core.errors import SettingError
from core.setting import Setting, Value, settings_of
from core.settings import SamplingSettings
from core.text.labels import find
from repl import views
from repl.session import Session

ALL = "all"
"""What `:sweep label` takes for every label."""

WORDS = 5
"""Words of a label that are completed."""


def known(session: Session, changes: Mapping[str, Value]) -> dict[str, Value]:
    """Return changes of settings with a label as the loaded model spells it.

    Raises:
        SettingError: the model has no such label.
    """
    wanted = changes.get("label")
    if not isinstance(wanted, str) or session.generator is None:
        return dict(changes)
    return {**changes, "label": _find(session.generator, wanted)}


def view(session: Session) -> Group:
    """List the labels of the loaded model, and say which one is set.

    Raises:
        ModelNotFound: no model is loaded.
        SettingError: it has no labels.
    """
    generator = session.require_generator()
    there, setting = list(generator.vocabulary.labels), settings_of(SamplingSettings)["label"]
    if not there:
        _find(generator, "")
    now = session.settings.label
    told = Text()
    for name, id_ in generator.vocabulary.labels.items():
        chosen = id_ == generator.vocabulary.label(now)
        told.append(" · " if told.plain else "").append(views.safe(name), "value" if chosen else "")
    return Group(views.setting_help(setting, setting.show(now)), told)


def swept(generator: Generator, setting: Setting, text: str) -> tuple[Value, ...]:
    """Return the values of a setting that a sweep goes through; of labels, all those that are meant.

    Raises:
        SettingError: a value that the setting does not take, or a label that the model lacks; or there
            are too many.
    """
    from core.insight.values import MOST, read_values  # only a sweep needs it

    if setting.name != "label":
        return read_values(setting, text)
    there: list[Value] = list(generator.vocabulary.labels)
    if text.strip().lower() == ALL and there:
        if len(there) >= MOST:
            raise SettingError(
                f"a sweep goes through {MOST} values at most, and there are {len(there):,} labels; "
                "name some, with commas between them"
            )
        return (None, *there)
    values = read_values(setting, text)
    return tuple(_find(generator, value) if isinstance(value, str) else value for value in values)


def _find(generator: Generator, wanted: str) -> str:
    return find(wanted, list(generator.vocabulary.labels), generator.model.name)
