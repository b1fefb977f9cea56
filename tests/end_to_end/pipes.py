"""Lines that go into `headlong` through a pipe, and all that comes out of it.

To write the transcripts anew, once you know why they differ: `python -m tests.end_to_end.pipes`.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TRANSCRIPTS = Path(__file__).parents[1] / "golden" / "pipes"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """What the program wrote, and how it ended."""

    out: bytes
    err: bytes
    status: int


def names() -> list[str]:
    """Return the names of all transcripts."""
    return sorted(path.stem for path in TRANSCRIPTS.glob("*.in"))


def answer(lines: bytes, home: Path, *arguments: str) -> Answer:
    """Run the program on lines, in the folder of the transcripts, with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    environment = kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    for name in ("HEADLONG_MODELS", "NO_COLOR", "FORCE_COLOR"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "repl", *arguments],
        input=lines,
        capture_output=True,
        cwd=TRANSCRIPTS,
        env=environment,
        timeout=60,
    )
    return Answer(done.stdout, done.stderr, done.returncode)


def recorded(name: str, home: Path) -> Answer:
    """Return the tutorial's answer to a transcript's lines, with the home's path as `~`."""
    told = answer((TRANSCRIPTS / f"{name}.in").read_bytes(), home, "--model", "tutorial")
    where = str(home).encode()
    return Answer(told.out.replace(where, b"~"), told.err.replace(where, b"~"), told.status)


def main() -> None:
    """Write every transcript anew."""
    for name in names():
        with tempfile.TemporaryDirectory() as home:
            told = recorded(name, Path(home))
        for ending, content in ((".out", told.out), (".err", told.err)):
            path = TRANSCRIPTS / f"{name}{ending}"
            before = path.read_bytes() if path.exists() else b""
            path.write_bytes(content)
            if content != before:
                print(f"{path.name} is another one now: git diff shows how")


if __name__ == "__main__":
    main()
