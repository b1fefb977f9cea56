"""Ctrl-C cancels what runs, and nothing else; what was there is kept."""

import re
import time
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Terminals
from tests.end_to_end.terminal import Terminal
from tests.repl.line.typist import ENTER, split


def cancel(terminal: Terminal, line: str, seen: str = "") -> None:
    """Run a line, wait for something to be seen or a moment, and press the key."""
    terminal.send(line)
    terminal.until(lambda: terminal.line_of_cursor() == f"› {line}", line)
    terminal.send(ENTER)
    if seen:
        terminal.see(seen)
    else:
        terminal.watch(0.2)
    terminal.press("c")
    terminal.see("interrupted")
    terminal.ready()


def still_there(terminal: Terminal) -> None:
    """Show that the session goes on."""
    for line in (":set beam off", ":set must off", ":len 2"):
        terminal.type(line)
    terminal.type("war", wait=r"  War( \S+){2}\n")


def test_while_typing_the_line_is_left_and_nothing_runs(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.send("china says")
    terminal.ghost("china says")
    terminal.press("c")
    terminal.ready()
    terminal.type(":turns", wait="there is no line yet")
    assert "› china says" in terminal.lines, "it stands there without its ghost"


def test_while_words_come_those_that_came_are_kept(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.type(":len 10000")
    cancel(terminal, "china", r"China( \w+){9}")
    assert "^C" not in terminal.text()
    assert terminal.see(r"· \d+ ms · interrupted")
    shown = " ".join(terminal.text().split("› china")[1].split("tutorial ·")[0].split())
    terminal.type(":edit --whole", wait=r"› China")
    terminal.until(lambda: split(terminal.screen)[0] == shown, shown)
    terminal.press("c")
    terminal.ready()
    still_there(terminal)


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ([":set beam 50", ":len 5000"], "china"),
        ([":set beam 50", ":len 5000", ":samples 5"], "china"),
        ([":set must war, new york, vote", ":set beam 50", ":len 5000"], "china"),
        ([":len 5000"], ":sweep temperature 0..2..0.1 china"),
        ([], ":neurons"),
    ],
    ids=["beam", "several", "must", "sweep", "neurons"],
)
def test_what_thinks_is_cancelled(open_prompt: Terminals, before: list[str], line: str) -> None:
    terminal = open_prompt()
    terminal.type(":ghost off")
    for setting in before:
        terminal.type(setting)
    cancel(terminal, line)
    assert "^C" not in terminal.text()
    still_there(terminal)


def test_a_key_that_is_held_cancels_one_line(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.process.delaybeforesend = None
    for line in (":ghost off", ":len 10000", ":samples 5"):
        terminal.type(line)
    for pause in (0, 0.001, 0.005, 0.02):
        terminal.send("china")
        terminal.until(lambda: terminal.line_of_cursor() == "› china", "china")
        terminal.send(ENTER)
        terminal.watch(0.1)
        for _ in range(20):
            terminal.press("c")
            time.sleep(pause)
        terminal.ready()
    terminal.type(":samples 1")
    still_there(terminal)


def test_of_pasted_lines_the_rest_is_not_run(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.type(":len 10000")
    terminal.send("\x1b[200~china\nwar\x1b[201~" + ENTER)
    terminal.see(r"China( \w+){9}")
    terminal.press("c")
    terminal.ready()
    assert not re.search(r"  War \w+", terminal.text())


def test_keys_that_are_typed_while_words_come_wait_for_the_prompt(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.type(":len 4000")
    terminal.send("china" + ENTER)
    terminal.see(r"China( \w+){9}")
    terminal.send("typed")
    terminal.until(lambda: terminal.line_of_cursor() == "› typed", "what was typed ahead", 60)
    assert terminal.sent.count(b"typed") <= 2, "the prompt shows it, and no word of the line has it"


def test_a_question_shows_its_answer(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.type("help", wait=r"Did you mean :help\? \[Y/n\]")
    terminal.send("n")
    terminal.see(r"\[Y/n\] n")
    terminal.press("c")
    terminal.ready()
    still_there(terminal)


def test_a_script_stops_at_the_line_that_runs(open_prompt: Terminals, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text(":len 10000\nchina\nwar\n")
    terminal = open_prompt()
    cancel(terminal, ":run lines.txt", r"China( \w+){9}")
    assert not re.search(r"  War \w+", terminal.text())
