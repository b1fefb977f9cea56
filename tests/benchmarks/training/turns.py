"""Cases that are measured by turns, each in a process of its own.

Their threads would be in each other's way in one process. All are started first and wait; then each
does a part of its work when it is told to, so that other work on the machine falls on all of them.
"""

import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from core.training.client import _environment

Turn = Callable[[], object]
Case = tuple[dict[str, Any], Turn]
"""What there is to know of a case, and what it does in a turn."""


class Child:
    """A process that builds a case, does one turn, and waits."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", __name__, module, *arguments]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=_environment()
        )
        self.seconds: list[float] = []
        self.facts: dict[str, Any] = self._read() or {}

    def turn(self) -> float:
        """Let it do a turn; return the seconds that it took."""
        assert self._process.stdin is not None
        print("turn", file=self._process.stdin, flush=True)
        seconds, self._result = self._read()
        self.seconds.append(seconds)
        return seconds

    def told(self) -> Any:
        """Let it do a turn; return what that returned."""
        self.turn()
        return self._result

    def close(self) -> float:
        """End it; return its peak memory in megabytes."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        memory: float = self._read()
        self._process.wait()
        return memory

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"failed: {' '.join(map(str, self._process.args))}")  # type: ignore[arg-type]
        return json.loads(line)


def ratio(slower: Child, faster: Child) -> float:
    """Return how many times as long the one takes: the median of the turns, which are neighbours."""
    return median(a / b for a, b in zip(slower.seconds, faster.seconds, strict=True))


def timed(turn: Turn) -> tuple[float, object]:
    """Return the seconds of a call, and its result where that is a number."""
    began = time.perf_counter()
    result = turn()
    return time.perf_counter() - began, result if isinstance(result, float) else None


def main(module: str, *arguments: str) -> None:
    """Be a child."""
    facts, turn = importlib.import_module(f"{__package__}.{module}").case(*arguments)
    first, _ = timed(turn)
    print(json.dumps(facts | {"first": first}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(timed(turn)), flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
