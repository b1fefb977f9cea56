"""What is drawn of evaluations: the order, the figures, and the notes that keep them honest."""

from dataclasses import replace

import pytest

from core.insight.evaluation import Evaluation
from repl.pictures.evaluation import picture
from tests.repl.pictures.test_heat import drawn

ONE = Evaluation(
    model="one",
    lines=1_000,
    duplicates=0,
    words=8_000,
    unknown=1_600,
    tokens=9_000,
    nats=45_000.0,
    characters=50_000,
    spelling=60_000.0,
    cleaning="plain",
)


def shown(*found: Evaluation, width: int = 80) -> str:
    return drawn(picture(found), width)


def test_a_perplexity_stands_beside_what_it_means() -> None:
    first, heading, row = shown(ONE).splitlines()
    assert first == "1,000 different lines"
    assert " ".join(heading.split()) == "model perplexity unknown bits/character spelt out tokens"
    assert row.split() == ["one", "148.4", "20.0%", "1.298", "2.498", "9,000"]


def test_repeated_lines_are_told() -> None:
    assert "1,000 different lines, 3 repeats left out" in shown(replace(ONE, duplicates=3))


def test_the_best_by_bits_spelt_out_stands_first_and_what_has_none_last() -> None:
    better = replace(ONE, model="better", spelling=1_000.0, nats=50_000.0)
    without = replace(ONE, model="without", characters=None, nats=1.0)
    rows = [line.split()[0] for line in shown(without, ONE, better).splitlines()[2:5]]
    assert rows == ["better", "one", "without"]


def test_different_unknown_rates_forbid_to_compare_perplexities() -> None:
    other = replace(ONE, model="two", unknown=3_000)
    assert "perplexities cannot be compared" in shown(ONE, other)
    assert "perplexities cannot be compared" not in shown(ONE, replace(ONE, model="two"))
    assert "do not guess the same tokens" in shown(ONE, replace(ONE, model="two", tokens=5))


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"trained_on": True}, "one was trained on this very text"),
        ({"characters": None}, "one knows no beginning and end of a line"),
        ({"left_out": True}, "one leaves unknown words out"),
    ],
)
def test_what_a_figure_cannot_say_is_said(change: dict[str, object], note: str) -> None:
    assert note in shown(replace(ONE, **change))  # type: ignore[arg-type]
    assert note not in shown(ONE)


def test_other_levels_and_cleanings_are_told() -> None:
    letters = replace(ONE, level="character", cleaning="characters")
    told = shown(ONE, letters)
    assert "words and characters" in told
    assert "cleaned in different ways (plain, characters)" in " ".join(told.split())


def test_where_there_is_little_room_a_row_is_a_sentence() -> None:
    told = shown(ONE, width=40)
    assert max(map(len, told.splitlines())) <= 40
    sentence = "one perplexity 148.4 · unknown 20.0% · bits/character 1.298 · spelt out 2.498"
    assert sentence in " ".join(told.split())


def test_a_hostile_name_moves_no_cursor() -> None:
    assert "\x1b" not in shown(replace(ONE, model="\x1b[2J", trained_on=True))
