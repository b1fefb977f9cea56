"""A unit on a line and units over a corpus, line by line as they are drawn."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from core.insight.line import Line
from core.insight.neurons import Example, SelectiveUnit, Survey, UnitLine, WordResponse
from repl.pictures.bars import signed
from repl.pictures.neurons import SurveyView, UnitView, style
from tests.repl.conftest import console
from tests.repl.pictures.test_inside import drawn

WORD = st.text("aé今w'", min_size=1, max_size=8)
ACTIVATION = st.floats(-1, 1, width=32)


def unit(words: tuple[str, ...], values: tuple[float, ...], letters: bool = False) -> UnitView:
    line = Line(words, tuple(range(len(words))), len(words))
    return UnitView(UnitLine(line, "tiny", 2, 17, values), letters)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0.0, "silent"),
        (0.09, "silent"),
        (-0.09, "silent"),
        (0.1, "positive.1"),
        (-0.3, "negative.2"),
        (0.59, "positive.2"),
        (1.0, "positive.3"),
        (-1.0, "negative.3"),
    ],
)
def test_a_colour_has_a_side_and_three_bands(value: float, name: str) -> None:
    assert style(value) == name
    assert console().get_style(name) is not None


def test_numbers_stand_below_words_also_below_wide_ones() -> None:
    assert drawn(unit(("why", "今天", "internationally"), (-0.5, 0.25, 0.001))) == [
        "tiny · unit 17 of layer 2",
        "",
        "why   今天  internationally",
        "-0.50 +0.25 0.00",
        "",
        "highest +0.25 at '今天' · lowest -0.50 at 'why'",
    ]


def test_a_line_that_is_too_long_goes_on_below_with_its_numbers() -> None:
    words = ("international", "correspondents", "remember", "a", "war")
    assert drawn(unit(words, (0.1, 0.2, 0.3, 0.4, -0.5)), 40)[2:8] == [
        "international correspondents remember",
        "+0.10         +0.20          +0.30",
        "",
        "a     war",
        "+0.40 -0.50",
        "",
    ]


@given(st.lists(st.tuples(WORD, ACTIVATION), min_size=1, max_size=30), st.sampled_from([80, 40]))
def test_every_word_has_its_number_in_the_cell_below_its_first(
    pairs: list[tuple[str, float]], width: int
) -> None:
    words, values = zip(*pairs, strict=True)
    lines = drawn(unit(words, values), width)[2:]
    found: list[tuple[str, str]] = []
    while len(found) < len(words):
        above, below, empty, *lines = lines
        assert empty == ""
        cells = [cell for letter in above for cell in (letter, *[""] * (cell_len(letter) - 1))]
        for number in re.finditer(r"\S+", below):
            word = "".join(cells[number.start() :]).split(" ")[0]
            found.append((word, number.group()))
    assert found == [(word, signed(value)) for word, value in pairs]


def test_letters_have_tenths_above_where_positive_and_below_where_negative() -> None:
    assert drawn(unit(tuple("a今b c"), (-0.59, 0.25, 0.05, 1.0, -1.0), letters=True))[2:5] == [
        " 2  9",
        "a今b c",
        "5    9",
    ]


def test_letters_go_on_in_rows_of_three() -> None:
    letters = tuple("ab" * 30)
    lines = drawn(unit(letters, (0.5, -0.5) * 30, letters=True), 40)[2:-2]
    assert lines[:3] == [("5 " * 20).rstrip(), "ab" * 20, " 5" * 20]
    assert lines[3:6] == [("5 " * 10).rstrip(), "ab" * 10, " 5" * 10]


def survey(*units: SelectiveUnit, still: int = 0) -> Survey:
    return Survey("tiny", 1, 1000, still, 2000, 16493, 551, 5, units)


WORDS = tuple(WordResponse(word, 0.9 - n / 10, 1000 + n) for n, word in enumerate(("why", "今天", " ")))
EXAMPLE = Example(Line(("why", "今天"), (5, 6), 2), (0.1, 0.95), 1)
UNIT = SelectiveUnit(27, 0.75, -0.1, WORDS, (EXAMPLE,))


def test_a_unit_of_a_survey_has_its_words_and_lines() -> None:
    assert drawn(SurveyView(survey(UNIT), 2362))[:7] == [
        "tiny · layer 1 · 2,000 of 2,362 lines, 16,493 words, of which 551 different ones",
        "come 5 times or more",
        "",
        "unit 27  selectivity 0.75 ███████▌   at rest -0.10",
        "  why +0.90 ×1,000 · 今天 +0.80 ×1,001 · ' ' +0.70 ×1,002",
        "  why 今天[+0.95]",
        "",
    ]


def test_at_40_columns_words_of_a_unit_stay_with_their_numbers() -> None:
    lines = drawn(SurveyView(survey(UNIT), 2362), 40)
    start = lines.index("  why +0.90 ×1,000 · 今天 +0.80 ×1,001")
    assert lines[start + 1 : start + 3] == [
        "  ' ' +0.70 ×1,002",
        "  why 今天[+0.95]",
    ]


def test_letters_of_a_line_are_not_spaced() -> None:
    example = Example(Line(("w", "a", "r"), (1, 2, 3), 3), (0.1, 0.95, 0.0), 1)
    one = SelectiveUnit(1, 0.5, 0.0, WORDS[:1], (example,))
    lines = drawn(SurveyView(survey(one), 2362, "character"))
    assert "  wa[+0.95]r" in lines
    assert "16,493 characters" in lines[0]


def test_units_that_hardly_move_are_counted_if_there_are_any() -> None:
    some = drawn(SurveyView(survey(UNIT, still=12), 2362))
    assert "12 of 1,000 units hardly move and are left out" in some
    assert not any("hardly move" in line for line in drawn(SurveyView(survey(UNIT), 2362)))
