"""The command line as programs use it: exit statuses, JSON, pipes."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.decoding.generator import Generator
from core.library import bundle
from core.library.shelf import Shelf
from core.settings import SamplingSettings
from core.training.history import Epoch, to_json


def headlong(*arguments: str, input: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "repl", *arguments],
        input=input,
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=120,
        check=False,
    )


def test_the_version_is_printed() -> None:
    from core import __version__

    assert headlong("--version").stdout == f"headlong {__version__}\n"
    assert headlong("--debug", "--version").stdout == f"headlong {__version__}\n"


def test_piped_lines_are_continued(shelf_directory: Path) -> None:
    done = headlong("--models", str(shelf_directory), "--model", "tiny", input="china\n:len 5\nchina\n")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["china", "china"]
    assert len(lines[1].split()) == 6
    assert "\x1b" not in done.stdout


def test_a_piped_line_that_fails_fails_the_script(shelf_directory: Path) -> None:
    done = headlong("--models", str(shelf_directory), "-m", "tiny", input=":len 0\nchina\n")
    assert done.returncode == 1
    assert done.stdout.startswith("china ")
    assert done.stderr.startswith("error: length must be")


def test_generate_prints_what_a_person_would_see(shelf_directory: Path) -> None:
    models = ["--models", str(shelf_directory)]
    done = headlong(*models, "generate", "new york", "--model", "window", "--length", "3")
    assert done.stdout.startswith("New York ")
    assert len(done.stdout.split()) == 5
    seeds = headlong(*models, "generate", "-m", "tiny", "--length=1", input="china\n\nwhy war\n")
    assert [len(line.split()) for line in seeds.stdout.splitlines()] == [2, 1, 3]


def test_the_model_may_be_named_before_the_command(shelf_directory: Path) -> None:
    models = ["--models", str(shelf_directory), "--model"]
    done = headlong(*models, "tiny", "generate", "china", "--length", "1", "--json")
    assert json.loads(done.stdout)["model"] == "tiny"
    assert headlong(*models, "nosuch", "generate", "china").returncode == 1


def test_generate_speaks_with_several_models(shelf_directory: Path) -> None:
    arguments = ("generate", "china", "-m", "3*tiny+window", "--ensemble", "turns", "--json")
    done = headlong(*arguments, "--length", "4", HEADLONG_MODELS=str(shelf_directory))
    record = json.loads(done.stdout)
    model = Shelf([shelf_directory]).load("3*tiny+1*window")
    generator = Generator(model, SamplingSettings(length=4, ensemble="turns"))
    line = generator.generate(generator.read_seed("china"))[0]
    assert (record["model"], record["sha256"]) == ("3*tiny+1*window", model.sha256)
    assert record["text"] == line.text
    assert record["options"]["ensemble"] == "turns"
    models = ["--models", str(shelf_directory), "--model", "tiny+window"]
    assert headlong(*models, input=":len 2\nchina\n").stdout.startswith("china ")


def test_generate_prints_json_lines(shelf_directory: Path) -> None:
    arguments = ("generate", "china zzz", "-m", "window", "--samples", "2", "--rng", "7", "--json")
    done = headlong(*arguments, "--top-k", "3", HEADLONG_MODELS=str(shelf_directory))
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 2
    model = bundle.load(shelf_directory / "window")
    generator = Generator(model)
    generator.configure(samples=2, rng=7, top_k=3)
    expected = generator.generate(generator.read_seed("china zzz"))
    for record, sample in zip(records, expected, strict=True):
        assert (record["model"], record["sha256"]) == ("window", model.sha256)
        assert (record["seed"], record["text"]) == ("china zzz", sample.text)
        assert record["text"] == f"China Zzz {record['continuation']}"
        assert [word["rank"] for word in record["words"]] == [word.rank for word in sample.words]
        assert record["words"][0].keys() == {"text", "probability", "rank"}
        assert record["options"]["top_k"] == 3
        assert record["rng"] == 7
        assert record["milliseconds"] > 0
    assert "does not know zzz" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("generate", "china", "-m", "tinny"), 1, "there is no model 'tinny'; did you mean tiny?"),
        (("generate", "china", "-m", "tiny", "--length", "0"), 1, "length must be"),
        (("generate", "china", "-m", "tiny", "--length", "a"), 1, "not 'a'"),
        (("generate", "--file", "nowhere", "-m", "tiny"), 1, "there is no file nowhere"),
        (("generate", "china", "--file", "x"), 2, "either typed or in a --file"),
        (("generate", "--colour"), 2, "No such option"),
        (("generat",), 2, "No such command"),
        (("corpus", "nowhere.csv"), 1, "there is no file nowhere.csv"),
        (("corpus", "--cleaning", "x"), 1, "cleaning must be one of tutorial, plain, cased, "),
        (("train", "nowhere.csv"), 1, "there is no file"),
        (("train", "--epochs", "0"), 1, "epochs must be a whole number"),
        (("train", "--adversarial", "hard"), 1, "adversarial must be one of off, advsoft, fgm"),
        (("train", "--ensemble", "99"), 1, "networks must be a whole number from 1 to 16"),
        (("train", "--name", "a/b"), 1, "cannot be a model's name"),
        (("train", "--from", "tinny"), 1, "there is no model 'tinny'; did you mean tiny?"),
        (
            ("train", "--from", "tiny", "--cleaning", "cased"),
            1,
            "cleaning is plain in the model 'tiny'",
        ),
    ],
)
def test_bad_input_has_a_status_and_a_sentence(
    shelf_directory: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    done = headlong(*arguments, HEADLONG_MODELS=str(shelf_directory))
    assert done.returncode == status
    assert done.stdout == ""
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "input"),
    [
        ("generate", ""),
        ("why", ""),
        ("tree", ""),
        ("vs tiny window", ""),
        ("sweep rng 1,2", ""),
        ("score", "\n  \n"),
        ("gates", "\n"),
        ("neuron 3", "\n"),
        ("memory", "\n"),
    ],
)
def test_a_standard_input_without_text_is_a_wrong_use(
    shelf_directory: Path, command: str, input: str
) -> None:
    models = ["--models", str(shelf_directory), "--model", "tiny"]
    done = headlong(*models, *command.split(), input=input)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: standard input held no text; pipe lines into it, name a --file, "
        f'or type headlong {command} "the beginning of a line"\n'
    )


def test_a_blank_line_is_a_seed_for_generate(shelf_directory: Path) -> None:
    models = ["--models", str(shelf_directory), "--model", "tiny"]
    done = headlong(*models, "generate", "--length", "3", input="\n")
    assert (done.returncode, len(done.stdout.split())) == (0, 3)


def test_generate_draws_a_picture_in_colours(shelf_directory: Path, tmp_path: Path) -> None:
    models = ["--models", str(shelf_directory), "--model", "tiny"]
    path = tmp_path / "lines.txt"
    arguments = ("generate", "china", "war", "--length", "3")
    done = headlong(*models, *arguments, "--picture", str(path))
    assert done.stdout == f"{path}\n"
    plain = headlong(*models, *arguments).stdout.splitlines()
    drawn = path.read_text()
    assert drawn.count("perplexity") == 2
    assert [line.split()[0] for line in plain] == ["china", "war"]
    for line in plain:
        assert all(word in drawn for word in line.split())
    assert "add --replace" in " ".join(
        headlong(*models, *arguments, "--picture", str(path)).stderr.split()
    )
    assert headlong(*models, *arguments, "--picture", str(path), "--json").returncode == 2


def test_bans_that_do_nothing_are_told_on_standard_error(shelf_directory: Path) -> None:
    models = ["--models", str(shelf_directory), "--model", "tiny"]
    for command in ("generate", "why", "sweep rng 1,2", "vs tiny tiny"):
        done = headlong(*models, *command.split(), "china", "--ban", "zebra", "--length", "2")
        assert done.returncode == 0
        assert "tiny does not know 'zebra', so that ban does nothing\n" in done.stderr


def test_corpus_counts_as_json(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,headline\n1,One two\n2,Unknown\n3,one TWO three\n")
    done = headlong("corpus", str(tmp_path / "a.csv"), "--drop", "Unknown", "--json")
    assert json.loads(done.stdout) == {
        "rows": 3,
        "lines": 2,
        "dropped": 1,
        "blank": 0,
        "duplicates": 0,
        "vocabulary": 4,
        "samples": 3,
        "longest": 3,
        "tokens": 5,
        "min_count": {
            "1": {"vocabulary": 4, "unknown_rate": 0.0},
            "2": {"vocabulary": 3, "unknown_rate": 0.2},
            "3": {"vocabulary": 1, "unknown_rate": 1.0},
            "5": {"vocabulary": 1, "unknown_rate": 1.0},
            "10": {"vocabulary": 1, "unknown_rate": 1.0},
        },
    }
    said = headlong("corpus", str(tmp_path / "a.csv"))
    assert "took column 'headline' of a.csv" in said.stderr
    assert "duplicates" in said.stdout


def test_models_are_listed_as_json(shelf_directory: Path) -> None:
    (shelf_directory / "bad").mkdir()
    (shelf_directory / "bad" / "model.json").write_text("{")
    done = headlong("models", "--json", HEADLONG_MODELS=str(shelf_directory))
    records = {record["name"]: record for record in map(json.loads, done.stdout.splitlines())}
    assert records["tiny"].keys() == {
        *("name", "path", "level", "vocabulary", "parameters", "bytes", "shipped")
    }
    assert "damaged" in records["bad"]["problem"]
    assert records["tutorial"]["shipped"]


def test_bytes_that_are_no_text_are_a_seed_too(shelf_directory: Path) -> None:
    command = f"printf 'caf\\351 china\\n' | {sys.executable} -m repl generate -m tiny --length 1"
    done = subprocess.run(
        command,
        shell=True,
        capture_output=True,
        text=True,
        env=os.environ | {"HEADLONG_MODELS": str(shelf_directory), "PYTHONIOENCODING": "ascii"},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("caf? china ")


def test_without_standard_input_the_prompt_ends(shelf_directory: Path) -> None:
    command = f"{sys.executable} -m repl --models {shelf_directory} <&-"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_fault_is_owned_in_one_sentence(
    shelf_directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from typer.testing import CliRunner

    import repl.cli
    from repl.cli_base import app

    assert repl.cli  # which fills the app

    monkeypatch.setattr(Generator, "read_seed", lambda self, text: 1 / 0)
    done = CliRunner().invoke(app, ["--models", str(shelf_directory), "generate", "x", "-m", "tiny"])
    assert done.exit_code == 1
    assert "a fault of the program, ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("where", "status"), [(">/dev/full", 1), (">&-", 0)])
def test_an_output_that_takes_nothing_is_no_fault(
    shelf_directory: Path, where: str, status: int
) -> None:
    command = f"{sys.executable} -m repl generate -m tiny china {where}"
    done = subprocess.run(
        command,
        shell=True,
        capture_output=True,
        text=True,
        env=os.environ | {"HEADLONG_MODELS": str(shelf_directory)},
        timeout=60,
        check=False,
    )
    assert done.returncode == status
    assert done.stderr in ("", "error: the output cannot be written: No space left on device\n")


def test_a_closed_pipe_is_no_fault(shelf_directory: Path) -> None:
    many = "--samples 5000 --no-ranked --length 3"
    command = f"{sys.executable} -m repl generate -m tiny {many} china | head -1"
    done = subprocess.run(
        command,
        shell=True,
        capture_output=True,
        text=True,
        env=os.environ | {"HEADLONG_MODELS": str(shelf_directory)},
        timeout=60,
        check=False,
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_model_is_exported_once_unless_it_is_to_be_replaced(
    shelf_directory: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    written = [out / "m.onnx", out / "m.words.json"]
    export = ["--models", str(shelf_directory), "export", "tiny", str(written[0])]
    done = headlong(*export, COLUMNS="500")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [str(path) for path in written]
    assert sorted(out.iterdir()) == written
    refused = headlong(*export)
    assert refused.returncode == 1
    assert "add --replace" in " ".join(refused.stderr.split())
    assert headlong(*export, "--replace").returncode == 0


def test_escape_sequences_in_a_model_never_reach_the_terminal(tmp_path: Path) -> None:
    """In its words, its card, its name, what it says of its training, and in a damaged one's error."""
    from dataclasses import replace

    from core.text.vocabulary import Vocabulary
    from tests.conftest import random_model
    from tests.core.library.hostile import ESCAPE, MANIFEST, good, sealed

    model = random_model(name=ESCAPE)
    tokens = ("<pad>", "<unk>", "<s>", "</s>", *(f"{ESCAPE}{number}" for number in range(10)))
    manifest = replace(
        model.manifest,
        corpus={"files": [ESCAPE], ESCAPE: ESCAPE},
        training={"command": ESCAPE},
        created=ESCAPE,
    )
    bad = replace(model, manifest=manifest, vocabulary=Vocabulary(tokens))
    bundle.save(bad, tmp_path / "bad", f"# {ESCAPE}\n\x9b31m\u202e\n")
    (tmp_path / "worse").mkdir()
    files = sealed(good(), architecture={ESCAPE: 1})
    (tmp_path / "worse" / MANIFEST).write_bytes(files[MANIFEST])
    models = ["--models", str(tmp_path)]
    lines = ":models\n:load bad\n:show\n:card\nthe\n:verify bad\n:load worse\n"
    for arguments in (
        ["models"],
        ["show", "bad"],
        ["generate", "the", "-m", "bad"],
        ["verify", "worse"],
    ):
        done = headlong(*models, *arguments)
        assert done.stdout + done.stderr
        assert not set(done.stdout + done.stderr) & {"\x1b", "\x07", "\x9b", "\u202e"}
    done = headlong(*models, input=lines)
    assert "there is no setting" in done.stderr
    assert not set(done.stdout + done.stderr) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_a_model_goes_out_and_comes_in_again(shelf_directory: Path, tmp_path: Path) -> None:
    models, words = ["--models", str(shelf_directory)], str(tmp_path / "m.words.json")
    out = headlong(*models, "export", "window", str(tmp_path / "m.keras"))
    assert out.stdout.splitlines() == [str(tmp_path / "m.keras"), words]
    done = headlong("import", str(tmp_path / "m.keras"), "--tokenizer", words, "--name", "again")
    assert done.stdout.startswith("again imported: 11 words")
    said = headlong("generate", "the war", "-m", "again", "--greedy").stdout
    assert said == headlong(*models, "generate", "the war", "-m", "window", "--greedy").stdout
    assert headlong("verify", "again").stdout.startswith("again is sound: sha256 ")
    assert headlong("copy", "again", "less", "--float16").stdout.startswith("less ")
    assert headlong("verify", "less").stdout.startswith("less is sound: sha256 ")
    assert headlong("rename", "again", "more").returncode == 0
    assert headlong("remove", "more", input="n\n").returncode == 1
    assert headlong("remove", "more", "--yes").returncode == 0
    assert "there is no model 'more'" in headlong("show", "more").stderr


@pytest.mark.parametrize("option", [["--continue"], ["--plain"], ["--theme", "light"]])
def test_what_is_for_the_prompt_is_not_taken_before_a_command(option: list[str]) -> None:
    done = headlong(*option, "models")
    assert done.returncode == 2
    assert "is for the prompt" in done.stderr


def test_a_training_history_is_shown(shelf_directory: Path) -> None:
    model = bundle.load(shelf_directory / "tiny")
    epochs = [Epoch(n, 4.0, 50.0 / n, 1.5, 100.0, 2.0, 0.002) for n in (1, 2)]
    training = {"history": to_json(epochs), "best_epoch": 2}
    model = replace(model, manifest=replace(model.manifest, training=training))
    bundle.save(model, shelf_directory / "renamed", "")
    done = headlong("--models", str(shelf_directory), "show", "renamed", "--history", COLUMNS="40")
    assert done.stdout.splitlines()[0] == "renamed · 2 epochs · 4 s"
    assert done.stdout.splitlines()[-2].split() == ["*2", "4.000", "25.0", "1.500"]


def test_with_nothing_to_resume_training_does_not_begin() -> None:
    done = headlong("train", "--resume", "--name", "mine")
    assert done.returncode == 1
    assert done.stderr.startswith("error: there is no unfinished training of 'mine' to resume")
    done = headlong("train", "x.txt", "--resume")
    assert done.returncode == 1
    assert "leave out all but --name, --epochs and --workers" in " ".join(done.stderr.split())
