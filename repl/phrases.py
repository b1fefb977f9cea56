"""What the loaded model makes of banned or required words and of the label: it may not know them."""

from collections.abc import Iterable

from rich.text import Text

from core.decoding.generator import Generator
from repl import views

EFFECTS = {
    "ban": "so that ban does nothing",
    "must": "so no line of it can hold that",
}
"""The settings that hold phrases, and what comes of one that a model does not know."""

LABEL = "label"


def notices(generator: Generator, settings: Iterable[str] = (*EFFECTS, LABEL)) -> list[Text]:
    """Say in one line for each setting what of it the model does not know, and what comes of it."""
    told, wanted = [], set(settings)
    label = generator.settings.label
    if LABEL in wanted and label is not None and generator.vocabulary.label(label) is None:
        model = views.safe(generator.model.name)
        told.append(Text(f"{model} has no label {views.safe(label)!r}, so it reads none", "notice"))
    for name in [name for name in EFFECTS if name in wanted]:
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
