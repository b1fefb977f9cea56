"""Input words that are replaced in training: less is learnt by heart, and `<unk>` has a meaning."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import tensorflow as tf  # noqa: TID253
from numpy.typing import NDArray

from core.training.batches import Batches
from core.training.dataset import Dataset
from core.training.randomness import Randomness

WORDS, NOISE, DRAWN = 2, 4, 5
"""What random numbers are used for; see `network` for the others."""


class Noising:
    """Replaces words of inputs.

    Two ways: by `<unk>` (word dropout, Bowman et al. 2016), and by other words as Kneser-Ney would
    smooth them (Xie et al. 2017): a word that many different words follow says little about the next
    one, and is replaced more often; what comes in its place is drawn by how many words it follows.
    """

    def __init__(self, dataset: Dataset, randomness: Randomness) -> None:
        """Count the pairs of the text, where they are asked for."""
        recipe, vocabulary = dataset.recipe, dataset.vocabulary
        self._randomness = randomness
        self._unknown, self._start = vocabulary.unknown, vocabulary.start
        self._is_word = None
        if vocabulary.labels:
            words = np.ones(len(vocabulary), np.bool_)
            words[list(vocabulary.label_ids)] = False
            self._is_word = tf.constant(words)
        self._dropout = recipe.model.word_dropout if self._unknown is not None else 0.0
        self._rates = self._sums = None
        if recipe.training.noising:
            labels = dict.fromkeys(vocabulary.label_ids, self._start)
            rates, sums = bigram_noise(
                dataset.training, len(vocabulary), recipe.training.noising, labels
            )
            self._rates, self._sums = tf.constant(rates), tf.constant(sums)

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return inputs (rows, steps) with some words replaced; padding, the start and labels stay."""
        words = (inputs > 0) & (inputs != (-1 if self._start is None else self._start))
        if self._is_word is not None:
            words &= tf.gather(self._is_word, inputs)
        shape = tf.shape(inputs)
        if self._dropout:
            chosen = self._randomness.uniform(shape, WORDS) < self._dropout
            inputs = tf.where(chosen & words, self._unknown, inputs)
        if self._rates is not None:
            chosen = self._randomness.uniform(shape, NOISE) < tf.gather(self._rates, inputs)
            numbers = tf.reshape(self._randomness.uniform(shape, DRAWN), [-1])
            drawn = tf.reshape(tf.searchsorted(self._sums, numbers, side="right"), shape)
            inputs = tf.where(chosen & words, drawn, inputs)
        return inputs


def bigram_noise(
    batches: Batches,
    words: int,
    weight: float,
    renamed: Mapping[int, int | None] = MappingProxyType({}),
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return each word's chance to be replaced, and the running sums of what comes in its place.

    The chance of x is weight * N(x .) / c(x), the share of different words among those that follow it;
    w is drawn with N(. w) / N(. .): Xie et al. 2017, "bigram Kneser-Ney noising". What is `renamed`,
    as labels are, counts as another id.
    """
    pairs = _pairs(batches, words)
    for id_, other in renamed.items():
        pairs = np.where(pairs // words == id_, pairs + words * ((other or 0) - id_), pairs)
    counts = np.bincount(pairs // words, minlength=words)
    firsts, seconds = np.divmod(np.unique(pairs), words)
    rates = weight * np.bincount(firsts, minlength=words) / np.maximum(counts, 1)
    sums = np.cumsum(np.bincount(seconds, minlength=words))
    return rates.astype(np.float32), (sums / sums[-1]).astype(np.float32)


def _pairs(batches: Batches, words: int) -> NDArray[np.int64]:
    """Return first * words + second of every two words that stand side by side."""
    found = []
    for inputs, targets in batches.epoch(None):
        if targets.ndim == 1:  # of prefixes, the last word and the one that follows
            inputs = inputs[:, -1]
        real = targets > 0
        found.append(inputs[real].astype(np.int64) * words + targets[real])
    return np.concatenate(found)
