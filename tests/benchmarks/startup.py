"""How long a start takes: processor time of whole processes, beside what they cannot do without.

Imports are most of it, and machines differ: read our lines beside that of the libraries alone.
"""

import os
import subprocess
import sys
import tempfile

ROUNDS = 15

LIBRARIES = """
import gc, os
gc.disable()
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy, prompt_toolkit, rich.console, typer
"""

READY = """
import gc, os, sys
gc.disable()
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
from repl.session import DEFAULT_MODEL, Session, make_console
from repl.loop import run_line
import repl.cli, repl.line.prompt
from prompt_toolkit import PromptSession
from prompt_toolkit.output import DummyOutput
session = Session(make_console(sys.stdout), make_console(sys.stdout))
run_line(session, f":load {DEFAULT_MODEL}")
assert session.generator is not None
PromptSession(output=DummyOutput())
heavy = {"tensorflow", "keras", "pandas"} & set(sys.modules)
assert not heavy, heavy
"""

CASES = {
    "bare Python": ["-c", "pass"],
    "headlong --version": ["-m", "repl", "--version"],
    "the four libraries alone": ["-c", LIBRARIES],
    "prompt ready, model loaded": ["-c", READY],
    "headlong generate china": ["-m", "repl", "generate", "china"],
}


def processor_seconds(arguments: list[str]) -> float:
    """Run Python and return the user and system seconds that it took."""
    before = os.times()
    environment = os.environ | {"TERM": "dumb"}
    command = [sys.executable, *arguments]
    with tempfile.TemporaryFile() as output:
        subprocess.run(command, stdin=output, stdout=output, stderr=output, env=environment, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Print the median of several rounds, the cases taking turns."""
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(ROUNDS):
        for name, arguments in CASES.items():
            times[name].append(processor_seconds(arguments))
    print(f"start-up, seconds of processor time, {ROUNDS} rounds: median, and least")
    for name, seconds in times.items():
        print(f"  {name:28} {sorted(seconds)[ROUNDS // 2]:6.2f} {min(seconds):6.2f}")


if __name__ == "__main__":
    main()
