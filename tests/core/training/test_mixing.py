"""What is mixed in after training: the n-grams of the training lines, and a weight found by EM."""

from pathlib import Path

import numpy as np
import pytest

from core.library.ngrams import read, write
from core.recipe import PRESETS
from core.text.corpus import Source
from core.text.kneser_ney import KneserNey
from core.training import mixing
from core.training.dataset import Dataset
from core.training.mixing import is_wanted, mixture, share

LINES = [
    f"the {animal} {verb} the {thing}"
    for animal in ("cat", "dog", "cow")
    for verb in ("eats", "sees")
    for thing in ("bread", "mouse", "sky")
]


def dataset(directory: Path, **changes: object) -> Dataset:
    path = directory / "lines.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    recipe = PRESETS["small"].change(min_count=1, **changes)  # type: ignore[arg-type]
    return Dataset.prepare(Source((path,)), recipe)


def test_one_round_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """(0.2 / (0.2 + 0.4) + 0.6 / (0.6 + 0.2)) / 2, the halves shortened."""
    monkeypatch.setattr(mixing, "ROUNDS", 1)
    assert share(np.array([0.2, 0.6]), np.array([0.4, 0.2])) == pytest.approx((1 / 3 + 3 / 4) / 2)


def test_the_weight_is_about_the_best_of_all() -> None:
    random = np.random.default_rng(0)
    first, second = random.beta(1, 5, 2000), random.beta(1, 8, 2000)
    found = share(first, second)
    grid = np.linspace(0, 1, 1001)
    likely = [np.log(l * first + (1 - l) * second).mean() for l in grid]  # noqa: E741
    assert np.log(found * first + (1 - found) * second).mean() == pytest.approx(max(likely), abs=1e-4)


def test_a_model_that_says_it_all_gets_it_all() -> None:
    assert share(np.array([0.5, 0.5]), np.zeros(2)) == 1
    assert share(np.zeros(2), np.array([0.5, 0.5])) == 0


def test_n_grams_are_those_of_the_training_lines_alone(tmp_path: Path) -> None:
    data = dataset(tmp_path, validation_share=0.5)
    assert data.validation is not None
    found = mixture(data, np.full(data.validation.tokens, 2.0))
    occurrences = int(found.ngrams.counts.sum())
    assert occurrences == data.training.tokens < sum(len(line.split()) + 1 for line in LINES)


def test_the_perplexity_is_that_of_the_mix(tmp_path: Path) -> None:
    data = dataset(tmp_path, validation_share=0.3)
    assert data.validation is not None
    assert data.vocabulary.start is not None
    losses = np.random.default_rng(1).uniform(0.1, 4, data.validation.tokens)
    found = mixture(data, losses)
    model = KneserNey.of(found.ngrams, len(data.vocabulary), data.vocabulary.start)
    rows = [
        [first, *row[row > 0].tolist()]
        for inputs, targets in data.validation.epoch(None)
        for first, row in zip(inputs[:, 0].tolist(), targets, strict=True)
    ]
    mixed = (1 - found.weight) * np.exp(-losses) + found.weight * np.exp(model.score(rows))
    assert found.perplexity == pytest.approx(np.exp(-np.log(mixed).mean()))
    assert found.perplexity < np.exp(losses.mean())


def test_without_held_out_lines_the_weight_is_0(tmp_path: Path) -> None:
    found = mixture(dataset(tmp_path, validation_share=0), np.zeros(0))
    assert (found.weight, found.perplexity) == (0, None)
    assert "no text was held out" in found.describe(None)


def test_a_huge_text_is_counted_in_lines_spread_evenly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = dataset(tmp_path, validation_share=0)
    monkeypatch.setattr(mixing, "MOST", data.training.tokens // 3 + 1)
    found = mixture(data, np.zeros(0))
    assert found.every == 3
    assert found.ngrams.counts.sum() == pytest.approx(data.training.tokens / 3, rel=0.1)
    assert "of one line in 3" in found.describe(None)


def test_characters_have_longer_ones(tmp_path: Path) -> None:
    data = dataset(tmp_path, validation_share=0, level="character", cleaning="characters")
    assert mixture(data, np.zeros(0)).ngrams.ids.shape[1] == 5


def test_a_line_that_is_learnt_in_pieces_can_be_saved(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n".join([" ".join(LINES), " ".join(LINES[::-1])]), encoding="utf-8")
    recipe = PRESETS["small"].change(
        level="character", cleaning="characters", min_count=1, validation_share=0
    )
    data = Dataset.prepare(Source((path,)), recipe)
    found = mixture(data, np.zeros(0))
    pieces = sum(len(list(batch[0])) for batch in data.training.epoch(None))
    assert pieces > 2
    # What begins a piece has too little before it for whole n-grams, three times each.
    assert found.ngrams.counts.sum() == data.training.tokens - 3 * (pieces - 2)
    assert np.array_equal(read(write(found.ngrams), data.vocabulary).ids, found.ngrams.ids)


def test_who_gets_n_grams(tmp_path: Path) -> None:
    assert is_wanted(dataset(tmp_path))
    assert not is_wanted(dataset(tmp_path, ngram=False))
    assert not is_wanted(dataset(tmp_path, context="window", window=5))
