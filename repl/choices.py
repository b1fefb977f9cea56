"""What may be typed for an argument, and what it means: models, settings, values, lines."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from weakref import WeakKeyDictionary

from core.library.shelf import Entry, Shelf
from core.setting import Setting, settings_of
from core.settings import SamplingSettings
from repl import views
from repl.registry import Choice, Choices
from repl.session import Session
from repl.shelf_view import MEASURES, measure

FRESH = 2.0
"""Seconds for which the shelf is not read again: there is a question at every key."""

MEANING = 60
"""Characters at most of a line that stands for its number."""


OPTIONS = {
    "--cleaning": "how a line becomes words: plain, tutorial, cased",
    "--column": "the column that holds the lines",
    "--config": "the model's settings as JSON, as textgenrnn writes them",
    "--drop": "a cell whose lines are left out; may be repeated",
    "--encoding": "how the file's letters are written; utf-8 if not given",
    "--epochs": "how often the text is read at most",
    "--file": "the lines of a file to compare on",
    "--float16": "round its numbers, in half the size",
    "--from": "a model to start from",
    "--headlines": "compare on the headlines that come along",
    "--last": "only so many of the last lines and commands",
    "--layer": "the layer; 1 is the first",
    "--least": "how often a word must be there to count",
    "--min-count": "words that are rarer become unknown",
    "--name": "what the model is called from then on",
    "--preset": "small (the default) or tutorial",
    "--replace": "write over what is there",
    "--set": "any other setting, as name=value",
    "--tokenizer": "the model's words, as JSON",
    "--top": "how many are shown",
    "--vs": "models to compare with, with commas between them",
    "--whole": "the whole line and not its seed",
    "--window": "how many words the model reads",
    "--yes": "without a question",
}
"""What each option of a command means, in a few words."""


def words(choices: Mapping[str, str]) -> Choices:
    """Offer fixed words with their meanings."""
    fixed = [Choice(text, meaning) for text, meaning in choices.items()]
    return lambda session, before: fixed


def models(session: Session, before: Sequence[str] = ()) -> Iterator[Choice]:
    """Offer the models on the shelf with what they go by, how many of it they know, and how well."""
    for entry in _entries(session.shelf):
        yield Choice(entry.name, _told(entry))


def setting_names(session: Session, before: Sequence[str] = ()) -> Iterator[Choice]:
    """Offer the sampling settings."""
    for setting in settings_of(SamplingSettings).values():
        yield Choice(setting.name, setting.help)


def setting_values(session: Session, before: Sequence[str]) -> Iterator[Choice]:
    """Offer values of the setting that was named before."""
    setting = settings_of(SamplingSettings).get(before[-1].replace("-", "_")) if before else None
    if setting is not None:
        yield from values(setting.name, session)


def value_of(name: str) -> Choices:
    """Offer values of one setting."""
    return lambda session, before: values(name, session)


def values(name: str, session: Session) -> Iterator[Choice]:
    """Offer the values of a setting that have names, and the one that it has now."""
    setting = settings_of(SamplingSettings)[name]
    default = setting.show(getattr(SamplingSettings(), name))
    now = setting.show(getattr(session.settings, name))
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
    tokens = f"{entry.manifest.vocabulary:,} {entry.manifest.level}s"
    told = ((heading, measure(heading, entry.manifest)) for heading in MEASURES)
    return " · ".join([tokens, *(f"{heading} {text}" for heading, text in told if text)])
