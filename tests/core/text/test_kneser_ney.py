"""Kneser-Ney: the same numbers as the formula written down word for word, and proper distributions."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.kneser_ney import KneserNey, count, discounts

START, END, A, B, C, D = 2, 3, 4, 5, 6, 7
WORDS = 8

Gram = tuple[int, ...]

LINES = [
    [START, A, B, C, END],
    [START, A, B, A, B, END],
    [START, B, B, C, END],
    [START, A, C, END],
    [START, A, B, C, A, B, C, C, END],
    [START, C, A, B, D, END],
    [START, END],
    [START, A, B, C, END],
]

lines = st.lists(
    st.lists(st.sampled_from([A, B, C, D]), max_size=6).map(lambda words: [START, *words, END]),
    min_size=1,
    max_size=12,
)


def occurrences(text: Sequence[Sequence[int]], size: int) -> Counter[Gram]:
    return Counter(
        tuple(line[end - size + 1 : end + 1])
        for line in text
        for end in range(max(size - 1, 1), len(line))
    )


def slow(text: Sequence[Sequence[int]], order: int, context: Gram, word: int) -> float:
    """The formula as it stands in the papers: a dictionary a length, a sum over all words a context."""
    if len(context) >= order:
        context = context[-(order - 1) :]
    counts = occurrences(text, len(context) + 1)
    if len(context) + 1 < order:
        longer = occurrences(text, len(context) + 2)
        before = {gram: sum(other[1:] == gram for other in longer) for gram in counts}
        counts = Counter({gram: n if gram[0] == START else before[gram] for gram, n in counts.items()})
    followers = {gram[-1]: n for gram, n in counts.items() if gram[:-1] == context}
    if context:
        shorter = slow(text, order, context[1:], word)
    else:
        shorter = 0.0 if word in (0, START) else 1 / (WORDS - 2)
    if not followers:
        return shorter
    taken = discounts(np.array(list(counts.values())))
    total = sum(followers.values())
    left = sum(taken[min(n, 3) - 1] for n in followers.values()) / total
    n = followers.get(word, 0)
    return (n - taken[min(n, 3) - 1] if n else 0.0) / total + left * shorter


@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_it_is_the_formula(order: int) -> None:
    model = KneserNey.build(LINES, WORDS, order)
    contexts = [
        (),
        (START,),
        (START, A),
        (A, B),
        (B, C),
        (START, A, B),
        (C, C, D),
        (A, B, C, A),
        (D, D),
    ]
    for context in contexts:
        expected = [slow(LINES, order, context, word) for word in range(WORDS)]
        assert model.probabilities(context) == pytest.approx(expected, abs=1e-12)


def test_a_bigram_by_hand() -> None:
    """Once each: <s> a, a b, b </s>; twice: a a. Words before: </s> 1, a 2, b 1; after a: a 2, b 1."""
    text = [[START, A, A, A, B, END]]
    model = KneserNey.build(text, WORDS, 2)
    lower = 2 / (2 + 2 * 1)  # two words with one word before them, one with two
    higher = 3 / (3 + 2 * 1)
    assert model.probabilities([])[A] == pytest.approx((2 - lower) / 4 + 3 * lower / 4 / 6)
    unigram = (1 - lower) / 4 + 3 * lower / 4 / 6
    assert model.probabilities([A])[B] == pytest.approx((1 - higher) / 3 + 2 * higher / 3 * unigram)


def test_discounts_are_those_of_the_papers() -> None:
    counts = np.array([1] * 8 + [2] * 4 + [3] * 2 + [4] + [9])
    assert discounts(counts) == (
        1 - 2 * 0.5 * 4 / 8,
        2 - 3 * 0.5 * 2 / 4,
        3 - 4 * 0.5 * 1 / 2,
    )


@pytest.mark.parametrize("counts", [[1], [2, 2], [1, 1, 2], [7]])
def test_a_text_too_small_to_tell_has_a_usual_discount(counts: list[int]) -> None:
    first, second, more = discounts(np.array(counts))
    assert first == second == more
    assert 0 < first < 1


@given(lines, st.integers(2, 5), st.lists(st.sampled_from([START, A, B, C, D]), max_size=5))
def test_a_distribution_adds_up_to_one(text: list[list[int]], order: int, context: list[int]) -> None:
    row = KneserNey.build(text, WORDS, order).probabilities(context)
    assert row.sum() == pytest.approx(1)
    assert row[[0, START]].tolist() == [0, 0]
    assert (row[[1, END, A, B, C, D]] > 0).all()


@given(lines, lines, st.integers(2, 5))
def test_lines_score_what_their_distributions_say(
    text: list[list[int]], others: list[list[int]], order: int
) -> None:
    model = KneserNey.build(text, WORDS, order)
    expected = [
        np.log(model.probabilities(line[:end])[line[end]])
        for line in others
        for end in range(1, len(line))
    ]
    assert model.score(others) == pytest.approx(np.array(expected))
    assert model.log_probabilities(others[0]) == pytest.approx(np.array(expected[: len(others[0]) - 1]))


def test_ngrams_are_counted_once_each_in_order() -> None:
    ngrams = count(LINES, 3)
    expected = Counter(
        (before, *pair)
        for line in LINES
        for before, pair in zip([0, *line], pairwise(line), strict=False)
    )
    assert list(map(tuple, ngrams.ids.tolist())) == sorted(expected)
    assert ngrams.counts.tolist() == [expected[gram] for gram in sorted(expected)]


@pytest.mark.parametrize("order", [1, 6])
def test_other_orders_are_refused(order: int) -> None:
    with pytest.raises(ValueError, match="from 2 to 5"):
        KneserNey.build(LINES, WORDS, order)
