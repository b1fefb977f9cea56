"""How likely a line is to a model, word by word: probability, rank and entropy, and the perplexity.

The end of a line is not counted: what is scored may be the beginning of one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.decoding.ensemble import after_seed
from core.decoding.filters import Logits
from core.decoding.generator import Continuation, Generator
from core.errors import InputError
from core.insight.line import Line, line_of, whole
from core.text.cleaning import Cleaning

Measure = Literal["rank", "probability"]
"""What tells how likely a word was: its place among all words, or its share."""

IMPOSSIBLE = math.log(5e-324)
"""The least log-probability that is told: that of the least number above 0."""

LARGEST = 700.0
"""Mean nats from which on a perplexity is not told any larger, as it would be no number."""


@dataclass(frozen=True, slots=True)
class ScoredWord:
    """One word of a line as the model judges it after the words before it, before any filter.

    `rank` is 1 for the likeliest word. `entropy`, in nats, is that of the distribution which the word
    came from. A word the model does not know is judged as its `<unk>`. `piece` is what to print: the
    word as shown, after the space that belongs before it, if one does.
    """

    text: str
    piece: str
    log_probability: float
    rank: int
    entropy: float
    unknown: bool = False

    @property
    def probability(self) -> float:
        """Its share of all words, from 0 to 1."""
        return math.exp(self.log_probability)


@dataclass(frozen=True, slots=True)
class Score:
    """A line with what the model thinks of each of its words; the first `given` are the user's.

    `before` is what stands before them unread. `skipped` names the words that were left out because
    the model can read nothing in their place; `left_out` counts them, repeats and all, and `unread` has
    their pieces in order, each with the number of `words` before it. A model that is not `told_start`
    has no sign for the beginning of a line, and never learned how one begins.
    """

    words: tuple[ScoredWord, ...]
    given: int
    before: str = ""
    skipped: tuple[str, ...] = ()
    left_out: int = 0
    told_start: bool = True
    unread: tuple[tuple[int, str], ...] = ()

    @property
    def perplexity(self) -> float:
        """The line's perplexity; words read as `<unk>` count as that."""
        return perplexity([word.log_probability for word in self.words])

    @property
    def most_surprising(self) -> ScoredWord:
        """The least likely word; not the first of several where the model could only guess it."""
        learned = self.words if self.told_start else self.words[1:] or self.words
        return min(learned, key=lambda word: word.log_probability)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The words that were read as `<unk>`, each once."""
        return tuple(dict.fromkeys(word.text for word in self.words if word.unknown))

    @property
    def unknown_rate(self) -> float:
        """The share of the line's words that the model does not know, read as `<unk>` or left out."""
        unknown = sum(word.unknown for word in self.words) + self.left_out
        return unknown / (len(self.words) + self.left_out)


def score(generator: Generator, line: Line, before: str = "") -> Score:
    """Score a line.

    Args:
        generator: the model. Its settings do not matter, but for models that take turns: the seed is
            judged by their mix, and the turns begin where the line's own words do.
        line: the words.
        before: text that stands before them and was not read.

    Raises:
        InputError: the line has no words.
    """
    if not line.ids:
        raise InputError("there is no word to score; give a text with words in it")
    vocabulary, cleaning = generator.vocabulary, generator.model.cleaning
    mixed = generator.under(generator.settings.change(ensemble="mix"))
    state = mixed.read(whole(line)[0])
    words = []
    pieces, unread = _pieces(line, before, cleaning)
    for number, (word, id_) in enumerate(zip(line.words, line.ids, strict=True)):
        if number:
            state = generator.stepper.advance(state, np.array([line.ids[number - 1]], np.intp))
        if number == line.given:
            state = after_seed(state, generator.settings)
        judged = judge(generator.stepper.logits(state), id_)
        words.append(ScoredWord(word, pieces[number], *judged, not vocabulary.knows(word)))
    shown, told_start = cleaning.show(before), vocabulary.start is not None
    return Score(tuple(words), line.given, shown, line.skipped, line.left_out, told_start, unread)


def _pieces(line: Line, text: str, cleaning: Cleaning) -> tuple[list[str], tuple[tuple[int, str], ...]]:
    """Return what to print of each word after `text`; and of each that is not read, with its place."""
    pieces: list[str] = []
    unread: list[tuple[int, str]] = []
    words = [(number, True, word) for number, word in enumerate(line.words)]
    others = [(place, False, word) for place, word in line.unread]
    for place, read, word in sorted([*others, *words], key=lambda one: one[:2]):
        piece = cleaning.piece(text, word)
        shown = cleaning.show_after(text, piece)
        text += piece
        if read:
            pieces.append(shown)
        else:
            unread.append((place, shown))
    return pieces, tuple(unread)


def score_of(generator: Generator, continuation: Continuation) -> Score:
    """Score a line that was generated, seed and all.

    Raises:
        InputError: the line has no words.
    """
    seed = continuation.seed
    return score(generator, line_of(generator, continuation), "" if seed.ids else seed.text)


def judge(logits: Logits, id_: int) -> tuple[float, int, float]:
    """Return a word's log-probability and rank, and the entropy in nats, under one row of logits."""
    row = logits[0].astype(np.float64)
    shifted = row - row.max()
    shares = np.exp(shifted)
    total = float(shares.sum())
    entropy = math.log(total) - float(shares @ np.where(shares > 0, shifted, 0)) / total
    log_probability = max(float(shifted[id_]) - math.log(total), IMPOSSIBLE)
    return log_probability, int(np.count_nonzero(row > row[id_])) + 1, max(entropy, 0.0)


def perplexity(log_probabilities: Sequence[float]) -> float:
    """Return exp of the mean of -log p, in nats (Jelinek et al. 1977), for at least one word."""
    return math.exp(min(-math.fsum(log_probabilities) / len(log_probabilities), LARGEST))


def nats(probability: float) -> float:
    """Return the log of a probability, for one that came out as 0 the least that is told."""
    return math.log(probability) if probability > 0 else IMPOSSIBLE
