"""What is compared takes turns within one run, as machines differ and others use them too."""

import os
import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np

from core.decoding.generator import Generator
from core.library import layout
from core.library.model import Manifest, Model
from core.settings import ModelSettings
from core.text.vocabulary import PADDING, SPECIALS, Vocabulary

Case = Callable[[], object]


def take_turns(cases: Mapping[str, Case], rounds: int) -> dict[str, list[float]]:
    """Return each case's seconds, round by round; one more round before is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, case in cases.items():
            began = time.perf_counter()
            case()
            if number:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def tell_environment() -> None:
    """Print what the environment makes OpenBLAS do; kernels that are not the machine's cost."""
    told = {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}
    if told:
        print("in an environment with", ", ".join(f"{name}={value}" for name, value in told.items()))


def median_and_least(seconds: list[float], words: int) -> tuple[float, float]:
    """Return the microseconds of a word."""
    return 1e6 * statistics.median(seconds) / words, 1e6 * min(seconds) / words


def network(words: int, context: str = "stream", **shape: object) -> Model:
    """Return a model with random weights, which cost what trained ones cost.

    Its logits spread as those of a trained model of some quality do: 3 nats about their mean.
    """
    settings = ModelSettings().change(
        **{"embedding_size": 10, "hidden_size": 100, "tied": False, "context": context, "window": 18}
        | shape  # type: ignore[arg-type]
    )
    random = np.random.default_rng(0)
    weights = {}
    for name, size in layout.shapes(settings, words).items():
        weights[name] = random.random(size, np.float32)
        weights[name] -= 0.5
        weights[name] *= 10 / np.sqrt(settings.hidden_size)
    specials = SPECIALS if context == "stream" else (PADDING,)
    tokens = (*specials, *(f"w{number}" for number in range(len(specials), words)))
    manifest = Manifest("random", "plain" if context == "stream" else "tutorial", settings, words)
    model = Model(manifest, Vocabulary(tokens), weights)
    generator = Generator(model)
    logits = generator.stepper.logits(generator.read(generator.read_seed("w7 w11 w13 w17")))
    weights["output.kernel" if "output.kernel" in weights else "embedding"] *= 3 / logits.std()
    return model
