"""A network and the n-gram model of its text as one: p = (1 - w) p_network + w p_ngrams.

The mix stands before all filters, in the logits, so whatever asks a stepper hears the same. An n-gram
model knows by heart what followed two words; a network generalises; they err apart, and their mixture
guesses better than either (Jelinek and Mercer 1980 mix like this; Mikolov et al. 2010 with a network).
"""

import numpy as np
from numpy.typing import NDArray

from core.decoding.cells import Floats, Ids
from core.decoding.filters import below_highest, probabilities
from core.decoding.stepper import State, Stepper, stepper
from core.library.model import Model
from core.text.kneser_ney import PADDING, KneserNey


class MixedStepper:
    """A network's stepper with an n-gram model's say in its logits, then log-probabilities."""

    def __init__(
        self, network: Stepper, ngrams: KneserNey, own: float, weight: float | None = None
    ) -> None:
        """Mix; `weight`, from 0 to 1, is the n-gram model's share, and `own` that where it is None."""
        self._network, self._ngrams, self._own = network, ngrams, own
        self.weight = own if weight is None else weight

    def weighing(self, weight: float | None) -> "MixedStepper":
        """Return the same two with another weight."""
        return MixedStepper(self._network, self._ngrams, self._own, weight)

    def start(self, rows: int) -> State:
        """See Stepper."""
        context = np.full((rows, self._ngrams.order - 1), PADDING, np.intp)
        return self._network.start(rows)._replace(context=context)

    def advance(self, state: State, ids: Ids) -> State:
        """See Stepper."""
        assert state.context is not None
        context = np.concatenate([state.context[:, 1:], ids[:, None]], axis=1)
        return self._network.advance(state, ids)._replace(context=context)

    def hidden(self, state: State) -> Floats:
        """See Stepper."""
        return self._network.hidden(state)

    def logits(self, state: State) -> Floats:
        """See Stepper; without a share of the n-gram model they are the network's own."""
        logits = self._network.logits(state)
        if not self.weight:
            return logits
        mixed: Floats = np.exp(below_highest(logits))
        mixed *= (1 - self.weight) / mixed.sum(axis=1, keepdims=True)
        mixed += self.ngrams(state)
        with np.errstate(divide="ignore"):  # alone, the n-gram model gives nothing to what is no word
            return np.log(mixed, out=mixed)

    def ngrams(self, state: State) -> NDArray[np.float64]:
        """Return what the n-gram model adds to each word's probability: (rows, words)."""
        assert state.context is not None
        return self.weight * self._ngrams.rows(state.context)

    def take(self, state: State, rows: Ids) -> State:
        """See Stepper."""
        assert state.context is not None
        return self._network.take(state, rows)._replace(context=state.context[rows])


def mixed(model: Model) -> Stepper:
    """Return the stepper of a model and its n-grams, where it has some, with its own weight."""
    network, ngrams, weight = stepper(model), model.kneser_ney, model.manifest.ngram_weight
    return network if ngrams is None else MixedStepper(network, ngrams, weight or 0.0)


def ngram_share(stepper: Stepper, state: State, id_: int) -> float | None:
    """Return how much of a word's probability in the first row is its n-grams'; None without any."""
    if not isinstance(stepper, MixedStepper) or not stepper.weight:
        return None
    whole = probabilities(stepper.logits(state))[0, id_]
    return min(float(stepper.ngrams(state)[0, id_] / whole), 1.0) if whole else None
