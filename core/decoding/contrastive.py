"""Contrastive search: likely words that do not leave the network where it has been before.

Su et al. 2022, "A contrastive framework for neural text generation", equation 5.
"""

from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from core.decoding import filters
from core.decoding.cells import Floats, Ids
from core.decoding.search import Task
from core.decoding.stepper import State

CANDIDATES = 5
"""How many of the likeliest words are tried, where `top_k` does not say."""

ROWS = 128
"""Words that are tried in one step, so that memory does not grow with `top_k`."""


def find(task: Task) -> list[list[int]]:
    """Return the one line: each word v has the most (1 - a) p(v) - a max_j cos(h_v, h_j).

    p is what bans and penalties leave, h_v what the output layer reads after v, and j goes over the
    words of the text so far; a is `settings.contrastive`. The end of the line is a word like others.
    """
    state, said = _begin(task)
    text = list(task.given)
    for _ in range(len(task.forced), task.rules.length):
        id_, state, hidden = _choose(task, state, text, said)
        if id_ == task.rules.end:
            break
        text.append(id_)
        said.add(hidden)
    return [text[len(task.seed) :]]


class _Said:
    """The directions of the states after the words so far, with room for `words` of them."""

    def __init__(self, words: int, features: int) -> None:
        self._rows = np.empty((words, features), np.float32)
        self._count = 0

    def add(self, hidden: Floats) -> None:
        """Add the state `hidden`, (1, features)."""
        self._rows[self._count] = _directions(hidden)[0]
        self._count += 1

    def nearest(self, hidden: Floats) -> NDArray[np.floating]:
        """Return each row's largest cosine with what was added, 0 where that is nothing."""
        if not self._count:
            return np.zeros(len(hidden))
        cosines: Floats = _directions(hidden) @ self._rows[: self._count].T
        nearest: Floats = cosines.max(axis=1)
        return nearest


def _directions(hidden: Floats) -> Floats:
    lengths = np.linalg.norm(hidden, axis=1, keepdims=True)
    directions: Floats = hidden / np.maximum(lengths, np.float32(1e-12))
    return directions


def _begin(task: Task) -> tuple[State, _Said]:
    states = task.read()
    state = next(states)
    said = _Said(
        len(task.seed) + max(task.rules.length, len(task.forced)), task.stepper.hidden(state).shape[1]
    )
    for state in states:
        said.add(task.stepper.hidden(state))
    return state, said


def _choose(task: Task, state: State, text: list[int], said: _Said) -> tuple[int, State, Floats]:
    """Return the next word, with the state after it and what that shows."""
    logits = task.restricted(task.stepper.logits(state), np.array([text], np.intp))
    shares = filters.probabilities(logits)[0]
    kept = filters.top_k(logits, task.settings.top_k or CANDIDATES)[0]
    ids = np.flatnonzero(kept > -np.inf)
    ids = ids[np.argsort(-kept[ids], kind="stable")]  # of equals the likeliest is to win
    parts = (ids[first : first + ROWS] for first in range(0, len(ids), ROWS))
    best = max((_best(task, state, part, shares[part], said) for part in parts), key=itemgetter(0))
    return best[1:]


def _best(
    task: Task, state: State, ids: Ids, shares: NDArray[np.float64], said: _Said
) -> tuple[float, int, State, Floats]:
    """Return the value of the best of `ids`, and what `_choose` does; all are read in one step."""
    stepper, weight = task.stepper, task.settings.contrastive or 0.0
    states = stepper.advance(stepper.take(state, np.zeros(len(ids), np.intp)), ids)
    hidden = stepper.hidden(states)
    values = (1 - weight) * shares - weight * said.nearest(hidden)
    best = values.argmax()
    chosen = stepper.take(states, np.array([best], np.intp))
    return float(values[best]), int(ids[best]), chosen, hidden[[best]]
