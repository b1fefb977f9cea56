"""What every search is given: a network, what a line may be, and what it begins with.

A search looks for whole lines instead of drawing words one by one. `beam` keeps many side by side,
`contrastive` one. Both say only what the bans and penalties of `sampler` leave.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.decoding import filters
from core.decoding.cells import Ids
from core.decoding.ensemble import after_seed
from core.decoding.filters import Logits
from core.decoding.sampler import Rules, restrictions
from core.decoding.stepper import State, Stepper
from core.errors import ModelError
from core.settings import SamplingSettings


@dataclass(frozen=True)
class Task:
    """What to search for.

    `start` is what the network reads before any word, such as `<s>`. A line goes on from `seed`, and
    begins with `forced`.
    """

    stepper: Stepper
    settings: SamplingSettings
    rules: Rules
    start: tuple[int, ...]
    seed: tuple[int, ...]
    forced: tuple[int, ...] = ()

    @property
    def given(self) -> tuple[int, ...]:
        """The text that is there before the search begins."""
        return (*self.seed, *self.forced)

    def read(self) -> Iterator[State]:
        """Yield the states, of one row, before the first given word and after each."""
        state = self.stepper.start(1)
        for id_ in self.start:
            state = self.stepper.advance(state, np.array([id_], np.intp))
        for id_ in self.seed:
            yield state
            state = self.stepper.advance(state, np.array([id_], np.intp))
        state = after_seed(state, self.settings)
        yield state
        for id_ in self.forced:
            state = self.stepper.advance(state, np.array([id_], np.intp))
            yield state

    def number(self, history: Ids) -> int:
        """Return which word of a line, counted from 0, follows a text that has the seed in it."""
        return int(history.shape[1]) - len(self.seed)

    def restricted(self, logits: Logits, history: Ids) -> Logits:
        """Return logits (rows, vocabulary) after the bans and penalties that follow on `history`.

        Raises:
            ModelError: what the network computes is no number.
        """
        if not np.isfinite(logits.max()):
            raise ModelError(
                "the numbers of the model grow beyond all bounds, so it is damaged; load another one"
            )
        logits = filters.ban(logits, self.rules.forbidden(self.number(history)))
        for _, stage in restrictions(self.settings, self.rules, history):
            logits = stage(logits)
        return logits
