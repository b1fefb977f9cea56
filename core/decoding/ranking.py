"""By what the lines of a beam are compared: how likely they are, or a draw without replacement."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.decoding import filters
from core.decoding.cells import Ids
from core.decoding.filters import Logits
from core.decoding.sampler import temperature_of, truncations
from core.settings import SamplingSettings

Sums = NDArray[np.float64]


class Totals(NamedTuple):
    """Three numbers of each line, in arrays of one shape.

    `scores` is the log-probability after bans and penalties, `shares` the one under which lines are
    drawn, and `keys` are compared: the highest stays.
    """

    scores: Sums
    shares: Sums
    keys: Sums

    def at(self, *places: Ids | NDArray[np.bool_]) -> "Totals":
        """Return the numbers at `places`."""
        return Totals(*(sums[places] for sums in self))


class Ranking(Protocol):
    """How lines are compared."""

    def extend(self, totals: Totals, logits: Logits, number: int, spared: tuple[Ids, Ids]) -> Totals:
        """Return the totals, (lines, vocabulary), of every line with every word after it.

        Args:
            totals: of the lines, (lines,).
            logits: after bans and penalties, (lines, vocabulary).
            number: which word it is, counted from 0.
            spared: rows and ids of words that no truncation may remove.
        """
        ...

    def rank(self, totals: Totals, words: int) -> Sums:
        """Return by what finished lines of so many words are compared."""
        ...


class Likeliest:
    """The likeliest lines stay."""

    def __init__(self, settings: SamplingSettings) -> None:
        self._power = settings.length_penalty

    def extend(self, totals: Totals, logits: Logits, number: int, spared: tuple[Ids, Ids]) -> Totals:
        """See Ranking."""
        scores = totals.scores[:, None] + log_probabilities(logits)
        return Totals(scores, scores, scores)

    def rank(self, totals: Totals, words: int) -> Sums:
        """See Ranking: a line is not to lose by being long (Wu et al. 2016, in its simplest form)."""
        return normalised(totals.scores, words, self._power)


class Drawn:
    """Lines are drawn without replacement, each with its probability at the temperature of its words.

    Stochastic beam search (Kool, van Hoof and Welling 2019): a line's key is its log-probability plus
    Gumbel noise, and the highest of a line's children has its parent's key. Mirostat does not steer.
    """

    def __init__(self, settings: SamplingSettings, stream: int) -> None:
        self._settings = settings.change(mirostat=None)
        self._random = np.random.default_rng([settings.rng, stream])

    def extend(self, totals: Totals, logits: Logits, number: int, spared: tuple[Ids, Ids]) -> Totals:
        """See Ranking."""
        scores = totals.scores[:, None] + log_probabilities(logits)
        shaped = self._shaped(logits.astype(np.float64), number, spared)
        shares = totals.shares[:, None] + log_probabilities(shaped)
        noise = self._random.gumbel(size=shares.shape)
        return Totals(scores, shares, _lowered(shares + noise, totals.keys[:, None]))

    def rank(self, totals: Totals, words: int) -> Sums:
        """See Ranking: a draw has taken the probability into account, and no length is to change it."""
        return totals.keys

    def _shaped(self, logits: Logits, number: int, spared: tuple[Ids, Ids]) -> Logits:
        heat = temperature_of(self._settings, number)
        if heat < filters.COLDEST:  # almost no noise, but no word that may be required is lost
            return logits / filters.COLDEST
        shaped = tempered = logits
        for name, stage in truncations(self._settings, number, np.zeros(len(logits))):
            shaped = stage(shaped)
            if name == "temperature":
                tempered = shaped
        if shaped is tempered:
            return shaped
        shaped[spared] = tempered[spared]
        return shaped


def log_probabilities(logits: Logits) -> Sums:
    """Return the log-softmax of each row in double precision; removed words have -inf."""
    shifted: Sums = np.subtract(logits, logits.max(axis=1, keepdims=True), dtype=np.float64)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted


def normalised(scores: Sums, words: int, power: float) -> Sums:
    """Return log-probabilities of lines of so many words, divided by that number to `power`."""
    divided: Sums = scores / float(words) ** power
    return divided


def _lowered(keys: Sums, highest: Sums) -> Sums:
    """Return `keys`, each row lowered so that its highest is `highest`, (rows, 1).

    That gives Gumbel variables on the condition of their maximum, -log(e^-t - e^-z + e^-g) with t the
    highest and z the row's own maximum, computed as appendix B.3 of Kool et al. 2019 does.
    """
    with np.errstate(divide="ignore"):
        beyond = highest - keys + np.log1p(-np.exp(keys - keys.max(axis=1, keepdims=True)))
    lowered: Sums = highest - np.maximum(beyond, 0) - np.log1p(np.exp(-np.abs(beyond)))
    return lowered
