"""Several models as one network: each reads every word, and together they say what comes next.

By default their distributions are mixed, each by its weight, as the mean over models trained apart
(Zaremba et al. 2014, section 4.1). Or they take turns, a word each, as textgenrnn's `synthesize` (Woolf
2018) has it, but in their order and not in a new one for each text. Ids are those of the joined
vocabulary; what a member does not know it reads as its unknown word, or skips where it has none.
"""

from collections.abc import Iterable, Iterator
from copy import copy

import numpy as np
from numpy.typing import NDArray

from core.decoding.averaging import log, log_softmax, log_sum, side_by_side
from core.decoding.cells import CellState, Floats, Ids
from core.decoding.mixing import MixedStepper, mixed
from core.decoding.stepper import State, Stepper, hold
from core.library.ensemble import SKIPPED, Ensemble, LanguageModel
from core.settings import SamplingSettings


def network(model: LanguageModel) -> Stepper:
    """Return the stepper of a model, or of several that speak as one."""
    return EnsembleStepper(model) if isinstance(model, Ensemble) else mixed(model)


def has_ngrams(stepper: Stepper) -> bool:
    """Say whether a weight of n-grams changes anything: whether one of the models has some."""
    if isinstance(stepper, EnsembleStepper):
        return any(map(has_ngrams, stepper._members))
    return isinstance(stepper, MixedStepper)


def weighing(stepper: Stepper, weight: float | None) -> Stepper:
    """Return a stepper whose n-grams, where it has some, count so much; None is their own weight."""
    return stepper.weighing(weight) if isinstance(stepper, EnsembleStepper | MixedStepper) else stepper


def after_seed(state: State, settings: SamplingSettings) -> State:
    """Return the state at the end of a seed, where turns begin if models take them.

    What it goes on with, forced words and all, is the continuation; the first model has its first word.
    """
    if settings.ensemble == "mix":
        return state
    return state._replace(turns=np.zeros(state.rows, np.intp))


def speakers(model: LanguageModel, settings: SamplingSettings) -> Iterator[tuple[str, Iterable[int]]]:
    """Yield who chooses a word alone, by name, and the ids of all that it can say."""
    if isinstance(model, Ensemble) and settings.ensemble == "turns":
        for member, ids in zip(model.members, model.said, strict=True):
            yield member.name, ids.tolist()
    else:
        yield "the model", range(len(model.vocabulary))


def turn_of(model: LanguageModel, state: State) -> str | None:
    """Return who has the first text's next word, by name; None where models take no turns."""
    if not isinstance(model, Ensemble) or state.turns is None:
        return None
    return model.members[int(state.turns[0]) % len(model.members)].name


class EnsembleStepper:
    """The members' steppers side by side; a state holds one of each.

    Logits are the logarithm of the weighted sum of the members' softmaxes, in which a member gives no
    probability to a word that it does not know. What members give to padding, `<unk>` and `<s>` stays
    there, so the sum is a true mixture: it is banned where words are drawn, as from one model.
    """

    def __init__(self, ensemble: Ensemble) -> None:
        vocabulary = ensemble.vocabulary
        self._size = len(vocabulary)
        # A model that is there twice has one stepper: they keep no state, and tables may be large.
        steppers = {id(member): mixed(member) for member in ensemble.members}
        self._members = [steppers[id(member)] for member in ensemble.members]
        self._read, self._said = ensemble.read, ensemble.said
        self._shares = np.array(ensemble.shares)
        # textgenrnn's models of letters have a word each too: up to the next blank.
        by_word = ensemble.level != "character"
        self._ends_turn = np.array([by_word or token.isspace() for token in vocabulary.tokens])

    def weighing(self, weight: float | None) -> "EnsembleStepper":
        """Return the same with other weights of the members' n-gram models; None is their own."""
        other = copy(self)
        other._members = [weighing(member, weight) for member in self._members]
        return other

    def start(self, rows: int) -> State:
        """See Stepper."""
        members = tuple(member.start(rows) for member in self._members)
        return State(CellState(()), rows, members=members)

    def advance(self, state: State, ids: Ids) -> State:
        """See Stepper. A member's state stays as it is in the rows whose word it skips."""
        members = tuple(
            _advanced(member, own, read[ids])
            for member, own, read in zip(self._members, state.members, self._read, strict=True)
        )
        turns = None if state.turns is None else state.turns + self._ends_turn[ids]
        return State(CellState(()), state.rows, state.read + 1, None, members, turns)

    def hidden(self, state: State) -> Floats:
        """Return the members' features side by side, see `side_by_side`."""
        parts = zip(self._members, state.members, self._shares, strict=True)
        return side_by_side([(member.hidden(own), share) for member, own, share in parts])

    def logits(self, state: State) -> Floats:
        """See Stepper; what nobody says has -inf."""
        shares = self._shares_of(state)
        speaking = np.flatnonzero(shares.any(axis=0))
        logs = np.full((len(speaking), state.rows, self._size), -np.inf, np.float32)
        for part, number in zip(logs, speaking, strict=True):
            own = log_softmax(self._members[number].logits(state.members[number]))
            part[:, self._said[number]] = own + log(shares[:, [number]])
        return logs[0] if len(speaking) == 1 else log_sum(logs)

    def take(self, state: State, rows: Ids) -> State:
        """See Stepper."""
        members = tuple(
            member.take(own, rows) for member, own in zip(self._members, state.members, strict=True)
        )
        turns = None if state.turns is None else state.turns[rows]
        return state._replace(rows=len(rows), members=members, turns=turns)

    def _shares_of(self, state: State) -> NDArray[np.float64]:
        """Return how much each member has to say in each row: (rows, members)."""
        if state.turns is None:
            return np.tile(self._shares, (state.rows, 1))
        count = len(self._members)
        shares: NDArray[np.float64] = np.eye(count)[state.turns % count]
        return shares


def _advanced(member: Stepper, state: State, ids: Ids) -> State:
    """Return a member's state after its own ids; rows that skip stay as they are."""
    skipped = ids == SKIPPED
    if not skipped.any():
        return member.advance(state, ids)
    if skipped.all():
        return state
    return hold(state, member.advance(state, np.where(skipped, 0, ids)), skipped)
