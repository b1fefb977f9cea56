"""Contrastive search against its formula, worked out word by word without a batch."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.decoding import contrastive
from core.decoding.generator import Generator
from core.settings import SamplingSettings
from tests.conftest import random_model
from tests.core.decoding.exhaustive import Table, found, of_table, shares


def contrasting(context: str = "stream", seed: int = 0, **values: object) -> Generator:
    return Generator(random_model(context, seed=seed), SamplingSettings(**values))  # type: ignore[arg-type]


def hidden_after(generator: Generator, ids: list[int]) -> np.ndarray:
    start = generator.vocabulary.start
    state = generator.stepper.start(1)
    for id_ in ids if start is None else [start, *ids]:
        state = generator.stepper.advance(state, np.array([id_]))
    return generator.stepper.hidden(state)[0].astype(float)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / math.sqrt((one @ one) * (other @ other)))


def by_the_formula(generator: Generator, text: str, k: int) -> list[str]:
    weight, ids = generator.settings.contrastive or 0, list(generator.read_seed(text).ids)
    begun = len(ids)
    for _ in range(generator.length):
        said = [hidden_after(generator, ids[: place + 1]) for place in range(len(ids))]
        values = {}
        for id_, share in shares(generator, text, ids[begun:]).items():
            hidden = hidden_after(generator, [*ids, id_])
            near = max((cosine(hidden, other) for other in said), default=0)
            values[id_] = (share, (1 - weight) * share - weight * near)
        candidates = sorted(values, key=lambda id_: -values[id_][0])[:k]
        best = max(candidates, key=lambda id_: values[id_][1])
        if best == generator.rules.end:
            break
        ids.append(best)
    return generator.vocabulary.decode(ids[begun:])


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    context=st.sampled_from(["stream", "window"]),
    weight=st.sampled_from([0.1, 0.6, 1.0]),
    text=st.sampled_from(["", "new york"]),
    k=st.sampled_from([None, 2, 8]),
)
def test_each_word_is_the_best_of_the_likeliest_by_the_formula(
    seed: int, context: str, weight: float, text: str, k: int | None
) -> None:
    generator = contrasting(context, seed, contrastive=weight, top_k=k, length=8, until_end=True)
    assert list(found(generator, text)[0]) == by_the_formula(generator, text, k or 5)


@pytest.mark.parametrize("context", ["stream", "window"])
def test_of_no_weight_it_is_greedy(context: str) -> None:
    for seed in range(5):
        greedy = contrasting(context, seed, temperature=0)
        assert found(contrasting(context, seed, contrastive=0), "a war") == found(greedy, "a war")


REPEATING = {word: {"war": 0.6, "vote": 0.4} for word in ("<s>", "war", "vote")}


@pytest.mark.parametrize(
    ("weight", "line"), [(0, ("war", "war")), (0.15, ("war", "war")), (0.18, ("war", "vote"))]
)
def test_a_word_that_changes_nothing_has_to_be_that_much_likelier(
    weight: float, line: tuple[str, ...]
) -> None:
    # The table shows the word as a direction of its own: war after war has cosine 1, vote 0.
    # (1 - w) 0.6 - w < (1 - w) 0.4 from w = 1/6 on.
    assert found(of_table(REPEATING, contrastive=weight, length=2)) == [line]


@pytest.mark.parametrize("context", ["stream", "window"])
def test_words_are_tried_in_parts_and_the_best_of_all_is_taken(
    context: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(5):
        generator = contrasting(context, seed, contrastive=0.8, top_k=100, length=8)
        whole = found(generator, "a war")
        monkeypatch.setattr(contrastive, "ROWS", 3)
        assert found(generator, "a war") == whole
        monkeypatch.undo()


def test_no_more_words_are_tried_in_one_step_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contrastive, "ROWS", 3)
    generator = of_table(REPEATING, contrastive=0.2, length=1, top_k=10**9)
    found(generator)
    assert isinstance(generator.stepper, Table)
    assert max(generator.stepper.reads) == 3
    assert sum(generator.stepper.reads) > len(generator.vocabulary) - 4


def test_of_equals_in_different_parts_the_likelier_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contrastive, "ROWS", 1)
    assert found(of_table({}, contrastive=0.5, length=1, top_k=5)) == [("the",)]


def test_the_seed_is_part_of_the_text() -> None:
    assert found(of_table(REPEATING, contrastive=0.2, length=1), "war") == [("vote",)]


def test_forced_words_are_part_of_the_text() -> None:
    generator = of_table(REPEATING, contrastive=0.2, length=2)
    forced = generator.vocabulary.encode(["war"])
    assert found(generator, "", forced) == [("war", "vote")]


def test_there_is_one_line_and_no_chance() -> None:
    lines = [
        found(contrasting(contrastive=0.6, rng=rng, temperature=heat), "china")
        for rng, heat in ((1, 2), (2, 0))
    ]
    assert lines[0] == lines[1]
    assert len(lines[0]) == 1


def test_bans_and_penalties_count() -> None:
    (line,) = found(contrasting(contrastive=0.6, no_repeat=1, ban=("war",), length=8))
    assert len(set(line)) == 8
    assert "war" not in line
