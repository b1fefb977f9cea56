"""What a sweep goes through, as people type it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingError
from core.insight.values import MOST, read_values
from core.setting import settings_of
from core.settings import SamplingSettings

TABLE = settings_of(SamplingSettings)


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("temperature", "0.2..1.4", (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4)),
        ("temperature", "0..1", (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        ("temperature", "1.4..0.2", (1.4, 1.2, 1.0, 0.8, 0.6, 0.4, 0.2)),
        ("temperature", "0.13..0.97", (0.13, 0.2, 0.4, 0.6, 0.8, 0.97)),
        ("temperature", "0.5..0.5", (0.5,)),
        ("temperature", " 0.1 .. 0.3 .. 0.1 ", (0.1, 0.2, 0.3)),
        ("temperature", "1..0.1..0.4", (1.0, 0.6, 0.2)),
        ("min_p", "0.001..1", (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)),
        ("presence_penalty", "-1..1", (-1.0, -0.5, 0.0, 0.5, 1.0)),
        ("top_k", "1..50", (1, 2, 5, 10, 20, 50)),
        ("top_k", "1..1000", (1, 3, 10, 30, 100, 300, 1000)),
        ("top_k", "3..33", (3, 8, 13, 18, 23, 28, 33)),
        ("top_k", "3..34", (3, 5, 10, 15, 20, 25, 30, 34)),
        ("length", "1..4", (1, 2, 3, 4)),
        ("length", "5..20..5", (5, 10, 15, 20)),
        ("rng", "0..6", (0, 1, 2, 3, 4, 5, 6)),
        ("rng", "7,3,7", (7, 3)),
        ("top_k", "off, 5,40", (None, 5, 40)),
        ("until_end", "on,off", (True, False)),
        ("ensemble", "turns,mix", ("turns", "mix")),
        ("schedule", "off;1,0.5;0.2", (None, (1.0, 0.5), (0.2,))),
        ("ban", "war;the,a..b", (("war",), ("the", "a..b"))),
        ("temperature", "0.7", (0.7,)),
    ],
)
def test_values_are_read_as_they_are_typed(name: str, text: str, values: tuple[object, ...]) -> None:
    read = read_values(TABLE[name], text)
    assert read == values
    assert [type(value) for value in read] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("temperature", "1..", "a range is typed LOW..HIGH or LOW..HIGH..STEP"),
        ("temperature", "..1", "a range is typed LOW..HIGH"),
        ("temperature", "1..2..3..4", "a range is typed LOW..HIGH"),
        ("temperature", "a..b", "temperature must be a number from 0 to 100, not 'a'"),
        ("temperature", "0..1000", "temperature must be a number from 0 to 100, not 1000"),
        ("temperature", "0..1..0", "the step of a range must be a number above 0, not '0'"),
        ("temperature", "0..1..-1", "above 0, not '-1'"),
        ("temperature", "0..1..nan", "above 0, not 'nan'"),
        ("temperature", "0..1..x", "above 0, not 'x'"),
        ("temperature", "0..1..1e-300", "100 values at most, not billions"),
        ("top_k", "1..9..0.5", "must be a whole number above 0, not '0.5'"),
        ("top_k", "1..10000..1", "a sweep goes through 100 values at most, not 10,000; take fewer"),
        ("top_k", "1.5..3", "top_k must be a whole number from 1 to 1,000,000,000, or off, not '1.5'"),
        ("top_k", "off..3", "a range goes from one number to another, and 'off' is none"),
        ("rng", ",".join(map(str, range(200))), "100 values at most, not 200"),
        ("temperature", "", "temperature must be a number from 0 to 100, not ''"),
        ("temperature", "0.1,,0.2", "temperature must be a number from 0 to 100, not ''"),
        ("until_end", "on..off", "until_end must be on or off, not 'on..off'"),
        ("ensemble", "mix..turns", "ensemble must be one of mix, turns, not 'mix..turns'"),
    ],
)
def test_what_leads_nowhere_is_said_in_one_sentence(name: str, text: str, message: str) -> None:
    with pytest.raises(SettingError, match=re.escape(message)):
        read_values(TABLE[name], text)


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_range_of_whole_numbers_has_both_ends_and_goes_one_way(low: int, high: int) -> None:
    values = read_values(TABLE["top_k"], f"{low}..{high}")
    assert (values[0], values[-1]) == (low, high)
    assert list(values) == sorted(set(values), reverse=low > high)
    assert len(values) <= 13
    assert all(type(value) is int for value in values)


@given(st.floats(0, 100, allow_subnormal=False), st.floats(0, 100, allow_subnormal=False))
def test_a_range_of_numbers_has_both_ends_and_goes_one_way(low: float, high: float) -> None:
    values = read_values(TABLE["temperature"], f"{low!r}..{high!r}")
    assert (values[0], values[-1]) == (low, high)
    assert list(values) == sorted(set(values), reverse=low > high)
    assert len(values) <= MOST
