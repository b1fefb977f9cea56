"""What is told while one types: unknown words, the toolbar, completions, and what is wrong."""

import re

import pytest

from tests.end_to_end.conftest import SIZES, Terminals
from tests.repl.line.typist import ALT_S, BACKSPACE, CTRL_U, ENTER, ESCAPE, TAB

DOWN = "\x1b[B"


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_word_that_the_model_does_not_know_is_underlined(
    open_prompt: Terminals, columns: int, rows: int
) -> None:
    terminal = open_prompt(columns=columns, rows=rows)
    terminal.send("china presdent")
    terminal.see(r"presdent\?")
    assert terminal.style("presdent", terminal.screen.cursor.y).underscore
    assert not terminal.style("china").underscore
    assert "Alt-S president" in terminal.toolbar()


def test_the_nearest_known_word_takes_its_place(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.send("presdent says")
    terminal.see(r"presdent\? Alt-S president")
    terminal.send(ALT_S)
    terminal.ghost("president says")
    assert not terminal.style("president").underscore
    assert "?" not in terminal.toolbar()


def test_enter_is_not_held_back_by_an_unknown_word(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.type("zebracorn war")
    terminal.see("tutorial does not know zebracorn, and reads the rest")
    terminal.see(r"  Zebracorn War( \w+)+")


def test_the_toolbar_tells_the_model_and_how_it_draws(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.see("Right takes the grey words")
    assert terminal.toolbar().startswith("  tutorial · 10 words · temp 0.8 · rng 0")
    terminal.type(":greedy")
    terminal.see("tutorial · 10 words · greedy · Alt-F takes one of them")
    terminal.send("\x1bn")
    terminal.see("nothing is drawn", seconds=10)


def test_in_40_columns_the_toolbar_is_one_row_of_whole_words(open_prompt: Terminals) -> None:
    terminal = open_prompt(columns=40, rows=10)
    assert terminal.see(r"\n  tutorial.*") == "\n  tutorial · Right takes the grey words"
    terminal.type(":greedy")
    assert terminal.see(r"\n  tutorial ·.*grey.*|\n  tutorial · Alt.*") == (
        "\n  tutorial · Alt-F takes one of them"
    )
    terminal.send("presdent")
    assert terminal.see(r"\n .*presdent\?.*") == "\n  tutorial · presdent? Alt-S president"
    assert terminal.lines[-1] == terminal.toolbar()


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_completions_have_meanings_and_enter_takes_one_without_running_it(
    open_prompt: Terminals, columns: int, rows: int
) -> None:
    terminal = open_prompt(columns=columns, rows=rows)
    terminal.send(":se")
    terminal.see(r":set +Change any setting")
    terminal.send("t typ")
    terminal.see(r"typical +\w+")
    terminal.send(DOWN)
    terminal.until(lambda: terminal.line_of_cursor() == "› :set typical", ":set typical")
    terminal.send(ENTER)
    terminal.settle()
    assert terminal.line_of_cursor() == "› :set typical", "it stands there and was not run"
    terminal.send(ENTER)
    terminal.ready()
    terminal.see(r"typical off")


def test_escape_gives_the_typed_line_back_and_tab_offers_the_likeliest_words(
    open_prompt: Terminals,
) -> None:
    terminal = open_prompt()
    terminal.send("new y" + TAB)
    assert terminal.see(r"York +[\d.]+%")
    terminal.send(TAB)
    terminal.until(lambda: terminal.line_of_cursor() == "› new York", "the likeliest word")
    terminal.send(ESCAPE)
    terminal.ghost("new y")
    assert not re.search(r"York +[\d.]+%", terminal.text())


def test_what_is_wrong_with_a_command_is_told_and_it_stays_to_be_mended(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.send(":temp hot" + ENTER)
    terminal.see("temperature must be")
    assert terminal.line_of_cursor() == "› :temp hot"
    terminal.send(BACKSPACE * 3 + "1" + ENTER)
    terminal.ready()
    terminal.see(r"\n  temperature 1\n")
    assert "must be" not in terminal.text()


def test_a_seed_is_never_wrong(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.send("::temp hot" + ENTER)
    terminal.see(r"· \d+ ms")
    assert "must be" not in terminal.text()


def test_words_are_there_before_the_line_is_whole(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.type(":len 10000")
    terminal.send("china")
    terminal.ghost("china")
    terminal.send(ENTER)
    terminal.see(r"\n  China( \w+){5}")
    assert not re.search(r"· [\d,]+ ms", terminal.text()), "the line of status comes at the end"


def test_nothing_is_printed_twice_and_the_screen_is_never_cleared(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.send("zzz" + CTRL_U)
    terminal.ready()
    for line in ("china", ":set top_k 5", "presdent says", ":show command", ":turns"):
        terminal.type(line)
    terminal.settle()
    lines = terminal.lines
    for once in ("› china", "› :set top_k 5", "› presdent says", "› :turns"):
        assert lines.count(once) == 1, terminal.text()
    assert sum("headlong generate" in line for line in lines) == 1
    assert sum(line.startswith("  China ") for line in lines) == 1
    for wiping in (b"\x1b[2J", b"\x1b[3J", b"\x1bc", b"\x1b[?1049h"):
        assert wiping not in terminal.sent
