"""A person types while a model is trained behind the prompt."""

import os
import re
import signal
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Terminals
from tests.end_to_end.terminal import Terminal

TRAIN = ":train lines.txt --name mine --epochs 50000 --set patience=off"
TOLD = r"  mine epoch \d+ · perplexity [\d.]+ · loss [\d.]+"


@pytest.fixture
def lines(tmp_path: Path) -> None:
    """Lay a text of a few lines beside the prompt."""
    words = [
        f"the {a} {b} of {c}" for a in ("old", "new", "red") for b in ("war", "vote") for c in "xyzuvw"
    ]
    (tmp_path / "lines.txt").write_text("\n".join(words))


def children(terminal: Terminal) -> list[int]:
    """Return the processes that the program has started and that are there."""
    path = Path(f"/proc/{terminal.process.pid}/task/{terminal.process.pid}/children")
    return [int(pid) for pid in path.read_text().split()]


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.usefixtures("lines")
def test_one_types_while_it_trains_and_nothing_is_disturbed(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.type(TRAIN)
    terminal.see("mine is being trained, and you can go on typing")
    terminal.type("war", wait=r"  War( \w+){10}\n")
    terminal.ready()
    terminal.send("china says")
    terminal.ghost("china says")
    terminal.see(TOLD)
    terminal.until(lambda: "mine epoch" in terminal.toolbar(), "the job in the toolbar")
    terminal.until(lambda: terminal.line_of_cursor() == "› china says", "what was typed")
    assert terminal.ghost("china says")
    row = next(y for y, line in enumerate(terminal.lines) if re.match(TOLD, line))
    assert row < terminal.screen.cursor.y, "it stands above the prompt"
    terminal.press("c")
    terminal.ready()
    terminal.type(":jobs", wait=r"epoch \d+ of 50000")
    terminal.type(":load mine", wait=r"mine · \d+ words")
    terminal.ready()
    terminal.type(":train lines.txt", wait="mine is being trained already; :jobs tells how far")
    terminal.ready()
    terminal.type(":stop", wait=r"mine stopped · \d+:\d+ min · epoch \d+ kept")
    terminal.ready()
    terminal.press("d")
    assert terminal.leave() == 0


@pytest.mark.usefixtures("lines")
def test_leaving_asks_and_leaves_no_trainer_behind(open_prompt: Terminals) -> None:
    terminal = open_prompt()
    terminal.type(TRAIN)
    terminal.see(TOLD)
    terminal.ready()
    (trainer,) = children(terminal)
    terminal.press("d")
    terminal.see(r"mine is still being trained; stop it, keep its best weights and leave\? \[y/N\]")
    terminal.send("n\r")
    terminal.ready()
    terminal.press("d")
    terminal.until(lambda: terminal.text().count("and leave? [y/N]") == 2, "the question again")
    terminal.send("y\r")
    terminal.see(r"mine stopped · \d+:\d+ min · epoch \d+ kept")
    assert terminal.leave() == 0
    assert is_gone(trainer)


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_trainer_behind(open_prompt: Terminals, number: int) -> None:
    terminal = open_prompt()
    terminal.type(TRAIN)
    terminal.see(TOLD)
    (trainer,) = children(terminal)
    os.kill(terminal.process.pid, number)
    assert terminal.leave() == 128 + number
    assert is_gone(trainer)
