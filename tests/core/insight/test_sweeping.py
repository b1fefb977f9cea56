"""One setting's values on one seed: what is paired, what differs, and what is the same."""

import itertools
import math

import pytest

from core.decoding.generator import Generator
from core.errors import SettingError
from core.insight.sweeping import Row, sweep
from core.setting import Value
from core.settings import SamplingSettings
from tests.conftest import random_model


def swept(name: str, *values: Value, context: str = "stream", **settings: object) -> list[Row]:
    chosen = SamplingSettings(**{"length": 6} | settings)  # type: ignore[arg-type]
    generator = Generator(random_model(context), chosen)
    return list(sweep(generator, generator.read_seed("china says"), name, values))


@pytest.mark.parametrize("context", ["stream", "window"])
def test_a_row_is_what_the_setting_gives_alone(context: str) -> None:
    rows = swept("temperature", 0.0, 0.5, 2.0, context=context, rng=3)
    assert [row.value for row in rows] == [0.0, 0.5, 2.0]
    for row in rows:
        settings = SamplingSettings(length=6, rng=3, temperature=row.value)  # type: ignore[arg-type]
        generator = Generator(random_model(context), settings)
        assert row.lines == tuple(generator.generate(generator.read_seed("china says")))


def test_what_differs_is_told_against_the_row_above() -> None:
    rows = swept("temperature", 0.2, 1.0, 3.0)
    assert rows[0].differs == ((False,) * 6,)
    for above, row in itertools.pairwise(rows):
        pairs = zip(row.lines[0].words, above.lines[0].words, strict=True)
        assert row.differs == (tuple(word.text != other.text for word, other in pairs),)
    assert any(any(row.differs[0]) for row in rows)


def test_rows_of_the_same_words_are_told() -> None:
    rows = swept("top_k", 1, 14, 1, None)
    assert [row.same_as for row in rows] == [None, None, 0, 1]


def test_random_numbers_are_shared_but_for_a_sweep_of_them() -> None:
    assert [row.same_as for row in swept("dry_base", 1.0, 2.0, 3.0)] == [None, 0, 0]
    assert [row.same_as for row in swept("rng", 1, 2, 3, temperature=3.0)] == [None] * 3


def test_samples_are_paired_one_by_one_and_not_ranked() -> None:
    for row in swept("temperature", 0.5, 2.0, samples=4):
        assert [line.sample for line in row.lines] == [0, 1, 2, 3]
        assert [len(differs) for differs in row.differs] == [6] * 4


def test_the_perplexity_is_the_models_own_of_all_words_of_a_row() -> None:
    row = swept("temperature", 2.0, samples=3, top_k=5)[0]
    shares = [word.probability for line in row.lines for word in line.words]
    assert len(shares) == 18
    assert row.perplexity == pytest.approx(math.prod(shares) ** (-1 / 18))


def test_lengths_may_differ() -> None:
    short, long = swept("length", 2, 4, temperature=0.0)
    assert [word.text for word in long.lines[0].words][:2] == [w.text for w in short.lines[0].words]
    assert long.differs == ((False, False, True, True),)


def test_what_only_sorts_lines_is_not_swept() -> None:
    for name, value in (("samples", 3), ("ranked", True)):
        with pytest.raises(SettingError, match=f"{name} decides which lines are kept"):
            swept(name, value)


def test_a_value_that_does_not_go_with_the_others_is_refused_before_anything_is_drawn() -> None:
    generator = Generator(random_model(), SamplingSettings(contrastive=0.5))
    rows = sweep(generator, generator.read_seed("china"), "beam", (None, 4))
    with pytest.raises(SettingError, match="two different searches"):
        next(rows)


def test_the_generator_keeps_its_settings() -> None:
    generator = Generator(random_model())
    before = generator.settings
    list(sweep(generator, generator.read_seed("china"), "temperature", (0.1, 0.2)))
    assert generator.settings is before
