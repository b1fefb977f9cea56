"""New words for a model that is there: more rows at the end, so that every old id stays what it was."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from core.library.model import Model
from core.text.vocabulary import Vocabulary, is_word

WORD_AXES = {"embedding": 0, "output.kernel": 1, "output.bias": 0}
"""The axis along which an array has one entry a word; a tied network has no output kernel."""


def new_words(words: Iterable[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the words that `vocabulary` lacks, in their order; what looks like no word is none."""
    return tuple(word for word in words if is_word(word) and word not in vocabulary.ids)


def extend(model: Model, words: Sequence[str]) -> Model:
    """Return `model` with `words` appended to its vocabulary.

    A new word begins as the mean of the words that the model knows: a place in the middle of them,
    from which the first steps move it. Specials and unused rows have learnt nothing that would be
    worth a share in that mean.
    """
    if not words:
        return model
    old = model.vocabulary
    known = [id_ for id_, token in enumerate(old.tokens) if is_word(token)]
    weights = dict(model.weights)
    for name, axis in WORD_AXES.items():
        if name in weights:
            rows = np.take(weights[name], known, axis)
            mean = rows.mean(axis, dtype=np.float64, keepdims=True).astype(np.float32)
            new = np.repeat(mean, len(words), axis)
            weights[name] = np.concatenate([weights[name], new], axis)
    vocabulary = replace(old, tokens=(*old.tokens, *words))
    return Model(replace(model.manifest, vocabulary=len(vocabulary)), vocabulary, weights)
