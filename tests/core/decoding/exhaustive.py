"""What searches are measured against: every line there can be, and networks that are a table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.decoding.cells import CellState, Floats, Ids
from core.decoding.generator import Generator
from core.decoding.stepper import State
from core.settings import SamplingSettings
from tests.conftest import random_model

Line = tuple[str, ...]


def every_line(
    generator: Generator, seed: str, forced: Sequence[int] = (), heats: Sequence[float] = (1,)
) -> dict[Line, float]:
    """Return the score of every line, by the definition and without a batch.

    `heats` are temperatures that take turns.
    """
    rules, words = generator.rules, generator.vocabulary.tokens
    found = {}

    def grow(ids: tuple[int, ...], total: float) -> None:
        if len(ids) == rules.length:
            found[ids] = total / len(ids) ** generator.settings.length_penalty
            return
        allowed = shares(generator, seed, ids, heats[len(ids) % len(heats)])
        if len(ids) < len(forced):
            grow((*ids, forced[len(ids)]), total + math.log(allowed[forced[len(ids)]]))
            return
        for id_, share in allowed.items():
            if id_ == rules.end:
                length = len(ids) + 1
                found[ids] = (total + math.log(share)) / length**generator.settings.length_penalty
            else:
                grow((*ids, id_), total + math.log(share))

    grow((), 0.0)
    return {tuple(words[id_] for id_ in ids): score for ids, score in found.items()}


def shares(generator: Generator, seed: str, ids: Sequence[int], heat: float = 1) -> dict[int, float]:
    """Return the probabilities of the words that may follow, read anew from the beginning."""
    state = generator.read(generator.read_seed(seed))
    for id_ in ids:
        state = generator.stepper.advance(state, np.array([id_]))
    logits = generator.stepper.logits(state)[0].astype(float) / heat
    forbidden = set(generator.rules.forbidden(len(ids)).tolist())
    allowed = [id_ for id_ in range(len(logits)) if id_ not in forbidden]
    total = sum(math.exp(logits[id_]) for id_ in allowed)
    return {id_: math.exp(logits[id_]) / total for id_ in allowed}


def best_of(lines: Mapping[Line, float], count: int) -> list[Line]:
    """Return the lines of the highest scores, in order."""
    return sorted(lines, key=lambda line: -lines[line])[:count]


def found(generator: Generator, seed: str = "", forced: Sequence[int] = ()) -> list[Line]:
    """Return the words of every line that a generator gives, in its order."""
    lines = generator.generate(generator.read_seed(seed), forced)
    return [tuple(word.text for word in line.words) for line in lines]


@dataclass
class Table:
    """Says what follows on a word, whatever was before: others than those named have no chance."""

    words: Mapping[str, Mapping[str, float]]
    tokens: Sequence[str]
    reads: list[int] = field(default_factory=list)
    """How many texts were read in each step."""

    def start(self, rows: int) -> State:
        return State(CellState((), ()), rows, window=np.zeros((rows, 1), np.intp))

    def advance(self, state: State, ids: Ids) -> State:
        self.reads.append(len(ids))
        return State(state.layers, len(ids), state.read + 1, np.asarray(ids)[:, None])

    def logits(self, state: State) -> Floats:
        assert state.window is not None
        logits = np.full((state.rows, len(self.tokens)), -50, np.float32)
        for row, id_ in zip(logits, state.window[:, 0], strict=True):
            for word, share in self.words.get(self.tokens[id_], {}).items():
                row[self.tokens.index(word)] = math.log(share)
        return logits

    def take(self, state: State, rows: Ids) -> State:
        assert state.window is not None
        return state._replace(rows=len(rows), window=state.window[rows])

    def hidden(self, state: State) -> Floats:
        assert state.window is not None
        return np.eye(len(self.tokens), dtype=np.float32)[state.window[:, 0]]


def of_table(words: Mapping[str, Mapping[str, float]], **settings: object) -> Generator:
    """Return a generator whose network is a table; a line begins after `<s>`."""
    generator = Generator(random_model(), SamplingSettings(**settings))  # type: ignore[arg-type]
    generator.network = Table(words, generator.vocabulary.tokens)
    return generator
