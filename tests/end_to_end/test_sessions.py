"""What a session leaves behind when a terminal goes away, and the prompt of nothing but text."""

import os
import signal
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.end_to_end.terminal import Terminal

HEARD = pytest.mark.skipif(
    signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, reason="whoever runs the tests ignores SIGHUP"
)


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[type[Terminal]]:
    opened: list[Terminal] = []

    def open_(*arguments: str) -> Terminal:
        opened.append(Terminal(*arguments, directory=tmp_path))
        opened[-1].ready()
        return opened[-1]

    yield open_  # type: ignore[misc]
    for terminal in opened:
        terminal.process.close(force=True)


@pytest.mark.parametrize("name", ["SIGTERM", pytest.param("SIGHUP", marks=HEARD), "SIGKILL"])
def test_what_was_typed_comes_back_after_a_signal(open_terminal: type[Terminal], name: str) -> None:
    terminal = open_terminal()  # type: ignore[call-arg]
    terminal.type("china")
    terminal.type(":bookmark best")
    number = getattr(signal, name)
    terminal.process.kill(number)
    terminal.leave()
    ended = terminal.process.signalstatus if name == "SIGKILL" else terminal.process.exitstatus
    assert ended == (number if name == "SIGKILL" else 128 + number)
    again = open_terminal("--continue")
    again.see(r"1 line, at line 1 \(best\), model tutorial")
    again.type(":replay", wait="the same words again")


def test_a_signal_at_the_prompt_gives_the_terminal_back(open_terminal: type[Terminal]) -> None:
    terminal = open_terminal()  # type: ignore[call-arg]
    terminal.process.kill(signal.SIGTERM)
    terminal.process.expect(pexpect.EOF)
    terminal.process.wait()
    flags = termios.tcgetattr(terminal.process.child_fd)[3]
    assert flags & termios.ECHO
    assert flags & termios.ICANON


@pytest.mark.parametrize(("term", "arguments"), [("dumb", []), ("xterm-256color", ["--plain"])])
def test_plain_is_nothing_but_text(tmp_path: Path, term: str, arguments: list[str]) -> None:
    process = pexpect.spawn(
        sys.executable,
        ["-P", "-m", "repl", *arguments],
        cwd=str(tmp_path),
        env=os.environ | {"TERM": term},
        timeout=60,
        encoding="utf-8",
    )
    shown = ""
    for line in ("china", ":heat on", "the president", ":why"):
        process.expect("> ")
        shown += process.before
        process.sendline(line)
    process.expect("rather than")
    process.expect("> ")
    process.send("half a line")
    process.sendcontrol("c")
    process.expect("> ")
    process.sendcontrol("d")
    process.expect(pexpect.EOF)
    process.close()
    assert process.exitstatus == 0
    assert "China" in shown
    assert "\x1b" not in shown
    assert all(character.isprintable() or character in "\r\n" for character in shown)
