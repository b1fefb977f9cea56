"""How long a start takes: processor time of whole processes, beside that of bare Python."""

import os
import subprocess
import sys
import tempfile

ROUNDS = 7

READY = """
from repl.session import Session, make_console
from repl.loop import run_line
import repl.cli, repl.prompt
from prompt_toolkit import PromptSession
session = Session(make_console(sys.stdout), make_console(sys.stderr))
run_line(session, ":load tutorial")
assert session.generator is not None
PromptSession()
heavy = {"tensorflow", "keras", "pandas"} & set(sys.modules)
assert not heavy, heavy
"""

CASES = {
    "bare Python": ["-c", "pass"],
    "headlong --version": ["-m", "repl", "--version"],
    "prompt ready, model loaded": [
        "-c",
        "import os, sys\nos.environ.setdefault('OPENBLAS_NUM_THREADS', '1')" + READY,
    ],
    "headlong generate china": ["-m", "repl", "generate", "china"],
}


def processor_seconds(arguments: list[str]) -> float:
    """Run Python and return the user and system seconds that it took."""
    before = os.times()
    environment = os.environ | {"TERM": "dumb"}
    with tempfile.TemporaryFile() as output:
        subprocess.run([sys.executable, *arguments], stdout=output, env=environment, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Print the median of several rounds, the cases taking turns."""
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(ROUNDS):
        for name, arguments in CASES.items():
            times[name].append(processor_seconds(arguments))
    print("start-up, seconds of processor time, median of", ROUNDS)
    for name, seconds in times.items():
        print(f"  {name:28} {sorted(seconds)[ROUNDS // 2]:6.3f}")


if __name__ == "__main__":
    main()
