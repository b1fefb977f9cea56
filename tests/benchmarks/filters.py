"""What filters cost: a word with each of them, and with all, beside a greedy word of the same model.

The model has 20,000 words and 512 units; its logits spread as a trained model's do.
"""

from core.decoding.generator import Generator
from core.settings import SamplingSettings
from tests.benchmarks.timing import Case, median_and_least, network, take_turns

WORDS, ROUNDS = 30, 15
SEED = "w7 w11 w13 w7 w11"

RESTRICTIONS: dict[str, object] = {
    "no_repeat": 2,
    "repeat_penalty": 1.2,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.2,
    "dry": 0.8,
}
TRUNCATIONS: dict[str, object] = {
    "top_k": 50,
    "top_p": 0.95,
    "min_p": 0.05,
    "typical": 0.95,
    "eta": 0.0003,
    "mirostat": 4.0,
}
FILTERS = RESTRICTIONS | TRUNCATIONS


def main() -> None:
    """Print a table."""
    generator = Generator(network(20_000, embedding_size=512, hidden_size=512))
    seed = generator.read_seed(SEED)

    def words(**settings: object) -> Case:
        chosen = SamplingSettings(length=WORDS).change(**settings)  # type: ignore[arg-type]

        def run() -> None:
            generator.settings = chosen
            assert len(list(generator.stream(seed))) == WORDS

        return run

    without_top_k = FILTERS | {"top_k": None}
    cases = {"greedy": words(temperature=0), "temperature 0.8": words()}
    cases |= {f"{name} {value}": words(**{name: value}) for name, value in FILTERS.items()}
    cases |= {"all of them": words(**FILTERS), "all but top_k": words(**without_top_k)}
    times = {name: median_and_least(s, WORDS) for name, s in take_turns(cases, ROUNDS).items()}
    print("a word with filters (V 20,000, H 512), microseconds: median, and least")
    for name, (median, least) in times.items():
        ratios = f"{median / times['greedy'][0]:6.2f} {least / times['greedy'][1]:6.2f}"
        print(f"  {name:24} {median:8,.0f} {least:8,.0f}   {ratios} times a greedy word")


if __name__ == "__main__":
    main()
