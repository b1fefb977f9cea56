"""The program between pipes: exact transcripts, and nothing but text."""

import re
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.end_to_end.pipes import TRANSCRIPTS, answer, names, recorded

NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, but for the ends of lines and tabs."""


@pytest.mark.parametrize("name", names())
def test_a_transcript_is_what_it_was(name: str, tmp_path: Path) -> None:
    """If it has to be another one: python -m tests.end_to_end.pipes."""
    told = recorded(name, tmp_path)
    assert told.out.decode() == (TRANSCRIPTS / f"{name}.out").read_text(encoding="utf-8")
    assert told.err.decode() == (TRANSCRIPTS / f"{name}.err").read_text(encoding="utf-8")
    assert told.status == (b"error: " in told.err), "a script's exit status tells that a line failed"
    assert not NO_TEXT.search(told.out.decode() + told.err.decode())


def test_a_file_may_be_the_input_and_results_alone_go_into_the_pipe(tmp_path: Path) -> None:
    (tmp_path / "seeds").write_text("china\n:len 3\nwar\n")
    with (tmp_path / "seeds").open() as file:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "repl"], stdin=file, capture_output=True, cwd=tmp_path
        )
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.decode().splitlines()] == ["China", "War"]
    assert done.stderr == b"length 3\n"


def test_typed_lines_may_go_into_a_pipe(tmp_path: Path) -> None:
    """As in `headlong | cat`: the keyboard is a terminal, what comes out is not."""
    process = pexpect.spawn(
        "/bin/sh", ["-c", f"{sys.executable} -P -m repl 2>errors | cat >results"], cwd=str(tmp_path)
    )
    process.send("china\n:help run\n:zzz\n")
    process.sendeof()
    process.expect(pexpect.EOF)
    process.close()
    results, errors = (tmp_path / "results").read_text(), (tmp_path / "errors").read_text()
    assert results.startswith("China ")
    assert "there is no command :zzz" in errors
    assert not NO_TEXT.search(results + errors)


def test_a_reader_that_leaves_early_is_no_fault(tmp_path: Path) -> None:
    lines = "china\n" * 200
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -P -m repl | head -1"],
        input=lines.encode(),
        capture_output=True,
        cwd=tmp_path,
    )
    assert done.stdout.startswith(b"China ")
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--plain"]])
def test_no_input_is_no_fault(tmp_path: Path, arguments: list[str]) -> None:
    told = answer(b"", tmp_path, *arguments)
    assert (told.out, told.err, told.status) == (b"", b"", 0)
