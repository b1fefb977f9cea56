"""Half precision: what it saves on the disk, and what it does to the probabilities.

Two models are stored both ways: the shipped one, and one that the preset `small` trains here and now.
What differs is the total variation distance of the next word's distribution, half the sum of all
absolute differences, after each of the first 1,000 beginnings of headlines.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

import core
from core.decoding import filters
from core.decoding.generator import Generator
from core.library import bundle
from core.library.half import halved
from core.library.model import Model
from core.library.shelf import shipped_models
from core.text.corpus import Corpus, Source

HEADLINES = Path(core.__file__).parent / "data" / "headlines.csv"
CONTEXTS = 1000


def trained(directory: Path) -> Path:
    """Train a model of the preset `small` on our headlines; return where it is."""
    command = [sys.executable, "-m", "repl", "train", str(HEADLINES), "--column", "headline"]
    environment = os.environ | {"XDG_DATA_HOME": str(directory), "HOME": str(directory)}
    subprocess.run([*command, "--name", "small"], env=environment, check=True, capture_output=True)
    return next(directory.rglob("small"))


def distributions(model: Model) -> Iterator[np.ndarray]:
    """Yield the next word's distribution after each beginning of each headline."""
    generator = Generator(model)
    lines = Corpus.load(Source((HEADLINES,), "headline"), model.manifest.cleaning).lines
    for line in lines:
        state = generator.read(generator.read_seed(""))
        for id_ in model.vocabulary.encode(line):
            state = generator.stepper.advance(state, np.array([id_]))
            yield filters.probabilities(generator.stepper.logits(state))[0]


def compare(path: Path, directory: Path) -> None:
    """Print one model's line."""
    model, small = bundle.load(path), directory / f"{path.name}-float16"
    bundle.write(
        small.name, small, bundle.files(model, bundle.load_card(path), [halved(model.weights)])
    )
    pairs = zip(distributions(model), distributions(bundle.load(small)), strict=False)
    distances = [np.abs(p - q).sum() / 2 for p, q in islice(pairs, CONTEXTS)]
    sizes = [(folder / "weights.safetensors").stat().st_size for folder in (path, small)]
    print(
        f"  {path.name:10} {sizes[0]:12,} {sizes[1]:12,} {sizes[1] / sizes[0]:6.1%}   "
        f"{np.mean(distances):.6f} {np.quantile(distances, 0.99):.6f} {max(distances):.6f}"
    )


def main() -> None:
    """Print a table."""
    print(
        f"weights in half precision: bytes; total variation on {CONTEXTS:,} contexts: mean, 99%, most"
    )
    with tempfile.TemporaryDirectory() as directory:
        compare(trained(Path(directory)), Path(directory))
        compare(shipped_models() / "tutorial", Path(directory))


if __name__ == "__main__":
    main()
