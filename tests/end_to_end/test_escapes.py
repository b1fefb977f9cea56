"""Whatever a model, a file or a seed holds: no control character of theirs reaches the terminal.

An escape sequence in a corpus must not set the title, colour the screen or ring the bell.
"""

import json
import re
from pathlib import Path

import pytest

from core.library import bundle
from tests.conftest import random_model
from tests.end_to_end.conftest import Terminals
from tests.end_to_end.terminal import Terminal
from tests.repl.line.typist import CTRL_C, CTRL_U, ENTER, ESCAPE, TAB, paste

TITLE, RED, BELL, CSI, TURNED = "\x1b]0;pwn\x07", "\x1b[41mpwn", "\x07pwn", "\x9b41mpwn", "\u202epwn"
EVIL = (TITLE, RED, BELL, CSI, TURNED, "\x1b[2Jpwn", "pwn\r\x1b[Apwn", "\x1bPpwn\x1b\\", "\x90pwn")

WORDS = ("the", "war", *EVIL)

THEIRS = re.compile(
    rb"\x1b\](?!133)|\x1bP|\x1b_|\x1b\^|\x1b\[41m|\x1b\[2J|\x1b\[3J|\x07|\xc2[\x80-\x9f]|\xe2\x80\xae"
)
"""What only the model would send: titles, device strings, that red, bells, C1 controls, turned text."""


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A shelf with a model that holds such characters wherever it may."""
    model = random_model(name="evil", words=WORDS)
    bundle.save(
        model, tmp_path / "shelf" / f"evil{RED}", f"# evil {TITLE}\n{CSI} and {BELL}\n{TURNED}\n"
    )
    path = tmp_path / "shelf" / f"evil{RED}" / "model.json"
    record = json.loads(path.read_text())
    record["corpus"] = {"files": list(EVIL), TITLE: BELL}
    record["training"] = {"command": "\x1b]0;pwn\x07", CSI: RED}
    path.write_text(json.dumps(record))
    broken = tmp_path / "shelf" / f"broken{TITLE.replace('/', '')}"
    broken.mkdir()
    (broken / "model.json").write_text('{"format": "\x1b]0;pwn\x07"}')
    (tmp_path / f"file{RED}.txt").write_text(f"the {TITLE}\n{RED} war\n:load {TITLE}\n")
    return tmp_path / "shelf"


LINES = {
    "models": [":models"],
    "card": [":card"],
    "load errors": [f":load {RED}", f":load broken{TITLE}", f":load ./no{CSI}", f":card {BELL}"],
    "show": [":show", ":set ban \x1b]0;pwn", ":set ban", ":set"],
    "lines": ["the", ":why", ":heat on", "the war", ":heat", ":turns", ":score the war", ":gates"],
    "looking": [
        "the",
        ":tree 3 3",
        ":sweep temperature 0..1 the",
        ":memory the war",
        f":neuron 1 the {RED}",
    ],
    "comparing": [f":vs evil{RED} tutorial the war", f":load evil{RED}+tutorial", "the war", ":show"],
    "command": [f"the {RED}", ":show command", ":log it.md", ":log it.svg"],
    "sessions": ["the", f":bookmark a{BELL}", ":save one", ":open one", ":turns", f":save {TITLE}"],
    "moving": [f":copy evil{RED} good", ":verify good", f":rename good b{TITLE}", ":remove good --yes"],
    "scripts": [f":run file{RED}.txt", f":run {TITLE}", f":train {RED}", f":import {CSI}.keras"],
    "seeds": [f"the {TITLE} {RED} {CSI} {BELL}", ":edit", f"::{TITLE}", f":{TITLE}", f":help {RED}"],
}


def press(terminal: Terminal, *keys: str) -> None:
    for key in keys:
        terminal.send(key)
        terminal.settle(0.03)


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES.keys())
def test_no_answer_holds_what_would_take_over_the_terminal(
    open_prompt: Terminals, shelf: Path, lines: list[str]
) -> None:
    terminal = open_prompt("--model", f"./shelf/evil{RED}", HEADLONG_MODELS=str(shelf))
    terminal.see("words ·")
    terminal.type(":len 12")
    for line in lines:
        press(terminal, paste(line), ENTER, CTRL_C + CTRL_U)
    terminal.ready()
    assert_clean(terminal)


def test_nothing_that_is_offered_while_typing_does(open_prompt: Terminals, shelf: Path) -> None:
    terminal = open_prompt("--model", f"./shelf/evil{RED}", HEADLONG_MODELS=str(shelf))
    terminal.type("the war")
    for typed in (":load ", ":run f", ":vs ev", "the ", ":branch 1 ", ":go ", ":load ./shelf/"):
        press(terminal, typed, TAB, TAB, "\x1b[B", ESCAPE, CTRL_U)
    for typed in (f"the {RED}", f"\x16{TITLE}", f":load {BELL}"):
        press(terminal, paste(typed), "\x1bs", "\x1bn", CTRL_U)
    press(terminal, paste(f"the {CSI}"), ENTER, "\x1b[A", ENTER, "\x12", "pwn", ENTER)
    assert_clean(terminal)


def test_nor_does_what_comes_back_from_files(open_prompt: Terminals, shelf: Path) -> None:
    terminal = open_prompt("--model", f"./shelf/evil{RED}", HEADLONG_MODELS=str(shelf))
    terminal.type(":len 9")
    press(terminal, paste(f"the {RED} {TITLE}"), ENTER, f"{CTRL_U}:bookmark best", ENTER)
    terminal.ready()
    terminal.press("d")
    assert terminal.leave() == 0
    assert_clean(terminal)
    again = open_prompt("--continue", HEADLONG_MODELS=str(shelf))
    again.see("best")
    press(
        again,
        "\x1b[A",
        "\x1b[A",
        "\x1b[A",
        CTRL_U,
        ":replay" + ENTER,
        ":turns" + ENTER,
        ":config" + ENTER,
    )
    assert_clean(again)


def assert_clean(terminal: Terminal) -> None:
    terminal.settle()
    assert "pwn" in terminal.sent.decode("utf-8", "replace"), "something of it was shown"
    found = THEIRS.search(terminal.sent)
    assert found is None, terminal.sent[max(0, found.start() - 200) : found.end() + 50]
    assert "Traceback" not in terminal.text()
    assert "fault of the program" not in terminal.text()
