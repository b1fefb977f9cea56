"""Where the lines of a text are broken that is written as it comes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from repl.writer import Writer, breaks


def written(pieces: list[str], width: int = 10) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    writer = Writer(console, "  ")
    for piece in pieces:
        writer.write(Text(piece))
    writer.flush()
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().split("\n")


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        (["the", " war", " goes", " on"], ["  the war", "  goes on"]),
        (["th", "e w", "a", "rs"], ["  the wars"]),
        (["上海", "地铁", "今天", "开通"], ["  上海地铁", "  今天开通"]),
        (["a上海地铁", "今"], ["  a上海地", "  铁今"]),
        (["上海地铁", "，今"], ["  上海地", "  铁，今"]),
        (["上海地（", "今"], ["  上海地", "  （今"]),
        (["trade上海", "war"], ["  trade上", "  海war"]),
        (["abcdefghijklm"], ["  abcdefgh", "  ijklm"]),
    ],
)
def test_lines_end_between_words_and_beside_wide_letters(pieces: list[str], lines: list[str]) -> None:
    assert written(pieces) == lines


def test_wide_letters_are_written_as_they_come() -> None:
    console = Console(file=io.StringIO(), width=40, color_system=None)
    writer = Writer(console, "  ")
    for piece in ("上海", "地铁"):
        writer.write(Text(piece))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "  上海地"


def test_a_mark_on_a_letter_stays_with_it() -> None:
    assert breaks("か\u3099か") == [2]


@given(st.lists(st.text(st.sampled_from("ab 上，（"))), st.integers(5, 20))
def test_no_line_is_too_wide_and_nothing_but_blanks_is_lost(pieces: list[str], width: int) -> None:
    lines = written(pieces, width)
    assert max(map(cell_len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join("".join(pieces).split())
