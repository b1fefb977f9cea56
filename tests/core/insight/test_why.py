"""What a word beat, before and after the filters, checked against the filters run by hand."""

import numpy as np
import pytest

from core.decoding import filters
from core.decoding.generator import Generator
from core.insight.why import explain
from core.settings import SamplingSettings
from tests.conftest import random_model


def explained(context: str = "stream", top: int = 4, **settings: object) -> tuple[Generator, list]:
    chosen = SamplingSettings(length=6, **settings)  # type: ignore[arg-type]
    generator = Generator(random_model(context), chosen)
    seed = generator.read_seed("china says")
    words = generator.generate(seed)[0].words
    return generator, list(explain(generator, seed, [word.id for word in words], top=top))


@pytest.mark.parametrize("context", ["stream", "window"])
def test_each_word_has_the_probability_and_rank_that_it_was_drawn_with(context: str) -> None:
    generator, choices = explained(context)
    words = generator.generate(generator.read_seed("china says"))[0].words
    assert [choice.number for choice in choices] == [1, 2, 3, 4, 5, 6]
    for choice, word in zip(choices, words, strict=True):
        assert (choice.chosen.text, choice.chosen.rank) == (word.text, word.rank)
        assert choice.chosen.before == pytest.approx(word.probability, rel=1e-5)


def test_candidates_are_the_likeliest_in_order_and_the_word_itself() -> None:
    _, choices = explained(top=2, temperature=5)
    for choice in choices:
        ranks = [candidate.rank for candidate in choice.candidates]
        assert ranks[:2] == [1, 2]
        assert choice.chosen in choice.candidates
        assert len(ranks) == (2 if choice.chosen.rank <= 2 else 3)


def test_the_filter_that_cut_a_word_is_named() -> None:
    _, choices = explained(top=14, temperature=1, top_k=5, top_p=0.5)
    for choice in choices:
        by = {candidate.rank: candidate.cut_by for candidate in choice.candidates}
        words = [c for c in choice.candidates if c.text not in ("<pad>", "<unk>", "<s>", "</s>")]
        assert all(c.cut_by == "ban" for c in choice.candidates if c not in words)
        assert all(c.cut_by == "top_k" for c in words[5:])
        assert by[choice.chosen.rank] is None
        assert [stage.name for stage in choice.stages] == ["ban", "top_k", "top_p"]
        left = [c for c in choice.candidates if c.cut_by is None]
        assert choice.stages[-1].left == len(left)
        assert sum(c.after for c in left) == pytest.approx(1)
        assert all(c.after == 0 for c in choice.candidates if c.cut_by)


def test_after_is_the_distribution_that_was_drawn_from() -> None:
    generator, choices = explained(top=14, temperature=0.5, no_repeat=1)
    seed = generator.read_seed("china says")
    logits = generator.stepper.logits(generator.read(seed))
    banned = [*generator.vocabulary.special_ids, *seed.ids]
    expected = filters.probabilities(filters.ban(logits, np.array(banned)) / 0.5)[0]
    for candidate in choices[0].candidates:
        assert candidate.after == pytest.approx(expected[candidate.id])
    repeated = [c for c in choices[0].candidates if c.id in seed.ids]
    assert [c.cut_by for c in repeated] == ["no_repeat", "no_repeat"]


def test_greedy_leaves_the_likeliest_word_alone() -> None:
    _, choices = explained(temperature=0)
    for choice in choices:
        assert choice.chosen.after == 1
        assert choice.stages[-1].left == 1
