"""How long Ctrl-C takes while something runs: from the key to the prompt, at a pseudo-terminal."""

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.library import bundle
from tests.benchmarks.timing import network
from tests.end_to_end.terminal import Terminal

TRIES = 10


@dataclass(frozen=True)
class Case:
    """What is set before, and the line that is cancelled."""

    name: str
    line: str
    before: Sequence[str] = ()
    running: float = 0.4
    """Seconds after Enter when the key is pressed, and a little more each time to find other places."""


CASES = (
    Case("words that are drawn", "china", [":len 10000"]),
    Case("20 samples", "china", [":len 10000", ":samples 20"]),
    Case("a beam of 50", "china", [":len 10000", ":set beam 50"]),
    Case("a beam of 50, ranked", "china", [":len 5000", ":set beam 50", ":samples 5"]),
    Case("words that must come", "china", [":len 3000", ":set must war, new york, vote"]),
    Case("contrastive", "china", [":len 10000", ":set contrastive 0.6"]),
    Case(":sweep", ":sweep temperature 0..2..0.1 china", [":len 5000"]),
    Case(":sweep of beams", ":sweep beam 30,40,50 china", [":len 5000"]),
    Case(":neurons", ":neurons", running=0.2),
    Case(":load, 110 MB", ":load large", running=0.05),
)


def main() -> None:
    """Print the median and the worst of each."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
            os.environ[name] = str(home / name.lower())
        bundle.save(network(30_000, hidden_size=700, embedding_size=200), home / "large", "")
        os.environ["HEADLONG_MODELS"] = str(home)
        print("from Ctrl-C to the prompt, milliseconds    median   worst")
        for case in CASES:
            seconds = [
                _cancel(case, home, case.running * (1 + 0.05 * number)) for number in range(TRIES)
            ]
            told = sorted(1000 * each for each in seconds if each is not None)
            if len(told) < TRIES:
                print(f"  {case.name:38}  {TRIES - len(told)} of {TRIES} were over before the key")
            if told:
                print(f"  {case.name:38} {statistics.median(told):8.1f}{told[-1]:8.1f}")


def _cancel(case: Case, home: Path, running: float) -> float | None:
    """Return the seconds from the key to the prompt; None where that was there before."""
    terminal = Terminal(directory=home)
    try:
        terminal.process.delaybeforesend = None
        terminal.ready()
        terminal.type(":ghost off")
        for line in case.before:
            terminal.type(line)
        shown = terminal.sent
        terminal.send(case.line)
        terminal.until(lambda: terminal.line_of_cursor() == f"› {case.line}", case.line)
        terminal.send("\r")
        terminal.watch(running)
        if terminal.line_of_cursor() == "›" and len(terminal.sent) > len(shown):
            return None
        began = time.perf_counter()
        terminal.press("c")
        terminal.ready()
        return time.perf_counter() - began
    finally:
        terminal.process.close(force=True)


if __name__ == "__main__":
    main()
