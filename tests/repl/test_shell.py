"""The shell command that `:show command` prints gives the same line."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from core.library import bundle
from core.library.shelf import Shelf
from repl import shell
from repl.cli import app
from repl.loop import run_line
from tests.conftest import random_model
from tests.repl.conftest import Screen, console

LINES = st.lists(
    st.sampled_from(
        [
            ":len 4",
            ":temp 0.12345678901234567",
            ":greedy",
            ":samples 3",
            ":set ranked off",
            ":set until_end on",
            ":set top_k 3",
            ":set presence_penalty -1.5",
            ":set must trade, new york",
            ":set ban war",
            ":set schedule 0.2, 1, 0.7",
            ":set beam 3",
            ":rng 7",
            ":load window",
            ":load 0.7*tiny+0.3*other",
        ]
    ),
    max_size=5,
)
SEEDS = st.sampled_from(
    ["china", "China says", "-x war", 'it\'s "new"', "zebra", "::: war", "war $HOME"]
)


def printed(command: str) -> str:
    name, *arguments = shlex.split(command)
    assert name == "headlong"
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture
def shelf_directory(shelf_directory: Path) -> Path:
    bundle.save(random_model("stream", "other", seed=1), shelf_directory / "other", "# other\n")
    return shelf_directory


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, seed=SEEDS)
def test_the_command_prints_the_lines_that_were_generated_together(
    shelf_directory: Path, lines: list[str], seed: str
) -> None:
    session = Screen(console(10_000), console(), shelf=Shelf([shelf_directory]))
    session.load("tiny")
    for line in [*lines, seed]:
        run_line(session, line)
    assume(len(session.turns))  # not every mixture of settings leaves something to say
    session.shown()
    run_line(session, ":show command")
    command = session.shown()
    run_line(session, seed)
    assert printed(command) == session.shown()


def test_the_command_has_no_line_breaks_that_a_shell_would_run(
    session: Screen, shelf_directory: Path
) -> None:
    session.interactive = True
    session.console.width = 20
    run_line(session, ":set ban president, senate")
    run_line(session, "china")
    session.shown()
    run_line(session, ":show command")
    command, blank = session.shown().split("\n", 1)
    path = shlex.quote(str(shelf_directory / "tiny"))
    assert command == f"headlong generate --model {path} --ban president --ban senate china"
    assert blank == "\n"


def test_a_model_that_no_name_leads_to_is_given_by_its_path(session: Screen, tmp_path: Path) -> None:
    session.console.width = 10_000
    path = tmp_path / "far away" / "tiny"
    bundle.save(random_model("stream", "tiny", seed=3), path, "# tiny\n")
    run_line(session, f":load '{path}'")
    run_line(session, "china")
    session.shown()
    run_line(session, ":show command")
    assert shlex.split(session.shown())[3] == str(path)


def test_a_line_that_went_on_has_a_command_too(session: Screen, shelf_directory: Path) -> None:
    for line in (":len 3", "china", ":more"):
        run_line(session, line)
    whole = session.turns.require().line.text
    session.shown()
    run_line(session, ":show command")
    assert printed(session.shown()) == f"{whole}\n"


@pytest.mark.parametrize("line", [":branch 1 war", ":show command"])
def test_where_no_command_gives_a_line_that_is_said(session: Screen, line: str) -> None:
    if line.startswith(":branch"):
        run_line(session, "china")
        run_line(session, line)
    run_line(session, ":show command")
    told = " ".join(session.told().split())
    assert "is a branch, which no shell command gives" in told or "there is no line yet" in told


def test_anything_else_cannot_be_shown(session: Screen) -> None:
    run_line(session, ":show me")
    assert ":show shows everything, or command, history, and not 'me'" in session.told()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash to ask")
@pytest.mark.parametrize("word", ["\x1b[31m war", "it's \\ \x07", "a\u202eb"])
def test_what_no_terminal_should_see_is_escaped_and_bash_reads_it_back(word: str) -> None:
    quoted = shell.quote(word)
    assert quoted.isprintable()
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    asked = ["bash", "-c", f"printf %s {quoted}"]
    assert (
        subprocess.run(asked, env=environment, capture_output=True, check=True).stdout == word.encode()
    )
