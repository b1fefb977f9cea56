"""What n-grams cost: a word with them and without, and the building of their model; one run.

Lines are drawn from a Zipf distribution, as many and as long as 45,000 headlines, over 10,000 words.
"""

import time
from dataclasses import replace
from functools import partial

import numpy as np

from core.decoding.generator import Generator
from core.library import ngrams
from core.library.model import Model
from core.settings import SamplingSettings
from core.text.kneser_ney import KneserNey, count
from tests.benchmarks.timing import Case, median_and_least, network, take_turns, tell_environment

WORDS, LINES, STEPS = 10_000, 45_000, 100
START, END, FIRST = 2, 3, 4


def text() -> list[list[int]]:
    """Return lines of ids, seven words each."""
    random = np.random.default_rng(0)
    ids = FIRST + random.zipf(1.2, (LINES, 7)) % (WORDS - FIRST)
    return [[START, *line, END] for line in ids.tolist()]


def counted(model: Model) -> Model:
    """Return a model with the n-grams of the lines, and say what they cost."""
    lines = text()
    began = time.perf_counter()
    built = KneserNey.build(lines, WORDS)
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    built.score(lines)
    scored = time.perf_counter() - began
    found = count(lines, 3, START)
    tokens = int(found.counts.sum())
    print(
        f"{tokens:,} words, {len(found.ids):,} trigrams: built in {seconds:.2f} s, scored in "
        f"{scored:.2f} s, {len(ngrams.write(found)):,} bytes"
    )
    return replace(model, manifest=replace(model.manifest, ngram_weight=0.3), ngrams=found)


def main() -> None:
    """Print the times."""
    tell_environment()
    generator = Generator(counted(network(WORDS, embedding_size=256, hidden_size=256)))
    seed = generator.read_seed("w4 w5")
    for samples in (1, 100):
        cases: dict[str, Case] = {}
        for name, weight in {"with n-grams": None, "without": 0.0}.items():
            settings = SamplingSettings(
                length=STEPS, samples=samples, ranked=False, ngram_weight=weight
            )
            cases[name] = partial(generator.under(settings).generate, seed)
        seconds = take_turns(cases, 9)
        words = STEPS * samples
        (with_, least), (without, least_without) = (
            median_and_least(s, words) for s in seconds.values()
        )
        print(
            f"V {WORDS:,}, H 256, {samples:3} side by side, microseconds a word, median and least: "
            f"{with_:,.0f} {least:,.0f} with, {without:,.0f} {least_without:,.0f} without: "
            f"{with_ / without:.2f} and {least / least_without:.2f} times"
        )


if __name__ == "__main__":
    main()
