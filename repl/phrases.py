"""What the loaded model makes of the words that are banned or required: it may not know them."""

from collections.abc import Iterable

from rich.text import Text

from core.decoding.generator import Generator
from repl import views

EFFECTS = {
    "ban": "so that ban does nothing",
    "must": "so no line of it can hold that",
}
"""The settings that hold phrases, and what comes of one that a model does not know."""


def notices(generator: Generator, settings: Iterable[str] = tuple(EFFECTS)) -> list[Text]:
    """Say in one line for each setting which phrases the model does not know, and what comes of it."""
    told = []
    for name in settings:
        phrases = getattr(generator.settings, name) or ()
        unknown = [views.safe(phrase) for phrase in phrases if not _knows(generator, phrase)]
        if unknown:
            model, words = views.safe(generator.model.name), ", ".join(map(repr, unknown))
            text = f"{model} does not know {words}, {EFFECTS[name]}"
            told.append(Text(text, style="notice"))
    return told


def _knows(generator: Generator, phrase: str) -> bool:
    words = generator.model.cleaning.split(phrase)
    return bool(words) and all(map(generator.vocabulary.knows, words))
