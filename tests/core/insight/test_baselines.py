"""Word frequencies by hand; a hidden Markov model against the sum over every path of states."""

import importlib.util
import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest

from core.errors import SettingError
from core.insight import baselines
from core.insight.baselines import HiddenMarkov, Trigrams, Unigram
from core.insight.likelihood import sequence
from core.text.vocabulary import SPECIALS, Vocabulary

VOCABULARY = Vocabulary((*SPECIALS, "a", "b"))
UNKNOWN, END, A, B = 1, 3, 4, 5
LINES = [sequence(VOCABULARY, line) for line in (["a", "b", "a"], ["a", "zzz"])]

needs_hmmlearn = pytest.mark.skipif(
    importlib.util.find_spec("hmmlearn") is None, reason="hmmlearn is not installed"
)


def test_frequencies_are_counted_with_one_more_for_all() -> None:
    """Seven targets: three a, one b, one unknown, two ends; and a quarter more for each."""
    unigram = Unigram.fit(LINES, VOCABULARY)
    assert unigram.shares == pytest.approx([0, 1.25 / 8, 0, 2.25 / 8, 3.25 / 8, 1.25 / 8])
    assert unigram.parameters == 4
    found = np.exp(unigram.log_probabilities([np.array([2, B, 3]), np.array([2, UNKNOWN])]))
    assert found == pytest.approx([1.25 / 8, 2.25 / 8, 1.25 / 8])


def by_paths(model: HiddenMarkov, targets: Sequence[int]) -> float:
    """Sum over all paths of states, written out."""
    total = 0.0
    for path in itertools.product(range(len(model.start)), repeat=len(targets)):
        share = model.start[path[0]]
        for one, two in itertools.pairwise(path):
            share *= model.transitions[one, two]
        total += share * math.prod(
            model.emissions[state, t] for state, t in zip(path, targets, strict=True)
        )
    return total


def some_model() -> HiddenMarkov:
    random = np.random.default_rng(0)
    start, transitions, emissions = random.random(3), random.random((3, 3)), random.random((3, 6))
    return HiddenMarkov(
        start / start.sum(),
        transitions / transitions.sum(axis=1, keepdims=True),
        emissions / emissions.sum(axis=1, keepdims=True),
    )


@pytest.mark.parametrize("targets", [[A], [A, B], [B, UNKNOWN, A, A, END]])
def test_tokens_have_their_share_of_all_paths_given_the_ones_before(targets: list[int]) -> None:
    model = some_model()
    found = np.exp(model.log_probabilities([np.array([2, *targets])]))
    for length in range(1, len(targets) + 1):
        before = by_paths(model, targets[: length - 1]) if length > 1 else 1.0
        assert found[length - 1] == pytest.approx(by_paths(model, targets[:length]) / before)


def test_what_may_follow_adds_up_to_one() -> None:
    model = some_model()
    total = sum(np.exp(model.log_probabilities([np.array([2, A, B, last])]))[-1] for last in range(6))
    assert total == pytest.approx(1)


def test_without_hmmlearn_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"pip install 'headlong\[baselines\]'"):
        HiddenMarkov.fit(LINES, VOCABULARY)


@needs_hmmlearn
def test_a_fitted_model_agrees_with_hmmlearn_and_learns_an_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from hmmlearn.hmm import CategoricalHMM

    lines = [sequence(VOCABULARY, line) for line in (["a", "b", "a", "b"], ["a", "b"])] * 20
    monkeypatch.setattr(baselines, "PRIOR", 0.01)
    model = HiddenMarkov.fit(lines, VOCABULARY, states=3, rounds=50)
    logs = model.log_probabilities(lines)
    theirs = CategoricalHMM(3, n_features=6)
    theirs.startprob_, theirs.transmat_, theirs.emissionprob_ = (
        model.start,
        model.transitions,
        model.emissions,
    )
    targets = np.concatenate([line[1:] for line in lines])
    assert logs.sum() == pytest.approx(
        theirs.score(targets[:, None], [len(line) - 1 for line in lines])
    )
    assert -logs.mean() < 0.5 < -Unigram.fit(lines, VOCABULARY).log_probabilities(lines).mean()


@needs_hmmlearn
def test_no_word_of_the_vocabulary_is_impossible() -> None:
    words = Vocabulary((*SPECIALS, "a", "b", "never"))
    model = HiddenMarkov.fit(LINES, words, states=2)
    assert np.isfinite(model.log_probabilities([sequence(words, ["never", "b"])])).all()
    assert model.emissions[:, [0, 2]].max() == 0
    assert model.emissions.sum(axis=1) == pytest.approx([1, 1])


def test_n_grams_are_those_of_kneser_and_ney() -> None:
    from core.text.kneser_ney import KneserNey

    fitted = Trigrams.fit(LINES, VOCABULARY)
    model = KneserNey.build([line.tolist() for line in LINES], len(VOCABULARY), 3)
    found = np.exp(fitted.log_probabilities([np.array([2, A, B, END])]))
    told = [
        model.probabilities(context)[id_] for context, id_ in (([2], A), ([2, A], B), ([A, B], END))
    ]
    assert found == pytest.approx(told)
    assert fitted.parameters > len(VOCABULARY)
