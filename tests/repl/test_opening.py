"""How the prompt opens, with lines from a pipe: config file, options over it, the last session."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from repl import cli
from repl.cli_base import app
from repl.config import config_path
from repl.loop import run_line
from repl.saving.autosave import Autosave, saving_itself
from repl.saving.files import sessions_directory
from tests.repl.conftest import Screen

assert cli

Run = Callable[..., Result]


@pytest.fixture
def run(shelf_directory: Path) -> Run:
    def run_(*arguments: str, lines: str = "") -> Result:
        return CliRunner().invoke(app, ["--models", str(shelf_directory), *arguments], input=lines)

    return run_


def configure(*lines: str) -> None:
    config_path().parent.mkdir(parents=True, exist_ok=True)
    config_path().write_text("\n".join(lines))


def saved(session: Screen, *lines: str) -> Path:
    with saving_itself(session, Autosave(session.messages)):
        for line in lines:
            run_line(session, line)
    (path,) = sessions_directory().glob("last-*.json")
    return path


def test_the_config_file_sets_how_the_prompt_begins(run: Run) -> None:
    configure("length = 2", 'model = "tiny"', 'heat = "rank"')
    done = run(lines="china\n")
    assert "perplexity" in done.stderr
    line = done.stdout.splitlines()[0]
    assert len(line.split()) == 3


def test_an_option_wins_over_the_config_file(run: Run) -> None:
    configure('model = "window"')
    assert "window of 5" in run(lines=":show\n").stdout
    assert "window of 5" not in run("--model", "tiny", lines=":show\n").stdout


def test_lines_that_cannot_be_used_are_messages_and_no_failure(run: Run) -> None:
    configure('model = "tiny"', "lenght = 3", "length = 1", *("x" for _ in range(6)))
    done = run(lines="china\n")
    assert done.exit_code == 0
    assert len(done.stdout.split()) == 2
    assert "config.toml, line 2: there is no setting 'lenght'; did you mean length?" in done.stderr
    assert "and 2 more; :config lists them" in done.stderr


def test_commands_of_the_shell_are_told_all_by_their_options(run: Run) -> None:
    configure("length = 1")
    assert len(run("generate", "--model", "tiny", "--length", "3", "china").stdout.split()) == 4


def test_a_theme_that_there_is_not(run: Run) -> None:
    done = run("--theme", "blue")
    assert done.exit_code == 1
    assert "theme must be one of auto, light, dark, plain, not 'blue'" in done.stderr


def test_continue_goes_on_with_the_last_session(run: Run, session: Screen) -> None:
    path = saved(session, ":len 2", "china", ":bookmark best")
    done = run("--continue", lines=":turns\n:more\n")
    assert done.stderr == "1 line, at line 1 (best), 1 setting changed, model tiny\n"
    assert "[best]" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(session.turns.require().line.text)
    assert list(sessions_directory().glob("last-*.json")) == [path]


def test_continue_keeps_the_sessions_settings_and_takes_the_model_that_is_named(
    run: Run, session: Screen
) -> None:
    saved(session, ":len 2")
    configure("length = 5", 'model = "tiny"')
    done = run("--continue", "--model", "window", lines=":set length\n:show\n")
    assert re.match(r"length +2\b", done.stdout)
    assert "window of 5" in done.stdout


def test_there_may_be_nothing_to_continue(run: Run) -> None:
    configure('model = "tiny"')
    done = run("-c", lines="china\n")
    assert done.stderr.startswith("there is no session to continue")
    assert done.stdout


def test_a_session_that_cannot_be_continued_stays_as_it_is(run: Run, session: Screen) -> None:
    path = saved(session, "china")
    path.write_text("{")
    configure('model = "tiny"')
    done = run("-c", lines="war\n")
    assert "is no session, or a damaged one" in done.stderr
    assert done.stdout.startswith("war")
    assert path.read_text() == "{"


def test_a_script_leaves_no_session_behind(run: Run) -> None:
    run("--model", "tiny", lines="china\n")
    assert not sessions_directory().exists()


def test_a_script_begins_as_the_prompt_does(run: Run, tmp_path: Path) -> None:
    configure('model = "window"')
    (tmp_path / "script.txt").write_text(":show\n")
    assert "window of 5" in run("run", str(tmp_path / "script.txt")).stdout
    assert "window of 5" not in run("--model", "tiny", "run", str(tmp_path / "script.txt")).stdout
