"""The log-probability of every token of many lines: batched, in numpy, for any network.

What a line is asked for is what training asks of it (`core.training.batches`): every word and the end,
after the sign for the beginning. Where a vocabulary has no such signs, a line is asked for its words
from the second one on.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.decoding.cells import Floats, Ids
from core.decoding.stepper import Stepper
from core.insight.scoring import IMPOSSIBLE
from core.library.ensemble import LanguageModel
from core.library.model import Model
from core.text.vocabulary import Vocabulary

LogProbabilities = NDArray[np.float64]

CELLS = 1 << 22
"""Numbers that a batch may have of one kind: 16 MB of logits."""

MOST_ROWS = 256
"""Lines side by side; more are no faster."""


def sequence(vocabulary: Vocabulary, words: Sequence[str]) -> Ids:
    """Return the ids of a line, its label before them, with the signs around it; see `asked_for`."""
    begin, end = ([] if id_ is None else [id_] for id_ in (vocabulary.start, vocabulary.end))
    return np.array([*begin, *vocabulary.encode(vocabulary.spell(words)), *end], np.intp)


def asked_for(vocabulary: Vocabulary, targets: Ids) -> NDArray[np.bool_]:
    """Say which ids after the first of a line count: not labels, and nothing that is read as padding.

    Training does not ask for these, either.
    """
    return np.isin(targets, [0, *vocabulary.label_ids], invert=True)


def rows_at_once(model: LanguageModel) -> int:
    """Return how many lines a model reads side by side in bounded memory."""
    if not isinstance(model, Model):
        return min(map(rows_at_once, model.members))
    shape = model.manifest.architecture
    networks = len(model.all_weights)
    chains = (shape.window or 1) * 4 * shape.hidden_size if shape.context == "window" else 0
    return max(1, min(MOST_ROWS, CELLS // (max(len(model.vocabulary), chains) * networks)))


def log_probabilities(
    network: Stepper, sequences: Sequence[Ids], rows: int = MOST_ROWS
) -> LogProbabilities:
    """Return log p of every id after the first, given those before it, in nats: (targets,).

    They stand sequence by sequence, in the order in which those are given.

    Args:
        network: what reads; the state is carried through a whole line, however long.
        sequences: as `sequence` makes them.
        rows: how many are read side by side.
    """
    found: list[LogProbabilities] = [np.empty(0)] * len(sequences)
    order = sorted(range(len(sequences)), key=lambda index: -len(sequences[index]))
    order = [index for index in order if len(sequences[index]) > 1]
    for first in range(0, len(order), rows):
        batch = order[first : first + rows]
        for index, each in zip(batch, _batch(network, [sequences[i] for i in batch]), strict=True):
            found[index] = each
    return np.concatenate(found) if found else np.empty(0)


def _batch(network: Stepper, sequences: Sequence[Ids]) -> Iterator[LogProbabilities]:
    """Read some lines side by side, the longest first; those that are at their end are let go."""
    lengths = np.array([len(each) - 1 for each in sequences])
    padded = np.zeros((len(sequences), lengths[0] + 1), np.intp)
    for row, each in zip(padded, sequences, strict=True):
        row[: len(each)] = each
    found = np.zeros((len(sequences), lengths[0]))
    state = network.start(len(sequences))._replace(last=int(lengths[0]))
    for step in range(lengths[0]):
        going_on = int(np.count_nonzero(lengths > step))
        if going_on < state.rows:
            state = network.take(state, np.arange(going_on))
        state = network.advance(state, padded[:going_on, step])
        found[:going_on, step] = picked(network.logits(state), padded[:going_on, step + 1])
    return (row[:length] for row, length in zip(found, lengths, strict=True))


def picked(logits: Floats, targets: Ids) -> LogProbabilities:
    """Return the log-probability of one target a row under a softmax: (rows, words) to (rows,)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    chosen = shifted[np.arange(len(targets)), targets].astype(np.float64)
    np.exp(shifted, out=shifted)
    found: LogProbabilities = chosen - np.log(shifted.sum(axis=1, dtype=np.float64))
    return np.maximum(found, IMPOSSIBLE, out=found)
