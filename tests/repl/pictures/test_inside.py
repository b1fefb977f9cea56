"""Gates, units and memory as they look: in full, at 40 columns, and without colour."""

import pytest
from rich.cells import cell_len
from rich.console import RenderableType

from core.insight.gates import LineGates, Moment, Spread
from core.insight.line import Line
from core.insight.memory import Influence, LineMemory, Memory
from core.insight.neurons import Example, SelectiveUnit, Survey, UnitLine, WordResponse
from core.settings import ModelSettings
from repl.pictures.bars import bar, bits, fraction, norm, percent, signed
from repl.pictures.gates import GatesView
from repl.pictures.memory import ComparisonView, MemoryView
from repl.pictures.neurons import SurveyView, UnitView
from tests.repl.conftest import _take, console

LINE = Line(("why", "今天"), (5, 6), 2)
HALF = Spread(0.5, 0.25)
MOMENT = Moment({"forget": HALF, "input": Spread(1.0, 0.0), "output": HALF}, 2.5, 40.25)
SHAPE = ModelSettings(hidden_size=4)


def drawn(picture: RenderableType, width: int = 80) -> list[str]:
    page = console(width)
    page.print(picture)
    lines = [line.rstrip() for line in _take(page).splitlines()]
    assert all(cell_len(line) <= width for line in lines)
    return lines


def decay(*shares: float, name: str = "tiny") -> Memory:
    influences = tuple(Influence(n, share, 10 - n) for n, share in enumerate(shares, start=1))
    return Memory(name, "word", 3, influences)


def test_numbers_are_short() -> None:
    assert [percent(x) for x in (1, 0.346, 0.0346, 0.00346, 1e-9, 0)] == [
        "100%", "35%", "3.5%", "0.35%", "<0.01%", "0%"
    ]  # fmt: skip
    assert [bar(x, 2) for x in (0, 0.5, 1, 1.5, 9 / 16)] == ["  ", "█ ", "██", "██", "█▏"]
    assert (fraction(0.555), fraction(1.0), norm(9.999), norm(123.4)) == (
        ".56",
        "1.0",
        "10.00",
        "123.4",
    )
    assert (signed(-0.001), signed(0.5), bits(0), bits(6e-13), bits(2e-5), bits(1.5)) == (
        "0.00", "+0.50", "0", "0", "2e-05", "1.500"
    )  # fmt: skip


def test_gates_have_a_row_a_word_and_say_what_they_mean() -> None:
    lines = drawn(GatesView(LineGates(LINE, "tiny", SHAPE, ((MOMENT, MOMENT),))))
    assert lines[0] == "tiny · an LSTM, 1 layer of 4 units · read word by word"
    assert lines[2].split() == ["word", "forget", "input", "output", "cell", "hidden"]
    for line in lines[3:5]:
        assert line.split()[1:] == [
            "███",
            ".50±.25",
            "██████",
            "1.0±.00",
            "███",
            ".50±.25",
            "40.2",
            "2.50",
        ]
    assert cell_len(lines[3]) == cell_len(lines[4])
    assert any("0 clears it" in line for line in lines)


def test_where_gates_do_not_fit_a_word_has_two_lines() -> None:
    lines = drawn(GatesView(LineGates(LINE, "tiny", SHAPE, ((MOMENT, MOMENT),))), 40)
    first = next(place for place, line in enumerate(lines) if line.startswith("why"))
    assert lines[first + 1].split() == [".50±.25", "1.0±.00", ".50±.25", "2.50"]


def test_every_layer_has_a_table() -> None:
    told = LineGates(LINE, "tiny", SHAPE.change(layers=2), ((MOMENT,) * 2, (MOMENT,) * 2))
    lines = drawn(GatesView(told))
    assert "layer 1 of 2" in lines
    assert "layer 2 of 2" in lines


def test_a_plain_rnn_shows_how_full_its_state_is() -> None:
    told = LineGates(LINE, "tiny", SHAPE.change(cell="rnn"), ((Moment({}, 2.0), Moment({}, 1.0)),))
    lines = drawn(GatesView(told))
    rows = [line for line in lines if line.startswith(("why", "今天"))]
    assert rows[0].count("█") == 30  # the norm of four units at 1 is 2
    assert rows[1].count("█") == 15
    assert any("no gates" in line for line in lines)


def test_a_units_activation_stands_below_its_word_with_a_sign() -> None:
    lines = drawn(UnitView(UnitLine(LINE, "tiny", 1, 3, (-0.5, 0.25)), False))
    assert lines[0] == "tiny · unit 3 of layer 1"
    text = "\n".join(lines)
    assert "-0.50" in text
    assert "+0.25" in text
    assert "highest +0.25 at '今天' · lowest -0.50 at 'why'" in text


@pytest.mark.parametrize("width", [80, 40])
def test_a_survey_tells_units_their_words_and_a_line(width: int) -> None:
    unit = SelectiveUnit(
        7, 0.75, -0.1, (WordResponse("why", 0.9, 12),), (Example(LINE, (0.95, 0.1), 0),)
    )
    survey = Survey("tiny", 1, 8, 0, 30, 200, 40, 5, (unit,))
    text = "\n".join(drawn(SurveyView(survey, 60), width))
    assert "unit 7  selectivity 0.75" in text
    assert "why +0.90 ×12" in text
    assert "why[+0.95] 今天" in text
    assert "lifetime sparseness" in " ".join(text.split())


def test_memory_has_a_bar_a_word_and_says_where_it_ends() -> None:
    told = LineMemory(LINE, (0.5, 1.0), decay(1.0, 0.004))
    lines = drawn(MemoryView(told))
    rows = [line.split() for line in lines if line.startswith(("why", "今天"))]
    assert [row[:3] for row in rows] == [["why", "2", "0.500"], ["今天", "1", "1.000"]]
    assert len(rows[0][3]) * 2 == len(rows[1][3])
    assert lines[-1] == "From 2 words back on it is below 1% of the last word's influence."
    assert drawn(MemoryView(told), 40)


@pytest.mark.parametrize("width", [80, 40])
def test_a_comparison_has_a_curve_and_a_column_a_model(width: int) -> None:
    memories = [decay(1.0, 0.5, 0.25, name="lstm"), decay(1.0, 0.1, 0.001, name="rnn")]
    lines = drawn(ComparisonView(memories), width)
    text = "\n".join(lines)
    assert "a lstm" in text
    assert "b rnn" in text
    assert text.count("b") > 3
    last = next(line for line in lines if line.split()[:1] == ["<1%"])
    assert "3" in last
    assert "not by 3" in last
