"""What a network has to beat: word frequencies, n-grams, and a hidden Markov model.

Each gives a distribution over the words, `<unk>` and the end of a line - all that can follow - and
guesses the same tokens as a network does.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from core.decoding.cells import Ids
from core.errors import SettingError
from core.insight.likelihood import LogProbabilities
from core.text.kneser_ney import KneserNey
from core.text.vocabulary import Vocabulary

Shares = NDArray[np.float64]

ORDER = 3
"""Words of an n-gram; longer ones gain nothing on short lines."""

STATES = 30
"""Hidden states of the HMM."""

ROUNDS = 15
"""Rounds of Baum and Welch's re-estimation, at most; more learn the text by heart."""

PRIOR = 1000.0
"""Words that each state counts as having said beforehand, by their frequencies. Without them a state
that said a few words is sure of them: on NYT headlines it then guesses worse than frequencies alone
(a perplexity of 250 and not 224 on the test; on validation 215 with it, 238 with frequencies)."""

MISSING = "needs hmmlearn; install it with: pip install 'headlong[baselines]'"


class Baseline(Protocol):
    """A model of lines that is fitted in this process."""

    @property
    def parameters(self) -> int:
        """How many numbers it consists of."""
        ...

    def log_probabilities(self, sequences: Sequence[Ids]) -> LogProbabilities:
        """Return log p of every id after the first, sequence by sequence, in nats: (targets,)."""
        ...


@dataclass(frozen=True)
class Unigram:
    """Every word by its own frequency, whatever stands before it: (vocabulary,).

    One occurrence more is spread evenly over all that can follow.
    """

    shares: Shares

    @classmethod
    def fit(cls, sequences: Sequence[Ids], vocabulary: Vocabulary) -> Self:
        """Count the targets of some lines."""
        targets = np.concatenate([each[1:] for each in sequences])
        counts = np.bincount(targets, minlength=len(vocabulary)).astype(float)
        sayable = _sayable(vocabulary)
        counts[sayable] += 1 / len(sayable)
        return cls(counts / counts.sum())

    @property
    def parameters(self) -> int:
        """See Baseline."""
        return int(np.count_nonzero(self.shares))

    def log_probabilities(self, sequences: Sequence[Ids]) -> LogProbabilities:
        """See Baseline."""
        found: LogProbabilities = np.log(self.shares[np.concatenate([each[1:] for each in sequences])])
        return found


@dataclass(frozen=True)
class Trigrams:
    """Kneser and Ney's n-gram model."""

    model: KneserNey

    @classmethod
    def fit(cls, sequences: Sequence[Ids], vocabulary: Vocabulary, order: int = ORDER) -> Self:
        """Count the n-grams of some lines."""
        return cls(KneserNey.build([each.tolist() for each in sequences], len(vocabulary), order))

    @property
    def parameters(self) -> int:
        """See Baseline: the shares of n-grams, and what contexts leave to shorter ones."""
        levels = self.model.levels
        return self.model.words + sum(level.shares.size + level.backoff.size for level in levels)

    def log_probabilities(self, sequences: Sequence[Ids]) -> LogProbabilities:
        """See Baseline."""
        return self.model.score([each.tolist() for each in sequences])


@dataclass(frozen=True)
class HiddenMarkov:
    """A hidden Markov model: what state a line is in decides its next word, and the next state.

    `start` is (states,), `transitions` (states, states) from row to column, `emissions` (states,
    vocabulary).
    """

    start: Shares
    transitions: Shares
    emissions: Shares

    @classmethod
    def fit(
        cls,
        sequences: Sequence[Ids],
        vocabulary: Vocabulary,
        states: int = STATES,
        rounds: int = ROUNDS,
    ) -> Self:
        """Fit to some lines by expectation and maximisation (Baum et al. 1970), with hmmlearn.

        Raises:
            SettingError: hmmlearn is not installed.
        """
        if find_spec("hmmlearn") is None:
            raise SettingError(MISSING)
        sayable = _sayable(vocabulary)
        symbols = np.zeros(len(vocabulary), np.intp)
        symbols[sayable] = np.arange(len(sayable))
        frequent = Unigram.fit(sequences, vocabulary).shares[sayable]
        logging.getLogger("hmmlearn").setLevel(logging.ERROR)  # it finds the text too short
        model = import_module("hmmlearn.hmm").CategoricalHMM(
            states,
            n_features=len(sayable),
            emissionprob_prior=1 + PRIOR * frequent,
            transmat_prior=1.1,
            n_iter=rounds,
            tol=1e-5 * sum(map(len, sequences)),
            random_state=0,
            implementation="scaling",
        )
        targets = np.concatenate([each[1:] for each in sequences])
        model.fit(symbols[targets][:, None], [len(each) - 1 for each in sequences])
        emissions = np.zeros((states, len(vocabulary)))
        emissions[:, sayable] = model.emissionprob_
        return cls(model.startprob_, model.transmat_, emissions)

    @property
    def parameters(self) -> int:
        """See Baseline."""
        return self.start.size + self.transitions.size + int(np.count_nonzero(self.emissions))

    def log_probabilities(self, sequences: Sequence[Ids]) -> LogProbabilities:
        """See Baseline: the sum over all paths of states, by the forward recursion (Rabiner 1989)."""
        return np.concatenate([self._line(each[1:]) for each in sequences])

    def _line(self, targets: Ids) -> LogProbabilities:
        found, belief = np.empty(len(targets)), self.start
        for place, target in enumerate(targets):
            joint = belief * self.emissions[:, target]
            share = joint.sum()  # of the target, given all before it: `belief` is of the states alone
            found[place] = share
            belief = joint / share @ self.transitions
        return np.log(found)


def _sayable(vocabulary: Vocabulary) -> Ids:
    """Return the ids that can follow: all but padding and the sign for the beginning."""
    never = {0, vocabulary.start}
    return np.array([id_ for id_ in range(len(vocabulary)) if id_ not in never], np.intp)
