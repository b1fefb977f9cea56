"""A model of several networks as one: each reads every word, and their distributions are averaged.

p = 1/N (p_1 + .. + p_N), at every word, as Zaremba et al. 2014, section 4.1, average models that were
trained apart. Networks of one model have one vocabulary and one shape; `core.decoding.ensemble` is for
models that differ.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.decoding.cells import CellState, Floats, Ids
from core.decoding.filters import below_highest
from core.decoding.stepper import State, Stepper

LOWEST = np.finfo(np.float32).min


class AveragedStepper:
    """The networks' steppers side by side; a state holds one of each."""

    def __init__(self, networks: Sequence[Stepper]) -> None:
        self._networks = networks
        self._share = np.log(np.float32(1 / len(networks)))

    def start(self, rows: int) -> State:
        """See Stepper."""
        members = tuple(network.start(rows) for network in self._networks)
        return State(CellState(()), rows, members=members)

    def advance(self, state: State, ids: Ids) -> State:
        """See Stepper."""
        members = tuple(
            network.advance(own._replace(last=state.last), ids)
            for network, own in zip(self._networks, state.members, strict=True)
        )
        return state._replace(read=state.read + 1, members=members)

    def hidden(self, state: State) -> Floats:
        """Return the networks' features side by side, see `side_by_side`."""
        parts = zip(self._networks, state.members, strict=True)
        share = 1 / len(self._networks)
        return side_by_side([(network.hidden(own), share) for network, own in parts])

    def logits(self, state: State) -> Floats:
        """See Stepper; they are log-probabilities."""
        parts = zip(self._networks, state.members, strict=True)
        logs = np.stack([log_softmax(network.logits(own)) for network, own in parts])
        logits = log_sum(logs)
        logits += self._share
        return logits

    def take(self, state: State, rows: Ids) -> State:
        """See Stepper."""
        members = tuple(
            network.take(own, rows) for network, own in zip(self._networks, state.members, strict=True)
        )
        return state._replace(rows=len(rows), members=members)


def side_by_side(parts: Sequence[tuple[Floats, float]]) -> Floats:
    """Return what several networks read logits from, with their shares: (rows, features of all).

    Scaled so that the cosine of two rows is the weighted mean of the networks' cosines.
    """
    scaled = []
    for hidden, share in parts:
        lengths = np.linalg.norm(hidden, axis=1, keepdims=True)
        scaled.append(hidden * np.float32(np.sqrt(share)) / np.maximum(lengths, np.float32(1e-12)))
    return np.concatenate(scaled, axis=1)


def log_softmax(logits: Floats) -> Floats:
    """Return the logarithms of the probabilities that logits (rows, words) stand for."""
    shifted: Floats = below_highest(logits)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted


def log_sum(logs: Floats) -> Floats:
    """Return the logarithm of the sum of exponentials over the first axis; of nothing but -inf, -inf.

    Taken at the largest, so that no word is lost that a member knows: bans may leave just it.
    """
    largest = logs.max(axis=0, initial=LOWEST)
    total = np.exp(logs - largest).sum(axis=0)
    summed: Floats = largest + log(total)
    return summed


def log(values: NDArray[np.floating]) -> Floats:
    """Return logarithms; of 0, -inf."""
    with np.errstate(divide="ignore"):
        logs: Floats = np.log(values, dtype=np.float32)
    return logs
