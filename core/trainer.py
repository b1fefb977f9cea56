"""`python -m core.trainer JOB.json`: a training run that says some lines after every epoch.

This is `core.training.worker` with a generator at its side. It is the one place where training and
decoding meet; neither knows the other.
"""

import sys
from collections.abc import Sequence

from core.decoding.generator import Generator
from core.library.model import Model
from core.settings import SamplingSettings
from core.training import worker
from core.training.lean import leave_out_unused

LENGTH = {"word": 14, "character": 80, "bpe": 24}
"""Tokens of a line at most: a young network does not know yet how one ends."""


def speak(model: Model, seeds: Sequence[str]) -> list[str]:
    """Continue seeds, always with the likeliest word, to the end of the line.

    Raises:
        ModelError: what the network computes is no number.
    """
    settings = SamplingSettings().change(temperature=0.0, length=LENGTH[model.level], until_end=True)
    generator = Generator(model, settings)
    return [generator.generate(generator.read_seed(seed))[0].text for seed in seeds]


if __name__ == "__main__":
    leave_out_unused()
    sys.exit(worker.main(sys.argv[1:], speak))
