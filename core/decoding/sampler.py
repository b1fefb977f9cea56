"""The chain of filters, and the choice of each next word.

`Rules` say what a line may be, `Sampler` chooses its words one after another, and remembers what the
filters need: the words so far, and how far Mirostat has steered.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.decoding import filters
from core.decoding.filters import Ids, Logits
from core.settings import SamplingSettings

Filter = Callable[[Logits], Logits]


class Candidates(NamedTuple):
    """The words left over: `ids` (n,) in ascending order, and each row's logits for them (rows, n)."""

    ids: Ids
    logits: Logits


@dataclass(frozen=True)
class Rules:
    """What a line may be, whatever the network says.

    `specials` are never said, but for `end` where it may end the line. `banned` and `required` are
    phrases of ids. `inside` are pieces that go on with a word, where the text before the line leaves
    none to go on with.
    """

    specials: Ids
    end: int | None
    """The id that ends the line; None where the line has a fixed length."""

    length: int
    min_length: int = 1
    banned: tuple[Ids, ...] = ()
    required: tuple[Ids, ...] = ()
    inside: Ids = field(default_factory=lambda: np.empty(0, np.intp))

    def forbidden(self, number: int) -> Ids:
        """Return the ids that cannot be word `number` of the line, counted from 0."""
        return self._forbidden[self._place(number)]

    def allow(self, number: int, ids: Ids) -> bool:
        """Say whether none of `ids` is forbidden as word `number`."""
        return self._sets[self._place(number)].isdisjoint(ids.tolist())

    def _place(self, number: int) -> int:
        """Return 0 for the first word, 1 while the line must go on, 2 once it may end."""
        if number == 0:
            return 0
        return 2 if self.end is not None and number >= self.min_length else 1

    @cached_property
    def _forbidden(self) -> tuple[Ids, Ids, Ids]:
        """What cannot be said at each of these places."""
        single = [phrase[0] for phrase in self.banned if len(phrase) == 1]
        ids: Ids = np.concatenate([self.specials, np.array(single, np.intp)])
        return np.concatenate([ids, self.inside]), ids, ids[ids != self.end]

    @cached_property
    def _sets(self) -> tuple[frozenset[int], ...]:
        return tuple(frozenset(ids.tolist()) for ids in self._forbidden)


def restrictions(
    settings: SamplingSettings, rules: Rules, history: Ids
) -> Iterator[tuple[str, Filter]]:
    """Yield what depends on the words so far, by name and in order: bans, then penalties."""
    for phrase in rules.banned:
        if len(phrase) > 1:
            yield "ban", partial(filters.ban_phrase, history=history, phrase=phrase)
    if settings.no_repeat is not None:
        yield "no_repeat", partial(filters.no_repeat, history=history, n=settings.no_repeat)
    if settings.repeat_penalty is not None:
        penalty = settings.repeat_penalty
        yield "repeat_penalty", partial(filters.repetition_penalty, history=history, penalty=penalty)
    presence, frequency = settings.presence_penalty or 0.0, settings.frequency_penalty or 0.0
    if presence or frequency:
        both = partial(filters.presence_and_frequency_penalty, history=history)
        name = "presence_penalty" if presence else "frequency_penalty"
        yield name, partial(both, presence=presence, frequency=frequency)
    if settings.dry:
        multiplier, base, allowed = settings.dry, settings.dry_base, settings.dry_allowed
        yield (
            "dry",
            partial(filters.dry, history=history, multiplier=multiplier, base=base, allowed=allowed),
        )


def truncations(
    settings: SamplingSettings, number: int, limits: NDArray[np.float64]
) -> Iterator[tuple[str, Filter]]:
    """Yield what shapes the distribution of word `number`, by name and in order."""
    value = temperature_of(settings, number)
    if value != 1:
        yield "temperature", partial(filters.temperature, value=value)
    if settings.top_k is not None:
        yield "top_k", partial(filters.top_k, k=settings.top_k)
    if settings.top_p is not None:
        yield "top_p", partial(filters.top_p, p=settings.top_p)
    if settings.min_p is not None:
        yield "min_p", partial(filters.min_p, share=settings.min_p)
    if settings.typical is not None:
        yield "typical", partial(filters.typical, mass=settings.typical)
    if settings.eta is not None:
        yield "eta", partial(filters.eta, epsilon=settings.eta)
    if settings.mirostat is not None:
        yield "mirostat", partial(filters.mirostat, limits=limits)


def temperature_of(settings: SamplingSettings, number: int) -> float:
    """Return the temperature of word `number`: textgenrnn's schedule goes round and round."""
    if settings.schedule:
        return settings.schedule[number % len(settings.schedule)]
    return settings.temperature


def narrowed(stages: Iterable[tuple[str, Filter]], candidates: Candidates) -> Candidates:
    """Run filters one after another, and drop the words that no row has left."""
    ids, logits = candidates
    for name, stage in stages:
        logits = stage(logits)
        if name == "temperature":  # which removes no word
            continue
        # A word costs what is left, not what the vocabulary holds, once a filter has cut.
        left = np.flatnonzero((logits > -np.inf).any(axis=0))
        if 2 * len(left) < len(ids):
            ids, logits = ids[left], logits[:, left]
    return Candidates(ids, logits)


class Sampler:
    """Chooses the words of the rows of one batch.

    Args:
        settings: how words are drawn.
        rules: what a line may be.
        history: the seed's ids, which every row begins with.
        streams: the numbers that the samples start their random numbers from, one a row.
    """

    def __init__(
        self, settings: SamplingSettings, rules: Rules, history: Sequence[int], streams: Iterable[int]
    ) -> None:
        self.settings = settings
        self.rules = rules
        self.number = 0
        streams = list(streams)
        self._history = np.tile(np.array(history, np.intp), (len(streams), 1))
        self._remembers = any(True for _ in restrictions(settings, rules, self._history))
        self._randoms = [np.random.default_rng([settings.rng, stream]) for stream in streams]
        if not settings.draws:
            self._randoms = []
        self._limits = np.full(len(streams), 2 * (settings.mirostat or 0.0))

    def choose(self, logits: Logits) -> Ids:
        """Return the next id of each row."""
        uniforms = self._uniforms()  # one a word, also where it decides nothing, so that words pair up
        if temperature_of(self.settings, self.number) < filters.COLDEST:
            return self._likeliest(logits)
        ids, left = self.candidates(logits)
        return ids[filters.draw(left, uniforms)]

    def candidates(self, logits: Logits) -> Candidates:
        """Return what the next id of each row is drawn from."""
        for _, stage in self.restrictions():
            logits = stage(logits)
        everything = Candidates(np.arange(logits.shape[1]), logits)
        return narrowed(self.truncations(), everything)

    def restrictions(self) -> Iterator[tuple[str, Filter]]:
        """Yield the bans and penalties of the next word, by name and in order."""
        yield "ban", partial(filters.ban, ids=self.rules.forbidden(self.number))
        yield from restrictions(self.settings, self.rules, self._history)

    def truncations(self) -> Iterator[tuple[str, Filter]]:
        """Yield the filters of the next word that follow, by name and in order."""
        yield from truncations(self.settings, self.number, self._limits)

    def accept(self, ids: Ids, logits: Logits) -> None:
        """Go on to the next word, `ids` being the last; chosen here or not."""
        if self._remembers:
            self._history = np.concatenate([self._history, ids[:, None]], axis=1)
        if self.settings.mirostat is not None:
            self._steer(ids, logits)
        self.number += 1

    def skip(self, ids: Ids, logits: Logits) -> None:
        """Accept words that were given, and leave out the random numbers they would have taken."""
        self._uniforms()
        self.accept(ids, logits)

    def _likeliest(self, logits: Logits) -> Ids:
        if not self._remembers:
            ids = filters.likeliest(logits)
            if self.rules.allow(self.number, ids):
                return ids
        for _, stage in self.restrictions():
            logits = stage(logits)
        return filters.likeliest(logits)

    def _uniforms(self) -> NDArray[np.float64]:
        return np.array([random.random() for random in self._randoms])

    def _steer(self, ids: Ids, logits: Logits) -> None:
        settings = self.settings
        heat = temperature_of(settings, self.number)
        if heat < filters.COLDEST:  # nothing was drawn, so there is nothing to steer by
            return
        allowed = filters.ban(logits, self.rules.forbidden(self.number))
        surprise = filters.surprise(filters.temperature(allowed, heat), ids)
        self._limits = filters.steered(
            self._limits, surprise, settings.mirostat or 0.0, settings.mirostat_rate
        )
