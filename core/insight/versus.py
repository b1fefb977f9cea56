"""Two models on one seed, with the same settings and random numbers: what each says of both lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.decoding.generator import Continuation, Generator, Seed, Word
from core.insight.scoring import judge, nats, perplexity


@dataclass(frozen=True, slots=True)
class Judged:
    """A word that one model wrote, with its probability and rank there.

    `other` is the log-probability that the other model gives it in the same place, where it knows the
    word. `differs` says that the other model wrote another word there.
    """

    word: Word
    other: float | None
    differs: bool

    @property
    def other_share(self) -> float | None:
        """The probability that the other model gives the word, where it knows it."""
        return None if self.other is None else math.exp(self.other)


@dataclass(frozen=True, slots=True)
class Side:
    """One model's line, word by word."""

    model: str
    sha256: str
    line: Continuation
    known: tuple[str, ...]
    """The seed's words that the model knows; those that it does not are in the seed."""

    words: tuple[Judged, ...]

    @property
    def perplexity(self) -> float | None:
        """The model's perplexity of all its words; None where there is none."""
        return _perplexity([nats(judged.word.probability) for judged in self.words])

    @property
    def shared(self) -> tuple[Judged, ...]:
        """The words that the other model knows, too."""
        return tuple(judged for judged in self.words if judged.other is not None)

    @property
    def shared_perplexity(self) -> float | None:
        """The model's perplexity of the words that both know."""
        return _perplexity([nats(judged.word.probability) for judged in self.shared])

    @property
    def other_perplexity(self) -> float | None:
        """The other model's perplexity of the same words."""
        return _perplexity([judged.other for judged in self.words if judged.other is not None])

    @property
    def not_shared(self) -> tuple[str, ...]:
        """The words that the other model does not know, each once."""
        return tuple(dict.fromkeys(each.word.text for each in self.words if each.other is None))


Pair = tuple[Side, Side]


def versus(first: Generator, second: Generator, text: str) -> list[Pair]:
    """Continue a seed with two models, and let each judge what the other wrote.

    Sample by sample: both draw the same random numbers, so nothing is ranked.

    Raises:
        SettingError: the settings leave one of them nothing to say.
    """
    sides = []
    for generator in (first, second):
        paired = generator.under(generator.settings.change(ranked=False))
        sides.append(paired.generate(generator.read_seed(text)))
    return [
        (_side(first, second, one, two), _side(second, first, two, one))
        for one, two in zip(*sides, strict=False)
    ]


def _side(writer: Generator, reader: Generator, line: Continuation, rival: Continuation) -> Side:
    others = foreign(reader, line.seed, line.words, writer.model.level)
    differs = differing(line.words, rival.words)
    split, vocabulary = writer.model.cleaning.split, writer.vocabulary
    words_read = line.seed.text.split() if vocabulary.by_pieces else split(line.seed.text)
    known = tuple(
        word
        for word in dict.fromkeys(words_read)
        if vocabulary.reads(word) and word not in line.seed.unknown
    )
    words = tuple(map(Judged, line.words, others, differs))
    return Side(writer.model.name, writer.model.sha256, line, known, words)


def differing(words: Sequence[Word], others: Sequence[Word]) -> list[bool]:
    """Say of each word whether another one, or none, stands in its place in the other line.

    Capitals do not count.
    """
    there = [word.text.casefold() for word in others]
    return [word.text.casefold() not in there[at : at + 1] for at, word in enumerate(words)]


def foreign(generator: Generator, seed: Seed, words: Sequence[Word], level: str) -> list[float | None]:
    """Return the log-probability of each word of another model's line, where it is a word here, too.

    The line is read in this model's own way, and what it does not know is read as its `<unk>`, if it
    has one. A model of another level, or of other pieces, judges none.
    """
    if generator.model.level != level:
        return [None] * len(words)
    if level == "bpe":
        return _foreign_pieces(generator, seed, words)
    cleaning, vocabulary, stepper = generator.model.cleaning, generator.vocabulary, generator.stepper
    state = generator.read(generator.read_seed(seed.text))
    told: list[float | None] = []
    for word in words:
        own = cleaning.split(word.text)
        known = len(own) == 1 and vocabulary.knows(own[0])
        told.append(judge(stepper.logits(state), vocabulary.ids[own[0]])[0] if known else None)
        for id_ in vocabulary.encode(own):
            state = stepper.advance(state, np.array([id_], np.intp))
    return told


def _foreign_pieces(generator: Generator, seed: Seed, words: Sequence[Word]) -> list[float | None]:
    """Return the same of the pieces of words, which only a model of the same pieces can judge."""
    tokens, stepper = generator.vocabulary.tokens, generator.stepper
    if any(tokens[word.id : word.id + 1] != (word.text,) for word in words):
        return [None] * len(words)
    state = generator.read(generator.read_seed(seed.text))
    told: list[float | None] = []
    for word in words:
        told.append(judge(stepper.logits(state), word.id)[0])
        state = stepper.advance(state, np.array([word.id], np.intp))
    return told


def _perplexity(log_probabilities: Sequence[float]) -> float | None:
    return perplexity(log_probabilities) if log_probabilities else None
