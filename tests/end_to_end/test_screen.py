"""What a person sees: the prompt on a screen of 80 columns and 24 rows."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Terminal

Open = Callable[..., Terminal]


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[Open]:
    opened: list[Terminal] = []

    def open_(*arguments: str) -> Terminal:
        terminal = Terminal(*arguments, directory=tmp_path)
        opened.append(terminal)
        terminal.see("^Headlong")
        terminal.see("›")
        return terminal

    yield open_
    for terminal in opened:
        terminal.process.close(force=True)


def test_the_first_minute(open_terminal: Open) -> None:
    terminal = open_terminal()
    assert terminal.see(r"tutorial · [\d,]+ words · [\d,]+ parameters · window of \d+")
    terminal.type(":greedy")
    terminal.type("china")
    text = terminal.see(r"  China( \w+){10}")
    assert terminal.see(r"  tutorial · 10 words · greedy · \d+ ms")
    terminal.type("CHINA")
    assert terminal.text().count(text) == 2, "greedy words are the same every time"
    terminal.ready()
    terminal.press("d")
    assert terminal.leave() == 0


def test_the_seed_is_plain_and_the_new_words_are_bright(open_terminal: Open) -> None:
    terminal = open_terminal()
    terminal.type(":len 3")
    terminal.type("china")
    row = next(y for y, line in enumerate(terminal.lines) if line.startswith("  China "))
    bold = [terminal.screen.buffer[row][x].bold for x in range(len(terminal.lines[row]))]
    seed_end = len("  China")
    assert not any(bold[:seed_end])
    assert all(bold[seed_end + 1 :])


def test_a_long_text_is_broken_between_words(open_terminal: Open) -> None:
    terminal = open_terminal()
    terminal.type(":len 60")
    terminal.type("united states")
    terminal.see(r"tutorial · 60 words")
    words = " ".join(terminal.text().split("› united states")[1].split("tutorial ·")[0].split())
    assert words.startswith("United States ")
    assert len(words.split()) == 62
    assert all(len(line) <= 80 for line in terminal.lines)


def test_wrong_input_is_answered_and_the_session_goes_on(open_terminal: Open) -> None:
    terminal = open_terminal()
    terminal.type(":lod x", wait="there is no command :lod; did you mean :load?")
    terminal.see("› :lod x")  # it stays there to be mended
    terminal.press("u")
    terminal.type(":load tutrial", wait="there is no model 'tutrial'; did you mean tutorial?")
    terminal.type(":len 0", wait="length must be a whole number from 1 to 10,000, or auto, not 0")
    terminal.press("u")
    terminal.type("zzzz", wait="tutorial does not know zzzz, so it starts from the beginning")
    terminal.type("china", wait=r"China( \w+){10}")


def test_ctrl_c_during_generation_keeps_the_session(open_terminal: Open) -> None:
    terminal = open_terminal()
    terminal.type(":len 10000")
    terminal.type("china", wait=r"China \w+ \w+")
    terminal.press("c")
    terminal.see(r"interrupted")
    terminal.type(":len 2")
    terminal.type("war", wait=r"War \w+ \w+\n")


def test_ctrl_c_at_the_prompt_forgets_the_line_only(open_terminal: Open) -> None:
    terminal = open_terminal()
    terminal.process.send("half a line")
    terminal.see("half a line")
    terminal.press("c")
    terminal.type(":len 2")
    terminal.type(":quit", wait="")
    assert terminal.leave() == 0


def test_train_stop_load_and_continue(open_terminal: Open, tmp_path: Path) -> None:
    lines = [
        f"the {a} {b} of {c}" for a in ("old", "new", "red") for b in ("war", "vote") for c in "xyzuvw"
    ]
    (tmp_path / "lines.txt").write_text("\n".join(lines))
    terminal = open_terminal()
    terminal.type(
        ":train lines.txt --name mine --epochs 5000 --set patience=off --wait",
        wait=r"epoch [3-9] of 5,000 at most",
    )
    terminal.press("c")
    terminal.see("stopping after this step")
    terminal.see(r"mine saved after \d+ s: stopped, the weights of epoch \d+ are kept")
    assert not re.search(r"\^C|up to .* left", terminal.text()), "what is drawn last is the end"
    terminal.see(r"mine · \d+ words · [\d,]+ parameters · stream")
    terminal.type("the old", wait=r"the old \w+")
    terminal.type(":models", wait=r"mine \*")
    terminal.type(
        ":train lines.txt --name mine", wait="there is an unfinished training of 'mine' already"
    )
    terminal.type(":train nowhere.txt", wait="there is no file nowhere.txt")
    terminal.ready()
    terminal.press("d")
    assert terminal.leave() == 0
