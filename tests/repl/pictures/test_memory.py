"""What earlier words still change, line by line as it is drawn."""

import pytest

from core.insight.line import Line
from core.insight.memory import Influence, LineMemory, Memory
from repl.pictures.memory import ComparisonView, MemoryView, chart, ticks
from tests.repl.pictures.test_inside import drawn


def influences(*bits: float) -> tuple[Influence, ...]:
    return tuple(Influence(n, value, 10 * n) for n, value in enumerate(bits, start=1))


def decay(*bits: float, name: str = "tiny", level: str = "word") -> Memory:
    return Memory(name, level, 1234, influences(*bits))


def line(*words: str) -> Line:
    return Line(words, tuple(range(len(words))), len(words))


def test_a_line_has_a_row_a_word_and_a_row_a_distance() -> None:
    told = LineMemory(line("why", "今天", "a"), (0.5, 0.25, 1.0), decay(1.0, 0.5, 0.004))
    assert drawn(MemoryView(told), 40) == [
        "tiny · what leaving out a word changes",
        "in what is expected next",
        "",
        "word  back   bits",
        "why      3  0.500  ████",
        "今天     2  0.250  ██",
        "a        1  1.000  ████████",
        "",
        "by distance, averaged over the words of",
        "this line",
        "back    bits  positions",
        "   1   1.000         10  ████████",
        "   2   0.500         20  ████",
        "   3  0.0040         30",
        "",
        "From 3 words back on it is below 1% of",
        "the last word's influence.",
    ]


@pytest.mark.parametrize(
    ("bits", "level", "conclusion"),
    [
        (
            (1.0, 0.5),
            "word",
            "Nowhere in this line does it fall below 1% of the last word's influence.",
        ),
        ((1.0, 0.0), "character", "From 2 characters back on it is below 1% of the last character's"),
    ],
)
def test_it_ends_with_where_it_is_forgotten(
    bits: tuple[float, ...], level: str, conclusion: str
) -> None:
    told = LineMemory(line("a", "b"), bits[::-1], decay(*bits, level=level))
    text = " ".join(drawn(MemoryView(told)))
    assert conclusion in text


def test_words_before_the_last_24_have_one_row() -> None:
    bits = (0.25, 0.5, *[0.125] * 24)
    told = LineMemory(line("x", "y", *("word",) * 24), bits, decay(*bits[::-1]))
    lines = drawn(MemoryView(told))
    assert lines[3].split() == ["2", "before", "≤0.500"]
    assert lines[4].split()[:3] == ["word", "24", "0.125"]
    assert sum(row.startswith("word  ") for row in lines) == 25  # one is the heading


def test_only_the_words_that_were_left_out_have_rows() -> None:
    told = LineMemory(line("x", "why"), (0.5,), decay(0.5))
    assert [row.split()[0] for row in drawn(MemoryView(told))[2:4]] == ["word", "why"]


def test_words_that_change_nothing_have_no_bars() -> None:
    lines = drawn(MemoryView(LineMemory(line("a", "b"), (0.0, 0.0), decay(0.0, 0.0))))
    assert not any("█" in row for row in lines)
    assert lines[3].split() == ["a", "2", "0"]


@pytest.mark.parametrize("width", [80, 40])
def test_a_long_word_folds_and_its_bar_does_not(width: int) -> None:
    told = LineMemory(line("a" * 60, "war"), (1.0, 0.5), decay(1.0, 0.5))
    lines = drawn(MemoryView(told), width)
    rows = lines[: lines.index("", 3)]
    bars = [row.count("█") for row in rows if "█" in row]
    assert bars[0] == 2 * bars[1]
    assert len(bars) == 2


def test_distances_are_told_of_less_and_less_often() -> None:
    told = [one.distance for one in ticks(influences(*[1.0] * 62))]
    assert told == [*range(1, 13), 15, 20, 25, 30, 40, 50, 60]


def test_a_chart_has_three_rows_a_decade_a_letter_a_curve_and_a_star_where_they_meet() -> None:
    lines = [row.plain.rstrip() for row in chart([influences(2, 0.2), influences(1, 0.01)], 40)]
    assert lines == [
        "   100% *",
        "",
        "",
        "    10%        a",
        "",
        "",
        "     1% ·······b",
        "        1",
    ]


def test_a_chart_ends_at_a_hundred_thousandth() -> None:
    lines = [row.plain for row in chart([influences(1, 1e-5, 1e-9)], 40)]
    assert lines[-2].startswith(" 0.001% ")
    assert "".join(lines).count("a") == 2


def test_a_curve_that_begins_with_nothing_is_not_drawn() -> None:
    lines = [row.plain for row in chart([influences(0, 0), influences(1, 1)], 40)]
    assert "".join(lines).count("a") == 0
    assert "".join(lines).count("b") == 2


@pytest.mark.parametrize("width", [80, 40])
def test_models_have_columns_below_the_chart_aligned_also_under_wide_names(width: int) -> None:
    memories = [decay(1.0, 0.5, 0.25, name="今天"), decay(1.0, 0.1, 0.001, name="rnn")]
    lines = drawn(ComparisonView(memories), width)
    start = lines.index(" back    a 今天   b rnn")
    assert lines[start + 1 : start + 6] == [
        "    1     1.000   1.000",
        "    2     0.500   0.100",
        "    3     0.250  0.0010",
        "  <1%  not by 3  from 3",
        "lines     1,234   1,234",
    ]


def test_the_curves_are_named_below_the_chart_and_a_star_where_there_is_one() -> None:
    meet = drawn(ComparisonView([decay(1.0, 0.5, name="one"), decay(1.0, 0.1, name="two")]))
    assert "a one · b two · * several of them" in meet
    apart = drawn(ComparisonView([decay(1.0, name="one"), decay(0.0, 0.0, name="two")]))
    assert "a one · b two" in apart


def test_a_shorter_memory_has_empty_cells() -> None:
    lines = drawn(ComparisonView([decay(1.0), decay(1.0, 0.5)]))
    assert next(row for row in lines if row.split()[:1] == ["2"]).split() == ["2", "0.500"]


def test_many_models_have_several_tables_and_no_number_is_broken() -> None:
    memories = [decay(1.0, 0.005, name=f"m{n}") for n in range(6)]
    lines = drawn(ComparisonView(memories), 40)
    headings = [row.split() for row in lines if row.split()[:1] == ["back"]]
    assert headings == [
        ["back", "a", "m0", "b", "m1", "c", "m2", "d", "m3"],
        ["back", "e", "m4", "f", "m5"],
    ]
    rows = [row.split() for row in lines if row.split()[:1] == ["2"]]
    assert rows == [["2", *["0.0050"] * 4], ["2", *["0.0050"] * 2]]
    assert sum(row.split()[:1] == ["back"] for row in drawn(ComparisonView(memories))) == 1


@pytest.mark.parametrize(
    ("levels", "noun"),
    [(("word", "word"), "word"), (("character",) * 2, "character"), (("word", "character"), "token")],
)
def test_what_is_left_out_is_what_the_models_read(levels: tuple[str, ...], noun: str) -> None:
    lines = drawn(ComparisonView([decay(1.0, 0.5, level=level) for level in levels]))
    assert lines[0].startswith(f"what leaving out a {noun} changes")
    assert f"the next {noun}'s distribution" in " ".join(lines)
