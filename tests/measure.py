"""What a call costs in memory and time, and how it ends, seen from a process of its own. Linux only."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import HeadlongError

PROCESS = Path("/proc/self")
GUARD_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """`error` is the sentence of a HeadlongError, "" where there was none, else what kind of fault."""

    error: str
    clear: bool
    seconds: float
    bytes: int
    """The most memory that the call had beyond what the process had before."""

    gone: bool = False
    """Whether the process ended without telling anything: it crashed, or took too long."""


def available() -> bool:
    return hasattr(os, "fork") and (PROCESS / "clear_refs").exists()


def measure(call: Callable[[], object]) -> Outcome:
    """Run `call` in a fork of this process, which is ended if it takes a minute."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(read)
            import signal

            signal.alarm(GUARD_SECONDS)
            os.write(write, json.dumps(_run(call)).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if not answer:
        return Outcome("ended without a word", False, GUARD_SECONDS, 0, gone=True)
    return Outcome(**json.loads(answer))


def _run(call: Callable[[], object]) -> dict[str, object]:
    (PROCESS / "clear_refs").write_text("5")  # the peak begins anew
    before, began = _status("VmRSS"), time.perf_counter()
    error, clear = "", True
    try:
        call()
    except HeadlongError as wrong:
        error = str(wrong)
    except BaseException as fault:
        error, clear = repr(fault), False
    seconds = time.perf_counter() - began
    return {
        "error": error,
        "clear": clear,
        "seconds": seconds,
        "bytes": max(0, _status("VmHWM") - before),
    }


def _status(name: str) -> int:
    for line in (PROCESS / "status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)
