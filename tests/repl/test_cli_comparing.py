"""The shell's score, sweep and vs: what people see, and JSON."""

import json
import math
from pathlib import Path

import pytest

from core.decoding.generator import Generator
from core.insight.line import read_line
from core.insight.scoring import score
from core.library import bundle
from core.settings import SamplingSettings
from tests.repl.test_cli import headlong


@pytest.fixture
def models(shelf_directory: Path) -> list[str]:
    return ["--models", str(shelf_directory)]


def test_a_score_as_json(models: list[str], shelf_directory: Path) -> None:
    done = headlong(*models, "score", "the war zzz", "china", "-m", "tiny", "--json")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["text"], second["text"], first["model"]) == ("the war zzz", "china", "tiny")
    assert first["words"][0].keys() == {"text", "probability", "rank", "entropy"}
    assert [word.get("unknown", False) for word in first["words"]] == [False, False, True]
    assert (first["unknown_rate"], first["skipped"]) == (pytest.approx(1 / 3), [])
    generator = Generator(bundle.load(shelf_directory / "tiny"))
    expected = score(generator, read_line(generator, "the war zzz"))
    assert first["perplexity"] == pytest.approx(expected.perplexity)
    logs = [math.log(word["probability"]) for word in first["words"]]
    assert first["perplexity"] == pytest.approx(math.exp(-sum(logs) / 3))


def test_lines_are_scored_as_they_come_and_blank_ones_passed_over(
    models: list[str], tmp_path: Path
) -> None:
    lines = "the war\n\nchina says\n"
    (tmp_path / "lines.txt").write_text(lines)
    piped = headlong(*models, "score", "-m", "window", input=lines)
    named = headlong(*models, "score", "-m", "window", "--file", str(tmp_path / "lines.txt"))
    assert piped.stdout == named.stdout
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout.count("perplexity") == 2
    assert "entropy" not in piped.stdout
    assert piped.stdout.count("rank above 10") == 1
    assert "entropy" in headlong(*models, "score", "the war", "-m", "window").stdout


def test_a_text_that_cannot_be_scored_is_told_and_the_others_are_scored(models: list[str]) -> None:
    done = headlong(*models, "score", "zzz", "china", "", "-m", "tiny", "--json")
    assert done.returncode == 1
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["china"]
    assert done.stderr.splitlines() == [
        "error: tiny knows no word of 'zzz'; give it others",
        "error: tiny knows no word of ''; give it others",
    ]


def test_a_sweep_as_json_has_an_object_a_value(models: list[str], shelf_directory: Path) -> None:
    options = ["--length", "4", "--samples", "2", "--rng", "3", "-m", "tiny", "--json"]
    done = headlong(*models, "sweep", "top-k", "off,1,14", "china", *options)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["value"] for row in rows] == [None, 1, 14]
    assert [row["row"] for row in rows] == [0, 1, 2]
    assert [row["same_as"] for row in rows] == [None, None, 0]
    assert {(row["setting"], row["seed"], row["rng"]) for row in rows} == {("top_k", "china", 3)}
    settings = SamplingSettings(length=4, samples=2, rng=3, top_k=1, ranked=False)
    generator = Generator(bundle.load(shelf_directory / "tiny"), settings)
    expected = generator.generate(generator.read_seed("china"))
    assert [line["text"] for line in rows[1]["lines"]] == [line.text for line in expected]
    assert rows[1]["options"] == json.loads(json.dumps(settings.to_json()))
    assert rows[1]["lines"][0]["words"][0].keys() == {"text", "probability", "rank", "differs"}


def test_two_models_as_json_has_an_object_a_pair(models: list[str]) -> None:
    arguments = ("vs", "tiny", "window", "china zzz", "war", "--length", "3", "--json")
    done = headlong(*models, *arguments)
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["seed"], second["seed"]) == ("china zzz", "war")
    tiny, window = first["models"]
    assert (tiny["model"], window["model"]) == ("tiny", "window")
    assert (tiny["known"], tiny["unknown"]) == (["china"], ["zzz"])
    for side in (tiny, window):
        alone = headlong(*models, "generate", "china zzz", "-m", side["model"], "--length=3", "--json")
        assert side["text"] == json.loads(alone.stdout)["text"]
        assert all(0 < word["other_probability"] < 1 for word in side["words"])
        assert side["shared_perplexity"] == side["perplexity"]
    assert done.stderr == ""


def test_what_people_see_has_no_escapes_in_a_pipe(models: list[str]) -> None:
    grid = headlong(*models, "sweep", "temperature", "0..1", "china", "zzz", "-m", "tiny", "--length=3")
    assert grid.stdout.count("perplexity") == 2
    assert "tiny does not know zzz" in grid.stderr
    pair = headlong(*models, "vs", "tiny", "window", "china", "--length=3")
    assert "tiny says" in pair.stdout
    assert "\x1b" not in grid.stdout + pair.stdout


@pytest.mark.parametrize(
    "command",
    [("score", "china"), ("sweep", "rng", "1,2", "china"), ("vs", "tiny", "window", "china")],
)
def test_a_picture_is_written_once_and_not_of_json(
    models: list[str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    picture = ["--picture", str(tmp_path / "a.svg")]
    model = [*models, "--model", "tiny"]
    done = headlong(*model, *command, *picture)
    assert done.stdout.strip() == str(tmp_path / "a.svg")
    assert "china" in (tmp_path / "a.svg").read_text()
    again = headlong(*model, *command, *picture)
    assert (again.returncode, again.stdout) == (1, "")
    assert "add --replace" in again.stderr
    assert headlong(*model, *command, *picture, "--replace").returncode == 0
    both = headlong(*model, *command, *picture, "--json")
    assert (both.returncode, both.stdout) == (2, "")
    assert "choose one of them" in both.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("score", "zzz"), 1, "tiny knows no word of 'zzz'"),
        (("score", "china", "--by", "x"), 1, "colours tell rank or probability, not 'x'"),
        (("score", "--file", "nowhere"), 1, "there is no file nowhere"),
        (("score", "china", "--temperature", "1"), 2, "No such option"),
        (("sweep", "temperature"), 2, "Missing argument"),
        (("sweep", "temperature", "1..", "china"), 1, "a range is typed LOW..HIGH"),
        (("sweep", "colour", "1,2", "china"), 1, "there is no setting 'colour'"),
        (("sweep", "beam", "off,4", "china", "--contrastive", "0.5"), 1, "two different searches"),
        (("vs", "tiny"), 2, "Missing argument"),
        (("vs", "tiny", "tinny", "china"), 1, "there is no model 'tinny'; did you mean tiny?"),
    ],
)
def test_bad_input_has_a_status_and_a_sentence(
    models: list[str], arguments: tuple[str, ...], status: int, message: str
) -> None:
    done = headlong(*models, "--model", "tiny", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
