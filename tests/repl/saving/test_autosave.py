"""The session that saves itself: what is there after each line, whose it is, what ends a program."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from repl.loop import run_line
from repl.saving.autosave import KEPT, Autosave, saving_itself
from repl.saving.files import open_, sessions_directory
from repl.saving.reading import read_file
from tests.repl.conftest import Screen, console


def files() -> list[Path]:
    return sorted(sessions_directory().glob("*.json"))


@pytest.fixture
def autosave(session: Screen) -> Iterator[Autosave]:
    autosave = Autosave(session.messages)
    autosave.start_with(session)
    with saving_itself(session, autosave):
        yield autosave


def wait(autosave: Autosave) -> None:
    """Let the time pass in which a large session is not saved again."""
    autosave.next = 0.0


def test_nothing_typed_leaves_no_file(session: Screen) -> None:
    with saving_itself(session, Autosave(session.messages)):
        pass
    assert files() == []


def test_each_line_is_there_when_it_is_done(session: Screen, autosave: Autosave) -> None:
    for count, line in enumerate((":len 2", "china", ":again"), start=1):
        wait(autosave)
        run_line(session, line)
        (path,) = files()
        assert len(read_file(path).typed) == count
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(read_file(path).turns) == list(session.turns)
    assert [entry.suffix for entry in path.parent.iterdir()] == [".json", ".lock"] or [
        entry.suffix for entry in path.parent.iterdir()
    ] == [".lock", ".json"]


def test_what_was_not_saved_in_time_is_saved_in_the_end(session: Screen) -> None:
    autosave = Autosave(session.messages)
    with saving_itself(session, autosave):
        run_line(session, ":len 2")
        autosave.next = float("inf")
        run_line(session, "china")
    (path,) = files()
    assert read_file(path).typed == (":len 2", "china")


def test_a_fault_in_the_middle_saves_too(session: Screen) -> None:
    autosave = Autosave(session.messages)
    with pytest.raises(ZeroDivisionError), saving_itself(session, autosave):
        run_line(session, ":len 2")
        autosave.next = float("inf")
        run_line(session, "china")
        raise ZeroDivisionError
    assert len(read_file(files()[0]).turns) == 1


def test_the_latest_that_nobody_holds_is_taken(session: Screen) -> None:
    for number in range(3):
        with saving_itself(session, Autosave(session.messages)):
            run_line(session, f"::{number}")
    for age, path in enumerate(files()):
        os.utime(path, (100 - age, 100 - age))
    first, second, third = (Autosave(session.messages) for _ in range(3))
    assert [one.take_latest() for one in (first, second, third)] == files()
    assert Autosave(session.messages).take_latest() is None
    second.let_go()
    assert Autosave(session.messages).take_latest() == files()[1]


def test_what_is_taken_is_gone_on_with_in_its_file(session: Screen) -> None:
    with saving_itself(session, Autosave(session.messages)):
        run_line(session, "china")
    other = Screen(console(), console(), shelf=session.shelf)
    autosave = Autosave(other.messages)
    path = autosave.take_latest()
    assert path is not None
    open_(other, path)
    assert other.file is None, "a session that saved itself is no file of the user's"
    autosave.start_with(other)
    with saving_itself(other, autosave):
        run_line(other, ":more")
    assert files() == [path]
    assert [turn.parent for turn in read_file(path).turns] == [0, 1]


def test_opening_another_session_keeps_what_was_there(
    session: Screen, autosave: Autosave, tmp_path: Path
) -> None:
    run_line(session, "china")
    run_line(session, f":save {tmp_path}/s.json")
    wait(autosave)
    run_line(session, "war")
    (before,) = files()
    session.told()
    run_line(session, f":open {tmp_path}/s.json")
    assert f"what was here before is kept: :open {before.stem}" in session.told()
    assert len(read_file(before).turns) == 2
    (after,) = set(files()) - {before}
    assert len(read_file(after).turns) == 1
    run_line(session, f":open {before.stem}")
    assert len(session.turns) == 2


def test_opening_another_session_keeps_what_it_was_too_early_to_save(
    session: Screen, autosave: Autosave, tmp_path: Path
) -> None:
    run_line(session, f":save {tmp_path}/s.json")
    (before,) = files()
    autosave.next = float("inf")
    run_line(session, "china")
    run_line(session, f":open {tmp_path}/s.json")
    assert [turn.line.seed.text for turn in read_file(before).turns] == ["china"]


def test_the_oldest_go(session: Screen) -> None:
    for number in range(KEPT + 3):
        with saving_itself(session, Autosave(session.messages)):
            run_line(session, f"::{number}")
        os.utime(max(files(), key=lambda path: path.stat().st_mtime_ns), (number, number))
    assert len(files()) == KEPT
    assert min(path.stat().st_mtime for path in files()) == 3


@pytest.mark.parametrize("broken", ["a file in its place", "no name"])
def test_trouble_is_told_once_and_stops_nothing(session: Screen, home: Path, broken: str) -> None:
    directory = sessions_directory()
    directory.parent.mkdir(parents=True)
    if broken == "a file in its place":
        directory.write_text("mine")
    else:
        directory.symlink_to(home / "nowhere" / "at all")
    autosave = Autosave(session.messages)
    with saving_itself(session, autosave):
        for line in ("china", "war"):
            wait(autosave)
            run_line(session, line)
    assert session.told().count("will not be there for --continue") == 1
    assert len(session.turns) == 2


SCRIPT = """
import os, signal, sys
from repl.saving.autosave import Autosave, saving_itself
from repl.loop import run_line
from repl.session import Session, make_console
session = Session(make_console(sys.stdout), make_console(sys.stderr))
session.load("tutorial")
with saving_itself(session, Autosave(session.messages)):
    run_line(session, "china")
    os.kill(os.getpid(), signal.{name})
    run_line(session, "too late")
"""


HEARD = pytest.mark.skipif(
    signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, reason="whoever runs the tests ignores SIGHUP"
)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", pytest.param("SIGHUP", marks=HEARD), "SIGKILL"])
def test_no_signal_loses_a_line(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(name=name)], capture_output=True)
    number = getattr(signal, name)
    assert done.returncode == (-number if name == "SIGKILL" else 128 + number)
    assert done.stderr == b""
    session = Screen(console(), console())
    path = Autosave(session.messages).take_latest()
    assert path is not None, "the lock died with the program"
    open_(session, path)
    assert [turn.line.seed.text for turn in session.turns] == ["china"]
