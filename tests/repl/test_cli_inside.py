"""The shell's gates, neuron, neurons and memory."""

import json
from pathlib import Path

import pytest

from core.library import bundle
from tests.conftest import random_model
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


def test_a_plain_rnn_and_a_gru_have_keys_of_their_own(tiny: list[str], shelf_directory: Path) -> None:
    keys = {"rnn": set(), "gru": {"update", "reset"}}
    for cell, gates in keys.items():
        bundle.save(random_model(name=cell, cell=cell, layers=2), shelf_directory / cell, "")
        told = objects(*tiny, "gates", "china says", "--model", cell)[0]
        assert set(told) == {"model", "cell", "context", "layers"}
        assert (told["model"], told["cell"], told["context"]) == (cell, cell, "stream")
        assert [layer["layer"] for layer in told["layers"]] == [1, 2]
        assert {layer["units"] for layer in told["layers"]} == {8}
        for layer in told["layers"]:
            assert set(layer["words"][0]) == {"text", "hidden_norm"} | gates


def test_keys_are_as_they_are_written_down(tiny: list[str], tmp_path: Path) -> None:
    unit = objects(*tiny, "neuron", "3", "china says")[0]
    assert set(unit) == {"model", "layer", "unit", "words"}
    assert set(unit["words"][0]) == {"text", "activation"}
    path = tmp_path / "lines.txt"
    path.write_text("china says war\nthe new york vote\n")
    one = objects(*tiny, "neurons", str(path), "--top", "1", "--least", "1")[0]
    assert set(one) == {
        "model", "layer", "unit", "selectivity", "rest", "words", "examples", "lines"
    }  # fmt: skip
    assert set(one["words"][0]) == {"text", "mean_activation", "count"}
    assert set(one["examples"][0][0]) == {"text", "activation"}
    assert one["lines"] == 2
    memory = objects(*tiny, "memory", "china says")[0]
    assert set(memory) == {"model", "lines", "by_distance", "below_one_percent_from", "words"}
    assert set(memory["by_distance"][0]) == {"back", "bits", "positions"}
    assert set(memory["words"][0]) == {"text", "back", "bits"}
    assert "words" not in objects(*tiny, "memory", "china says", "--vs", "tiny,window")[0]


def test_lines_of_standard_input_are_told_in_their_order_and_empty_ones_left_out(
    tiny: list[str],
) -> None:
    for command in (["gates"], ["neuron", "1"], ["memory"]):
        told = objects(*tiny, *command, input="china\n\n  \nwhy war\n")
        words = [one.get("words") or one["layers"][0]["words"] for one in told]
        assert [[word["text"] for word in line] for line in words] == [["china"], ["why", "war"]]


def test_unknown_words_are_named_on_standard_error_only(tiny: list[str]) -> None:
    for command in (["gates"], ["neuron", "1"], ["memory"], ["memory", "--vs", "tiny,window"]):
        done = headlong(*tiny, *command, "china zebra", "--json")
        assert done.returncode == 0
        assert done.stderr.startswith("tiny does not know zebra")
        assert [type(json.loads(line)) for line in done.stdout.splitlines()] in ([dict], [dict] * 2)


def test_what_comes_before_a_line_that_fails_is_told(tiny: list[str]) -> None:
    done = headlong(*tiny, "gates", "--json", input="china\nzebra\nwar\n")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == "error: tiny knows no word of 'zebra'; give it others\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["neuron", "0", "china"], "there is no unit 0; each layer of tiny has units 1 to 8"),
        (["neuron", "1", "china", "--layer", "2"], "there is no layer 2; tiny has one layer, 1"),
        (["neurons", "nowhere.csv"], "there is no file nowhere.csv; check the name"),
        (["memory", "--vs", ","], "--vs takes the names of models with commas between them, not ','"),
        (["memory", "a", "--vs", "tiny,window", "--file", "a.txt"],
         "the lines to compare on are either typed or in a --file"),
        (["gates", "china", "--model", "tiny+window"],
         "what is loaded is more than one network; load one of them to look inside it"),
    ],
)  # fmt: skip
def test_an_error_is_exactly_one_sentence(tiny: list[str], arguments: list[str], message: str) -> None:
    for json_or_not in ([], ["--json"]):
        done = headlong(*tiny, *arguments, *json_or_not)
        assert (done.returncode, done.stdout) == (1, "")
        assert " ".join(done.stderr.split()) == f"error: {message}"


def test_texts_are_drawn_as_one_picture(tiny: list[str], tmp_path: Path) -> None:
    path = tmp_path / "gates.svg"
    done = headlong(*tiny, "gates", "china", "why", "--picture", str(path))
    assert done.stdout == f"{path}\n"
    drawn = path.read_text()
    assert drawn.startswith("<svg")
    assert "china" in drawn
    assert "why" in drawn
    again = headlong(*tiny, "gates", "china", "--picture", str(path))
    assert again.returncode == 1
    assert "add --replace" in again.stderr
    assert path.read_text() == drawn
    assert headlong(*tiny, "gates", "war", "--picture", str(path), "--replace").returncode == 0
    assert "war" in path.read_text()


def test_a_picture_of_json_is_refused(tiny: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    for command in (["gates", "china"], ["neuron", "1", "china"], ["neurons"], ["memory", "china"]):
        done = headlong(*tiny, *command, "--json", "--picture", str(path))
        assert (done.returncode, done.stdout) == (2, "")
        assert "choose one of them" in done.stderr
    assert not path.exists()
