"""The config file: what it sets, what in it is told and passed over, and the one that is written."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from core.settings import SamplingSettings
from repl import cli, cli_config
from repl.cli_base import app
from repl.config import LARGEST, Config, config_path, default_text, read_config, read_text, table, toml
from repl.loop import run_line
from repl.program import ProgramSettings
from tests.repl.conftest import Screen

assert cli, cli_config


def problems(config: Config) -> list[tuple[int, str]]:
    return [(problem.line, problem.told) for problem in config.problems]


def test_a_file_sets_what_stands_in_it() -> None:
    config = read_text(
        'temperature = 0.5  # cool\ntop-k = 40\nlength = "auto"\nban = ["war", "new york"]\n'
        'until_end = true\nmodel = "News+b"\ntheme = "Dark"\nghost = false\nheat = "rank"\n'
    )
    assert config.problems == ()
    assert config.sampling == SamplingSettings(
        temperature=0.5, top_k=40, ban=("war", "new york"), until_end=True
    )
    assert config.program == ProgramSettings(model="News+b", theme="dark", ghost=False, heat="rank")
    assert config.lines["ban"] == 4


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("temprature = 1", "there is no setting 'temprature'; did you mean temperature?"),
        ("temperature = -1", "temperature must be a number from 0 to 100, not -1"),
        ("theme = dark", 'a word stands between quotation marks: theme = "dark"'),
        ('theme = "blue"', "theme must be one of auto, light, dark, plain, not 'blue'"),
        ("ghost = 1", "ghost must be on or off, not 1"),
        ("[sampling]", "there are no sections here, so '[sampling]' is passed over"),
        (
            "length",
            "it is not written as TOML, name = value: Expected '=' after a key in a key/value pair",
        ),
        ("top_k = 1979-05-27", "top_k must be a whole number from 1 to 1,000,000,000, or off, not"),
        ("top_k.a = 1", "top_k must be a whole number from 1 to 1,000,000,000, or off, not {'a': 1}"),
        ("temperature = nan", "temperature must be a number from 0 to 100, not nan"),
        ("ban = " + "[" * 30_000 + "]" * 30_000, "it is not written as TOML"),
        ("rng = " + "9" * 5000, "it is not written as TOML"),
        ('model = "\ud7ff\x07"', "it is not written as TOML"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_and_the_others_count(line: str, told: str) -> None:
    config = read_text(f"length = 3\n\n{line}\nrng = 7\n")
    ((number, sentence),) = problems(config)
    assert number == 3
    assert sentence.startswith(told)
    assert config.sampling == SamplingSettings(length=3, rng=7)


def test_a_list_over_several_lines_is_one_problem() -> None:
    config = read_text('ban = [\n  "war",\n  "length = 3",\n]\nlength = 4\n')
    assert problems(config) == [(1, "a list must stand on one line")]
    assert config.sampling.length == 4


def test_a_setting_counts_once_and_settings_that_exclude_each_other_are_told() -> None:
    config = read_text("beam = 3\nbeam = 4\ncontrastive = 0.5\n")
    assert [line for line, _ in problems(config)] == [2, 3]
    assert config.sampling == SamplingSettings(beam=3)


def test_off_may_be_written_as_toml_has_it() -> None:
    assert read_text('top_k = false\nbeam = "off"').problems == ()


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_text_is_too_strange(text: str) -> None:
    config = read_text(text)
    assert all(0 < problem.line <= len(text.splitlines()) for problem in config.problems)


def test_the_default_sets_nothing_and_its_comments_are_the_defaults() -> None:
    text = default_text()
    assert read_text(text) == Config()
    without = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.M)
    config = read_text(without)
    assert config.problems == ()
    assert (config.sampling, config.program) == (SamplingSettings(), ProgramSettings())
    assert list(config.lines) == list(table())


VALUES = SamplingSettings(
    length=7, ban=("1,200", 'a "word"'), schedule=(0.3, 1.5), top_p=0.25, until_end=True, rng=2**64 - 1
)


@pytest.mark.parametrize("name", [*VALUES.to_json()])
def test_what_is_written_is_read_as_the_same(name: str) -> None:
    value = getattr(VALUES, name)
    assert read_text(f"{name} = {toml(table()[name], value)}").value(name) == value


def test_no_file_sets_nothing(tmp_path: Path) -> None:
    assert read_config(tmp_path / "none.toml") == Config()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "it is not UTF-8"),
        (b"#" * (LARGEST + 1), "it has more than 65,536 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    ((line, sentence),) = problems(read_config(path))
    assert line == 0
    assert sentence.startswith(told)


def test_a_directory_in_its_place_is_one_problem(tmp_path: Path) -> None:
    assert [line for line, _ in problems(read_config(tmp_path))] == [0]


def test_a_mark_of_byte_order_is_no_letter(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xef\xbb\xbflength = 3\r\n")
    assert read_config(path).sampling.length == 3


def test_config_shows_where_the_file_is_and_what_is_set(session: Screen) -> None:
    run_line(session, ":config")
    assert "is not there" in session.shown()
    path = config_path()
    path.parent.mkdir(parents=True)
    path.write_text('# mine\nlength = 3\ntheme = "bl\x1bue"\nban = ["a\\u001b[31mb"]\n')
    run_line(session, ":config")
    shown = session.shown()
    assert re.search(r"2 +length +3", shown)
    assert "config.toml, line 3: " in shown
    assert "\x1b" not in shown


def test_config_write_writes_the_default_and_nothing_over_it(session: Screen) -> None:
    run_line(session, ":config write")
    assert "wrote every setting, as comments to change, to " in " ".join(session.told().split())
    assert config_path().read_text() == default_text()
    config_path().write_text("length = 3\n")
    run_line(session, ":config write")
    assert "already; add --replace to write over it" in " ".join(session.told().split())
    assert config_path().read_text() == "length = 3\n"
    run_line(session, ":config write --replace")
    assert config_path().read_text() == default_text()


def test_config_takes_no_other_word(session: Screen) -> None:
    run_line(session, ":config wrote")
    assert ":config write" in session.told()


def test_the_shell_shows_and_writes_it_too() -> None:
    run = CliRunner().invoke
    assert "is not there" in run(app, ["config"]).output
    assert run(app, ["config", "--write"]).exit_code == 0
    assert "sets nothing" in run(app, ["config"]).output
    assert run(app, ["config", "--write"]).exit_code == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_cannot_be_written_to(session: Screen, home: Path) -> None:
    home.chmod(0o500)
    run_line(session, ":config write")
    assert "cannot be created" in session.told()
