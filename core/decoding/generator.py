"""The generator: seed text in, continuation out, in three tiers.

`steps` yields ids and logits, `stream` words with their probabilities, `generate` whole continuations.
What the commands of the prompt configure is `settings`.
"""

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from core.decoding import beam, contrastive
from core.decoding.cells import Floats, Ids
from core.decoding.constrained import holds
from core.decoding.ensemble import after_seed, network, speakers, weighing
from core.decoding.phrases import all_ways, own_way
from core.decoding.sampler import Rules, Sampler
from core.decoding.search import Task
from core.decoding.stepper import State, Stepper
from core.errors import ModelError, SettingError
from core.library.ensemble import LanguageModel
from core.setting import Value
from core.settings import SamplingSettings
from core.text.pieces import begins
from core.text.vocabulary import Vocabulary

DEFAULT_LENGTH = {"word": 10, "character": 80, "bpe": 15}
"""Tokens for a model that cannot end a line; ten words are the tutorial's example."""

BATCH = 100
"""Samples side by side at most, so that memory does not grow with their number."""

PATIENCE = 4
"""How many samples are drawn at most for each one that is to be different from all others."""

SEEN = 64
"""Characters at the end of a seed that tell whether its last word is over."""

LONGEST = {"word": 60, "character": 300, "bpe": 100}
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
    id: int = -1


@dataclass(frozen=True, slots=True)
class Continuation:
    """One finished sample. `text` is the whole line as a person should see it, seed included."""

    seed: Seed
    words: tuple[Word, ...]
    text: str

    @property
    def mean_log_probability(self) -> float:
        """The mean of its words' natural log-probabilities, as the model has them before any filter."""
        logs = [math.log(word.probability or 5e-324) for word in self.words]
        return sum(logs) / len(logs) if logs else 0.0

    @property
    def sample(self) -> int:
        """Its number among the samples, in the order in which they were drawn."""
        return self.words[0].sample if self.words else 0

    @property
    def continuation(self) -> str:
        """The generated part alone, without the seed."""
        return "".join(word.piece for word in self.words).lstrip()


@dataclass
class Generator:
    """A model, or several that speak as one, with the settings they are sampled with."""

    model: LanguageModel
    settings: SamplingSettings = field(default_factory=SamplingSettings)
    network: Stepper = field(default=None, repr=False)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.network is None:
            self.network = network(self.model)

    @property
    def stepper(self) -> Stepper:
        """What every distribution comes from: the network, its n-grams weighed as the settings say."""
        return weighing(self.network, self.settings.ngram_weight)

    def under(self, settings: SamplingSettings) -> "Generator":
        """Return the same model with other settings; the network is shared."""
        return Generator(self.model, settings, self.network)

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
        level = self.model.level
        return DEFAULT_LENGTH[level] if self.vocabulary.end is None else LONGEST[level]

    @property
    def may_end(self) -> bool:
        """Whether the model's own end of a line ends a sample."""
        wanted = self.settings.length is None or self.settings.until_end
        return wanted and self.vocabulary.end is not None

    @property
    def rules(self) -> Rules:
        """What a line may be under the settings.

        Raises:
            SettingError: a required word is unknown or banned, or every word of a model is banned.
        """
        rules = Rules(
            specials=np.array(self.vocabulary.special_ids, np.intp),
            end=self.vocabulary.end if self.may_end else None,
            length=self.length,
            min_length=self.settings.min_length,
            banned=tuple(ids for ban in self.settings.ban or () for ids in all_ways(self.model, ban)),
            required=tuple(self._required(phrase) for phrase in self.settings.must or ()),
        )
        banned = set(rules.forbidden(0).tolist())
        for name, ids in speakers(self.model, self.settings):
            if banned.issuperset(ids):
                raise SettingError(f"every word of {name} is banned; set ban to fewer words, or to off")
        return rules

    def rules_after(self, seed: Seed) -> Rules:
        """Return what a line may be that goes on from a seed: where a word is over, a new one begins.

        Raises:
            SettingError: see `rules`.
        """
        rules = self.rules
        if self.vocabulary.by_pieces and self._is_over(seed.text):
            begin = self.vocabulary.beginning
            if not set(begin.tolist()) <= set(rules.forbidden(0).tolist()):
                inside = np.setdiff1d(np.arange(len(self.vocabulary)), begin)
                return replace(rules, inside=inside)
        return rules

    def _is_over(self, text: str) -> bool:
        """Say whether a letter behind a text would begin a word; after a blank it would."""
        split, tail = self.model.cleaning.split, text[-SEEN:]
        with_letter, alone = (sum(map(begins, split(told))) for told in (f"{tail}a", tail))
        return with_letter > alone

    def _required(self, text: str) -> Ids:
        ids = own_way(self.model, text)
        if not ids.size:
            raise SettingError(
                f"{self.model.name} does not know {text!r}, so no line of it can hold that; "
                "set must to words it knows, or to off"
            )
        if not set(self.vocabulary.special_ids).isdisjoint(ids.tolist()):
            raise SettingError(
                f"{self.model.name} has no piece for a character of {text!r}, so it can read that and "
                "never say it; set must to other words, or to off"
            )
        for ban in self.settings.ban or ():
            banned = own_way(self.model, ban)
            if banned.size and holds(ids.tolist(), banned.tolist()):
                raise SettingError(
                    f"{text!r} cannot be said while {ban!r} is banned; take one out of must or ban"
                )
        return ids

    def steps(self, seed: Seed, forced: Sequence[int] = (), first: int = 0) -> Iterator[Step]:
        """Yield one step a word for all of `settings.samples`, batch by batch.

        Sample i draws one number a word from `default_rng([settings.rng, i])`, so a sample does not
        depend on how many there are beside it, but for what floating point rounds otherwise. With
        `settings.ranked` more samples are drawn in place of those that say what others did; `PATIENCE`
        bounds them. A search finds whole lines, which are then gone through, the best as sample 0.

        Args:
            seed: what the line begins with.
            forced: ids that the continuation begins with; the others are drawn as if these had been.
            first: the number of the first sample; what a search finds is numbered from 0.

        Raises:
            SettingError: the settings leave this model nothing to say.
        """
        if self.settings.searches:
            yield from self._replay(seed, self._search(seed, forced))
            return
        wanted = self.settings.samples if self.settings.draws or not self.settings.ranked else 1
        rules, different = self.rules_after(seed), set[tuple[int, ...]]()
        last = first + (PATIENCE * wanted if self.settings.ranked else wanted)
        while first < last and len(different) < wanted:
            missing = wanted - len(different) if self.settings.ranked else last - first
            batch = range(first, first + min(missing, BATCH))
            lines = defaultdict[int, list[int]](list)
            for step in self._batch(seed, rules, batch, forced):
                for row in step.running:
                    lines[row].append(int(step.ids[row]))
                yield step
            first = batch.stop
            if self.settings.ranked:
                different |= set(map(tuple, lines.values()))

    def _batch(self, seed: Seed, rules: Rules, samples: range, forced: Sequence[int]) -> Iterator[Step]:
        sampler, stepper = Sampler(self.settings, rules, seed.ids, samples), self.stepper
        running = list(range(len(samples)))
        ids: Ids = np.zeros(len(samples), np.intp)
        length = max(rules.length, len(forced))
        state = self.read(seed)
        state = state._replace(last=state.read + length - 1)
        logits = stepper.logits(state)[ids]
        state = stepper.take(state, ids)
        for number in range(length):
            if number:
                state = stepper.advance(state, ids)
                logits = stepper.logits(state)
            if number < len(forced):
                ids = np.full(len(samples), forced[number])
                sampler.skip(ids, logits)
            else:
                ids = sampler.choose(logits)
                sampler.accept(ids, logits)
            if rules.end is not None:
                running = [row for row in running if ids[row] != rules.end]
                if not running:
                    return
            yield Step(ids, logits, running, samples.start)

    def _search(self, seed: Seed, forced: Sequence[int]) -> list[list[int]]:
        """Return the lines that a search finds, the best first."""
        rules = self.rules_after(seed)
        if rules.end in forced:
            return [list(forced[: forced.index(rules.end)])]
        task = Task(self.stepper, self.settings, rules, self.prefix, seed.ids, tuple(forced))
        return beam.find(task) if self.settings.contrastive is None else contrastive.find(task)

    def _replay(self, seed: Seed, lines: Sequence[Sequence[int]]) -> Iterator[Step]:
        """Yield the steps that say `lines`, word by word; a line that is over says nothing more."""
        stepper = self.stepper
        for first in range(0, len(lines), BATCH):
            batch = lines[first : first + BATCH]
            state = stepper.take(self.read(seed), np.zeros(len(batch), np.intp))
            for number in range(max(map(len, batch))):
                running = [row for row, line in enumerate(batch) if number < len(line)]
                ids = np.array([line[min(number, len(line) - 1)] for line in batch])
                yield Step(ids, stepper.logits(state), running, first)
                state = stepper.advance(state, ids)

    def stream(self, seed: Seed, forced: Sequence[int] = (), first: int = 0) -> Iterator[Word]:
        """Yield words as they are drawn; with several samples, a word of each that has not ended.

        Raises:
            SettingError: see `steps`.
            ModelError: what the network computes is no number.
        """
        cleaning, tokens = self.model.cleaning, self.vocabulary.tokens
        texts = defaultdict[int, str](lambda: seed.text)
        for step in self.steps(seed, forced, first):
            for row, id_, probability, rank in _judge(step):
                if math.isnan(probability):
                    raise ModelError(
                        f"the numbers of {self.model.name} grow beyond all bounds after "
                        f"{texts[step.first + row]!r}, so it is damaged; load another one"
                    )
                sample = step.first + row
                piece = cleaning.piece(texts[sample], tokens[id_])
                shown = cleaning.show_after(texts[sample], piece)
                texts[sample] += piece
                yield Word(tokens[id_], shown, probability, rank, sample, id_)

    def generate(self, seed: Seed, forced: Sequence[int] = (), first: int = 0) -> list[Continuation]:
        """Return all samples, finished: with `settings.ranked` all different, the likeliest first.

        Raises:
            SettingError: see `steps`.
        """
        return self.gather(seed, self.stream(seed, forced, first))

    def gather(self, seed: Seed, words: Iterable[Word]) -> list[Continuation]:
        """Sort the words of a stream into finished samples."""
        samples = defaultdict[int, list[Word]](list)
        for word in words:
            samples[word.sample].append(word)
        finished = [self.finish(seed, samples[number]) for number in sorted(samples)]
        if not self.settings.ranked or len(finished) == 1:
            return finished
        different = dict[str, Continuation]()
        for line in finished:
            different.setdefault(line.text, line)
        ranked = list(different.values())
        if not self.settings.searches:  # which has put them in order itself
            ranked.sort(key=lambda line: -line.mean_log_probability)
        return ranked[: self.settings.samples]

    def again(self, line: Continuation, forced: Sequence[int] = ()) -> Continuation:
        """Generate a line again that these settings gave.

        With all that were generated beside it: in a batch of another size the last bits differ, and
        once in some ten thousand words that decides.
        """
        first = line.sample if self.settings.samples == 1 and not self.settings.searches else 0
        words = list(self.stream(line.seed, forced, first))
        return self.finish(line.seed, [word for word in words if word.sample == line.sample])

    def finish(self, seed: Seed, words: Sequence[Word]) -> Continuation:
        """Put a seed and the words of one sample together as one line."""
        shown = self.model.cleaning.show(seed.text)
        return Continuation(seed, tuple(words), shown + "".join(word.piece for word in words))

    def read(self, seed: Seed) -> State:
        """Return the state, of one row, after the seed."""
        stepper = self.stepper
        state = stepper.start(1)
        for id_ in (*self.prefix, *seed.ids):
            state = stepper.advance(state, np.array([id_], np.intp))
        return after_seed(state, self.settings)

    @property
    def prefix(self) -> tuple[int, ...]:
        """What a network reads before any word: `<s>`, and the label where one is set and known."""
        read = (self.vocabulary.start, self.vocabulary.label(self.settings.label))
        return tuple(id_ for id_ in read if id_ is not None)


def _judge(step: Step) -> Iterator[tuple[int, int, float, int]]:
    """Yield each running row with its id, and the id's probability and rank under the whole softmax."""
    ids = step.ids.tolist()
    for row in step.running:
        logits, id_ = step.logits[row], ids[row]
        most, chosen = logits[logits.argmax()], logits[id_]
        with np.errstate(over="ignore"):  # what is that far below is as good as impossible
            shares = logits - most
        share = math.exp(shares[id_])
        total = float(np.exp(shares, out=shares).dot(_ones(len(shares))))
        rank = 1 if chosen == most else int(np.count_nonzero(logits > chosen)) + 1
        yield row, id_, share / total, rank


@lru_cache(maxsize=8)
def _ones(size: int) -> Floats:
    """Return what adds up an array in a product, in a third of the time that its sum takes."""
    return np.ones(size, np.float32)
