"""Four known probabilities in, the exact distribution out; and the laws that hold for any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.decoding import filters
from core.settings import SamplingSettings

FOUR = np.log(np.array([[0.1, 0.4, 0.2, 0.3]]))
LOGITS = arrays.arrays(np.float32, (2, 7), elements=st.floats(-30, 30, width=32))


def after(logits: np.ndarray) -> list[float]:
    return filters.probabilities(logits)[0].round(12).tolist()


def test_bans_remove_and_the_rest_keeps_its_ratios() -> None:
    assert after(filters.ban(FOUR, np.array([1]))) == pytest.approx([1 / 6, 0, 2 / 6, 3 / 6])


def test_temperature_is_a_power_of_the_probabilities() -> None:
    squares = np.array([1, 16, 4, 9])
    assert after(filters.temperature(FOUR, 0.5)) == pytest.approx(squares / 30)
    assert after(filters.temperature(FOUR, 0)) == [0, 1, 0, 0]


def test_top_k_keeps_the_k_likeliest() -> None:
    assert after(filters.top_k(FOUR, 2)) == pytest.approx([0, 4 / 7, 0, 3 / 7])
    assert after(filters.top_k(FOUR, 9)) == pytest.approx([0.1, 0.4, 0.2, 0.3])


def test_top_k_takes_the_lower_ids_of_equals() -> None:
    assert after(filters.top_k(np.zeros((1, 4)), 2)) == [0.5, 0.5, 0, 0]


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0.01, [0, 1, 0, 0]),
        (0.39, [0, 1, 0, 0]),
        (0.41, [0, 4 / 7, 0, 3 / 7]),
        (0.71, [0, 4 / 9, 2 / 9, 3 / 9]),
        (1.0, [0.1, 0.4, 0.2, 0.3]),
    ],
)
def test_top_p_keeps_the_fewest_that_hold_p(p: float, expected: list[float]) -> None:
    assert after(filters.top_p(FOUR, p)) == pytest.approx(expected)


def test_the_order_is_bans_temperature_top_k_top_p() -> None:
    settings = SamplingSettings(temperature=0.5, top_k=2, top_p=0.7)
    # Without id 1, squared: 1, 4, 9; the two likeliest hold 9/13 and 4/13; 9/13 alone is below 0.7.
    assert after(filters.chain(FOUR, settings, np.array([1]))) == pytest.approx([0, 0, 4 / 13, 9 / 13])


def test_a_draw_inverts_the_cumulative_distribution() -> None:
    uniforms = np.array([0.0, 0.0999, 0.1001, 0.4999, 0.5001, 0.7001, 0.9999999999999999])
    logits = np.repeat(FOUR, len(uniforms), axis=0)
    assert filters.draw(logits, uniforms).tolist() == [0, 0, 1, 1, 2, 3, 3]


def test_a_removed_word_is_never_drawn_not_even_at_the_edges() -> None:
    logits = np.array([[-np.inf, 0.0, -np.inf]] * 2)
    assert filters.draw(logits, np.array([0.0, np.nextafter(1, 0)])).tolist() == [1, 1]


def test_no_filter_changes_what_it_is_given() -> None:
    before = FOUR.copy()
    filters.chain(FOUR, SamplingSettings(temperature=0.5, top_k=2, top_p=0.5), np.array([0]))
    assert np.array_equal(FOUR, before)


@given(LOGITS, st.integers(1, 9), st.floats(0.01, 1), st.floats(0, 5))
def test_every_chain_leaves_a_word_and_never_a_banned_one(
    logits: np.ndarray, k: int, p: float, temperature: float
) -> None:
    settings = SamplingSettings(temperature=temperature, top_k=k, top_p=p)
    left = filters.probabilities(filters.chain(logits, settings, np.array([0, 3])))
    assert (left[:, [0, 3]] == 0).all()
    assert np.allclose(left.sum(axis=1), 1)


@given(LOGITS, st.floats(0.01, 0.99))
def test_top_p_holds_its_mass(logits: np.ndarray, p: float) -> None:
    full = filters.probabilities(logits)
    kept = filters.top_p(logits, p) > -np.inf
    assert ((full * kept).sum(axis=1) >= p - 1e-9).all()


@given(LOGITS, st.floats(0.1, 2), st.floats(1.01, 3))
def test_entropy_grows_with_temperature(logits: np.ndarray, value: float, factor: float) -> None:
    def entropy(temperature: float) -> np.ndarray:
        probability = filters.probabilities(filters.temperature(logits, temperature))
        return -(probability * np.log(np.maximum(probability, 1e-300))).sum(axis=1)

    assert (entropy(value * factor) >= entropy(value) - 1e-6).all()


@given(LOGITS)
def test_temperature_zero_is_argmax(logits: np.ndarray) -> None:
    left = filters.probabilities(filters.temperature(logits, 0))
    assert left.argmax(axis=1).tolist() == logits.argmax(axis=1).tolist()
    assert (left.max(axis=1) == 1).all()
