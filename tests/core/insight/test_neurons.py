import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.decoding.generator import Generator
from core.errors import InputError, SettingError
from core.insight import neurons, states
from core.insight.line import Line, read_line
from core.insight.neurons import Part, activations, affordable, read_unit, selectivity, survey, tuning
from tests.conftest import random_model
from tests.core.decoding.test_stepper import SHAPES
from tests.core.insight.test_gates import by_the_formulas

TEXTS = ["china says war", "the new york vote", "why", "a trade war a trade war a trade war", "china"]


@pytest.fixture
def generator() -> Generator:
    return Generator(random_model(layers=2))


def lines_of(generator: Generator, texts: list[str] = TEXTS) -> list[Line]:
    return [read_line(generator, text) for text in texts]


def parts_of(states: np.ndarray, rows: int = 100) -> Iterator[Part]:
    for first in range(0, len(states), rows):
        yield Part(np.arange(len(states))[first : first + rows], states[first : first + rows])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("context", ["stream", "window"])
@pytest.mark.parametrize("batch", [2, 256])
def test_many_lines_are_read_as_each_alone(
    shape: dict[str, object], context: str, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "BATCH", batch)
    generator = Generator(random_model(context, **shape))
    lines = lines_of(generator)
    expected = []
    for line in lines:
        start = [] if generator.vocabulary.start is None else [generator.vocabulary.start]
        for word in range(len(line.ids)):
            read = [*start, *line.ids[: word + 1]]
            if context == "window":
                read = ([0] * 5 + read)[-5:]
            expected.append(by_the_formulas(generator.model, read)[-1][0][1])
    assert np.allclose(activations(generator, lines, 0), expected, atol=1e-5)


def test_a_unit_is_told_word_by_word_counted_from_one(generator: Generator) -> None:
    line = read_line(generator, "china says war")
    _, *expected = by_the_formulas(generator.model, [generator.vocabulary.start, *line.ids])
    told = read_unit(generator, line, 8)
    assert (told.layer, told.unit, told.line) == (2, 8, line)
    assert told.values == pytest.approx([layers[1][1][7] for layers in expected], abs=1e-5)
    first = read_unit(generator, line, 1, layer=1)
    assert first.values == pytest.approx([layers[0][1][0] for layers in expected], abs=1e-5)


@pytest.mark.parametrize(
    ("unit", "layer", "message"),
    [
        (0, None, "there is no unit 0; each layer of tiny has units 1 to 8"),
        (9, None, "there is no unit 9; each layer of tiny has units 1 to 8"),
        (1, 0, "there is no layer 0; tiny has layers 1 to 2"),
        (1, 3, "there is no layer 3; tiny has layers 1 to 2"),
    ],
)
def test_a_unit_or_layer_out_of_range_is_told_the_range(
    generator: Generator, unit: int, layer: int | None, message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        read_unit(generator, read_line(generator, "china"), unit, layer)


def test_a_network_of_one_layer_says_so() -> None:
    generator = Generator(random_model())
    with pytest.raises(SettingError, match="there is no layer 2; tiny has one layer, 1"):
        read_unit(generator, read_line(generator, "china"), 1, 2)


def test_selectivity_is_that_of_vinje_and_gallant() -> None:
    """a = (2/4)^2 / (2/4) = 1/2 for two of four, (1 - 1/2) / (1 - 1/4) = 2/3."""
    units = np.array([[1, 0, 0, 0], [1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0], [4, 2, 1, 1]], np.float32)
    graded = (1 - 4 / 5.5) / (1 - 1 / 4)  # the mean is 2, the mean square 22/4
    assert selectivity(units.T) == pytest.approx([1, 0, 2 / 3, 0, graded])


@given(
    arrays(np.float32, (5, 3), elements=st.floats(0, 2, width=32).filter(lambda x: x == 0 or x > 1e-3)),
    st.sampled_from([0.25, 0.5, 2.0, 4.0]),
)
def test_selectivity_lies_between_0_and_1_whatever_the_scale(values: np.ndarray, scale: float) -> None:
    found = selectivity(values)
    assert np.all((found >= -1e-5) & (found <= 1 + 1e-5))
    assert selectivity(values * np.float32(scale)) == pytest.approx(found, abs=1e-4)


def test_tuning_averages_over_the_places_of_each_word_that_comes_often() -> None:
    ids = np.array([7, 5, 7, 9, 5, 6, 6, 6])
    states = np.array([[0.2], [1.0], [0.4], [0.9], [0.8], [0.0], [0.6], [0.3]], np.float32)
    tuned = tuning(ids, parts_of(states), least=2)
    assert tuned.ids.tolist() == [5, 6, 7]
    assert tuned.counts.tolist() == [2, 3, 2]
    assert tuned.means == pytest.approx(np.array([[0.9], [0.3], [0.3]]))
    assert tuned.rest == pytest.approx([0.3])
    assert tuned.responses == pytest.approx(np.array([[0.6], [0], [0]]), abs=1e-6)
    assert tuning(ids, parts_of(states), least=1).ids.tolist() == [5, 6, 7, 9]


@given(
    ids=st.lists(st.integers(0, 3), min_size=8, max_size=30),
    rows=st.integers(1, 9),
    seed=st.integers(0, 99),
)
def test_tuning_is_the_same_however_the_places_are_divided(
    ids: list[int], rows: int, seed: int
) -> None:
    ids += [0, 0, 1, 1]
    states = np.random.default_rng(seed).uniform(-1, 1, (len(ids), 3)).astype(np.float32)
    order = np.random.default_rng(seed).permutation(len(ids))
    parts = [Part(order[part.words], states[order[part.words]]) for part in parts_of(states, rows)]
    tuned = tuning(np.array(ids), parts, least=2)
    assert tuned.ids.tolist() == [kind for kind in range(4) if ids.count(kind) >= 2]
    for kind, means in zip(tuned.ids, tuned.means, strict=True):
        assert means == pytest.approx(states[np.array(ids) == kind].mean(axis=0), abs=1e-5)


def test_a_unit_that_goes_furthest_downwards_responds_downwards() -> None:
    states = np.array([[0.5], [0.5], [0.6], [-0.9]], np.float32)
    tuned = tuning(np.array([4, 5, 6, 7]), parts_of(states), least=1)
    assert tuned.signs.tolist() == [-1]
    assert tuned.responses[:, 0] == pytest.approx([0, 0, 0, 1.4])
    assert selectivity(tuned.responses) == pytest.approx([1])


def test_two_words_must_come_often_enough() -> None:
    with pytest.raises(InputError, match="no two words come 3 times in these 4"):
        tuning(np.array([5, 5, 5, 6]), parts_of(np.zeros((4, 2), np.float32)), least=3)


def test_a_survey_ranks_units_and_shows_where_they_fire(generator: Generator) -> None:
    lines = lines_of(generator, [*TEXTS, "china says vote", "why trade war"])
    told = survey(generator, lines, layer=1, least=2, units=3)
    assert (told.model, told.layer, told.size, told.least) == ("tiny", 1, 8, 2)
    assert (told.lines, told.words) == (7, 24)
    ids = [id_ for line in lines for id_ in line.ids]
    counts = {word: ids.count(generator.vocabulary.ids[word]) for word in ("a", "trade", "war", "vote")}
    assert counts == {"a": 3, "trade": 4, "war": 5, "vote": 2}
    assert [unit.selectivity for unit in told.units] == sorted(
        (unit.selectivity for unit in told.units), reverse=True
    )
    hidden = activations(generator, lines, 0)
    for unit in told.units:
        for word in unit.words:
            places = [n for n, id_ in enumerate(ids) if generator.vocabulary.tokens[id_] == word.word]
            assert word.count == len(places) >= 2
            assert word.mean == pytest.approx(hidden[places, unit.unit - 1].mean(), abs=1e-6)
        away = [abs(word.mean - unit.rest) for word in unit.words]
        assert away == sorted(away, reverse=True)
        firing = {word.word for word in unit.words}
        for example in unit.examples:
            assert example.line.words[example.peak] in firing
            assert len(example.values) == len(example.line.words)


@pytest.mark.parametrize("context", ["stream", "window"])
def test_the_examples_are_the_lines_in_which_a_unit_goes_furthest_at_its_words(context: str) -> None:
    generator = Generator(random_model(context, seed=3))
    lines = lines_of(generator, [*TEXTS, "china says vote", "why trade war", "the new york"])
    told = survey(generator, lines, least=2, units=8)
    assert len(told.units) > 3
    for unit in told.units:
        side = np.sign(unit.words[0].mean - unit.rest)
        firing = {word.word for word in unit.words}
        furthest = {}
        for number, line in enumerate(lines):
            values = side * activations(generator, [line], 0)[:, unit.unit - 1]
            at = [value for word, value in zip(line.words, values, strict=True) if word in firing]
            furthest[number] = max(at, default=-np.inf)
        best = sorted(furthest, key=lambda number: -furthest[number])[:2]
        assert [example.line for example in unit.examples] == [lines[number] for number in best]
        peaks = [side * example.values[example.peak] for example in unit.examples]
        assert peaks == pytest.approx([furthest[number] for number in best], abs=1e-5)


def test_a_survey_takes_less_memory_than_the_activations_it_is_about() -> None:
    generator = Generator(random_model(hidden_size=128))
    lines = lines_of(generator) * 1000
    tracemalloc.start()
    try:
        told = survey(generator, lines, least=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < told.words * 128 * 4 / 2


def test_units_that_hardly_move_are_left_out() -> None:
    model = random_model()
    for name in model.weights:
        model.weights[name][:] *= 0.01
    generator = Generator(model)
    told = survey(generator, lines_of(generator), least=1)
    assert (told.units, told.still) == ((), 8)


@pytest.mark.parametrize(("least", "units", "name"), [(0, 8, "least"), (5, 0, "top")])
def test_a_survey_of_nothing_is_refused(
    generator: Generator, least: int, units: int, name: str
) -> None:
    with pytest.raises(SettingError, match=f"^{name} must be a whole number of at least 1, not 0"):
        survey(generator, lines_of(generator), least=least, units=units)


@pytest.mark.parametrize(
    ("context", "steps", "taken"),
    [
        ("stream", 18, [0, 1, 2, 3, 4]),
        ("stream", 17, [0, 1, 2, 3]),
        ("stream", 8, [0, 2]),
        ("window", 40, [0, 2]),
        ("stream", 1, [0]),
    ],
)
def test_only_so_many_lines_are_read_as_can_be_spread_over_all(
    context: str, steps: int, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines have 3, 4, 1, 9 and 1 words; a window of 5 costs five steps a word."""
    monkeypatch.setattr(neurons, "STEPS", steps)
    generator = Generator(random_model(context))
    lines = lines_of(generator)
    assert affordable(generator, lines) == [lines[number] for number in taken]
