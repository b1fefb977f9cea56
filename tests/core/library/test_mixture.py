import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingError
from core.library.mixture import HEAVIEST, LIGHTEST, MOST, Part, is_mixture, parse, write


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a+b", [(1, "a"), (1, "b")]),
        ("0.7*a+0.3*b", [(0.7, "a"), (0.3, "b")]),
        ("3*a+b", [(3, "a"), (1, "b")]),
        (" 0.5 * a + b ", [(0.5, "a"), (1, "b")]),
        ("a+a+b", [(1, "a"), (1, "a"), (1, "b")]),
        ("models/a+~/b.zip", [(1, "models/a"), (1, "~/b.zip")]),
        ("2*a*b+c", [(2, "a*b"), (1, "c")]),
        ("1e-3*a+b", [(0.001, "a"), (1, "b")]),
    ],
)
def test_models_are_named_with_weights_or_without(text: str, parts: list[tuple[float, str]]) -> None:
    assert parse(text) == parts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a+", "a model is missing in 'a+'; it is written a+b, or 0.7*a+0.3*b"),
        ("+a", "a model is missing in '+a'"),
        ("a++b", "a model is missing in 'a++b'"),
        ("0.7*+b", "a model is missing in '0.7*+b'"),
        ("x*a+b", "a weight is a number from 0.000001 to 1,000,000, not 'x'"),
        ("*a+b", "not ''"),
        ("0*a+b", "not '0'"),
        ("-1*a+b", "not '-1'"),
        ("nan*a+b", "not 'nan'"),
        ("inf*a+b", "not 'inf'"),
        ("1e7*a+b", "not '1e7'"),
        ("+".join("abcdefghi"), "at most 8 models speak as one, not 9"),
    ],
)
def test_what_is_no_mixture_is_said_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(SettingError) as error:
        parse(text)
    assert message in str(error.value)


def test_only_a_plus_makes_a_mixture() -> None:
    assert is_mixture("a+b")
    assert not is_mixture("0.7*a")


def test_equal_weights_are_not_written() -> None:
    assert write([Part(0.5, "a"), Part(0.5, "b")]) == "a+b"
    assert write([Part(0.7, "a"), Part(0.3, "b")]) == "0.7*a+0.3*b"
    assert write([Part(2, "a"), Part(1, "b")]) == "2*a+1*b"


@given(
    st.lists(
        st.builds(Part, st.floats(LIGHTEST, HEAVIEST), st.text("abc-_/.", min_size=1)),
        min_size=1,
        max_size=MOST,
    )
)
def test_what_is_written_reads_back(parts: list[Part]) -> None:
    read = parse(write(parts))
    assert [part.name for part in read] == [part.name for part in parts]
    ratios = [part.weight / parts[0].weight for part in parts]
    assert all(
        math.isclose(part.weight / read[0].weight, ratio, rel_tol=1e-9)
        for part, ratio in zip(read, ratios, strict=True)
    )
