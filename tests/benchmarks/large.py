"""Texts of 100 thousand to 10 million lines: memory shall stay flat, and so shall the time for a line.

The lines are made here: 4 to 14 of 8,000 words, drawn by Zipf's law, and every hundredth line repeats
another. Each size is read by a process of its own, once with an empty cache and once with what that
left; then an epoch of batches is made, and then a network is trained for some steps. Reading and
batches are measured in time of the processor, as others may use it too. Other numbers of lines are
given as arguments: `python -m tests.benchmarks.large 100000 1000000`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIZES = (100_000, 1_000_000, 10_000_000)
WORDS = 8_000
STEPS = 400
WARM_UP = 100
PIECE = 20_000

Row = dict[str, float]


def write_lines(path: Path, lines: int) -> None:
    """Write a text of so many lines, the same each time."""
    random = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(random.choice(letters, 2 + number % 8)) + f"{number:x}" for number in range(WORDS)]
    share = 1 / np.arange(1, WORDS + 1)
    ends = np.cumsum(share / share.sum())
    with path.open("w", encoding="utf-8") as file:
        for first in range(0, lines, PIECE):
            lengths = random.integers(4, 15, min(PIECE, lines - first))
            chosen = iter(np.searchsorted(ends, random.random(lengths.sum())).clip(0, WORDS - 1))
            made = [" ".join(words[next(chosen)] for _ in range(size)) for size in lengths]
            made[99::100] = made[0::100]
            file.write("\n".join(made) + "\n")


def peak() -> float:
    """Return the largest memory that this process has had, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


def measure(path: Path, trains: bool) -> Row:
    """Read a text and, if asked to, make an epoch of batches and train."""
    from core.recipe import preset
    from core.text.corpus import Source
    from core.training.dataset import Dataset

    began = time.process_time()
    dataset = Dataset.prepare(Source((path,)), preset("small").change(epochs=1))
    row: Row = {"read": time.process_time() - began, "read_peak": peak()}
    if trains:
        began = time.process_time()
        for _ in dataset.training.epoch(np.random.default_rng(0)):
            pass
        row |= {"epoch": time.process_time() - began, "epoch_peak": peak()}
        row |= {"steps": train(dataset), "peak": peak()}
    return row


def train(dataset: object) -> float:
    """Return steps a second, the first ones left out."""
    from core.training.loop import Loop

    times: list[float] = []

    def stopping() -> bool:
        times.append(time.perf_counter())
        return len(times) > STEPS

    for _ in Loop(dataset, stopping).run():  # type: ignore[arg-type]
        pass
    return (len(times) - 1 - WARM_UP) / (times[-1] - times[WARM_UP])


def in_a_child(path: Path, trains: bool, home: Path) -> Row:
    """Return what a process of its own measures."""
    command = [sys.executable, "-m", "tests.benchmarks.large", "--measure", str(path), str(int(trains))]
    environment = os.environ | {"XDG_CACHE_HOME": str(home), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return row


def compare(sizes: list[int]) -> None:
    """Print a table, a line for each size."""
    print("     lines    MB   µs a line:                      MB at most:              steps/s")
    print("                  read  again  epoch of batches  read  batches  training")
    for lines in sizes:
        with tempfile.TemporaryDirectory() as directory:
            path, home = Path(directory) / "lines.txt", Path(directory) / "cache"
            write_lines(path, lines)
            first = in_a_child(path, False, home)
            again = in_a_child(path, True, home)
            print(
                f"{lines:10,} {path.stat().st_size / 1e6:5.0f} "
                f"{1e6 * first['read'] / lines:7.1f} {1e6 * again['read'] / lines:6.2f} "
                f"{1e6 * again['epoch'] / lines:17.1f} {first['read_peak']:5.0f} "
                f"{again['epoch_peak']:8.0f} {again['peak']:9.0f} {again['steps']:8.1f}",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        from core.training.lean import leave_out_unused

        leave_out_unused()  # as a trainer does
        print(json.dumps(measure(Path(sys.argv[2]), sys.argv[3] == "1")))
    else:
        compare([int(argument) for argument in sys.argv[1:]] or list(SIZES))
