"""The shell's why and tree, and the options that say how words are drawn."""

import json
from pathlib import Path

import pytest

from core.setting import settings_of
from core.settings import SamplingSettings
from tests.repl.test_cli import headlong


@pytest.fixture
def tiny(shelf_directory: Path) -> list[str]:
    return ["--models", str(shelf_directory), "--model", "tiny"]


def test_why_prints_a_line_and_a_row_a_word(tiny: list[str]) -> None:
    done = headlong(*tiny, "why", "china", "--length", "3", "--rng", "4")
    line, heading, *rows = done.stdout.splitlines()
    assert line == headlong(*tiny, "generate", "china", "--length", "3", "--rng", "4").stdout.strip()
    assert heading.split()[:3] == ["word", "before", "after"]
    assert [row.split()[1] for row in rows] == line.split()[1:]


def test_why_as_json_tells_each_candidate(tiny: list[str]) -> None:
    done = headlong(*tiny, "why", "china", "war", "--length=2", "--top-k=1", "--top=3", "--json")
    china, war = map(json.loads, done.stdout.splitlines())
    assert (china["seed"], war["seed"]) == ("china", "war")
    first = china["words"][0]
    assert china["text"].split()[1] == first["chosen"]["text"]
    assert first["chosen"]["after"] == 1
    assert [stage["name"] for stage in first["stages"]] == ["ban", "temperature", "top_k"]
    cut = [c["cut_by"] for c in first["candidates"] if c["id"] != first["chosen"]["id"]]
    assert set(cut) <= {"ban", "top_k"}
    assert len(cut) in (2, 3)


def test_a_tree_as_json_is_nested(tiny: list[str]) -> None:
    done = headlong(*tiny, "tree", "china", "--depth", "2", "--width", "2", "--json")
    root = json.loads(done.stdout)["tree"]
    assert len(root["children"]) == 2
    shown = sum(child["probability"] for child in root["children"])
    assert shown + root["rest"] == pytest.approx(1)


def test_unknown_words_are_named_on_standard_error(tiny: list[str]) -> None:
    for command in ("why", "tree"):
        done = headlong(*tiny, command, "china zebra", "--json")
        assert done.stderr.startswith("tiny does not know zebra")
        assert len(done.stdout.splitlines()) == 1


def test_a_picture_is_written_once(tiny: list[str], tmp_path: Path) -> None:
    path = tmp_path / "tree.svg"
    done = headlong(*tiny, "tree", "china", "--picture", str(path))
    assert done.stdout.strip() == str(path)
    assert "china" in path.read_text()
    again = headlong(*tiny, "tree", "china", "--picture", str(path))
    assert again.returncode == 1
    assert "add --replace" in again.stderr
    assert headlong(*tiny, "tree", "china", "--picture", str(path), "--replace").returncode == 0


def test_a_picture_of_json_is_refused(tiny: list[str], tmp_path: Path) -> None:
    for command in ("tree", "why"):
        done = headlong(*tiny, command, "china", "--json", "--picture", str(tmp_path / "a.svg"))
        assert done.returncode == 2
        assert "choose one of them" in done.stderr
        assert done.stdout == ""


def test_every_sampling_setting_has_an_option(tiny: list[str]) -> None:
    shown = headlong("generate", "--help", COLUMNS="200").stdout
    for name in settings_of(SamplingSettings):
        assert f"--{name.replace('_', '-')}" in shown


def test_options_set_what_their_names_say(tiny: list[str]) -> None:
    options = ["--ban", "war", "--ban", "new york", "--schedule", "1,0.5", "--no-ranked", "--min-p=0.1"]
    done = headlong(*tiny, "generate", "china", "--length=2", "--json", *options)
    told = json.loads(done.stdout)["options"]
    assert told["ban"] == ["war", "new york"]
    assert told["schedule"] == [1.0, 0.5]
    assert (told["ranked"], told["min_p"], told["temperature"]) == (False, 0.1, 0.8)


def test_a_bad_option_is_answered_by_the_table(tiny: list[str]) -> None:
    done = headlong(*tiny, "generate", "china", "--min-p", "2")
    assert done.returncode == 1
    assert done.stderr.startswith("error: min_p must be a number from 0 to 1, or off, not 2\n")
