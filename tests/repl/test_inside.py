"""Looking inside, as it is typed."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.text import Text

from core.insight.memory import Memory
from core.library import bundle
from core.library.shelf import Shelf
from repl.inside import Corpus
from repl.loop import run_script
from tests.conftest import random_model, with_networks
from tests.repl.conftest import Screen, console


def run(session: Screen, *lines: str) -> str:
    run_script(session, lines)
    return session.shown()


def save(shelf_directory: Path, name: str = "other", **shape: object) -> None:
    bundle.save(random_model(name=name, **shape), shelf_directory / name, "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "headings"),
    [
        ({}, ["word", "forget", "input", "output", "cell", "hidden"]),
        ({"cell": "gru", "layers": 2}, ["word", "update", "reset", "hidden"]),
        ({"cell": "rnn"}, ["word", "hidden"]),
        ({"context": "window"}, ["word", "forget", "input", "output", "cell", "hidden"]),
    ],
)
def test_each_cell_shows_the_gates_it_has(
    session: Screen, shelf_directory: Path, shape: dict[str, object], headings: list[str]
) -> None:
    save(shelf_directory, **shape)
    lines = run(session, ":load other", ":gates china says").splitlines()
    tables = [line.split() for line in lines if line.split()[:1] == ["word"]]
    assert tables == [headings] * int(shape.get("layers", 1))  # type: ignore[call-overload]
    assert [line.split()[0] for line in lines if line.startswith(("china", "says"))][:2] == [
        "china",
        "says",
    ]


def test_without_a_text_it_is_the_current_line(session: Screen) -> None:
    line = run(session, ":len 3", "china").split()
    for command in (":gates", ":memory"):
        rows = [row.split()[0] for row in run(session, command).splitlines() if row.strip()]
        assert [word for word in line if word in rows] == line
    assert all(word in run(session, ":neuron 2") for word in line)


def test_unknown_words_are_named(session: Screen) -> None:
    run(session, ":gates china zebra")
    assert "tiny does not know zebra" in session.told()


def test_units_are_found_in_a_file(session: Screen, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("china says war\nthe new york vote\nwhy trade war\n")
    shown = run(session, f":neurons {path} --top 2 --least 1")
    assert shown.count("selectivity 0.") == 2
    assert "×1" in shown
    assert run(session, f":neurons {path}") == ""
    assert "no two words come 5 times" in session.told()


def test_memories_are_compared_on_the_same_lines(session: Screen) -> None:
    shown = run(session, ":memory --vs tiny,window china says a trade war")
    assert "a tiny" in shown
    assert "b window" in shown
    one = run(session, ":load window", ":memory --vs tiny china says a trade war")
    assert "a window" in one
    assert "b tiny" in one


def test_without_a_text_memories_are_compared_on_the_current_line(session: Screen) -> None:
    run(session, ":len 5", "china says")
    text = session.turns.require().line.text
    session.told()
    shown = run(session, ":memory --vs tiny,window")
    assert shown == run(session, f":memory --vs tiny,window {text}")
    assert next(row for row in shown.splitlines() if row.startswith("lines")).split()[1:] == ["1", "1"]


def test_the_headlines_are_read_where_they_are_named_and_where_there_is_no_line(
    session: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Sequence[str]] = []

    def compare(generators: object, texts: Sequence[str], corpus: Corpus) -> list[Memory]:
        compared.append((*texts, *map(str, corpus.files)))
        return []

    monkeypatch.setattr("repl.inside.compare", compare)
    monkeypatch.setattr("repl.pictures.memory.ComparisonView", lambda memories: Text())
    run(session, ":memory --vs tiny,window", "china", ":memory --vs tiny,window --headlines")
    assert compared == [(), ()]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":memory china --headlines", "--headlines is for --vs"),
        (":memory --vs tiny,window china --headlines", "or the --headlines: take one"),
        (":gates", "there is no line yet"),
        (":memory", "there is no line yet"),
        (":gates zebra", "tiny knows no word of 'zebra'"),
        (":neuron", "UNIT is missing"),
        (":neuron x china", "unit must be a whole number, not 'x'"),
        (":neuron 9 china", "there is no unit 9; each layer of tiny has units 1 to 8"),
        (":neuron 0 china", "there is no unit 0; each layer of tiny has units 1 to 8"),
        (":neuron 1", "there is no line yet"),
        (":neuron 1 zebra", "tiny knows no word of 'zebra'"),
        (":neuron 1 china --layer 0", "there is no layer 0; tiny has one layer, 1"),
        (":neuron 1 china --layer 2", "there is no layer 2; tiny has one layer, 1"),
        (":neurons nowhere.csv", "nowhere.csv"),
        (":memory china --file lines.txt", "--file is for --vs"),
        (":memory --vs tiny,nothing china", "there is no model 'nothing'"),
        (":memory --vs tiny zebra", "tiny knows no word of this line; give it another"),
        (":memory --vs tiny,window china --file a.txt", "either typed or in a --file"),
        (":memory --vs tiny,window --file nowhere.csv", "there is no file nowhere.csv"),
        (":memory --vs , china", "--vs takes the names of models with commas between them, not ','"),
    ],
)
def test_what_cannot_be_looked_into_is_said(session: Screen, line: str, message: str) -> None:
    assert run(session, line) == ""
    assert message in " ".join(session.told().split())


SEVERAL = "error: what is loaded is more than one network; load one of them to look inside it"


@pytest.mark.parametrize("line", [":gates china", ":neuron 1 china", ":neurons"])
def test_several_models_have_no_one_network(session: Screen, line: str) -> None:
    session.load("tiny+window")
    assert run(session, line) == ""
    assert " ".join(session.told().split()) == SEVERAL


def test_several_models_have_a_memory_together(session: Screen) -> None:
    session.load("tiny+window")
    assert run(session, ":memory china says").startswith("tiny+window · what leaving out a word")


@pytest.mark.parametrize("line", [":gates china", ":neuron 1 china", ":neurons"])
def test_a_model_of_several_networks_has_no_one_to_look_into(
    session: Screen, shelf_directory: Path, line: str
) -> None:
    bundle.save(with_networks(random_model(name="three"), 3), shelf_directory / "three", "")
    session.load("three")
    assert run(session, line) == ""
    told = " ".join(session.told().split())
    assert told == (
        "error: three is the average of 3 networks, and this looks inside one; "
        "load a model of one network"
    )
    assert "3 networks" in run(session, ":show")
    assert run(session, ":memory china says", ":why", ":score china").startswith("three ·")


def test_without_a_model_there_is_nothing_to_look_into(shelf_directory: Path) -> None:
    empty = Screen(console(), console(), interactive=False, shelf=Shelf([shelf_directory]))
    for line in (":gates china", ":neuron 1 china", ":neurons", ":memory china"):
        assert run(empty, line) == ""
        assert "no model is loaded" in empty.told()


SHAPES = [
    {},
    {"context": "window"},
    {"cell": "gru"},
    {"cell": "gru", "layers": 2},
    {"cell": "rnn"},
    {"cell": "rnn", "context": "window"},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_kind_of_model_can_be_looked_into(
    session: Screen, shelf_directory: Path, tmp_path: Path, shape: dict[str, object]
) -> None:
    save(shelf_directory, **shape)
    path = tmp_path / "lines.txt"
    path.write_text("china says war\nthe new york vote\n")
    session.load("other")
    last = shape.get("layers", 1)
    assert run(session, ":neuron 8 china says").startswith(f"other · unit 8 of layer {last}\n")
    assert run(session, f":neurons {path} --least 1").startswith(f"other · layer {last} · 2 of 2")
    assert [row.split()[:2] for row in run(session, ":memory china says").splitlines()[2:5]] == [
        ["word", "back"],
        ["china", "2"],
        ["says", "1"],
    ]
    assert session.told() == ""


def test_a_layer_is_named_from_one(session: Screen, shelf_directory: Path, tmp_path: Path) -> None:
    save(shelf_directory, layers=2)
    path = tmp_path / "lines.txt"
    path.write_text("china says war\n")
    session.load("other")
    first, last = (run(session, f":neuron 3 china says --layer {layer}") for layer in (1, 2))
    assert first.splitlines()[0] == "other · unit 3 of layer 1"
    assert last == run(session, ":neuron 3 china says")
    assert first.splitlines()[3] != last.splitlines()[3]
    assert run(session, f":neurons {path} --least 1 --layer 1").startswith("other · layer 1 ·")
    assert run(session, ":neuron 3 china --layer 3") == ""
    assert "there is no layer 3; other has layers 1 to 2" in session.told()


def test_a_model_of_letters_is_told_of_in_letters(session: Screen, shelf_directory: Path) -> None:
    made = random_model(name="letters", words=tuple("abc "))
    manifest = dataclasses.replace(made.manifest, level="character", cleaning="characters")
    bundle.save(dataclasses.replace(made, manifest=manifest), shelf_directory / "letters", "")
    session.load("letters")
    heading, _, columns, *rows = run(session, ":gates a b").splitlines()
    assert heading.endswith("read character by character")
    assert columns.split()[0] == "character"
    assert [row.split("  ")[0] for row in rows[:3]] == ["a", "' '", "b"]
    assert run(session, ":neuron 1 a b").splitlines()[3].rstrip() == "a b"
    shown = run(session, ":memory --vs letters a b")
    assert shown.startswith("what leaving out a character changes")
    assert run(session, ":memory --vs letters,tiny a").startswith("what leaving out a token changes")


def test_unknown_words_are_named_by_every_command(session: Screen) -> None:
    for command in (":gates", ":neuron 1", ":memory"):
        assert run(session, f"{command} china zebra")
        assert session.told() == "tiny does not know zebra, and reads <unk> instead\n"


def test_unknown_words_of_a_comparison_are_named_by_each_model(session: Screen) -> None:
    assert run(session, ":memory --vs tiny,window china zebra")
    tiny, window = session.told().splitlines()
    assert tiny == "tiny does not know zebra, and reads <unk> instead"
    assert window.startswith("window does not know zebra")


def test_memories_are_compared_on_the_lines_of_a_file(session: Screen, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("china says war\nthe new york vote zebra\nokapi\n")
    rows = run(session, f":memory --vs tiny,window --file {path}").splitlines()
    assert next(row for row in rows if row.startswith("lines")).split() == ["lines", "2", "2"]
    assert session.told() == ""  # a corpus is full of unknown words


def test_a_model_named_twice_is_compared_once(session: Screen) -> None:
    session.load("window")
    shown = run(session, ":memory --vs tiny,tiny china says war")
    assert "a window" in shown
    assert "b tiny" in shown
    assert "c tiny" not in shown
