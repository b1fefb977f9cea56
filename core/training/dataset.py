"""A source and a recipe to everything that training reads: split, vocabulary, batches. Numpy only."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, ModelError, SettingError
from core.library.limits import WORDS, check_size
from core.library.model import Model
from core.recipe import Recipe
from core.settings import ModelSettings
from core.text.corpus import LIMITS, Corpus, Limits, Source, Watch, label_marks
from core.text.labels import MOST
from core.text.levels import nouns
from core.text.vocabulary import PADDING, SPECIALS, Vocabulary
from core.training.batches import Batches, LineBatches, PrefixBatches
from core.training.extension import extend, new_words
from core.training.merges import learnt
from core.training.selection import Encoded, Ragged, Split, Tally, windows
from core.training.spelling import Counted, spelling_bits

WATCHED = 10_000
"""Words that are cut in pieces between two looks at whether to stop."""


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

    @cached_property
    def fingerprint(self) -> str:
        """What a run can only go on with: the text, and pieces, which another sentencepiece may cut."""
        text = self.corpus.fingerprint
        if not self.vocabulary.by_pieces:
            return text
        tokens = "\n".join(map(repr, self.vocabulary.tokens))
        return sha256(f"{text}\n{tokens}".encode()).hexdigest()

    def spelt(self, bits_per_character: float | None) -> float | None:
        """Return bits per character with unknown words spelt out, to be compared with any model's."""
        if bits_per_character is None or not self.validation_characters:
            return None
        return bits_per_character + self.spelling / self.validation_characters

    @classmethod
    def prepare(
        cls,
        source: Source,
        recipe: Recipe,
        base: Model | None = None,
        watch: Watch = lambda rows, share: None,
        limits: Limits = LIMITS,
    ) -> "Dataset":
        """Read, clean, split and encode.

        Args:
            source: what to learn from.
            recipe: text, network and training settings; those of `base` where there is one.
            base: a model to start from; its vocabulary takes in the new words of the training lines.
            watch: told now and then how far reading is; what it raises ends it.
            limits: what may stand in memory.

        Raises:
            InputError: a file cannot be used, or too little is left to learn from.
            SettingError: settings that do not go together, or too many words.
            ModelError: the base is of a kind that cannot be trained.
        """
        _check(recipe, base)
        check_labels(source, recipe.model)
        corpus = Corpus.load(source, recipe.text.cleaning, watch, limits)
        split = Split(corpus, recipe.text.deduplicate, recipe.training.validation_share)
        if split.lines < 2:
            raise InputError(
                f"{', '.join(map(str, source.files))} holds 1 line to learn from "
                f"({corpus.rows} rows); training needs at least 2 different lines"
            )
        marks = None if source.label is None else label_marks(corpus)
        text = _Text(corpus, Tally(split.training, marks), Tally(split.validation, marks))
        labels = text.labels(source)
        watch(corpus.rows, 1.0)
        if base is None:
            vocabulary = _vocabulary(text, labels, recipe)
        else:
            base = _extended(base, text, labels, recipe.text.min_count)
            vocabulary = base.vocabulary
        table = text.table(vocabulary, lambda: watch(corpus.rows, 1.0))
        lines = Encoded(split.training, table, text.training.pieces(table))
        if base is None:
            recipe = _with_window(recipe, lines, text.training.longest)
        check_size(recipe.model, vocabulary, recipe.training.networks)
        training = _batches(lines, vocabulary, recipe)
        watch(corpus.rows, 1.0)
        held_out = None
        if split.held_out:
            unseen = Encoded(split.validation, table, text.validation.pieces(table))
            held_out = _batches(unseen, vocabulary, recipe)
        if not training.tokens:
            raise InputError("no line holds two known words; use --min-count 1 or a longer text")
        return cls(
            corpus,
            recipe,
            vocabulary,
            text.training.lines,
            text.validation.lines,
            text.unknown_rate(vocabulary),
            training,
            held_out if held_out and held_out.tokens else None,
            (1 + training.counts).astype(np.float32),
            text.characters(vocabulary, recipe.text.level),
            text.spelling(vocabulary),
            base,
        )


@dataclass(frozen=True)
class _Text:
    """The words of both sides of a text, counted; each list of words is read from the corpus anew."""

    corpus: Corpus
    training: Tally
    validation: Tally

    def frequent(self, least: int) -> list[str]:
        """Return the words that come so often in training lines, by frequency, then by first sight.

        Raises:
            SettingError: a model may not hold so many.
        """
        enough = self.training.counts >= least
        if enough.sum() > WORDS:
            raise SettingError(
                f"the text has {enough.sum():,} words that occur {least} times, and a model may hold "
                f"{WORDS:,}; leave out rare ones with a higher min_count"
            )
        return list(self._ranked(enough, self.training.counts))

    def labels(self, source: Source) -> list[str]:
        """Return the tokens of the training lines' labels, the most frequent first.

        Raises:
            InputError: the label column has none, or one for each line.
        """
        if source.label is None:
            return []
        counts = self._ranked(self.training.labels > 0, self.training.labels)
        if not counts:
            raise InputError(
                f"the label column {source.label!r} is empty in every line that is learnt from; "
                "name another one, or leave out --label"
            )
        if len(counts) > 1 and set(counts.values()) == {1}:
            raise InputError(
                f"the label column {source.label!r} says something else in each of its "
                f"{len(counts):,} lines, so it is no category; name another one with --label"
            )
        return list(counts)

    def _ranked(self, wanted: NDArray[np.bool_], counts: NDArray[np.int64]) -> dict[str, int]:
        """Return how often each comes of those wanted, by frequency, then by first sight."""
        # A word that was forgotten on the way has several numbers.
        kept: dict[str, tuple[int, int]] = {}
        for number, word in self._numbered(wanted):
            count, place = int(counts[number]), int(self.training.places[number])
            before, first = kept.get(word, (0, place))
            kept[word] = before + count, min(first, place)
        ranked = sorted(kept, key=lambda word: (-kept[word][0], kept[word][1]))
        return {word: kept[word][0] for word in ranked}

    def counts(self) -> Counter[str]:
        """Return how often each word comes in training lines."""
        counts = Counter[str]()  # a word that was forgotten on the way has several numbers
        for word, count in self._counted(self.training):
            counts[word] += count
        return counts

    def table(self, vocabulary: Vocabulary, watch: Callable[[], None]) -> NDArray[np.int32] | Ragged:
        """Return the id of each word or label, -1 where the model reads nothing for it; or its pieces'.

        `watch` is called now and then, as a text may have millions of words to be cut.
        """
        if vocabulary.by_pieces:
            return self._in_pieces(vocabulary, watch)
        ids = (-1 if id_ is None else id_ for id_ in map(vocabulary.read, self.corpus.words()))
        return np.fromiter(ids, np.int32, self.corpus.facts.words)

    def _in_pieces(self, vocabulary: Vocabulary, watch: Callable[[], None]) -> Ragged:
        ids, lengths = array("i"), np.zeros(self.corpus.facts.words, np.int64)
        one, other = self.training, self.validation
        there = one.counts + one.labels + other.counts + other.labels > 0
        for number, word in self._numbered(there):
            pieces = vocabulary.encode(vocabulary.spell((word,)))
            ids.extend(pieces)
            lengths[number] = len(pieces)
            if number % WATCHED == 0:
                watch()
        return Ragged(np.array(ids, np.int32), lengths)

    def unknown_rate(self, vocabulary: Vocabulary) -> float:
        """Return the share of words that are unknown, of the held-out lines where there are any."""
        tally = self.validation if self.validation.lines else self.training
        unknown = sum(count for _, count in self._unknown(tally, vocabulary))
        return unknown / tally.tokens

    def knows_any(self, vocabulary: Vocabulary) -> bool:
        """Say whether any word to learn from is known."""
        there = self.training.counts > 0
        return any(vocabulary.reads(word) for _, word in self._numbered(there))

    def characters(self, vocabulary: Vocabulary, level: str) -> int | None:
        """Count the characters that are guessed; without a start and an end it is not all of them."""
        if None in (vocabulary.start, vocabulary.end):
            return None
        tally = self.validation
        blanks = 0 if level == "character" else tally.tokens - tally.lines
        return tally.lines + blanks + sum(len(word) * count for word, count in self._counted(tally))

    def spelling(self, vocabulary: Vocabulary) -> float:
        """Return the bits that it takes to spell what is held out and unknown."""
        unknown = self._unknown(self.validation, vocabulary)
        return spelling_bits(unknown, self._counted(self.training))

    def _unknown(self, tally: Tally, vocabulary: Vocabulary) -> Iterator[Counted]:
        return ((word, count) for word, count in self._counted(tally) if not vocabulary.reads(word))

    def _counted(self, tally: Tally) -> Iterator[Counted]:
        return ((word, int(tally.counts[number])) for number, word in self._numbered(tally.counts > 0))

    def _numbered(self, wanted: NDArray[np.bool_]) -> Iterator[tuple[int, str]]:
        flags = wanted.tobytes()
        return ((number, word) for number, word in enumerate(self.corpus.words()) if flags[number])


def check_labels(source: Source, model: ModelSettings) -> None:
    """See that a network can read labels, where its text has some.

    Raises:
        SettingError: it reads a window of words, in which nothing begins a line.
    """
    if source.label is not None and model.context == "window":
        raise SettingError(
            f"a network that reads a window of words has no place for labels; leave out --label "
            f"{source.label}, or choose a preset whose context is stream, such as small"
        )


def _check(recipe: Recipe, base: Model | None) -> None:
    model, text = recipe.model, recipe.text
    if model.attention and (model.context != "window" or model.tied or model.masked):
        raise SettingError("attention needs --set context=window, tied=off and masked=off")
    if recipe.training.sampled_softmax and (model.context != "stream" or not model.tied):
        raise SettingError("sampled_softmax needs --set context=stream and tied=on; or set it to 0")
    training = recipe.training
    if training.sampled_softmax and (training.label_smoothing or training.adversarial == "advsoft"):
        raise SettingError("label_smoothing and advsoft look at all words; set sampled_softmax to 0")
    if base is None:
        text.check_level()
    elif model.context == "stream" and None in (base.vocabulary.start, base.vocabulary.end):
        raise ModelError(
            f"the model {base.name!r} cannot be trained on: it reads texts as a stream, and its "
            "vocabulary has no tokens that begin and end one; train a new model without --from"
        )


def _with_window(recipe: Recipe, lines: Encoded, longest: int) -> Recipe:
    """Fill in the window that was left to the text, whose longest line has so many words."""
    if recipe.model.context != "window":
        return recipe
    if recipe.text.level == "bpe":
        longest = max(int(some.lengths.max(initial=0)) for some in windows(lines, None))
    if longest < 2:
        raise InputError("every line is a single word, so there is nothing to continue")
    window = recipe.model.window or longest - 1
    widest = recipe.table()["window"].high
    if widest and window > widest:
        raise InputError(
            f"the longest line has {longest:,} {nouns(recipe.text.level)}, and a window reads "
            f"{widest:,} at most; choose one with --set window=40, or use the preset small"
        )
    return recipe.change(window=window)


def _batches(lines: Encoded, vocabulary: Vocabulary, recipe: Recipe) -> Batches:
    size, window = recipe.training.batch_size, recipe.model.window
    if recipe.model.context == "stream":
        return LineBatches(lines, vocabulary, size, recipe.training.label_dropout)
    assert window is not None, "see _with_window; and a model of this kind always has one"
    return PrefixBatches(lines, vocabulary, window, size)


def _vocabulary(text: _Text, labels: Sequence[str], recipe: Recipe) -> Vocabulary:
    # The tutorial's Tokenizer knows padding and words, no more.
    specials = SPECIALS if recipe.model.context == "stream" else (PADDING,)
    least = recipe.text.min_count
    if recipe.text.level == "bpe":
        return learnt(text.counts(), recipe.text.pieces, least, specials).with_labels(labels)
    words = [word for word in text.frequent(least) if word not in specials]
    if not words:
        raise InputError(
            f"no word of the {text.training.lines} lines occurs {least} times, so nothing could be "
            "learnt; use --min-count 1 or a longer text"
        )
    # Labels come last: in what is before, the more frequent word has the smaller id.
    return Vocabulary((*specials, *words)).with_labels(labels)


def _extended(base: Model, text: _Text, labels: Sequence[str], min_count: int) -> Model:
    new = [label for label in labels if label not in base.vocabulary.ids]
    if new and len(base.vocabulary.labels) + len(new) > MOST:
        raise InputError(
            f"the model {base.name!r} and the text have more than {MOST:,} different labels together, "
            "and a model may have no more; train a new model without --from"
        )
    # Of pieces every word can be made.
    wanted = [] if base.vocabulary.by_pieces else text.frequent(min_count)
    extended = extend(base, [*new_words(wanted, base.vocabulary), *new])
    if not text.knows_any(extended.vocabulary):
        raise InputError(
            f"the model {base.name!r} knows no word of the {text.training.lines} lines, and none "
            f"occurs {min_count} times, so nothing could be learnt; use --min-count 1 or another text"
        )
    return extended
