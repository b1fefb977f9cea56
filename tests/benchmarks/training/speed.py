"""Whole epochs of the same batches in the same order, by the tutorial, Keras, PyTorch and us."""

import importlib.util
import itertools
from collections.abc import Sequence

import numpy as np

from core.training.dataset import Dataset
from tests.benchmarks.training.others import keras_fit, pytorch, tutorial_fit
from tests.benchmarks.training.texts import SHAPES, flops, recipe, texts
from tests.benchmarks.training.turns import Case, Child, Turn, ratio

TURNS, TUTORIAL_STEPS = 5, 40
TUTORIAL, KERAS, PYTORCH, OURS = "tutorial's fit", "Keras fit, packed", "PyTorch, packed", "ours"
LARGER, LOOP, XLA = "ours, batches of 64", "ours, as a loop", "ours, XLA"
USUAL, VARIANTS = (TUTORIAL, KERAS, PYTORCH, OURS, LARGER), (LOOP, XLA)


def case(name: str, text: str, shape: str) -> Case:
    """Build a case. The first turn holds the tracing and the compiling, and is not counted."""
    if name == "peak":
        return {}, peak()
    dataset = Dataset.prepare(texts()[text], recipe(shape, 64 if name == LARGER else 32))
    facts = {
        "lines": dataset.lines,
        "tokens": dataset.training.tokens,
        "words": len(dataset.vocabulary),
        "flops": flops(dataset),
        "steps": dataset.training.steps,
        "times": 1.0,
    }
    if name == TUTORIAL:
        facts["times"], turn = tutorial_fit(dataset, TUTORIAL_STEPS)
        return facts, turn
    batches = list(dataset.training.epoch(np.random.default_rng(0)))
    builders = {KERAS: keras_fit, PYTORCH: pytorch}
    if name in builders:
        return facts, builders[name](dataset, batches)
    return facts, ours(dataset, name)


def ours(dataset: Dataset, name: str) -> Turn:
    """Our step, as the loop calls it; or a variant of it that was measured and left."""
    import tensorflow as tf

    from core.training import recurrence
    from core.training.network import Network
    from core.training.step import Step

    batches = list(dataset.training.epoch(np.random.default_rng(0)))
    if name == LOOP:
        recurrence.UNROLLED = 0
    if name == XLA:  # of the whole step cannot be, as it cuts the padding out
        recurrence.Recurrence._run = tf.function(recurrence.Recurrence._run, jit_compile=True)
    step = Step(Network(dataset.recipe.model, len(dataset.vocabulary), dataset.unigram, 0), dataset)
    return lambda: [step.train(*batch) for batch in batches]


SIZE, PRODUCTS = 2048, 10


def peak() -> Turn:
    """Multiply square matrices: the most float32 operations that TensorFlow does here."""
    import tensorflow as tf

    square = tf.random.normal((SIZE, SIZE))
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(square, square)))
    return lambda: [float(product()) for _ in range(PRODUCTS)]


def main() -> None:
    """Print a table for each text and shape."""
    cases = [name for name in USUAL if name != PYTORCH or importlib.util.find_spec("torch")]
    for number, (text, shape) in enumerate(itertools.product(texts(), SHAPES)):
        compare(text, shape, [*cases, *(VARIANTS if number == 0 else ())])


def compare(text: str, shape: str, cases: Sequence[str]) -> None:
    """Measure and print one table."""
    children = {name: Child("speed", name, text, shape) for name in ("peak", *cases)}
    for _, child in itertools.product(range(TURNS), children.values()):
        child.turn()
    best = {name: min(child.seconds) * child.facts.get("times", 1) for name, child in children.items()}
    most = 2 * SIZE**3 * PRODUCTS / best["peak"]
    facts = children[OURS].facts
    print(
        f"{text}: {facts['lines']:,} lines, {facts['tokens']:,} tokens, V {facts['words']:,}, {shape}, "
        f"batches of 32; peak {most / 1e9:,.0f} GFLOP/s in float32"
    )
    print(f"  {'':20} {'seconds':>8} {'lines/s':>8} {'tokens/s':>9} {'of peak':>8}   {'ours is'}")
    for name in cases:
        seconds, child = best[name], children[name]
        # The tutorial computes every line once for each of its words: what counts is the result.
        share = facts["tokens"] * facts["flops"] / seconds / most
        times = ratio(child, children[OURS]) * child.facts["times"]
        print(
            f"  {name:20} {seconds:8.2f} {facts['lines'] / seconds:8,.0f} "
            f"{facts['tokens'] / seconds:9,.0f} {'' if name == TUTORIAL else f'{share:.0%}':>8} "
            f"{times:7.2f} times as fast"
        )
    if XLA in children:
        _repaid(children[XLA], children[OURS])
    for child in children.values():
        child.close()


def _repaid(compiled: Child, ours: Child) -> None:
    """Say after how many steps the time for compiling has come back."""
    cost = compiled.facts["first"] - ours.facts["first"]
    gain = (1 - 1 / ratio(ours, compiled)) * min(ours.seconds) / ours.facts["steps"]
    after = f"after {cost / gain:,.0f} steps" if gain > 0 else "never"
    print(f"  XLA costs {cost:.0f} s more at first, gains {1000 * gain:.2f} ms a step: repaid {after}")
