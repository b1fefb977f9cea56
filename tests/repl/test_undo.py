"""Undo: what the last line changed is taken back."""

from pathlib import Path

import pytest

from core.errors import ModelError
from core.library import bundle
from repl import undo as module
from repl.line.prompt import run_typed
from repl.loop import run_line
from repl.undo import snapshot
from tests.conftest import random_model
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
        ":ghost off",
        ":theme light",
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


def seeds(session: Screen) -> list[str]:
    return [turn.line.seed.text for turn in session.turns]


def test_a_model_that_is_another_by_now_is_not_taken_for_the_one_before(
    session: Screen, shelf_directory: Path
) -> None:
    run(session, ":load window")
    bundle.save(random_model(seed=1), shelf_directory / "tiny", "# other\n", replace=True)
    now = snapshot(session)
    run(session, ":undo")
    assert "tiny is another model by now" in session.told()
    assert snapshot(session).same(now)


def test_a_script_is_one_line(session: Screen, tmp_path: Path) -> None:
    (tmp_path / "two.txt").write_text("war\nchina\n")
    run(session, "new", f":run {tmp_path / 'two.txt'}", ":undo")
    assert seeds(session) == ["new"]
    run(session, ":undo")
    assert seeds(session) == []


def test_a_script_takes_back_its_own_lines_only(session: Screen, tmp_path: Path) -> None:
    (tmp_path / "back.txt").write_text("war\nchina\n:undo\n:undo\n:undo\n")
    run(session, "new", f":run {tmp_path / 'back.txt'}")
    assert seeds(session) == ["new"]
    assert "nothing was changed yet" in session.told()


def test_enter_alone_is_a_line_of_its_own(session: Screen) -> None:
    run_typed(session, "war")
    run_typed(session, "", blank_means_seed=True)
    assert seeds(session) == ["war", ""]
    run(session, ":undo")
    assert seeds(session) == ["war"]
    assert "taken back: Enter alone" in session.told()


def test_the_new_name_of_a_model_stays_however_far_one_goes_back(
    session: Screen, shelf_directory: Path, tmp_path: Path
) -> None:
    (tmp_path / "rename.txt").write_text(":len 3\n:rename tiny big\n:len 4\n")
    run(session, "war", ":load window", "china", f":run {tmp_path / 'rename.txt'}")
    for left in (["war", "china"], ["war"], ["war"], []):
        run(session, ":undo")
        assert seeds(session) == left
        assert all(turn.places[0].path.is_dir() for turn in session.turns)
    assert session.path == shelf_directory / "big"
    run(session, ":undo")
    assert "nothing was changed yet" in session.told()


def test_the_session_before_another_one_keeps_its_file_and_what_was_typed(
    session: Screen, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    run(session, "war", f":save {one}", "china", f":save {two}", f":open {one}", ":undo")
    assert session.file == two
    assert list(session.typed)[:3] == ["war", f":save {one}", "china"]


def test_what_was_saved_since_is_still_the_file(session: Screen, tmp_path: Path) -> None:
    run(session, "war", f":save {tmp_path / 'one.json'}", ":undo")
    assert session.file == tmp_path / "one.json"
    assert seeds(session) == []


def test_what_went_is_kept_as_long_as_it_is_little(
    session: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(session, "war")
    monkeypatch.setattr(module, "ONLY_HERE", 2.5 * session.turns.require().bytes)
    run(session, ":prune", "war", ":prune", "war", ":prune", "war")
    for left in (0, 1, 0, 1, 0):
        run(session, ":undo")
        assert len(session.turns) == left
    run(session, ":undo")
    assert "nothing was changed yet" in session.told()
