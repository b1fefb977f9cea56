"""Looking inside, as it is typed."""

from pathlib import Path

import pytest

from core.library import bundle
from repl.loop import run_script
from tests.conftest import random_model
from tests.repl.conftest import Screen


def run(session: Screen, *lines: str) -> str:
    run_script(session, lines)
    return session.shown()


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
    bundle.save(random_model(name="other", **shape), shelf_directory / "other", "")  # type: ignore[arg-type]
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


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":gates", "there is no line yet"),
        (":memory", "there is no line yet"),
        (":gates zebra", "tiny knows no word of 'zebra'"),
        (":neuron", "UNIT is missing"),
        (":neuron 9 china", "8"),
        (":neuron 0 china", "8"),
        (":neuron 1 china --layer 2", "there is no layer 2; tiny has one layer, 1"),
        (":neurons nowhere.csv", "nowhere.csv"),
        (":memory china --file lines.txt", "--file is for --vs"),
        (":memory --vs tiny,nothing china", "there is no model 'nothing'"),
    ],
)
def test_what_cannot_be_looked_into_is_said(session: Screen, line: str, message: str) -> None:
    assert run(session, line) == ""
    assert message in " ".join(session.told().split())


@pytest.mark.parametrize("line", [":gates china", ":neuron 1 china", ":neurons"])
def test_several_models_have_no_one_network(session: Screen, line: str) -> None:
    run(session, ":load tiny+window", line)
    assert "load one of them to look inside it" in " ".join(session.told().split())
