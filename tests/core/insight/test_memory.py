"""Influence against a slow reading of every variant by itself."""

import numpy as np
import pytest

from core.decoding.generator import Generator, Seed
from core.insight import memory
from core.insight.line import Line, read_line
from core.insight.memory import Influence, _divergence, affordable, decay, forgotten, remember
from tests.conftest import random_model

SHAPES: list[dict[str, object]] = [
    {},
    {"cell": "gru", "layers": 2},
    {"cell": "rnn"},
    {"context": "window"},
    {"context": "window", "masked": True, "cell": "gru"},
    {"context": "window", "attention": True},
]
TEXT = "why china says the trade war a new vote"


def expected_next(generator: Generator, ids: tuple[int, ...]) -> np.ndarray:
    logits = generator.stepper.logits(generator.read(Seed("", (), ids)))[0].astype(np.float64)
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def by_definition(generator: Generator, ids: tuple[int, ...], place: int) -> float:
    full = expected_next(generator, ids)
    without = expected_next(generator, ids[:place] + ids[place + 1 :])
    return float((full * np.log2(full / without)).sum())


@pytest.mark.parametrize("shape", SHAPES)
def test_a_words_influence_is_the_divergence_when_it_is_left_out(shape: dict[str, object]) -> None:
    generator = Generator(random_model(**shape))
    line = read_line(generator, TEXT)
    told = remember(generator, line)
    expected = [by_definition(generator, line.ids, place) for place in range(9)]
    assert told.bits == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_influence_by_distance_is_averaged_over_the_positions_of_the_line(
    shape: dict[str, object],
) -> None:
    generator = Generator(random_model(**shape))
    line = read_line(generator, TEXT)
    told = remember(generator, line).memory.by_distance
    assert [(one.distance, one.positions) for one in told] == [(d, 10 - d) for d in range(1, 10)]
    for distance in (1, 4, 9):
        ends = range(distance, 10)
        values = [by_definition(generator, line.ids[:end], end - distance) for end in ends]
        assert told[distance - 1].bits == pytest.approx(np.mean(values), abs=1e-6)


def test_what_a_window_does_not_reach_does_not_matter() -> None:
    generator = Generator(random_model("window"))
    told = remember(generator, read_line(generator, TEXT))
    assert max(told.bits[:4]) < 1e-9 < min(told.bits[4:])
    assert told.memory.forgotten == 6


def test_of_a_long_line_only_the_last_words_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "LONGEST", 3)
    generator = Generator(random_model())
    line = read_line(generator, TEXT)
    told = remember(generator, line)
    assert told.bits == pytest.approx([by_definition(generator, line.ids, n) for n in (6, 7, 8)])
    assert [one.positions for one in told.memory.by_distance] == [3, 2, 1]


def test_one_word_has_the_influence_of_its_being_there() -> None:
    generator = Generator(random_model())
    line = read_line(generator, "china")
    assert remember(generator, line).bits == pytest.approx([by_definition(generator, line.ids, 0)])


def test_a_model_that_expects_the_same_after_anything_remembers_nothing() -> None:
    model = random_model()
    model.weights["output.kernel"][:] = 0
    generator = Generator(model)
    told = remember(generator, read_line(generator, TEXT))
    assert told.bits == (0,) * 9
    assert told.memory.forgotten is None


def curve(*bits: float) -> tuple[Influence, ...]:
    return tuple(Influence(distance, value, 5) for distance, value in enumerate(bits, start=1))


@pytest.mark.parametrize(
    ("bits", "distance"),
    [
        ((2.0, 1.0, 0.5), None),
        ((2.0, 0.02, 0.019), 3),
        ((2.0, 0.01, 0.01), 2),
        ((2.0, 0.01, 0.5, 0.01), 4),
        ((2.0, 0.01, 0.5), None),
        ((2.0,), None),
        ((), None),
        ((0.0, 0.0), None),
    ],
)
def test_a_word_is_forgotten_where_influence_stays_below_one_percent(
    bits: tuple[float, ...], distance: int | None
) -> None:
    assert forgotten(curve(*bits)) == distance


def lines_of(generator: Generator) -> list[Line]:
    texts = ["china says war", "why", "the new vote", "a trade war a trade war"]
    return [read_line(generator, text) for text in texts]


@pytest.mark.parametrize("at_once", [1, 1 << 23])
def test_decay_averages_over_all_positions_of_all_lines(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "EVIDENCE", 1)
    monkeypatch.setattr(memory, "_NUMBERS", at_once)
    generator = Generator(random_model(name="net"))
    lines = lines_of(generator)
    told = decay(generator, lines)
    assert (told.model, told.lines) == ("net", 4)
    assert [one.positions for one in told.by_distance] == [13, 9, 6, 3, 2, 1]
    values = [
        by_definition(generator, line.ids[:end], end - 2)
        for line in lines
        for end in range(2, len(line.ids) + 1)
    ]
    assert told.by_distance[1].bits == pytest.approx(np.mean(values), abs=1e-6)


def test_distances_that_few_positions_have_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = Generator(random_model())
    monkeypatch.setattr(memory, "EVIDENCE", 3)
    assert len(decay(generator, lines_of(generator)).by_distance) == 4
    monkeypatch.setattr(memory, "EVIDENCE", 100)
    assert len(decay(generator, lines_of(generator)).by_distance) == 6


@pytest.mark.parametrize(("context", "steps", "count"), [("stream", 30, 2), ("window", 55, 1)])
def test_so_many_lines_are_compared_on_as_can_be_read(
    context: str, steps: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They cost 9, 2, 9 and 27 steps: 47 in all, 235 with a window of 5."""
    monkeypatch.setattr(memory, "STEPS", steps)
    generator = Generator(random_model(context))
    lines = lines_of(generator)
    assert affordable(generator, lines) == count
    monkeypatch.setattr(memory, "STEPS", 10_000)
    assert affordable(generator, lines) == 4


def test_what_is_impossible_either_way_changes_nothing() -> None:
    full = np.log(np.array([[[0.5, 0.5, 1e-300]]]))
    full[..., 2] = -np.inf
    without = np.log(np.array([[[0.25, 0.75, 1e-300], [0.5, 0.5, 1e-300]]]))
    without[..., 2] = -np.inf
    bits = _divergence(full, without)
    expected = 0.5 * np.log2(0.5 / 0.25) + 0.5 * np.log2(0.5 / 0.75)
    assert bits[0] == pytest.approx([expected, 0.0])
