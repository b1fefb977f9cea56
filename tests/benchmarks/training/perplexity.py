"""Time to the validation perplexity that the tutorial's recipe reaches at its best.

Both know the same words (all of the training lines), and are asked for the same ones: every known word
of the held-out lines but the first. The tutorial's `fit` is run until its perplexity has risen for some
epochs; the hundred epochs of its recipe are reckoned from those. Importing is not counted, tracing is.
"""

import math
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from core.recipe import preset
from core.training.batches import Batch
from core.training.dataset import Dataset
from core.training.selection import held_out
from tests.benchmarks.training.others import prefixes, tutorial_network
from tests.benchmarks.training.texts import texts
from tests.benchmarks.training.turns import Case, Child

RECIPE, PATIENCE, MOST = 100, 3, 40
"""Epochs of the tutorial, and of those here that are run without a better perplexity, and in all."""


class Reached(NamedTuple):
    """What an epoch ends with; seconds from the first step on, measuring left out."""

    epoch: int
    seconds: float
    perplexity: float


def dataset(text: str) -> Dataset:
    """Return a text with all its words."""
    return Dataset.prepare(texts()[text], preset("small").change(min_count=1))


def tutorial(data: Dataset) -> Iterator[Reached]:
    """Train as the tutorial does."""
    import keras

    lines = data.corpus.unique_lines()
    marks = held_out(0, len(lines), len(lines), data.validation_lines)
    split = [[line for line, mark in zip(lines, marks, strict=True) if mark == side] for side in (0, 1)]
    # Its Tokenizer passes over the words that it does not know.
    known = [[data.vocabulary.ids[w] for w in line if data.vocabulary.knows(w)] for line in split[0]]
    asked = [[data.vocabulary.ids[w] for w in line if data.vocabulary.knows(w)] for line in split[1]]
    longest, words = max(map(len, known)), len(data.vocabulary)
    inputs, targets = prefixes(known, longest)
    network, one_hot = tutorial_network(words, longest), keras.utils.to_categorical(targets, words)
    beginnings, goals = prefixes(asked, longest)
    seconds = 0.0
    for epoch in range(1, MOST + 1):
        began = time.perf_counter()
        network.fit(inputs, one_hot, batch_size=32, verbose=0)
        seconds += time.perf_counter() - began
        shares = network.predict(beginnings, verbose=0)[np.arange(len(goals)), goals]
        yield Reached(epoch, seconds, math.exp(-np.log(np.maximum(shares, 1e-30)).mean()))


def ours(data: Dataset) -> Iterator[Reached]:
    """Train as the preset `small` does."""
    from core.training.network import Network
    from core.training.step import Step

    network = Network(data.recipe.model, len(data.vocabulary), data.unigram, 0)
    step = Step(network, data)
    special = np.isin(np.arange(len(data.vocabulary)), data.vocabulary.special_ids)
    assert data.validation is not None
    held_out = [_asked(data, batch) for batch in data.validation.epoch(None)]
    tokens = sum(int(np.count_nonzero(targets)) for _, targets in held_out)
    seconds = 0.0
    for epoch in range(1, MOST + 1):
        began = time.perf_counter()
        for batch in data.training.epoch(np.random.default_rng(epoch)):
            step.train(*batch)
        seconds += time.perf_counter() - began
        bias = np.array(network.bias)
        # The tutorial's network cannot end a line, and is asked for words only; so this one is, too.
        network.bias.assign(np.where(special, -1e9, bias))
        nats = sum(step.evaluate(*batch) for batch in held_out)
        network.bias.assign(bias)
        yield Reached(epoch, seconds, math.exp(nats / tokens))


def _asked(data: Dataset, batch: Batch) -> Batch:
    """Leave out the first words, the unknown ones and the ends."""
    inputs, targets = batch
    asked = ~np.isin(targets, data.vocabulary.special_ids) & (np.arange(targets.shape[1]) > 0)
    return inputs, np.where(asked, targets, 0).astype(np.int32)


def case(name: str, text: str, goal: str) -> Case:
    """Run until there is nothing better, or the goal is reached; all in the first turn."""
    facts: dict[str, Any] = {}

    def turn() -> None:
        best = Reached(0, 0.0, math.inf)
        for reached in (tutorial if name == "tutorial" else ours)(dataset(text)):
            best = min(best, reached, key=lambda found: found.perplexity)
            good = best.perplexity <= float(goal)
            if good or reached.epoch - best.epoch >= PATIENCE:
                break
        facts.update(best._asdict(), an_epoch=reached.seconds / reached.epoch)

    return facts, turn


def main() -> None:
    """Print when the tutorial is at its best, and when we are there."""
    for text in texts():
        theirs = Child("perplexity", "tutorial", text, "0")
        theirs.close()
        best = theirs.facts
        child = Child("perplexity", "ours", text, str(best["perplexity"]))
        child.close()
        our = child.facts
        whole = RECIPE * best["an_epoch"]
        print(f"{text}: to the tutorial's best validation perplexity")
        for name, found in (("tutorial", best), ("ours, small", our)):
            print(
                f"  {name:12} {found['perplexity']:8,.1f} after {found['epoch']} epochs,"
                f" {found['seconds']:.1f} s"
            )
        print(
            f"  its {RECIPE} epochs would take {whole:.0f} s (reckoned from {best['an_epoch']:.2f} s "
            f"each): {whole / our['seconds']:.0f} times as long as ours;"
        )
        print(f"  to its best epoch it takes {best['seconds'] / our['seconds']:.1f} times as long")
        if our["perplexity"] > best["perplexity"]:
            print("  ours did not reach it")
