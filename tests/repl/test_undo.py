"""Undo: what the last line changed is taken back."""

from pathlib import Path

import pytest

from core.errors import ModelError
from repl.loop import run_line
from repl.undo import snapshot
from tests.repl.conftest import Screen


def run(session: Screen, *lines: str) -> None:
    for line in lines:
        run_line(session, line)


@pytest.mark.parametrize(
    "line",
    [
        ":len 3",
        ":load window",
        "china",
        ":again",
        ":more",
        ":bookmark x",
        ":prune",
        ":heat on",
        ":go 1",
    ],
)
def test_each_line_that_changes_something_can_be_taken_back(session: Screen, line: str) -> None:
    run(session, "war", "china")
    before = snapshot(session)
    run(session, line)
    assert not snapshot(session).same(before)
    session.told()
    run(session, ":undo")
    assert snapshot(session).same(before)
    assert session.told().strip() == f"taken back: {line}"


def test_again_it_goes_further_back_to_where_nothing_was(session: Screen) -> None:
    before = snapshot(session)
    run(session, ":len 3", ":models", "china", ":lenn", ":temp 0.2", ":undo", ":undo", ":undo")
    assert snapshot(session).same(before)
    run(session, ":undo")
    assert "nothing was changed yet that could be taken back" in session.told()


def test_what_was_taken_back_does_not_come_back(session: Screen) -> None:
    run(session, "china", ":undo", "war")
    assert [turn.line.seed.text for turn in session.turns] == ["war"]


def test_a_model_that_is_gone_leaves_everything_as_it_was(
    session: Screen, shelf_directory: Path
) -> None:
    run(session, ":load window")
    (shelf_directory / "tiny").rename(shelf_directory / "elsewhere")
    now = snapshot(session)
    with pytest.raises(ModelError):
        session.past.take_back(session)
    assert snapshot(session).same(now)
    assert len(session.past) == 1
