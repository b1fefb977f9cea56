"""The shell's eval and compare, and the prompt's :eval: what people see, and JSON."""

import json
from pathlib import Path

import pytest

from core.insight.evaluation import evaluate
from core.library import bundle
from core.text.corpus import Source
from repl.loop import run_line
from tests.repl.conftest import Screen
from tests.repl.test_cli import headlong


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "unseen.csv"
    path.write_text("headline,desk\nthe war says zzz,a\nwhy vote,b\nUnknown,c\nwhy vote,d\n")
    return path


def test_models_are_measured_as_json(shelf_directory: Path, file: Path) -> None:
    models = ["-m", "tiny", "-m", "window"]
    done = headlong(
        "--models", str(shelf_directory), "eval", str(file), *models, "--drop", "Unknown", "--json"
    )
    assert done.returncode == 0
    assert done.stderr == "took column 'headline' of unseen.csv\n"
    tiny, window = map(json.loads, done.stdout.splitlines())
    model = bundle.load(shelf_directory / "tiny")
    (expected,) = evaluate([model], Source((file,), "headline", ("Unknown",)))
    assert tiny == expected.to_json()
    assert (tiny["lines"], tiny["duplicates"], tiny["tokens"], tiny["unknown"]) == (2, 1, 8, 1)
    assert (window["model"], window["bits_per_character"]) == ("window", None)


def test_a_table_for_people(shelf_directory: Path, file: Path) -> None:
    done = headlong(
        "--models", str(shelf_directory), "-m", "tiny", "eval", str(file), "--column", "headline"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "3 different lines, 1 repeated ones left out"
    assert done.stdout.splitlines()[2].startswith("tiny ")


def test_what_cannot_be_measured_is_one_sentence(shelf_directory: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("war\n")
    models = ("--models", str(shelf_directory), "-m", "window")
    done = headlong(*models, "eval", str(tmp_path / "one.txt"))
    assert done.returncode == 1
    assert done.stderr == "error: window guesses no word of that text; give it another one\n"
    assert headlong(*models, "eval").returncode == 2


def test_the_prompt_measures_what_is_loaded(session: Screen, file: Path) -> None:
    run_line(session, f":eval {file} --drop Unknown")
    told = session.shown()
    assert "took column 'headline' of unseen.csv" in told
    assert "2 different lines, 1 repeated ones left out" in told
    assert "tiny" in told
    run_line(session, ":eval")
    assert "there is no file; type :eval and the name of one" in session.told()
