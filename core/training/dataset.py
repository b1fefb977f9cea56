"""A source and a recipe to everything that training reads: split, vocabulary, batches. Numpy only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, SettingError
from core.settings import Recipe
from core.text.corpus import Corpus, Line, Source, split_lines
from core.text.vocabulary import PADDING, SPECIALS, Vocabulary
from core.training.batches import Batches, LineBatches, PrefixBatches


@dataclass(frozen=True)
class Dataset:
    """A text made ready for training.

    `recipe` is the one asked for with what only the text can tell filled in: the window.
    """

    corpus: Corpus
    recipe: Recipe
    vocabulary: Vocabulary
    lines: int
    validation_lines: int
    unknown_rate: float
    training: Batches
    validation: Batches | None
    unigram: NDArray[np.float32]
    """How often each id is a target in the training lines; at least 1, for its logarithm."""

    @classmethod
    def prepare(cls, source: Source, recipe: Recipe) -> "Dataset":
        """Read, clean, split and encode.

        Raises:
            InputError: a file cannot be used, or too little is left to learn from.
        """
        corpus = Corpus.load(source, recipe.text.cleaning)
        lines = corpus.unique_lines() if recipe.text.deduplicate else corpus.lines
        if len(lines) < 2:
            raise InputError(
                f"{', '.join(map(str, source.files))} holds 1 line to learn from "
                f"({corpus.rows} rows); training needs at least 2 different lines"
            )
        training, validation = split_lines(lines, recipe.training.validation_share)
        if recipe.model.attention and (recipe.model.context != "window" or recipe.model.tied):
            raise SettingError("attention needs --set context=window and --set tied=off")
        if recipe.model.context == "window":
            return cls._windowed(corpus, recipe, training, validation)
        vocabulary = _vocabulary(training, recipe, SPECIALS)
        size = recipe.training.batch_size
        return cls._of(
            corpus,
            recipe,
            vocabulary,
            (training, validation),
            LineBatches(training, vocabulary, size),
            LineBatches(validation, vocabulary, size) if validation else None,
        )

    @classmethod
    def _windowed(
        cls, corpus: Corpus, recipe: Recipe, training: list[Line], validation: list[Line]
    ) -> "Dataset":
        longest = max(map(len, training))
        if longest < 2:
            raise InputError("every line is a single word, so there is nothing to continue")
        window = recipe.model.window or longest - 1
        widest = recipe.table()["window"].high
        if widest and window > widest:
            raise InputError(
                f"the longest line has {longest:,} words, and a window reads {widest:,} at most; "
                "choose one with --set window=40, or use the preset small"
            )
        recipe = recipe.change(window=window)
        # The tutorial's Tokenizer knows padding and words, no more.
        vocabulary = _vocabulary(training, recipe, (PADDING,))
        size = recipe.training.batch_size
        held_out = PrefixBatches(validation, vocabulary, window, size) if validation else None
        return cls._of(
            corpus,
            recipe,
            vocabulary,
            (training, validation),
            _some(PrefixBatches(training, vocabulary, window, size)),
            held_out if held_out and held_out.tokens else None,
        )

    @classmethod
    def _of(
        cls,
        corpus: Corpus,
        recipe: Recipe,
        vocabulary: Vocabulary,
        split: tuple[list[Line], list[Line]],
        training: Batches,
        validation: Batches | None,
    ) -> "Dataset":
        lines, held_out = split
        counts = np.ones(len(vocabulary), np.float32)
        for _, targets in training.epoch(None):
            counts += np.bincount(targets[targets > 0], minlength=len(vocabulary))
        return cls(
            corpus,
            recipe,
            vocabulary,
            len(lines),
            len(held_out),
            _unknown_rate(held_out or lines, vocabulary),
            training,
            validation,
            counts,
        )


def _some(batches: Batches) -> Batches:
    if not batches.tokens:
        raise InputError("no line holds two known words; use --min-count 1 or a longer text")
    return batches


def _vocabulary(lines: Sequence[Line], recipe: Recipe, specials: Sequence[str]) -> Vocabulary:
    least = recipe.text.min_count
    vocabulary = Vocabulary.build(lines, least, specials)
    if len(vocabulary) == len(specials):
        raise InputError(
            f"no word of the {len(lines)} lines occurs {least} times, so nothing could be learnt; "
            "use --min-count 1 or a longer text"
        )
    return vocabulary


def _unknown_rate(lines: Sequence[Line], vocabulary: Vocabulary) -> float:
    words = [word for line in lines for word in line]
    return sum(not vocabulary.knows(word) for word in words) / len(words)
