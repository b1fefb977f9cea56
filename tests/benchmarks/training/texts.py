"""What is trained, and on what."""

from pathlib import Path
from typing import Any

from core.recipe import Recipe, preset
from core.text.corpus import Source
from core.training.dataset import Dataset
from core.training.job import source

APRIL = Path(__file__).parents[3] / ".." / "shared" / "data" / "nyt" / "ArticlesApril2017.csv"
SHAPES = {
    "E128 H256 tied": {"embedding_size": 128, "hidden_size": 256, "tied": True},
    "E10 H100": {"embedding_size": 10, "hidden_size": 100, "tied": False},
}
PLAIN = dict.fromkeys(
    ("dropout", "input_dropout", "word_dropout", "activation", "slowness", "noising"), 0.0
)
"""Without what keeps a network from learning by heart, which no other case does as cheaply."""


def texts() -> dict[str, Source]:
    """Return our corpus, and the tutorial's where it is there."""
    ours = {"ours": source()}
    return ours | ({"April 2017": Source((APRIL,), "headline", ("Unknown",))} if APRIL.exists() else {})


def recipe(shape: str, batch_size: int = 32) -> Recipe:
    """Return a stream of this shape."""
    changes: dict[str, Any] = {**SHAPES[shape], **PLAIN, "min_count": 1, "batch_size": batch_size}
    return preset("small").change(**changes)


def flops(dataset: Dataset) -> int:
    """Return what a token costs: two for each weight that it meets, and twice that again backwards."""
    model, words = dataset.recipe.model, len(dataset.vocabulary)
    e, h = model.embedding_size, model.hidden_size
    return 6 * (4 * h * (e + h) + (h * e + e * words if model.tied else h * words))
