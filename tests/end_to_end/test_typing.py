"""What a person sees while typing, on a screen of 80 columns and on one of 40."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Terminal
from tests.repl.line.typist import ALT_F, ALT_N, ALT_P, BACKSPACE, ENTER, RIGHT, paste

SIZES = [(80, 24), (40, 10)]

Open = Callable[..., Terminal]


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[Open]:
    opened: list[Terminal] = []

    def open_(columns: int = 80, rows: int = 24) -> Terminal:
        terminal = Terminal(directory=tmp_path, columns=columns, rows=rows)
        opened.append(terminal)
        terminal.ghost("")
        return terminal

    yield open_
    for terminal in opened:
        terminal.process.close(force=True)


def result(terminal: Terminal, first: str) -> str:
    """Return the result that begins with a word, its rows put together."""
    terminal.see(r"ms\b")
    rows = "\n".join(terminal.lines)
    return " ".join(rows[rows.index(f"\n  {first}") :].split("tutorial ·")[0].split())


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_enter_prints_what_was_dim_after_the_cursor(
    open_terminal: Open, columns: int, rows: int
) -> None:
    terminal = open_terminal(columns, rows)
    terminal.process.send("china")
    ghost = terminal.ghost("china")
    assert len(ghost.split()) == 10
    terminal.process.send(ENTER)
    assert result(terminal, "China") == "China " + " ".join(ghost.split())
    assert "› china\n" in terminal.text(), "and the line above it has no ghost any more"


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_an_empty_line_has_a_ghost_which_enter_prints(
    open_terminal: Open, columns: int, rows: int
) -> None:
    terminal = open_terminal(columns, rows)
    ghost = terminal.ghost("")
    terminal.process.send(ENTER)
    assert result(terminal, ghost.split()[0]) == " ".join(ghost.split())


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_backspace_brings_the_ghost_of_what_is_left(
    open_terminal: Open, columns: int, rows: int
) -> None:
    terminal = open_terminal(columns, rows)
    terminal.process.send("new")
    before = terminal.ghost("new")
    terminal.process.send("s")
    assert terminal.ghost("news") != before
    terminal.process.send(BACKSPACE)
    assert terminal.ghost("new") == before


def test_keys_take_it_and_draw_others(open_terminal: Open) -> None:
    terminal = open_terminal()
    terminal.process.send("war")
    first = terminal.ghost("war")
    terminal.process.send(ALT_N)
    second = terminal.ghost("war", unlike=first)
    terminal.process.send(ALT_P)
    assert terminal.ghost("war", unlike=second) == first
    terminal.process.send(ALT_F)
    word = first.split()[0]
    longer = terminal.ghost(f"war {word}")
    terminal.process.send(RIGHT)
    terminal.ghost(f"war {word}{longer}")


def test_many_pasted_lines_are_run_after_a_question(open_terminal: Open) -> None:
    terminal = open_terminal()
    terminal.process.send(paste("\n".join(f"{word} war" for word in "abcdef")))
    terminal.see("f war")
    terminal.process.send(ENTER)
    terminal.see(r"run 6 pasted lines\? \[y/N\]")
    terminal.process.send("n" + ENTER)
    terminal.see("nothing was run; Up brings the lines back")
    terminal.ghost("")
    terminal.process.send("\x1b[A")
    terminal.see(r"› a war\n *b war\n *c war\n *d war\n *e war\n *f war")
