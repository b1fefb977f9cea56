"""Training, beside the tutorial's own `fit`, Keras's `fit` on packed lines, and PyTorch.

    python -m tests.benchmarks.train [speed] [sampled] [perplexity] [jobs] [start]

Without names all sections are run. In `speed` and `sampled` the cases take turns, so that other work on
the machine falls on all; seconds are the least, ratios the median of the turns. `perplexity`, `jobs`
and `start` run one after the other. On a busy machine nothing here means much: PyTorch's threads wait
by spinning.
PyTorch is left out where it is not installed.
"""

import sys
import time

from tests.benchmarks.training import jobs, perplexity, sampled, speed, start

SECTIONS = {
    "speed": speed.main,
    "sampled": sampled.main,
    "perplexity": perplexity.main,
    "jobs": jobs.main,
    "start": start.main,
}


def main(names: list[str]) -> None:
    """Print the sections of these names, or all."""
    began = time.perf_counter()
    for name in names or SECTIONS:
        print(f"-- {name}", flush=True)
        SECTIONS[name]()
    print(f"-- {time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main(sys.argv[1:])
