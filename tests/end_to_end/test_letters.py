"""Letters of every width and direction, windows that change their size, terminals that can do less."""

import re
import unicodedata

import pytest

from tests.end_to_end.conftest import SIZES, Terminals
from tests.repl.line.typist import BACKSPACE, ENTER

SEEDS = {
    "wide": "中国 war 日本",
    "right to left": "שלום war עולם",
    "emoji": "😀 war 👍",
    "combining": "cafe\u0301 war",
}

COLOUR = re.compile(rb"\x1b\[[\d;]*?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38;|48;)[\d;]*m")


@pytest.mark.parametrize(("columns", "rows"), SIZES)
@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS.keys())
def test_letters_of_all_kinds_are_typed_shown_and_deleted(
    open_prompt: Terminals, seed: str, columns: int, rows: int
) -> None:
    terminal = open_prompt(columns=columns, rows=rows)
    terminal.send(f"{seed} xy{BACKSPACE * 3}")
    terminal.until(lambda: _plain(seed) in _plain(terminal.text()), seed)
    terminal.send(ENTER)
    terminal.see(r"\d+ ms\n")
    terminal.ready()
    shown = [_plain(line).casefold() for line in terminal.lines if line.startswith("  ")]
    assert any(line.startswith(_plain(seed).casefold()) for line in shown), terminal.text()
    assert all(len(line) <= columns for line in terminal.lines)


def _plain(text: str) -> str:
    """Return a text without what pyte puts beside wide letters, and how marks are composed."""
    return "".join(unicodedata.normalize("NFC", text).split())


def test_a_window_that_becomes_narrow_while_one_types(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.send("china presdent")
    terminal.ghost("china presdent")
    terminal.resize(40, 10)
    terminal.ghost("china presdent")
    terminal.settle()
    assert terminal.toolbar().startswith("  ")
    assert len([line for line in terminal.lines if "Alt-S president" in line]) == 1
    terminal.resize(100, 30)
    terminal.settle()
    terminal.send(ENTER)
    terminal.see(r"  China Presdent( \w+)+")
    terminal.ready()


def test_a_window_that_changes_while_words_come(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.type(":len 10000")
    terminal.send("china" + ENTER)
    terminal.see(r"\w+ \w+ \w+ \w+ \w+ \w+ \w+ \w+ \w+\n  \w+")
    terminal.resize(40, 10)
    terminal.watch(0.3)
    terminal.press("c")
    terminal.see("interrupted")
    terminal.ready()
    terminal.type(":len 3")
    terminal.type("war", wait=r"  War( \S+){3}\n")


def test_without_colours_all_is_told_by_signs_and_lines(open_prompt: Terminals) -> None:
    terminal = open_prompt(NO_COLOR="1")
    terminal.send("presdent")
    terminal.see(r"presdent\? Alt-S president")
    assert terminal.style("presdent", terminal.screen.cursor.y).underscore
    terminal.send(ENTER)
    for line in (":heat on", "china", ":set", ":help", ":turns"):
        terminal.ready()
        terminal.type(line)
    assert not COLOUR.search(terminal.sent), COLOUR.findall(terminal.sent)[:5]
