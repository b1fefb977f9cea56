import math

import pytest

from core.training.spelling import spelling_bits


def test_a_letter_costs_by_its_share() -> None:
    """a twice, b once, the end twice, and one more of each and of a letter never seen: 9 in all."""
    assert spelling_bits(["a"], ["a", "ab"]) == pytest.approx(math.log2(9 / 3) + math.log2(9 / 3))
    assert spelling_bits(["bz"], ["a", "ab"]) == pytest.approx(
        math.log2(9 / 2) + math.log2(9 / 1) + math.log2(9 / 3)
    )


def test_nothing_costs_nothing() -> None:
    assert spelling_bits([], ["a"]) == 0
