"""The shell command that `:show command` prints gives the same line."""

import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from repl import shell
from repl.cli import app
from repl.loop import run_line
from repl.session import Session
from core.errors import InputError
from tests.repl.conftest import Screen

LINES = st.lists(
    st.sampled_from(
        [
            ":len 4",
            ":temp 0.123456789",
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
SEEDS = st.sampled_from(["china", "China says", "-x war", "it's \"new\"", "zebra", "::: war", "war $HOME"])


def printed(command: str, shelf: Path) -> str:
    name, *arguments = shlex.split(command)
    assert name == "headlong"
    result = CliRunner().invoke(app, ["--models", str(shelf), *arguments])
    assert result.exit_code == 0, result.stderr
    return result.stdout


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, seed=SEEDS)
def test_the_command_prints_the_lines_that_were_generated_together(
    session: Screen, shelf_directory: Path, lines: list[str], seed: str
) -> None:
    for line in [":set temperature 0.8", *lines, seed]:
        run_line(session, line)
