"""Numbers and sentences that several views share."""

import pytest

from repl.views import perplexed


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (8.534, "8.53"),
        (83.24, "83.2"),
        (1234.5, "1,234.5"),
        (999_999.9, "999,999.9"),
        (999_999.96, "1.0 million"),
        (8_123_456.0, "8.1 million"),
        (3e9, "above a billion"),
        (1e300, "above a billion"),
    ],
)
def test_a_perplexity_is_told_in_words_that_people_read(value: float, told: str) -> None:
    assert perplexed(value) == f"perplexity {told}"
