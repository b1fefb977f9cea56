"""Sessions from files of anybody's: damaged ones are refused, strange ones make no fault of ours."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.decoding.generator import Generator
from core.errors import InputError
from repl.loop import run_line
from repl.saving.format import Saved, Writer
from repl.saving.reading import read
from tests.conftest import random_model
from tests.repl.conftest import Screen, console
from tests.repl.saving.test_saved import SESSIONS

MODEL = random_model(name="tiny")

COMMANDS = (
    *(
        ":turns",
        ":replay",
        ":why",
        ":why 1",
        ":heat",
        ":heat rank",
        ":score",
        ":sweep",
        ":gates",
        ":memory",
    ),
    *(":tree", ":show", ":sibling", ":parent", ":child", ":again", ":go 1", ":branch 1 war", ":go 1"),
    *(":more", ":again", ":go 2", ":replay", ":why", ":more", ":prune", ":more", "china", ":turns"),
)

STRANGE = (b"", b'"', b"[", b"{}", b"-1", b"1e999", b"\xff")


@given(SESSIONS, st.data())
@settings(max_examples=150, deadline=None)
def test_a_file_with_some_bytes_changed_is_read_or_refused(saved: Saved, data: st.DataObject) -> None:
    content = bytearray(Writer().write(saved))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content) - 1))
        end = data.draw(st.integers(start, min(start + 8, len(content))))
        content[start:end] = data.draw(st.sampled_from(STRANGE))
    try:
        again = read(bytes(content), "it")
    except InputError as error:
        assert len(str(error)) < 400
        return
    assert read(Writer().write(again), "it").settings == again.settings


ID = st.integers(0, len(MODEL.vocabulary) - 1)
SAID = st.sampled_from(["china", "\x1b[31mred", "", " ", "\u202eturned", "\x1b]0;title\x07", "<s>"])


@st.composite
def turns(draw: st.DrawFn, number: int) -> dict[str, object]:
    """A line as a file may have it: that the loaded model wrote it is only what the file says."""
    words = draw(st.lists(st.tuples(SAID, SAID, ID, st.integers(1, 99), st.floats(0, 1)), max_size=3))
    return {
        "number": number,
        "parent": draw(st.integers(0, number - 1)),
        "model": 0,
        "settings": {"length": 2, "rng": draw(st.integers(0, 3)), "samples": draw(st.integers(1, 2))},
        "seed": {"text": draw(SAID), "ids": draw(st.lists(ID, max_size=3)), "unknown": [draw(SAID)]},
        "forced": draw(st.lists(ID, max_size=3)),
        "sample": draw(st.integers(0, 3)),
        "text": draw(SAID) + "".join(word[1] for word in words),
        "bookmark": f"b\x1b{number}",
        "words": [list(word) for word in words],
    }


@given(st.tuples(turns(1), turns(2), turns(3)))
@settings(max_examples=60, deadline=None)
def test_lines_that_no_model_ever_said_make_no_fault(lines: tuple[dict[str, object], ...]) -> None:
    record = json.loads(Writer().write(Saved()))
    record |= {"models": [[[[1.0, "/tiny"]], MODEL.sha256]], "turns": lines, "last": 3, "current": 1}
    screen = Screen(console(), console())
    screen.generator = Generator(MODEL)
    screen.turns = read(json.dumps(record).encode(), "it").turns
    screen.configure(length=2)
    for command in COMMANDS:
        run_line(screen, command)
        shown = screen.shown() + screen.told()
        assert "fault of the program" not in shown, command
        assert not any(character in shown for character in "\x1b\x07\u202e"), command


@pytest.mark.parametrize("part", ["turns", "typed", "models"])
def test_as_much_as_a_file_may_hold_is_refused_or_read(part: str, tmp_path: Path) -> None:
    record = json.loads(Writer().write(Saved()))
    line = {"number": 1, "parent": 0, "model": 0}
    model = [[[1.0, "/a"]], "b"]
    record[part] = [{"turns": line, "typed": "x" * 20, "models": model}[part]] * 30_000
    try:
        assert len(read(json.dumps(record).encode(), "it").typed) == 30_000 * (part == "typed")
    except InputError as error:
        assert "turns must be a list of at most 20,000" in str(error)
