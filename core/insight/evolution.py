"""One seed and one set of random numbers, epoch after epoch of one model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.decoding.generator import Generator
from core.library.shelf import load
from core.settings import SamplingSettings

MOST = 16
"""Epochs that are asked at the most; of more, some spread evenly."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an epoch made of the seed, and its perplexity on held-out text, where that was measured."""

    epoch: int
    text: str
    perplexity: float | None


def evolution(
    epochs: Mapping[int, Path], seed: str, settings: SamplingSettings, best: int | None = None
) -> Iterator[Spoken]:
    """Yield what the epochs make of a seed, the first first; `best` is asked in any case.

    Raises:
        ModelError: one of them cannot be used.
        SettingError: the settings leave the model nothing to say.
    """
    for number in chosen(list(epochs), best):
        model = load(epochs[number])
        generator = Generator(model, settings.change(samples=1))
        line = generator.generate(generator.read_seed(seed))[0]
        perplexity = model.manifest.metrics.get("validation_perplexity")
        yield Spoken(number, line.text, perplexity if isinstance(perplexity, float) else None)


def chosen(numbers: list[int], best: int | None) -> list[int]:
    """Return at most `MOST` numbers, from the first to the last, and the best among them."""
    if len(numbers) <= MOST:
        return numbers
    last = len(numbers) - 1
    kept = {numbers[place * last // (MOST - 2)] for place in range(MOST - 1)}
    return [number for number in numbers if number in kept or number == best]
