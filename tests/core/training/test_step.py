"""One step: what padding costs, how often it is traced, what a sample of the words changes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.recipe import preset
from core.text.corpus import Source
from core.training.dataset import Dataset

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*retracing.*"),
]

NO_DROPOUT: dict[str, Any] = {"dropout": 0.0, "input_dropout": 0.0, "word_dropout": 0.0}


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    """Lines of 1 to 16 words, of which 15 % are held out."""
    words = ["the", "of", "and", "war", "peace", "says", "china", "to", "us", "in"]
    random = np.random.default_rng(0)
    lines = [" ".join(random.choice(words, 1 + number % 16)) for number in range(200)]
    (tmp_path / "lines.txt").write_text("\n".join(lines))
    recipe = preset("small").change(embedding_size=6, hidden_size=6, batch_size=8, **NO_DROPOUT)
    return Dataset.prepare(Source((tmp_path / "lines.txt",)), recipe)


def make_step(data: Dataset) -> Any:
    pytest.importorskip("tensorflow")
    from core.training.network import Network
    from core.training.step import Step

    return Step(Network(data.recipe.model, len(data.vocabulary), data.unigram, seed=1), data)


@pytest.mark.parametrize(
    ("size", "rounded"), [(1, 2), (2, 2), (3, 4), (9, 10), (16, 16), (17, 20), (33, 40), (250, 256)]
)
def test_lengths_are_rounded_up_to_a_few(size: int, rounded: int) -> None:
    pytest.importorskip("tensorflow")
    from core.training.step import rounded_up

    assert rounded_up(size) == rounded
    assert len({rounded_up(n) for n in range(1, 257)}) == 24


def test_a_batch_of_any_shape_is_padded_on_the_right_and_below() -> None:
    pytest.importorskip("tensorflow")
    from core.training.step import in_bucket

    inputs, targets = in_bucket(np.ones((3, 3), np.int32), np.full((3, 3), 2, np.int32), 5)
    assert inputs.tolist() == [[1, 1, 1, 0]] * 3 + [[0, 0, 0, 0]] * 2
    assert (targets == 2 * inputs).all()
    rows, _ = in_bucket(np.ones((7, 2), np.int32), np.ones((7, 2), np.int32), 0)
    assert rows.shape == (7, 2)


def test_padding_changes_neither_the_loss_nor_the_step(data: Dataset) -> None:
    inputs, targets = next(iter(data.training.epoch(None)))
    inputs, targets = inputs[:5], targets[:5]
    padded = [np.pad(array, ((0, 3), (0, 11))) for array in (inputs, targets)]
    alone, among_padding = make_step(data), make_step(data)
    for _ in range(3):
        assert alone.train(inputs, targets) == pytest.approx(among_padding.train(*padded), rel=1e-6)
    ours, theirs = alone._network.weights(), among_padding._network.weights()
    assert all(np.allclose(ours[name], theirs[name], atol=1e-6) for name in ours)


def test_a_graph_is_made_for_each_bucket_once(data: Dataset) -> None:
    from core.training.step import in_bucket

    step = make_step(data)
    shapes = set()
    for epoch in range(3):
        for batch in data.training.epoch(np.random.default_rng(epoch)):
            shapes.add(in_bucket(*batch, 8)[0].shape)
            step.train(*batch)
    assert shapes <= {(8, steps) for steps in (*range(2, 17, 2), 20)}
    assert step.traces == len(shapes) + 1  # the optimizer's, which knows nothing of batches


@pytest.mark.parametrize("hot", [1.0, 200.0])
def test_our_cross_entropy_is_tensorflows(hot: float) -> None:
    """With logits of any size: a word of no probability at all has its finite loss."""
    tf = pytest.importorskip("tensorflow")
    from core.training.softmax import cross_entropy

    random = np.random.default_rng(0)
    hidden, kernel, bias = (
        tf.constant(hot * random.normal(size=size), tf.float32) for size in ((7, 5), (9, 5), (9,))
    )
    targets = tf.constant(random.integers(0, 9, 7), tf.int32)
    upstream = random.random(7).astype(np.float32)

    def theirs(hidden: Any, kernel: Any, bias: Any, targets: Any) -> Any:
        logits = tf.matmul(hidden, kernel, transpose_b=True) + bias
        return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)

    answers = []
    for function in (cross_entropy, theirs):
        with tf.GradientTape() as tape:
            tape.watch([hidden, kernel, bias])
            losses = function(hidden, kernel, bias, targets)
            weighted = tf.reduce_sum(losses * upstream)
        answers.append([losses, *tape.gradient(weighted, [hidden, kernel, bias])])
    for ours, other in zip(*answers, strict=True):
        assert np.allclose(ours, other, rtol=1e-5, atol=1e-5 * hot)


def test_a_sample_of_all_words_is_the_full_softmax() -> None:
    """With so many draws that every word is in, and sure to be, nothing is left to chance."""
    tf = pytest.importorskip("tensorflow")
    from core.training.softmax import cross_entropy, sampled_cross_entropy

    random = np.random.default_rng(0)
    hidden, kernel, bias = (
        tf.constant(random.normal(size=size), tf.float32) for size in ((7, 5), (9, 5), (9,))
    )
    targets = tf.constant(random.integers(0, 9, 7), tf.int32)
    uniform = tf.constant(random.random(3000), tf.float32)
    sampled = sampled_cross_entropy(hidden, kernel, bias, targets, uniform)
    assert np.allclose(sampled, cross_entropy(hidden, kernel, bias, targets), atol=1e-5)


def test_a_few_rows_change_as_the_whole_array_would() -> None:
    """Lazy Adam: rows of the list as Adam has them, a row named twice with the sum; no others."""
    tf = pytest.importorskip("tensorflow")
    import keras

    from core.training.adam import Adam

    ours, theirs = (tf.Variable(np.ones((4, 2), np.float32)) for _ in range(2))
    lazy, dense = Adam(0.1, lazy=True), keras.optimizers.Adam(0.1)
    for optimizer, variable in ((lazy, ours), (dense, theirs)):
        optimizer.build([variable])
    for _ in range(3):
        values = tf.constant([[1.0, 2.0], [3.0, -4.0], [0.5, 0.5]])
        lazy.apply([tf.IndexedSlices(values, tf.constant([1, 3, 1]), tf.constant([4, 2]))], [ours])
        dense.apply([tf.constant([[0.0, 0.0], [1.5, 2.5], [0.0, 0.0], [3.0, -4.0]])], [theirs])
    assert np.allclose(ours, theirs, atol=1e-6)
    assert (ours.numpy()[[0, 2]] == 1).all()


def test_sampling_trains_and_evaluation_stays_exact(data: Dataset) -> None:
    from dataclasses import replace

    sampled = make_step(replace(data, recipe=data.recipe.change(sampled_softmax=4)))
    full = make_step(data)
    batch = next(iter(data.training.epoch(None)))
    before = sampled.evaluate(*batch)
    assert before == pytest.approx(full.evaluate(*batch), rel=1e-6)
    for _ in range(200):
        sampled.train(*batch)
    assert sampled.evaluate(*batch) < 0.9 * before
    assert sampled.traces <= 3


@pytest.mark.parametrize(
    ("changes", "words", "expected"),
    [
        ({}, 20_000, 0),
        ({}, 20_001, 8192),
        ({"tied": False}, 20_001, 0),
        ({"context": "window"}, 20_001, 0),
        ({"label_smoothing": 0.1}, 20_001, 0),
        ({"adversarial": "advsoft"}, 20_001, 0),
        ({"adversarial": "fgm"}, 20_001, 8192),
        ({"sampled_softmax": 0}, 50_000, 0),
        ({"sampled_softmax": 100}, 101, 100),
        ({"sampled_softmax": 100}, 100, 0),
    ],
)
def test_a_sample_is_for_many_words(changes: dict[str, Any], words: int, expected: int) -> None:
    pytest.importorskip("tensorflow")
    from core.training.softmax import samples

    recipe = preset("small").change(**changes)
    assert samples(recipe.training, recipe.model, words) == expected
