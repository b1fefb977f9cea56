"""The history of typed lines: what is kept, where, and what two programs do to one file."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from repl.line import history as module
from repl.line.history import LineHistory, history_path, open_history
from tests.repl.conftest import console


@pytest.fixture
def history() -> LineHistory:
    return open_history(history_path(), console())


def again() -> list[str]:
    """Return what another start of the program would find, the oldest first."""
    return open_history(history_path(), console()).get_strings()


def test_lines_are_there_at_the_next_start(history: LineHistory) -> None:
    for line in ("china", "two\nlines", "a\rb", ":len 3", "+plus", "今天"):
        history.append_string(line)
    assert again() == ["china", "two\nlines", "a\rb", ":len 3", "+plus", "今天"]


def test_the_newest_line_comes_first_as_the_up_key_wants_it(history: LineHistory) -> None:
    history.append_string("old")
    history.append_string("new")

    async def loaded() -> list[str]:
        return [line async for line in history.load()]

    assert asyncio.run(loaded()) == ["new", "old"]


def test_a_line_that_comes_again_is_there_once_where_it_came_last(history: LineHistory) -> None:
    for line in ("china", "war", "china"):
        history.append_string(line)
    assert history.get_strings() == again() == ["war", "china"]


def test_blank_lines_are_not_kept(history: LineHistory) -> None:
    history.append_string("  ")
    assert history.get_strings() == again() == []


def test_only_the_owner_can_read_the_file_even_if_it_was_readable_before(history: LineHistory) -> None:
    history_path().chmod(0o644)
    open_history(history_path(), console()).append_string("secret")
    assert stat.S_IMODE(history_path().stat().st_mode) == 0o600


def test_the_oldest_lines_are_forgotten(history: LineHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    for number in range(7):
        history.append_string(str(number))
    assert again() == ["4", "5", "6"], "the seventh is one more than twice three"
    assert history_path().read_bytes() == b"\n\n+4\n\n\n+5\n\n\n+6\n"
    assert stat.S_IMODE(history_path().stat().st_mode) == 0o600
    assert [path.name for path in history_path().parent.iterdir()] == ["history"]


def test_a_file_that_grew_from_repeats_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    history_path().parent.mkdir(parents=True)
    history_path().write_text("\n+china\n" * 100)
    open_history(history_path(), console()).append_string("war")
    assert history_path().read_text() == "\n\n+china\n\n\n+war\n"


def test_two_programs_keep_each_others_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    one, other = (open_history(history_path(), console()) for _ in range(2))
    for number in range(4):
        one.append_string(f"one {number}")
        other.append_string(f"other {number}")
    for number in range(4, 7):
        one.append_string(f"one {number}")
    assert again() == ["one 4", "one 5", "one 6"]
    other.append_string("other 4")
    assert again() == ["one 5", "one 6", "other 4"]


def test_nothing_is_kept_while_it_is_off(history: LineHistory) -> None:
    history.keeps = False
    history.append_string("secret")
    history.keeps = True
    history.append_string("china")
    assert history.get_strings() == again() == ["china"]


def test_clear_forgets_memory_and_file(history: LineHistory) -> None:
    history.append_string("secret")
    history.clear()
    assert history.get_strings() == again() == []
    history.append_string("china")
    assert again() == ["china"]


def test_the_latest_line_that_goes_on_is_found(history: LineHistory) -> None:
    for line in (":len 3", ":len 5", ":load x", ":le", ":lex\nwar"):
        history.append_string(line)
    assert history.latest(":le") == ":len 5"
    assert history.latest(":len 5") is None


def test_bytes_that_are_no_text_do_not_stop_a_start(history: LineHistory) -> None:
    history_path().write_bytes(b"\n+\xff\xfe\n\nno entry\n+china")
    assert again() == ["\ufffd\ufffd", "china"]
    history.append_string("half a pair \ud800")
    assert again()[-1] == "half a pair ?"


def test_a_file_that_is_gone_is_made_again(history: LineHistory) -> None:
    history_path().unlink()
    history.append_string("china")
    assert again() == ["china"]
    assert stat.S_IMODE(history_path().stat().st_mode) == 0o600


def test_a_directory_that_is_gone_costs_the_memory_only(history: LineHistory) -> None:
    history_path().unlink()
    history_path().parent.rmdir()
    history.append_string("china")
    assert history.get_strings() == ["china"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_home_costs_the_history_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert open_history(tmp_path / "state" / "history", console()).path is None


def test_a_history_that_cannot_be_written_is_said_and_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    messages = console(width=300)
    history = open_history(tmp_path / "file" / "history", messages)
    assert "lines typed here will be forgotten" in messages.file.getvalue()  # type: ignore[attr-defined]
    history.append_string("china")
    assert history.get_strings() == ["china"]
    history.clear()
    assert history.get_strings() == []


def test_what_is_no_ordinary_file_is_left_as_it_is(home: Path) -> None:
    pipe = home / "history"
    os.mkfifo(pipe, 0o644)
    pipe.chmod(0o644)
    messages = console(1000)
    assert open_history(pipe, messages).path is None
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o644
    assert "it is no ordinary file" in messages.file.getvalue()  # type: ignore[attr-defined]


def test_of_a_huge_file_the_end_is_read(history: LineHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in ("china", "war"):
        history.append_string(line)
    monkeypatch.setattr(module, "LARGEST", 8)
    assert again() == ["war"]
