import math

import pytest

from core.training.spelling import spelling_bits

TEXT = [("a", 1), ("ab", 1)]


def test_a_letter_costs_by_its_share() -> None:
    """a twice, b once, the end twice, and one more of each and of a letter never seen: 9 in all."""
    assert spelling_bits([("a", 1)], TEXT) == pytest.approx(math.log2(9 / 3) + math.log2(9 / 3))
    assert spelling_bits([("bz", 1)], TEXT) == pytest.approx(
        math.log2(9 / 2) + math.log2(9 / 1) + math.log2(9 / 3)
    )


def test_nothing_costs_nothing() -> None:
    assert spelling_bits([], [("a", 1)]) == 0


def test_a_word_that_comes_twice_costs_and_counts_twice() -> None:
    once = spelling_bits([("ab", 1), ("ab", 1)], [("a", 1), ("a", 1), ("b", 1)])
    assert spelling_bits([("ab", 2)], [("a", 2), ("b", 1)]) == pytest.approx(once)
