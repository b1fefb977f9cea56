"""100 samples of 10 words, side by side and one by one, in one run.

Beside them stands what no batch can do without: the products of 100 rows with the output matrix, and
what they would leave of the time that one by one takes.
"""

import numpy as np

from core.decoding.generator import Generator
from core.decoding.products import product
from core.library import bundle
from core.library.model import Model
from core.library.shelf import shipped_models
from core.settings import SamplingSettings
from tests.benchmarks.timing import Case, median_and_least, network, take_turns, tell_environment

SAMPLES, WORDS, ROUNDS = 100, 10, 9


def compare(name: str, model: Model, seed_text: str) -> None:
    """Print one model's line."""
    settings = SamplingSettings(length=WORDS, temperature=0.8, ranked=False)
    generator = Generator(model)
    seed = generator.read_seed(seed_text)

    def together() -> None:
        generator.settings = settings.change(samples=SAMPLES)
        assert len(generator.generate(seed)) == SAMPLES

    def one_by_one() -> None:
        for number in range(SAMPLES):
            generator.settings = settings.change(rng=number)
            generator.generate(seed)

    output = generator.stepper._output._kernel  # type: ignore[attr-defined]
    rows = np.ones((SAMPLES, len(output)), np.float32)

    def products() -> None:
        for _ in range(WORDS):
            product(rows, output)

    cases: dict[str, Case] = {"alone": one_by_one, "together": together, "products": products}
    times = {case: median_and_least(s, 1000) for case, s in take_turns(cases, ROUNDS).items()}
    for what, number in (("median", 0), ("least", 1)):
        alone, together_, least = (times[case][number] for case in cases)
        print(
            f"  {name:32} {what:6} {alone:8.1f} {together_:8.1f} {least:8.1f}   "
            f"{alone / together_:5.1f} {alone / least:7.1f}"
        )


def main() -> None:
    """Print a table."""
    tell_environment()
    print(f"{SAMPLES} samples of {WORDS} words, milliseconds")
    print(f"  {'':39} {'alone':>8} {'together':>8} {'products':>8}   ratio at most")
    compare("the shipped model (window 13)", bundle.load(shipped_models() / "tutorial"), "china says")
    compare("a stream, V 5,983, H 100", network(5983), "w7 w11")
    tied = network(6000, embedding_size=256, hidden_size=256, tied=True)
    compare("a stream, V 6,000, H 256, tied", tied, "w7 w11")


if __name__ == "__main__":
    main()
