"""What was shown, as a file."""

from pathlib import Path

import pytest
from rich.text import Text

from core.errors import InputError, SettingError
from repl.export import write_picture
from repl.loop import run_script
from repl.theme import Name
from repl.views import columns
from tests.repl.conftest import Screen


@pytest.mark.parametrize(
    ("ending", "beginning"),
    [("svg", "<svg"), ("html", "<!DOCTYPE html>"), ("md", "```\n"), ("txt", "red")],
)
def test_the_ending_says_what_it_is_written_as(tmp_path: Path, ending: str, beginning: str) -> None:
    path = write_picture(tmp_path / f"a.{ending}", [[Text("red", "red"), Text("plain <b>")]])
    written = path.read_text()
    assert written.startswith(beginning)
    assert ("<b>" in written) == (ending in ("md", "txt"))
    assert "\x1b" not in written


def test_colours_are_kept_whatever_the_terminal_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert "#800000" in write_picture(tmp_path / "a.html", [[Text("x", "red")]]).read_text()


def test_another_ending_and_a_file_that_is_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must end in one of \.svg, \.html, \.md, \.txt"):
        write_picture(tmp_path / "a.png", [[Text("x")]])
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(SettingError, match="there is a file"):
        write_picture(tmp_path / "a.txt", [[Text("x")]])
    assert (tmp_path / "a.txt").read_text() == "old"
    write_picture(tmp_path / "a.txt", [[Text("x")]], replace=True)
    assert (tmp_path / "a.txt").read_text() == "x\n"


def test_the_log_holds_what_was_typed_and_answered(session: Screen, tmp_path: Path) -> None:
    run_script(session, [":len 2", "china", ":len 0", f":log {tmp_path}/a.txt"])
    _, _, line = session.shown().partition("china")
    written = (tmp_path / "a.txt").read_text()
    assert written.splitlines()[:4] == ["› :len 2", "  length 2", "", "› china"]
    told = " ".join(session.told().split())
    assert told.endswith(f"wrote 3 lines and commands, each with its answer, to {tmp_path}/a.txt")
    assert f"china{line}".strip() in written
    assert "error: length must be" in written
    assert ":log" not in written
    run_script(session, [f":log {tmp_path}/b.txt --last 1"])
    assert (tmp_path / "b.txt").read_text().startswith("› :log")
    told = " ".join(session.told().split())
    assert told == f"wrote 1 line or command with its answer to {tmp_path}/b.txt"


@pytest.mark.parametrize("ending", ["txt", "md"])
def test_lines_of_text_end_where_their_last_word_does(tmp_path: Path, ending: str) -> None:
    table = columns("word", "rank")
    table.add_row("a", "1")
    written = write_picture(tmp_path / f"a.{ending}", [[table, Text(" x  ")]]).read_text()
    assert "word  rank\na     1\n x\n" in written


def test_there_must_be_something_to_write(session: Screen, tmp_path: Path) -> None:
    run_script(session, [f":log {tmp_path}/a.txt", f":log {tmp_path}/a.txt --last 0"])
    told = session.told()
    assert "nothing was shown yet" in told
    assert "--last must be at least 1" in told
    assert not (tmp_path / "a.txt").exists()


@pytest.mark.parametrize(
    ("theme", "ground"), [("light", "#ffffff"), ("dark", "#292929"), ("auto", "#292929")]
)
def test_a_picture_has_the_ground_of_the_prompt(tmp_path: Path, theme: Name, ground: str) -> None:
    picture = write_picture(tmp_path / "a.svg", [[Text("x")]], theme=theme).read_text()
    assert f'<rect fill="{ground}"' in picture


def test_a_page_of_the_dark_theme_is_dark(tmp_path: Path) -> None:
    page = write_picture(tmp_path / "a.html", [[Text("x")]], theme="dark").read_text()
    assert "background-color: #292929" in page
