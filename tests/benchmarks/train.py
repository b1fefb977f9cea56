"""Training, beside the tutorial's own `fit`, Keras's `fit` on packed lines, and PyTorch.

    python -m tests.benchmarks.train [speed] [sampled] [perplexity] [jobs]

Without names all sections are run, in about a quarter of an hour. What is compared takes turns, so
that other work on the machine falls on all; seconds are the least, ratios the median of the turns.
PyTorch is left out where it is not installed.
"""

import sys
import time

from tests.benchmarks.training import jobs, perplexity, sampled, speed

SECTIONS = {
    "speed": speed.main,
    "sampled": sampled.main,
    "perplexity": perplexity.main,
    "jobs": jobs.main,
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
