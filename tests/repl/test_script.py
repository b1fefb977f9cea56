"""Scripts: lines of a file that run as if they were typed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import InputError
from repl import script
from repl.cli import app
from repl.loop import run_line
from tests.repl.conftest import Screen


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    path = tmp_path / "seeds.txt"
    path.write_text(":len 2\n\nchina\n:greedy\nwar\n")
    return path


def test_lines_run_in_their_order(session: Screen, seeds: Path) -> None:
    assert not run_line(session, f":run {seeds}").went_wrong
    first, second = session.turns
    assert first.line.seed.text == "china" and first.settings.temperature == 0.8
    assert second.line.seed.text == "war" and second.settings.temperature == 0
    assert all(len(turn.line.words) == 2 for turn in session.turns)


def test_it_stops_at_the_first_line_that_fails(session: Screen, tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("china\n:lenn 3\nwar\nnew\n")
    assert run_line(session, f":run {path}").went_wrong
    assert len(session.turns) == 1
    told = session.told()
    assert "did you mean :len?" in told
    assert "bad.txt stops at its line 2; 2 were not run" in " ".join(told.split())


def test_a_script_that_is_not_there_is_told_in_a_sentence(session: Screen, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no file .*none\.txt; check the name"):
        script.read(tmp_path / "none.txt")


def test_scripts_that_run_one_another_come_to_an_end(session: Screen, tmp_path: Path) -> None:
    path = tmp_path / "endless.txt"
    path.write_text(f":run {path}\n")
    assert run_line(session, f":run {path}").went_wrong
    assert "run one another" in session.told().replace("\n", " ")
    assert session.scripts == 0


def test_quit_ends_a_script(session: Screen, tmp_path: Path) -> None:
    path = tmp_path / "quit.txt"
    path.write_text("china\n:quit\nwar\n")
    run_line(session, f":run {path}")
    assert session.leaving and len(session.turns) == 1


@pytest.mark.parametrize("ending", [".txt", ".md"])
def test_a_transcript_is_run_by_what_was_typed(session: Screen, tmp_path: Path, ending: str) -> None:
    long = " ".join(["china says war"] * 20)
    for line in (":len 3", long, ":temp 0.5", "::war"):
        run_line(session, line)
    run_line(session, f":log {tmp_path / f'session{ending}'}")
    assert script.read(tmp_path / f"session{ending}") == (":len 3", long, ":temp 0.5", "::war")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(b"ab\xff")
    with pytest.raises(InputError, match="no text in UTF-8, at byte 2"):
        script.read(path)


def test_a_file_without_an_end_is_refused() -> None:
    with pytest.raises(InputError, match="too large for a script"):
        script.read(Path("/dev/zero"))


def test_a_file_that_is_not_there_is_told_and_nothing_runs(session: Screen) -> None:
    assert run_line(session, ":run nowhere.txt").went_wrong
    assert "nowhere.txt" in session.told()


def test_a_transcript_of_a_script_runs_it_once(session: Screen, seeds: Path, tmp_path: Path) -> None:
    for line in (f":run {seeds}", f":log {tmp_path / 'session.txt'}"):
        run_line(session, line)
    assert script.read(tmp_path / "session.txt") == (f":run {seeds}",)
    assert "  › china\n  china " in (tmp_path / "session.txt").read_text()
    assert session.typed[0] == f":run {seeds}" and "china" not in session.typed


@pytest.mark.parametrize("interactive", [False, True])
def test_what_was_answered_is_not_run(session: Screen, tmp_path: Path, interactive: bool) -> None:
    session.interactive = interactive
    run_line(session, "› :remove tiny --yes")
    run_line(session, f":log {tmp_path / 'session.txt'}")
    assert script.read(tmp_path / "session.txt") == ("› :remove tiny --yes",)


def test_enter_alone_is_in_a_transcript_too(session: Screen, tmp_path: Path) -> None:
    run_line(session, "", blank_means_seed=True)
    run_line(session, f":log {tmp_path / 'session.txt'}")
    assert script.read(tmp_path / "session.txt") == ("",)
    run_line(session, f":run {tmp_path / 'session.txt'}")
    first, second = session.turns
    assert first.line == second.line


@pytest.mark.parametrize(("lines", "status"), [("china\n:len 2\nwar\n", 0), (":lenn 2\nchina\n", 1)])
def test_the_shell_runs_a_script_too(
    shelf_directory: Path, tmp_path: Path, lines: str, status: int
) -> None:
    path = tmp_path / "--a script.txt"
    path.write_text(lines)
    arguments = ["--models", str(shelf_directory), "--model", "tiny", "run", "--", str(path)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == status
    assert done.stdout.count("\n") == (2 if status == 0 else 0)
    assert ("stops at its line 1; 1 was not run" in " ".join(done.stderr.split())) is (status == 1)
