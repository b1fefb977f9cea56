"""How long a key waits for its ghost: real headlines typed at the prompt, with the shipped model.

From the key to the frame that shows what it changed, ghost and all, as it leaves for the terminal.
"""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from core.training.job import HEADLINES
from repl.line.prompt import run_prompt
from repl.loop import run_line
from repl.session import Session, make_console
from tests.repl.line.typist import BACKSPACE, CTRL_D, CTRL_U, Frame, typing

KEYS = 2000
REAL = Path(__file__).parents[2] / ".." / "shared" / "data" / "nyt" / "ArticlesApril2017.csv"


def headlines() -> Iterator[str]:
    """Yield the tutorial's headlines, where they are on this machine, or those that we ship."""
    path = REAL if REAL.is_file() else HEADLINES
    print(f"headlines of {path.name}")
    with path.open(encoding="utf-8", newline="") as file:
        yield from (row["headline"] for row in csv.DictReader(file) if row["headline"] != "Unknown")


def keys() -> Iterator[str]:
    """Yield the keys of one who slips at every tenth letter, and empties the line for the next."""
    for headline in headlines():
        for number, letter in enumerate(headline, start=1):
            yield letter
            if number % 10 == 0:
                yield "x"
                yield BACKSPACE
        yield CTRL_U


def measure() -> list[Frame]:
    """Type, and return the frames that keys gave; the prompt's first is none of them."""
    session = Session(make_console(io.StringIO()), make_console(io.StringIO()), interactive=True)
    run_line(session, ":load tutorial")
    with typing([*islice(keys(), KEYS), CTRL_U, CTRL_D]) as typist:
        run_prompt(session)
    return typist.frames[1 : KEYS + 1]


def main() -> None:
    """Print the median, the 99th percentile, and how many frames had no ghost."""
    frames = measure()
    milliseconds = sorted(1000 * frame.seconds for frame in frames)
    without = sum(not frame.ghost for frame in frames)
    print(f"from key to ghost, {len(frames):,} keys, milliseconds")
    print(f"  median                  {milliseconds[len(frames) // 2]:6.1f}")
    print(f"  99th percentile         {milliseconds[len(frames) * 99 // 100]:6.1f}")
    print(f"  longest                 {milliseconds[-1]:6.1f}")
    print(f"  frames without a ghost  {without:6}")


if __name__ == "__main__":
    main()
