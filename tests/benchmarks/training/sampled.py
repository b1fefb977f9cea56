"""The sampled softmax against the full one, with very many words, on a text made here.

Its words are distributed as Zipf's law has it, and every second one is one of a few that tend to follow
the word before; so there is something to learn. The ids of words are sorted by frequency.
"""

import math
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from core.recipe import preset
from core.text.corpus import Source
from core.text.vocabulary import SPECIALS, Vocabulary
from core.training.batches import LineBatches
from core.training.dataset import Dataset
from tests.benchmarks.training.texts import PLAIN
from tests.benchmarks.training.turns import Case, Child, ratio
from tests.listed import encoded

WORDS, FOLLOWERS, LENGTH, LINES, HELD_OUT, EPOCHS = 50_000, 2, 10, 4000, 200, 4
SIZES = {"embedding_size": 512, "hidden_size": 512}


def made_lines(random: np.random.Generator) -> list[tuple[str, ...]]:
    """Return lines of words, each a number: 0 is the most frequent one."""
    words = WORDS - len(SPECIALS)
    chance = 1 / np.arange(1, words + 1)
    table = np.cumsum(chance / chance.sum())
    followers = np.minimum(table.searchsorted(random.random((words, FOLLOWERS))), words - 1)
    drawn = np.minimum(table.searchsorted(random.random((LINES + HELD_OUT, LENGTH))), words - 1)
    for step in range(1, LENGTH):
        follows = random.random(len(drawn)) < 0.5
        chosen = followers[drawn[:, step - 1], random.integers(0, FOLLOWERS, len(drawn))]
        drawn[:, step] = np.where(follows, chosen, drawn[:, step])
    return [tuple(map(str, line)) for line in drawn]


def made_dataset(samples: int | None) -> Dataset:
    """Return those lines with a vocabulary of all words, also of those that do not occur."""
    lines = made_lines(np.random.default_rng(0))
    changes: dict[str, Any] = {**SIZES, **PLAIN, "tied": True, "min_count": 1}
    with TemporaryDirectory() as folder:
        (path := Path(folder) / "two.txt").write_text("0 1\n1 0\n")
        recipe = preset("small").change(**changes, sampled_softmax=samples)
        small = Dataset.prepare(Source((path,)), recipe)
    vocabulary = Vocabulary((*SPECIALS, *map(str, range(WORDS - len(SPECIALS)))))
    training, held_out = (
        LineBatches(encoded(part, vocabulary), vocabulary, 32)
        for part in (lines[HELD_OUT:], lines[:HELD_OUT])
    )
    counts = (1 + training.counts).astype(np.float32)
    return replace(small, vocabulary=vocabulary, training=training, validation=held_out, unigram=counts)


def case(samples: str) -> Case:
    """An epoch a turn; a turn after the last returns the validation perplexity."""
    from core.training.network import Network
    from core.training.step import Step

    dataset = made_dataset(int(samples) if samples else None)
    step = Step(Network(dataset.recipe.model, WORDS, dataset.unigram, 0), dataset)
    epochs = iter(range(1, EPOCHS + 1))
    held_out = dataset.validation
    assert held_out is not None

    def turn() -> float | None:
        epoch = next(epochs, None)
        if epoch is None:  # all are done: measure
            nats = sum(step.evaluate(*batch) for batch in held_out.epoch(None))
            return math.exp(nats / held_out.tokens)
        for batch in dataset.training.epoch(np.random.default_rng(epoch)):
            step.train(*batch)
        return None

    return {"tokens": dataset.training.tokens}, turn


def main() -> None:
    """Print how fast both are, and how well they guess after as many epochs."""
    full, sampled = Child("sampled", "0"), Child("sampled", "")
    children = {"full softmax": full, "sampled, as it is by itself": sampled}
    for _ in range(EPOCHS - 1):
        for child in children.values():
            child.turn()
    times = ratio(full, sampled)
    print(f"V {WORDS:,}, E 512, H 512, tied; {LINES:,} made lines of {LENGTH} words, {EPOCHS} epochs")
    found = []
    for name, child in children.items():
        speed = child.facts["tokens"] / min(child.seconds)
        found.append(child.told())
        print(f"  {name:28} {speed:7,.0f} tokens/s   validation perplexity {found[-1]:,.1f}")
        child.close()
    print(f"  the sampled one is {times:.1f} times as fast; perplexity {found[1] / found[0] - 1:+.1%}")
