"""Lines drawn without replacement: what the keys are, and how often each word leads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.decoding.ranking import Drawn, Likeliest, Totals, log_probabilities, normalised
from core.settings import SamplingSettings

NONE = (np.empty(0, np.intp), np.empty(0, np.intp))
THREE = np.log(np.array([[0.1, 0.6, 0.3]]))
LOGITS = arrays.arrays(np.float32, (3, 5), elements=st.floats(-30, 30, width=32))


def start(*values: float) -> Totals:
    sums = np.array(values or (0.0,))
    return Totals(sums, sums, sums)


def extended(logits: np.ndarray, totals: Totals, stream: int = 0, **values: object) -> Totals:
    drawn = Drawn(SamplingSettings(**values), stream)  # type: ignore[arg-type]
    return drawn.extend(totals, logits, 0, NONE)


def test_log_probabilities_are_those_of_the_words_that_are_left() -> None:
    logits = np.array([[3.0, -np.inf, 3.0]], np.float32)
    assert log_probabilities(logits)[0].tolist() == [np.log(0.5), -np.inf, np.log(0.5)]


def test_the_likeliest_lines_are_ranked_by_their_sum_over_a_power_of_their_length() -> None:
    ranking = Likeliest(SamplingSettings(length_penalty=0.5))
    totals = ranking.extend(start(-1.0), THREE, 0, NONE)
    assert totals.keys[0] == pytest.approx(np.log([0.1, 0.6, 0.3]) - 1)
    assert ranking.rank(totals, 4)[0] == pytest.approx((np.log([0.1, 0.6, 0.3]) - 1) / 2)
    assert normalised(np.array([-6.0]), 3, 1).tolist() == [-2]


@given(logits=LOGITS, keys=st.lists(st.floats(-1e3, 0), min_size=3, max_size=3))
def test_the_highest_of_a_lines_children_has_its_key(logits: np.ndarray, keys: list[float]) -> None:
    totals = extended(logits, start(*keys), temperature=0.7)
    assert totals.keys.max(axis=1) == pytest.approx(np.array(keys))


def test_scores_are_the_models_and_shares_those_at_the_temperature() -> None:
    totals = extended(THREE, start(-1.0), temperature=0.5)
    assert totals.scores[0] == pytest.approx(np.log([0.1, 0.6, 0.3]) - 1)
    assert totals.shares[0] == pytest.approx(np.log(np.array([1, 36, 9]) / 46) - 1)


def test_words_lead_as_often_as_they_are_likely_and_the_second_as_if_the_first_were_gone() -> None:
    orders = []
    drawn = Drawn(SamplingSettings(temperature=1), 0)
    for _ in range(4000):
        orders.append(np.argsort(-drawn.extend(start(), THREE, 0, NONE).keys[0]).tolist())
    first = np.bincount([order[0] for order in orders], minlength=3) / 4000
    assert first == pytest.approx([0.1, 0.6, 0.3], abs=0.03)
    after_one = [order[1] for order in orders if order[0] == 1]
    assert np.mean(np.array(after_one) == 2) == pytest.approx(0.3 / 0.4, abs=0.03)


def test_at_no_temperature_the_likeliest_leads_and_the_others_follow() -> None:
    keys = extended(THREE, start(), temperature=1, schedule=(0.0, 1.0)).keys[0]
    assert np.argsort(-keys).tolist() == [1, 2, 0]
    assert np.isfinite(keys).all()


def test_truncation_cuts_words_that_are_not_spared() -> None:
    drawn = Drawn(SamplingSettings(temperature=0.5, top_k=1), 0)
    spared = (np.array([0]), np.array([0]))
    shares = drawn.extend(start(), THREE, 0, spared).shares[0]
    assert np.exp(shares) == pytest.approx(np.array([1, 36, 0]) / 37)


def test_streams_are_different() -> None:
    keys = [extended(THREE, start(), stream).keys.tolist() for stream in (0, 0, 1)]
    assert keys[0] == keys[1] != keys[2]


def test_spared_words_are_tempered_as_those_that_were_not_cut() -> None:
    """Words lowered to a highest of 0 are not to stand beside others that were not."""
    drawn = Drawn(SamplingSettings(temperature=0.5, top_k=2), 0)
    spared = (np.array([0]), np.array([0]))
    shares = drawn.extend(start(), THREE + 100, 0, spared).shares[0]
    assert np.exp(shares) == pytest.approx(np.array([1, 36, 9]) / 46)
