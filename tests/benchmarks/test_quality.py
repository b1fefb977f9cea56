"""What the benchmark of quality reckons by: its mixtures, and the protocols' lines and words."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core.insight.baselines import Trigrams
from tests.benchmarks import quality
from tests.benchmarks.quality import TABLES, VALIDATION_SHARE, abc, nyt, rows, weights
from tests.benchmarks.summaries import WellRead, known


def test_the_weight_of_a_mixture_is_the_likeliest_of_a_fine_grid() -> None:
    random = np.random.default_rng(0)
    one, two = np.log(random.random((2, 500)))
    grid = np.linspace(0.001, 0.999, 999)
    likelihoods = [np.logaddexp(np.log(w) + one, np.log(1 - w) + two).sum() for w in grid]
    assert weights([one, two], turns=500)[0] == pytest.approx(
        grid[int(np.argmax(likelihoods))], abs=0.001
    )


def test_the_better_of_two_gets_all_where_the_other_adds_nothing() -> None:
    one, two = np.log([0.5, 0.5]), np.log([0.1, 0.2])
    assert weights([one, two], turns=200)[0] > 0.999


def test_a_row_that_mixes_is_better_than_both(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unigrams and n-grams, which are quick; the weight comes from the validation lines."""
    monkeypatch.setattr(quality, "MIXTURES", (("unigram", "kn"),))
    unigram, kn, mixed = rows(nyt(shared), shared, ["unigram", "kn"])
    assert mixed.title == "unigram + kn"
    assert mixed.evaluation.perplexity < kn.evaluation.perplexity * 1.01
    assert kn.evaluation.perplexity < unigram.evaluation.perplexity
    assert 0 < mixed.weights[0] < 0.5
    assert sum(mixed.weights) == pytest.approx(1)


def test_the_protocol_of_the_new_york_times(shared: Path) -> None:
    split = nyt(shared)
    assert (len(split.training), len(split.validation), len(split.test.lines)) == (5_659, 298, 1_241)
    assert (split.seen, split.test.duplicates, len(split.vocabulary)) == (4, 5, 3_680)
    model = Trigrams.fit(split.sequences(split.training), split.vocabulary)
    logs = model.log_probabilities(split.sequences(split.test.lines))
    assert (len(logs), float(np.exp(-logs.mean()))) == (10_505, pytest.approx(139.1, abs=0.5))


def test_the_protocol_of_abc(shared: Path, tmp_path: Path) -> None:
    split = abc(tmp_path)
    assert (len(split.training), len(split.validation), len(split.test.lines)) == (42_603, 2_242, 2_495)
    assert split.share == VALIDATION_SHARE
    assert len(split.vocabulary) == 12_084


def test_summaries_have_the_words_of_the_headlines_and_no_test_line(shared: Path) -> None:
    split = nyt(shared)
    contender = WellRead("read", "read", tables=TABLES[:1])
    tested = set(split.test.lines)
    lines = [tuple(line.split()) for line in known(contender._summaries(split), split)]
    assert len(lines) > 500
    assert not tested.intersection(lines)
    counts = Counter(word for line in lines for word in line)
    others = [word for word in counts if not split.vocabulary.knows(word)]
    assert others
    assert {counts[word] for word in others} == {1}, "so that none is a word of the vocabulary"
