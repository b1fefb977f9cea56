"""What may be typed for an argument, and what it means: models, settings, values, lines."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from weakref import WeakKeyDictionary

from core.library import epochs as core_epochs
from core.library.shelf import Entry, Shelf
from core.setting import Setting, Settings, settings_of
from core.settings import SamplingSettings
from core.text.levels import nouns
from repl import views
from repl.program import ProgramSettings
from repl.registry import Choice, Choices
from repl.session import Session
from repl.shelf_view import MEASURES, measure

FRESH = 2.0
"""Seconds for which the shelf is not read again: there is a question at every key."""

UNFINISHED = ("still training", "stopped")
"""How the training of a model may have ended that may go on."""

MEANING = 60
"""Characters at most of a line that stands for its number."""


def words(choices: Mapping[str, str]) -> Choices:
    """Offer fixed words with their meanings."""
    fixed = [Choice(text, meaning) for text, meaning in choices.items()]
    return lambda session, before: fixed


def models(session: Session, before: Sequence[str] = ()) -> Iterator[Choice]:
    """Offer the models on the shelf with what they go by, how many of it they know, and how well."""
    for entry in _entries(session.shelf):
        yield Choice(entry.name, _told(entry))
        if entry.manifest is not None and entry.manifest.training.get("ended") in UNFINISHED:
            there = core_epochs.kept(entry.path)
            if there:
                latest = f"its epoch {max(there)}, the latest of a training that is not done"
                yield Choice(f"{entry.name}@{core_epochs.LATEST}", latest)


def epochs(session: Session, before: Sequence[str] = ()) -> Iterator[Choice]:
    """Offer the epochs of the loaded model that are kept, the latest first."""
    if session.path is not None:
        there = core_epochs.kept(core_epochs.model_of(session.path))
        for number in sorted(there, reverse=True):
            yield Choice(str(number), "an epoch that is kept")
        if there:
            yield Choice(core_epochs.LATEST, f"epoch {max(there)}")
            yield Choice(core_epochs.BEST, "the model itself")


def setting_names(session: Session, before: Sequence[str] = ()) -> Iterator[Choice]:
    """Offer the sampling settings."""
    for setting in settings_of(SamplingSettings).values():
        yield Choice(setting.name, setting.help)


def all_settings(session: Session, before: Sequence[str] = ()) -> Iterator[Choice]:
    """Offer the sampling settings, and those of the prompt itself."""
    yield from setting_names(session)
    for setting in settings_of(ProgramSettings).values():
        yield Choice(setting.name, setting.help)


def setting_values(session: Session, before: Sequence[str]) -> Iterator[Choice]:
    """Offer values of the setting that was named before."""
    name = before[-1].replace("-", "_") if before else ""
    if name == "label":
        yield from labels(session)
    elif name in settings_of(SamplingSettings):
        yield from _values(session.settings, name)
    elif name in settings_of(ProgramSettings):
        yield from _values(session.program_now, name)


def labels(session: Session, before: Sequence[str] = ()) -> Iterator[Choice]:
    """Offer the labels of the loaded model; after the first words of one, the rest of it."""
    now, generator = session.settings.label, session.generator
    begun = "".join(f"{word} " for word in before)
    names = list(generator.vocabulary.labels) if generator is not None else []
    for name in names:
        if name.casefold().startswith(begun.casefold()):
            meaning = "as it is now" if name == now else "lines begin with this label"
            yield Choice(views.safe(name[len(begun) :]), meaning)
    if not begun:
        yield Choice("off", "as it is now" if now is None else "lines begin with no label")


def value_of(name: str) -> Choices:
    """Offer values of one setting."""
    return lambda session, before: _values(session.settings, name)


def _values(settings: Settings, name: str) -> Iterator[Choice]:
    """Offer the values of a setting that have names, and the one that it has now."""
    setting = settings_of(type(settings))[name]
    default = setting.show(getattr(type(settings)(), name))
    now = setting.show(getattr(settings, name))
    told = {now: "", default: ""} | _named(setting) | {default: "the default"}
    told[now] = "the default, as it is now" if now == default else "as it is now"
    for text, meaning in told.items():
        yield Choice(text, meaning)


def _named(setting: Setting) -> dict[str, str]:
    named = list(setting.choices) or (["on", "off"] if setting.kind is bool else [])
    return dict.fromkeys([*named, *([setting.none] if setting.none else [])], setting.help)


def lines(session: Session, before: Sequence[str] = ()) -> Iterator[Choice]:
    """Offer bookmarks and the numbers of lines, with the lines; the latest come first."""
    latest = sorted(session.turns, key=lambda turn: -turn.number)
    for turn in sorted(latest, key=lambda turn: not turn.bookmark):
        line = views.safe(turn.line.text)
        shown = line if len(line) <= MEANING else f"{line[: MEANING - 1]}…"
        yield Choice(turn.bookmark or str(turn.number), shown)


def either(*offers: Callable[[Session, Sequence[str]], Iterable[Choice]]) -> Choices:
    """Offer what several of them do."""
    return lambda session, before: [choice for offer in offers for choice in offer(session, before)]


_read: WeakKeyDictionary[Shelf, tuple[float, list[Entry]]] = WeakKeyDictionary()


def _entries(shelf: Shelf) -> list[Entry]:
    read, entries = _read.get(shelf, (-FRESH, []))
    if time.monotonic() - read > FRESH:
        entries = list(shelf.entries())
        _read[shelf] = time.monotonic(), entries
    return entries


def _told(entry: Entry) -> str:
    if entry.manifest is None:
        return "cannot be used"
    tokens = f"{entry.manifest.words:,} {nouns(entry.manifest.level)}"
    told = ((heading, measure(heading, entry.manifest)) for heading in MEASURES)
    return " · ".join([tokens, *(f"{heading} {text}" for heading, text in told if text)])
