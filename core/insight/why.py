"""Why it was that word: what each word of a line beat, before and after the filters, and who cut whom.

The line is gone through again with its settings; nothing is drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.decoding import filters
from core.decoding.ensemble import turn_of
from core.decoding.filters import Logits
from core.decoding.generator import Generator, Seed
from core.decoding.mixing import ngram_share
from core.decoding.sampler import Sampler

TOP = 8
"""Words that are shown of each distribution, unless more are asked for."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that could have come: its probability and rank in the model's own distribution.

    `after` is its probability once all filters have run; `cut_by` names the one that removed it.
    """

    text: str
    id: int
    before: float
    after: float
    rank: int
    cut_by: str | None


@dataclass(frozen=True, slots=True)
class Stage:
    """A filter that was on, and how many words it left."""

    name: str
    left: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One generated word, `number` counted from 1, with the likeliest candidates and itself.

    Where several models take turns, `speaker` is the name of the one that had this word. `ngrams` is
    how much of its probability before the filters came from the model's n-grams, from 0 to 1; None
    where they had no say, and for several models at once.
    """

    number: int
    chosen: Candidate
    candidates: tuple[Candidate, ...]
    stages: tuple[Stage, ...]
    speaker: str | None = None
    ngrams: float | None = None


def explain(generator: Generator, seed: Seed, ids: Sequence[int], top: int = TOP) -> Iterator[Choice]:
    """Yield, for each of the generated `ids`, what it was chosen from.

    Args:
        generator: the model with the settings that the line was generated with.
        seed: the line's beginning.
        ids: the generated words.
        top: how many candidates to tell of.

    Raises:
        SettingError: the settings do not suit this model.
    """
    sampler = Sampler(generator.settings, generator.rules_after(seed), seed.ids, [0])
    state = generator.read(seed)
    for number, id_ in enumerate(ids):
        logits = generator.stepper.logits(state)
        speaker = turn_of(generator.model, state)
        choice = _choice(generator, sampler, logits, id_, number + 1, top)
        yield replace(choice, speaker=speaker, ngrams=ngram_share(generator.stepper, state, id_))
        sampler.skip(np.array([id_]), logits)
        state = generator.stepper.advance(state, np.array([id_]))


class _Traced(NamedTuple):
    """What the filters left, and which stage removed a word: its index, or -1."""

    logits: Logits
    cutters: NDArray[np.intp]
    stages: tuple[Stage, ...]


def _trace(sampler: Sampler, logits: Logits) -> _Traced:
    stages = list(sampler.restrictions())
    if not sampler.settings.searches:  # a search draws nothing, so nothing is truncated
        stages += sampler.truncations()
    cutters = np.full(logits.shape[1], -1)
    told = []
    for number, (name, stage) in enumerate(stages):
        there = logits[0] > -np.inf
        logits = stage(logits)
        left = logits[0] > -np.inf
        cutters[there & ~left] = number
        told.append(Stage(name, int(left.sum())))
    return _Traced(logits, cutters, tuple(told))


def _choice(
    generator: Generator, sampler: Sampler, logits: Logits, id_: int, number: int, top: int
) -> Choice:
    before = filters.probabilities(logits)[0]
    traced = _trace(sampler, logits)
    after = filters.probabilities(traced.logits)[0]
    top = min(top, len(before))
    likeliest = np.argpartition(-before, top - 1)[:top]
    likeliest = likeliest[np.lexsort((likeliest, -before[likeliest]))].tolist()

    def candidate(id_: int) -> Candidate:
        cutter = traced.cutters[id_]
        return Candidate(
            generator.vocabulary.tokens[id_],
            id_,
            float(before[id_]),
            float(after[id_]),
            int((before > before[id_]).sum()) + 1,
            None if cutter < 0 else traced.stages[cutter].name,
        )

    chosen = candidate(id_)
    shown = tuple(map(candidate, likeliest if id_ in likeliest else [*likeliest, id_]))
    return Choice(number, chosen, shown, traced.stages)
