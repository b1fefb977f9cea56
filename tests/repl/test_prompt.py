"""The prompt with keys fed through a pipe; what is seen on a real screen is in end_to_end/."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from repl.program import ProgramSettings
from repl.prompt import history_path, open_history, run_prompt
from tests.repl.conftest import Screen, console


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield pipe


def test_lines_are_run_until_ctrl_d(session: Screen, keys: PipeInput) -> None:
    keys.send_text(":len 2\rchina\r\x04")
    run_prompt(session)
    assert session.shown().startswith("china ")


def test_pasted_lines_are_run_one_by_one(session: Screen, keys: PipeInput) -> None:
    keys.send_text("\x1b[200~:len 1\nchina\n:quit\x1b[201~\r")
    run_prompt(session)
    assert len(session.shown().split()) == 2
    assert session.leaving


def test_ctrl_c_abandons_the_line_and_not_the_session(session: Screen, keys: PipeInput) -> None:
    keys.send_text("war\x03:quit\r")
    run_prompt(session)
    assert session.shown() == ""
    assert session.leaving


def test_typed_lines_are_kept_for_their_owner_only(session: Screen, keys: PipeInput) -> None:
    keys.send_text("china\rchina\rwar\r\x04")
    run_prompt(session)
    path = history_path()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [line for line in path.read_text().splitlines() if line.startswith("+")] == [
        "+china",
        "+war",
    ]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_home_costs_the_history_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert isinstance(open_history(tmp_path / "state" / "history", console()), InMemoryHistory)


def test_a_history_that_cannot_be_written_is_said_and_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    messages = console(width=300)
    history = open_history(tmp_path / "file" / "history", messages)
    assert isinstance(history, InMemoryHistory)
    assert "lines typed here will be forgotten" in messages.file.getvalue()  # type: ignore[attr-defined]


def test_no_lines_are_kept_where_that_is_not_wanted(session: Screen, keys: PipeInput) -> None:
    session.program = ProgramSettings(history=False)
    keys.send_text("china\r\x04")
    run_prompt(session)
    assert not history_path().exists()
