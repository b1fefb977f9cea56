"""The shell's gates, neuron, neurons and memory."""

import json
from pathlib import Path

import pytest

from tests.repl.test_cli import headlong


@pytest.fixture
def tiny(shelf_directory: Path) -> list[str]:
    return ["--models", str(shelf_directory), "--model", "tiny"]


def objects(*arguments: str, input: str = "") -> list[dict]:
    done = headlong(*arguments, "--json", input=input)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_gates_are_told_layer_by_layer_and_word_by_word(tiny: list[str]) -> None:
    first, second = objects(*tiny, "gates", input="china says\nwhy\n")
    words = first["layers"][0]["words"]
    assert (first["cell"], [word["text"] for word in words]) == ("lstm", ["china", "says"])
    assert set(words[0]) == {"text", "forget", "input", "output", "cell_norm", "hidden_norm"}
    assert 0 < words[0]["forget"]["mean"] < 1
    assert len(second["layers"][0]["words"]) == 1


def test_a_units_activations_are_told(tiny: list[str]) -> None:
    told = objects(*tiny, "neuron", "3", "china says")[0]
    assert (told["unit"], told["layer"]) == (3, 1)
    assert all(-1 <= word["activation"] <= 1 for word in told["words"])


def test_selective_units_are_told_one_a_line(tiny: list[str], tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("china says war\nthe new york vote\n")
    told = objects(*tiny, "neurons", str(path), "--top", "3", "--least", "1")
    assert len(told) == 3
    values = [unit["selectivity"] for unit in told]
    assert values == sorted(values, reverse=True)
    assert told[0]["words"][0]["count"] == 1


def test_memory_is_told_in_bits(tiny: list[str]) -> None:
    told = objects(*tiny, "memory", "china says a war")[0]
    assert [word["back"] for word in told["words"]] == [4, 3, 2, 1]
    assert all(word["bits"] > 0 for word in told["words"])
    assert [one["back"] for one in told["by_distance"]] == [1, 2, 3, 4]


def test_models_are_compared_one_object_each(tiny: list[str]) -> None:
    told = objects(*tiny, "memory", "china says a war", "--vs", "tiny", "--vs", "window")
    assert [one["model"] for one in told] == ["tiny", "window"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gates", "zebra"], "knows no word of 'zebra'"),
        (["neuron", "99", "china"], "99"),
        (["memory", "china", "--vs", "nothing"], "there is no model 'nothing'"),
        (["gates", "china", "--picture", "a.png"], "must end in one of .svg"),
    ],
)
def test_bad_input_is_one_sentence(tiny: list[str], arguments: list[str], message: str) -> None:
    done = headlong(*tiny, *arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert message in done.stderr


def test_a_picture_is_written(tiny: list[str], tmp_path: Path) -> None:
    path = tmp_path / "memory.svg"
    assert headlong(*tiny, "memory", "china says", "--picture", str(path)).returncode == 0
    assert "says" in path.read_text()
