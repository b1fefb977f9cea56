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
from core.text.kneser_ney import PADDING


class MixedStepper:
    """A network's stepper with an n-gram model's say in its logits, then log-probabilities."""

    def __init__(self, network: Stepper, model: Model, weight: float | None = None) -> None:
        """Mix the network of a model that has n-grams with these.

        Args:
            network: its stepper.
            model: the model; its n-grams are made ready when they are asked for the first time.
            weight: their share, from 0 to 1; None for that which the model was saved with.
        """
        assert model.ngrams is not None
        self._network, self._model = network, model
        self._read = model.ngrams.ids.shape[1] - 1
        self._labels = model.vocabulary.label_ids
        self.weight = (model.manifest.ngram_weight or 0.0) if weight is None else weight

    def weighing(self, weight: float | None) -> "MixedStepper":
        """Return the same two with another weight."""
        return MixedStepper(self._network, self._model, weight)

    def start(self, rows: int) -> State:
        """See Stepper."""
        context = np.full((rows, self._read), PADDING, np.intp)
        return self._network.start(rows)._replace(context=context)

    def advance(self, state: State, ids: Ids) -> State:
        """See Stepper."""
        assert state.context is not None
        context = np.concatenate([state.context[:, 1:], ids[:, None]], axis=1)
        if not self._labels.isdisjoint(ids.tolist()):  # n-grams are counted in lines without labels
            read = np.isin(ids, list(self._labels))
            context = np.where(read[:, None], state.context, context)
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
        ngrams = self._model.kneser_ney
        assert ngrams is not None
        assert state.context is not None
        return self.weight * ngrams.rows(state.context)

    def take(self, state: State, rows: Ids) -> State:
        """See Stepper."""
        assert state.context is not None
        return self._network.take(state, rows)._replace(context=state.context[rows])


def mixed(model: Model) -> Stepper:
    """Return the stepper of a model and its n-grams, where it has some, with its own weight."""
    network = stepper(model)
    return network if model.ngrams is None else MixedStepper(network, model)


def ngram_share(stepper: Stepper, state: State, id_: int) -> float | None:
    """Return how much of a word's probability in the first row is its n-grams'; None without any."""
    if not isinstance(stepper, MixedStepper) or not stepper.weight:
        return None
    whole = probabilities(stepper.logits(state))[0, id_]
    return min(float(stepper.ngrams(state)[0, id_] / whole), 1.0) if whole else None
