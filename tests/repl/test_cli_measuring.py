"""The shell's eval and compare, and the prompt's :eval: what people see, and JSON."""

import itertools
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.insight.comparison import CONTENDERS
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
    assert done.stdout.splitlines()[0] == "3 different lines, 1 repeat left out"
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
    assert "2 different lines, 1 repeat left out" in told
    assert "tiny" in told
    run_line(session, ":eval")
    assert "there is no file; type :eval and the name of one" in session.told()


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "lines.csv"
    words = ("the", "war", "says", "why", "vote", "china")
    rows = [" ".join(line) for line in itertools.permutations(words, 3)]
    path.write_text("\n".join(["headline", *rows, rows[0], "Unknown"]) + "\n")
    return path


def test_a_panel_as_json(lines: Path, tmp_path: Path) -> None:
    done = headlong("compare", str(lines), "--drop", "Unknown", "--only", "kn,unigram", "--json")
    assert done.returncode == 0
    assert done.stderr == "took column 'headline' of lines.csv\n"
    unigram, kn = map(json.loads, done.stdout.splitlines())
    assert (unigram["contender"], kn["contender"]) == ("unigram", "kn")
    assert unigram["tokens"] == kn["tokens"] == 12 * 4
    assert min(unigram["perplexity"], kn["perplexity"]) > 1
    assert (unigram["unknown_rate"], unigram["lines"], unigram["best_epoch"]) == (0, 12, None)


def test_a_panel_for_people_and_a_test_file(lines: Path, tmp_path: Path) -> None:
    test = tmp_path / "test.csv"
    test.write_text("headline\nthe war says\nthe zzz war\n")
    options = ["--column", "headline", "--test", str(test), "--only", "kn", "--min-count", "1"]
    done = headlong("compare", str(lines), *options)
    assert (done.returncode, done.stderr) == (0, "")
    told = " ".join(done.stdout.split())
    assert (
        "33.3% of those measured on unknown · 1 test lines left out that are learnt from, too" in told
    )
    assert "4 tokens are guessed by each" in told


def test_a_row_that_is_not_there_is_one_sentence(lines: Path) -> None:
    done = headlong("compare", str(lines), "--only", "gpt")
    assert done.returncode == 1
    assert done.stderr.startswith("error: there is no 'gpt' to compare; there are unigram, kn, hmm, ")


def test_the_help_names_every_row() -> None:
    told = " ".join(headlong("compare", "--help", COLUMNS="200").stdout.split())
    names = [contender.key for contender in CONTENDERS]
    assert f"Some of {', '.join(names[:-1])} and {names[-1]}, as in" in told


def test_ctrl_c_keeps_the_rows_so_far(
    lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trainer ends with its parent, and nothing of it is left."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    command = [sys.executable, "-m", "repl", "compare", str(lines), "--only", "unigram,lstm", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["contender"] == "unigram"
        time.sleep(0.5)  # somewhere in the trainer's start
        process.send_signal(signal.SIGINT)
        out, messages = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in messages
    assert list((tmp_path / "temporary").iterdir()) == []
