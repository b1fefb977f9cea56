"""How well a model guesses a text: perplexity, with what it takes to know what that is worth.

Repeated lines count once. A perplexity never stands alone: beside it stand the share of words that the
model does not know, which it may guess as one, and bits per character, which can be compared between
models of other words or of letters. Whether a model has seen single lines in training is not known
here; that it was trained on this very text is.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.decoding.ensemble import network
from core.errors import InputError
from core.insight.likelihood import (
    LogProbabilities,
    asked_for,
    log_probabilities,
    rows_at_once,
    sequence,
)
from core.insight.scoring import LARGEST
from core.library.ensemble import LanguageModel
from core.library.model import Model
from core.text.corpus import Corpus, Line, Source
from core.text.labels import words_of
from core.text.reading import RawText
from core.text.vocabulary import Vocabulary, is_word
from core.training.spelling import spelling_bits


@dataclass(frozen=True)
class HeldOut:
    """A text to measure on: cleaned lines, each once."""

    lines: tuple[Line, ...]
    cleaning: str
    duplicates: int = 0
    fingerprint: str = ""

    @classmethod
    def of(cls, corpus: Corpus) -> "HeldOut":
        """Take a corpus without its repeated lines."""
        lines = corpus.unique_lines()
        repeated = len(corpus.lines) - len(lines)
        return cls(lines, corpus.cleaning.name, repeated, corpus.fingerprint)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured of one model on one text.

    `tokens` were guessed: every word and every `</s>`, where the model has signs for the beginning
    and the end of a line; else the words from the second one on. `unknown` of the text's `words` are
    none of the model's: guessed as `<unk>`, or left out. `nats` is -log p of all tokens. `characters`
    counts those of the text, one more a line for its end; None where not all of a line is guessed.
    `spelling` is the bits it would take to spell the unknown words with the letters of the known ones.
    """

    model: str
    lines: int
    duplicates: int
    words: int
    unknown: int
    tokens: int
    nats: float
    characters: int | None
    spelling: float
    cleaning: str = ""
    level: str = "word"
    left_out: bool = False
    """Whether unknown words were left out, because the model has nothing to read in their place."""

    trained_on: bool = False
    """Whether the model was trained on this very text."""

    @property
    def perplexity(self) -> float:
        """The exponential of the mean of -log p (Jelinek et al. 1977)."""
        return math.exp(min(self.nats / self.tokens, LARGEST))

    @property
    def unknown_rate(self) -> float:
        """The share of the text's words that the model does not know."""
        return self.unknown / self.words

    @property
    def bits_per_character(self) -> float | None:
        """Bits that a character costs, unknown words as the one word that they are to the model."""
        return self.nats / math.log(2) / self.characters if self.characters else None

    @property
    def bits_per_character_spelt(self) -> float | None:
        """The same with unknown words spelt out: what models of any vocabulary are compared by."""
        bits = self.bits_per_character
        return bits + self.spelling / self.characters if bits is not None and self.characters else None

    def to_json(self) -> dict[str, Any]:
        """Return the record that `headlong eval --json` prints."""
        names = ("model", "lines", "duplicates", "words", "tokens", "unknown", "unknown_rate")
        figures = ("nats", "perplexity", "characters", "bits_per_character", "bits_per_character_spelt")
        facts = ("trained_on", "cleaning", "level")
        return {name: getattr(self, name) for name in (*names, *figures, *facts)}


class Corpora:
    """One text as models of different cleanings read it; for each cleaning it is read once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._read: dict[str, HeldOut] = {}
        self.texts: tuple[RawText, ...] = ()
        """What the files hold, once they have been read."""

    def of(self, model: LanguageModel) -> HeldOut:
        """Return the text as a model reads it.

        Raises:
            InputError: a file cannot be used, or nothing is left of it.
        """
        name = model.cleaning.name
        if name not in self._read:
            corpus = Corpus.load(self._source, name)
            self._read[name], self.texts = HeldOut.of(corpus), corpus.texts
        return self._read[name]


def evaluate(models: Iterable[LanguageModel], source: Source) -> Iterator[Evaluation]:
    """Yield what each model makes of the same file, cleaned as the model has it.

    Raises:
        InputError: the file cannot be used, or a model guesses no word of it.
    """
    corpora = Corpora(source)
    for model in models:
        yield measure(model, corpora.of(model))


def measure(model: LanguageModel, text: HeldOut) -> Evaluation:
    """Measure one model.

    Raises:
        InputError: it guesses no word of the text.
    """
    vocabulary = model.vocabulary
    sequences = [sequence(vocabulary, line) for line in text.lines]
    logs = log_probabilities(network(model), sequences, rows_at_once(model))
    targets = np.concatenate([each[1:] for each in sequences])
    asked = asked_for(vocabulary, targets)
    return judged(model.name, text, vocabulary, logs[asked], model.level, _is_of(model, text))


def judged(
    name: str,
    text: HeldOut,
    vocabulary: Vocabulary,
    logs: LogProbabilities,
    level: str = "word",
    trained_on: bool = False,
) -> Evaluation:
    """Return the figures of whatever gave the tokens of a text these log-probabilities.

    Raises:
        InputError: there are none.
    """
    if not len(logs):
        raise InputError(f"{name} guesses no word of that text; give it another one")
    words = [word for line in text.lines for word in words_of(line)]
    unknown = [word for word in words if not vocabulary.reads(word)]
    known = (token for token in vocabulary.tokens if is_word(token))
    return Evaluation(
        model=name,
        lines=len(text.lines),
        duplicates=text.duplicates,
        words=len(words),
        unknown=len(unknown),
        tokens=len(logs),
        nats=-float(logs.sum()),
        characters=_characters(text.lines, vocabulary, level),
        spelling=spelling_bits(Counter(unknown).items(), Counter(known).items()) if unknown else 0.0,
        cleaning=text.cleaning,
        level=level,
        left_out=bool(unknown) and vocabulary.unknown is None,
        trained_on=trained_on,
    )


def _characters(lines: Sequence[Line], vocabulary: Vocabulary, level: str) -> int | None:
    if None in (vocabulary.start, vocabulary.end):
        return None
    between = "" if level == "character" else " "
    return sum(len(between.join(words_of(line))) + 1 for line in lines)


def _is_of(model: LanguageModel, text: HeldOut) -> bool:
    members = (model,) if isinstance(model, Model) else model.members
    corpora: list[Mapping[str, object]] = [member.manifest.corpus for member in members]
    return any(corpus.get("fingerprint") == text.fingerprint for corpus in corpora)
