"""The table of gates, line by line as it is drawn."""

from core.insight.gates import LineGates, Moment, Spread
from core.insight.line import Line
from core.settings import ModelSettings
from repl.pictures.gates import GatesView
from tests.repl.pictures.test_inside import drawn

HALF = Spread(0.5, 0.25)
OPEN = Spread(1.0, 0.0)
SHUT = Spread(0.0, 0.0)
LINE = Line(("why", "今天"), (5, 6), 2)
SHAPE = ModelSettings(hidden_size=4)


def gates(cell: str, *moments: Moment, line: Line = LINE, **shape: object) -> LineGates:
    return LineGates(line, "tiny", SHAPE.change(cell=cell, **shape), (moments,))


def table(lines: list[str]) -> list[str]:
    """Return what stands between the first two empty lines."""
    start = lines.index("") + 1
    return lines[start : lines.index("", start)]


LSTM = gates(
    "lstm",
    Moment({"forget": HALF, "input": OPEN, "output": SHUT}, 2.5, 40.25),
    Moment({"forget": SHUT, "input": HALF, "output": OPEN}, 0.5, 1234.5),
)
GRU = gates(
    "gru", Moment({"update": HALF, "reset": OPEN}, 1.0), Moment({"update": SHUT, "reset": HALF}, 2.0)
)


def test_an_lstm_has_three_gates_and_two_norms_and_wide_words_are_aligned() -> None:
    assert table(drawn(GatesView(LSTM))) == [
        "word  forget          input           output             cell  hidden",
        "why   ███    .50±.25  ██████ 1.0±.00         .00±.00     40.2    2.50",
        "今天         .00±.00  ███    .50±.25  ██████ 1.0±.00  1,234.5    0.50",
    ]


def test_at_40_columns_bars_stand_above_their_numbers_and_the_cell_above_the_hidden() -> None:
    assert table(drawn(GatesView(LSTM), 40)) == [
        "                                cell",
        "word forget  input   output   hidden",
        "why  ███▌    ███████            40.2",
        "     .50±.25 1.0±.00 .00±.00    2.50",
        "今天         ███▌    ███████ 1,234.5",
        "     .00±.00 .50±.25 1.0±.00    0.50",
    ]


def test_a_gru_has_two_gates_and_one_norm() -> None:
    assert table(drawn(GatesView(GRU))) == [
        "word  update          reset           hidden",
        "why   ███    .50±.25  ██████ 1.0±.00    1.00",
        "今天         .00±.00  ███    .50±.25    2.00",
    ]


def test_a_plain_rnn_has_a_bar_that_is_full_at_the_limit_of_every_unit() -> None:
    told = gates("rnn", Moment({}, 2.0), Moment({}, 1.0))
    assert table(drawn(GatesView(told), 40)) == [
        "word hidden",
        "why  ████████████ 2.00",
        "今天 ██████       1.00",
    ]


def test_where_words_are_too_long_to_stand_beside_their_gates_they_stand_above_them() -> None:
    line = Line(("a" * 30, "war"), (1, 2), 2)
    assert table(drawn(GatesView(gates("lstm", *LSTM.layers[0], line=line)), 40)) == [
        "                             cell",
        "  forget  input   output   hidden",
        "a" * 30,
        "  ███▌    ███████            40.2",
        "  .50±.25 1.0±.00 .00±.00    2.50",
        "war",
        "          ███▌    ███████ 1,234.5",
        "  .00±.00 .50±.25 1.0±.00    0.50",
    ]
    assert table(drawn(GatesView(gates("gru", *GRU.layers[0], line=line)), 40))[:4] == [
        "  update  reset   hidden",
        "a" * 30,
        "  ███▌    ███████",
        "  .50±.25 1.0±.00   1.00",
    ]


def test_a_word_longer_than_a_line_folds_and_its_gates_do_not() -> None:
    line = Line(("a" * 90, "war"), (1, 2), 2)
    told = gates("lstm", *LSTM.layers[0], line=line)
    for width in (80, 40):
        lines = table(drawn(GatesView(told), width))
        assert sum(line.count("a") for line in lines if line.startswith("a")) == 90
        assert sum(".50±.25 1.0±.00 .00±.00" in line for line in lines) == 1


def test_what_was_read_is_told_in_the_heading() -> None:
    moments = (Moment({}, 1.0),) * 2

    def heading(level: str = "word", **shape: object) -> str:
        told = gates("rnn", *moments, **({"window": 5} | shape))
        return drawn(GatesView(told, level), 100)[0].removeprefix(
            "tiny · a plain RNN, 1 layer of 4 units · "
        )

    assert heading() == "read word by word"
    assert heading("character") == "read character by character"
    window = {"context": "window"}
    assert heading(**window) == "the last 5 words read anew for each word"
    assert heading("character", **window) == "the last 5 characters read anew for each character"


def test_a_token_of_which_nothing_would_be_seen_is_quoted() -> None:
    line = Line(("a", " "), (1, 2), 2)
    told = gates("rnn", Moment({}, 2.0), Moment({}, 2.0), line=line)
    lines = table(drawn(GatesView(told, "character"), 40))
    assert lines[0] == "character hidden"
    assert lines[2] == "' '       ████████████ 2.00"


def test_a_word_cannot_move_the_cursor() -> None:
    line = Line(("a\x1b[2J", "war"), (1, 2), 2)
    assert "\x1b" not in "".join(drawn(GatesView(gates("lstm", *LSTM.layers[0], line=line))))
