"""Rows of a comparison, drawn one by one."""

import pytest
from rich.cells import cell_len
from rich.console import Group

from core.insight.comparison import CONTENDERS, Result, Split
from core.insight.evaluation import HeldOut
from core.settings import TextSettings
from repl.pictures.comparison import WIDE, Rows, heading, notes
from tests.repl.pictures.test_evaluation import ONE
from tests.repl.pictures.test_heat import drawn

KN = Result(CONTENDERS[1], ONE, 86_256, 0.06)
LSTM = Result(CONTENDERS[-1], ONE, 12_345_678, 161.44, 32)
MISSING = Result(CONTENDERS[2], problem="needs hmmlearn")


def shown(*results: Result, width: int = 80) -> list[str]:
    rows = Rows(width)
    return drawn(
        Group(*([rows.headings()] if rows.wide else []), *map(rows.row, results)), width
    ).splitlines()


def test_every_row_stands_under_the_headings() -> None:
    head, kn, lstm = shown(KN, LSTM)
    assert " ".join(head.split()) == "model perplexity bits/char spelt out parameters seconds epoch"
    assert " ".join(kn.split()) == "Kneser-Ney 3-gram 148.4 1.298 2.498 86,256 0.1"
    assert " ".join(lstm.split()) == "LSTM (ours) 148.4 1.298 2.498 12,345,678 161.4 32"
    for name, cell in {"perplexity": "148.4", "seconds": "161.4", "epoch": "32"}.items():
        assert head.index(name) + len(name) == lstm.index(cell) + len(cell)


def test_what_could_not_run_says_why() -> None:
    assert " ".join(shown(MISSING)[1].split()) == "HMM, 30 states needs hmmlearn"


@pytest.mark.parametrize("width", [40, WIDE - 1, WIDE, 80])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    lines = shown(KN, LSTM, MISSING, width=width)
    assert max(map(cell_len, lines)) <= width
    assert ("perplexity 148.4" in " ".join(lines)) is (width < WIDE)


def test_the_best_is_named() -> None:
    told = drawn(Group(*notes([MISSING, KN])), 80)
    assert " ".join(told.split()).startswith("9,000 tokens are guessed by each")
    told = drawn(Group(*notes([LSTM, KN])), 80)
    assert told.startswith("best: LSTM (ours) · ")
    assert list(notes([MISSING])) == []


def test_what_was_cut_short_is_told() -> None:
    cut = "best in the last of 32 epochs, so not yet done: LSTM (ours)"
    assert drawn(Group(*notes([KN, LSTM], 32)), 80).splitlines()[-1] == cut
    assert "not yet done" not in drawn(Group(*notes([KN, LSTM], 40)), 80)
    assert "not yet done" not in drawn(Group(*notes([KN, LSTM])), 80)


def test_the_split_is_told_with_what_is_unknown() -> None:
    test = HeldOut((("a", "b", "zzz", "b"),), "plain")
    split = Split((("a", "b"),) * 3, (("a",),), test, (), TextSettings(min_count=1), seen=2)
    told = " ".join(drawn(heading(split), 80).split())
    assert told.startswith("3 lines to learn from, 1 to tell when to stop, 1 to measure on · 6 words")
    assert "25.0% of those measured on unknown" in told
    assert told.endswith("2 test lines left out that are learnt from, too")
