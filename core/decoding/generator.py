"""The generator: seed text in, continuation out, in three tiers.

`steps` yields ids and logits, `stream` words with their probabilities, `generate` whole continuations.
What the commands of the prompt configure is `settings`.
"""

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from core.decoding import filters
from core.decoding.cells import Floats, Ids
from core.decoding.stepper import State, Stepper, stepper
from core.library.model import Model
from core.settings import SamplingSettings, Value
from core.text.vocabulary import Vocabulary

DEFAULT_LENGTH = {"word": 10, "character": 80}
"""Tokens for a model that cannot end a line; ten words are the tutorial's example."""

BATCH = 100
"""Samples side by side at most, so that memory does not grow with their number."""

LONGEST = {"word": 60, "character": 300}
"""Tokens at most for a model that can, so that one which never does is stopped."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed as a model reads it: the words it does not know, and the ids of the others."""

    text: str
    unknown: tuple[str, ...]
    ids: tuple[int, ...]


class Step(NamedTuple):
    """One word of a batch of samples: the ids drawn (rows,) and the model's logits (rows, vocabulary).

    `first` is the number of the first row's sample. A sample that has ended goes on in the batch;
    `running` lists the rows that still count.
    """

    ids: Ids
    logits: Floats
    running: list[int]
    first: int = 0


@dataclass(frozen=True, slots=True)
class Word:
    """One generated word.

    `piece` is what to print: the word as shown, after the space that belongs before it, if one does.
    `probability` and `rank` (1 is the likeliest) are the model's own, before any filter.
    """

    text: str
    piece: str
    probability: float
    rank: int
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Continuation:
    """One finished sample. `text` is the whole line as a person should see it, seed included."""

    seed: Seed
    words: tuple[Word, ...]
    text: str

    @property
    def continuation(self) -> str:
        """The generated part alone, without the seed."""
        return "".join(word.piece for word in self.words).lstrip()


@dataclass
class Generator:
    """A model with the settings it is sampled with."""

    model: Model
    settings: SamplingSettings = field(default_factory=SamplingSettings)
    stepper: Stepper = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.stepper = stepper(self.model)

    @property
    def vocabulary(self) -> Vocabulary:
        """The model's words."""
        return self.model.vocabulary

    def configure(self, **changes: Value) -> None:
        """Change settings by name.

        Raises:
            SettingError: no such setting or a value it does not take; nothing is changed then.
        """
        self.settings = self.settings.change(**changes)

    def read_seed(self, text: str) -> Seed:
        """Read a seed as the model's training text was read; no known word means none at all."""
        text = text.encode("utf-8", "replace").decode()  # a shell may pass bytes that are no text
        words = self.model.cleaning.split(text)
        unknown = dict.fromkeys(word for word in words if not self.vocabulary.knows(word))
        # What the cleaning drops whole, such as another script, is as unknown as it gets.
        unknown |= dict.fromkeys(word for word in text.split() if self._unreadable(word))
        known = any(self.vocabulary.knows(word) for word in words)
        return Seed(text, tuple(unknown), tuple(self.vocabulary.encode(words)) if known else ())

    def _unreadable(self, word: str) -> bool:
        wordlike = any(unicodedata.category(c)[0] in "LN" or not c.isascii() for c in word)
        return wordlike and not self.model.cleaning.split(word)

    @property
    def length(self) -> int:
        """How many words are added at most."""
        if self.settings.length is not None:
            return self.settings.length
        level = self.model.manifest.level
        return DEFAULT_LENGTH[level] if self.vocabulary.end is None else LONGEST[level]

    @property
    def may_end(self) -> bool:
        """Whether the model's own end of a line ends a sample."""
        wanted = self.settings.length is None or self.settings.until_end
        return wanted and self.vocabulary.end is not None

    def steps(self, seed: Seed) -> Iterator[Step]:
        """Yield one step a word for all of `settings.samples`, batch by batch.

        Sample i draws one number a word from `default_rng([settings.rng, i])`, so a sample does not
        depend on how many there are beside it.
        """
        for first in range(0, self.settings.samples, BATCH):
            yield from self._batch(seed, range(first, min(first + BATCH, self.settings.samples)))

    def _batch(self, seed: Seed, samples: range) -> Iterator[Step]:
        end, may_end = self.vocabulary.end, self.may_end
        greedy, rng = self.settings.temperature == 0, self.settings.rng
        randoms = [] if greedy else [np.random.default_rng([rng, i]) for i in samples]
        special = np.array(self.vocabulary.special_ids)
        banned = special[special != end] if may_end else special
        state = self._read(seed, len(samples))
        running = list(range(len(samples)))
        ids: Ids = np.empty(0, np.intp)
        for number in range(self.length):
            if number:
                state = self.stepper.advance(state, ids)
            logits = self.stepper.logits(state)
            # A continuation has at least one word, so the first may not be the end.
            ids = self._draw(logits, banned if number else special, randoms)
            if may_end:
                running = [row for row in running if ids[row] != end]
                if not running:
                    return
            yield Step(ids, logits, running, samples.start)

    def stream(self, seed: Seed) -> Iterator[Word]:
        """Yield words as they are drawn; with several samples, a word of each that has not ended."""
        cleaning, tokens = self.model.cleaning, self.vocabulary.tokens
        texts = [seed.text] * self.settings.samples
        for step in self.steps(seed):
            for row, (id_, probability, rank) in enumerate(_judge(step)):
                if row not in step.running:
                    continue
                sample = step.first + row
                piece = cleaning.piece(texts[sample], tokens[id_])
                texts[sample] += piece
                yield Word(tokens[id_], cleaning.show(piece), probability, rank, sample)

    def generate(self, seed: Seed) -> list[Continuation]:
        """Return all samples, finished."""
        words: list[list[Word]] = [[] for _ in range(self.settings.samples)]
        for word in self.stream(seed):
            words[word.sample].append(word)
        return [self.finish(seed, sample) for sample in words]

    def finish(self, seed: Seed, words: Sequence[Word]) -> Continuation:
        """Put a seed and the words of one sample together as one line."""
        shown = self.model.cleaning.show(seed.text)
        return Continuation(seed, tuple(words), shown + "".join(word.piece for word in words))

    def _read(self, seed: Seed, samples: int) -> State:
        start = () if self.vocabulary.start is None else (self.vocabulary.start,)
        state = self.stepper.start(samples)
        for id_ in (*start, *seed.ids):
            state = self.stepper.advance(state, np.full(samples, id_, np.intp))
        return state

    def _draw(self, logits: Floats, banned: Ids, randoms: Sequence["np.random.Generator"]) -> Ids:
        if self.settings.temperature == 0:
            greedy: Ids = logits.argmax(axis=1)
            if not set(banned.tolist()).isdisjoint(greedy.tolist()):
                greedy = filters.ban(logits, banned).argmax(axis=1)
            return greedy
        allowed = filters.chain(logits, self.settings, banned)
        return filters.draw(allowed, np.array([random.random() for random in randoms]))


def _judge(step: Step) -> Iterator[tuple[int, float, int]]:
    """Yield each sample's id with its probability and rank under the whole softmax."""
    highest = step.logits.max(axis=1, keepdims=True)
    shares = step.logits - highest
    totals = np.exp(shares, out=shares).sum(axis=1).tolist()
    # Plain numbers from here on: on arrays of one element numpy's calls cost more than the sums.
    rows = zip(step.logits, step.ids.tolist(), highest[:, 0].tolist(), totals, strict=True)
    for logits, id_, most, total in rows:
        chosen = float(logits[id_])
        rank = 1 if chosen == most else int(np.count_nonzero(logits > logits[id_])) + 1
        yield id_, math.exp(chosen - most) / total, rank
