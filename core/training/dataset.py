"""A source and a recipe to everything that training reads: split, vocabulary, batches. Numpy only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, ModelError, SettingError
from core.library.limits import check_size
from core.library.model import Model
from core.recipe import Recipe
from core.text.corpus import Corpus, Line, Source, split_lines
from core.text.vocabulary import PADDING, SPECIALS, Vocabulary
from core.training.batches import Batches, LineBatches, PrefixBatches
from core.training.extension import extend, new_words
from core.training.spelling import spelling_bits


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

    validation_characters: int | None = None
    """Of the held-out lines, one more a line for its end; None where not all of a line is guessed."""

    spelling: float = 0.0
    """Bits that it would take to spell the unknown words of the held-out lines."""

    base: Model | None = None
    """The model that training starts from, with the new words of the text among its own."""

    def spelt(self, bits_per_character: float | None) -> float | None:
        """Return bits per character with unknown words spelt out, to be compared with any model's."""
        if bits_per_character is None or not self.validation_characters:
            return None
        return bits_per_character + self.spelling / self.validation_characters

    @classmethod
    def prepare(cls, source: Source, recipe: Recipe, base: Model | None = None) -> "Dataset":
        """Read, clean, split and encode.

        Args:
            source: what to learn from.
            recipe: text, network and training settings; those of `base` where there is one.
            base: a model to start from; its vocabulary takes in the new words of the training lines.

        Raises:
            InputError: a file cannot be used, or too little is left to learn from.
            SettingError: settings that do not go together.
            ModelError: the base is of a kind that cannot be trained.
        """
        _check(recipe, base)
        corpus = Corpus.load(source, recipe.text.cleaning)
        lines = corpus.unique_lines() if recipe.text.deduplicate else corpus.lines
        if len(lines) < 2:
            raise InputError(
                f"{', '.join(map(str, source.files))} holds 1 line to learn from "
                f"({corpus.rows} rows); training needs at least 2 different lines"
            )
        training, validation = split_lines(lines, recipe.training.validation_share)
        if base is None:
            recipe = _with_window(recipe, training)
            vocabulary = _vocabulary(training, recipe)
        else:
            base = _extended(base, training, recipe.text.min_count)
            vocabulary = base.vocabulary
        check_size(recipe.model, vocabulary)
        learnt = _batches(training, vocabulary, recipe)
        held_out = _batches(validation, vocabulary, recipe) if validation else None
        if not learnt.tokens:
            raise InputError("no line holds two known words; use --min-count 1 or a longer text")
        return cls(
            corpus,
            recipe,
            vocabulary,
            len(training),
            len(validation),
            _unknown_rate(validation or training, vocabulary),
            learnt,
            held_out if held_out and held_out.tokens else None,
            _target_counts(learnt, len(vocabulary)),
            _characters(validation, vocabulary, recipe.text.level),
            _spelling(validation, training, vocabulary),
            base,
        )


def _check(recipe: Recipe, base: Model | None) -> None:
    model, text = recipe.model, recipe.text
    if model.attention and (model.context != "window" or model.tied or model.masked):
        raise SettingError("attention needs --set context=window, tied=off and masked=off")
    if recipe.training.sampled_softmax and (model.context != "stream" or not model.tied):
        raise SettingError("sampled_softmax needs --set context=stream and tied=on; or set it to 0")
    if base is None:
        if (text.level == "character") != (text.cleaning == "characters"):
            raise SettingError(
                f"level={text.level} does not go with cleaning={text.cleaning}; "
                "characters need both --set level=character and --cleaning characters"
            )
    elif model.context == "stream" and None in (base.vocabulary.start, base.vocabulary.end):
        raise ModelError(
            f"the model {base.name!r} cannot be trained on: it reads texts as a stream, and its "
            "vocabulary has no tokens that begin and end one; train a new model without --from"
        )


def _with_window(recipe: Recipe, training: Sequence[Line]) -> Recipe:
    """Fill in the window that was left to the text."""
    if recipe.model.context != "window":
        return recipe
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
    return recipe.change(window=window)


def _batches(lines: Sequence[Line], vocabulary: Vocabulary, recipe: Recipe) -> Batches:
    size, window = recipe.training.batch_size, recipe.model.window
    if recipe.model.context == "stream":
        return LineBatches(lines, vocabulary, size)
    assert window is not None, "see _with_window; and a model of this kind always has one"
    return PrefixBatches(lines, vocabulary, window, size)


def _target_counts(batches: Batches, words: int) -> NDArray[np.float32]:
    counts = np.ones(words, np.float32)
    for _, targets in batches.epoch(None):
        counts += np.bincount(targets[targets > 0], minlength=words)
    return counts


def _vocabulary(lines: Sequence[Line], recipe: Recipe) -> Vocabulary:
    # The tutorial's Tokenizer knows padding and words, no more.
    specials = SPECIALS if recipe.model.context == "stream" else (PADDING,)
    least = recipe.text.min_count
    vocabulary = Vocabulary.build(lines, least, specials)
    if len(vocabulary) == len(specials):
        raise InputError(
            f"no word of the {len(lines)} lines occurs {least} times, so nothing could be learnt; "
            "use --min-count 1 or a longer text"
        )
    return vocabulary


def _extended(base: Model, lines: Sequence[Line], min_count: int) -> Model:
    extended = extend(base, new_words(lines, base.vocabulary, min_count))
    if not any(extended.vocabulary.knows(word) for line in lines for word in line):
        raise InputError(
            f"the model {base.name!r} knows no word of the {len(lines)} lines, and none occurs "
            f"{min_count} times, so nothing could be learnt; use --min-count 1 or another text"
        )
    return extended


def _characters(lines: Sequence[Line], vocabulary: Vocabulary, level: str) -> int | None:
    """Count the characters that are guessed; without a start and an end it is not all of them."""
    if None in (vocabulary.start, vocabulary.end):
        return None
    between = "" if level == "character" else " "
    return sum(len(between.join(line)) + 1 for line in lines)


def _spelling(validation: Sequence[Line], training: Sequence[Line], vocabulary: Vocabulary) -> float:
    unknown = (word for line in validation for word in line if not vocabulary.knows(word))
    return spelling_bits(unknown, (word for line in training for word in line))


def _unknown_rate(lines: Sequence[Line], vocabulary: Vocabulary) -> float:
    words = [word for line in lines for word in line]
    return sum(not vocabulary.knows(word) for word in words) / len(words)
