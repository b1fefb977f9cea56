"""Our step and our numpy network against Keras itself. These import TensorFlow: some seconds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.decoding.stepper import stepper
from core.library import bundle
from core.library.model import Model
from core.library.shelf import shipped_models
from core.recipe import preset
from core.text.corpus import Source
from core.training.base import recipe_from
from core.training.dataset import Dataset
from tests.conftest import random_model

TEXT = "a b c d\na c d\nb a\nd a b\nc c a b\n" * 3

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


def dataset(tmp_path: Path, name: str, **changes: object) -> Dataset:
    (tmp_path / "lines.txt").write_text(TEXT)
    recipe = preset(name).change(batch_size=64, **changes)  # type: ignore[arg-type]
    return Dataset.prepare(Source((tmp_path / "lines.txt",)), recipe)


def test_one_step_of_the_tutorials_preset_is_one_step_of_keras(keras: Any, tmp_path: Path) -> None:
    """One-hot or sparse, softmax layer or logits: the loss and the step are the same."""
    from core.training.network import Network
    from core.training.step import Step

    data = dataset(tmp_path, "tutorial", dropout=0.0)
    words, window = len(data.vocabulary), data.recipe.model.window
    network = Network(data.recipe.model, words, data.unigram, seed=1)
    theirs = keras.Sequential(
        [
            keras.Input((window,)),
            keras.layers.Embedding(words, 10),
            keras.layers.LSTM(100),
            keras.layers.Dropout(0.0),
            keras.layers.Dense(words, activation="softmax"),
        ]
    )
    theirs.set_weights([network.weights()[name] for name in network.weights()])
    theirs.compile(optimizer="adam", loss="categorical_crossentropy")
    inputs, targets = next(iter(data.training.epoch(None)))
    step = Step(network, data)
    for _ in range(3):
        one_hot = keras.utils.to_categorical(targets, words)
        assert float(step.train(inputs, targets)) == pytest.approx(
            float(theirs.train_on_batch(inputs, one_hot)), rel=1e-5
        )
    for ours, array in zip(network.weights().values(), theirs.get_weights(), strict=True):
        assert np.allclose(ours, array, atol=1e-5)


def test_padding_does_not_count(keras: Any, tmp_path: Path) -> None:
    """The loss of a padded batch is the mean over its real targets, line by line."""
    from core.training.network import Network
    from core.training.step import Step

    data = dataset(tmp_path, "small", min_count=1)
    network = Network(data.recipe.model, len(data.vocabulary), data.unigram, seed=1)
    step = Step(network, data)
    inputs, targets = next(iter(data.training.epoch(None)))
    together = float(step.evaluate(inputs, targets))
    alone = sum(
        float(step.evaluate(row[None, : (goal > 0).sum()], goal[None, : (goal > 0).sum()]))
        for row, goal in zip(inputs, targets, strict=True)
    )
    assert (targets == 0).any()
    assert together == pytest.approx(alone, rel=1e-5)


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"gate": "hard_sigmoid"},
        {"cell": "gru"},
        {"cell": "gru", "reset_after": False},
        {"cell": "gru", "gate": "hard_sigmoid"},
        {"cell": "gru", "gate": "hard_sigmoid_6", "reset_after": False},
        {"cell": "rnn"},
    ],
)
@pytest.mark.parametrize("name", ["small", "tutorial"])
def test_the_network_that_was_trained_is_the_one_that_numpy_runs(
    keras: Any, tmp_path: Path, name: str, shape: dict[str, object]
) -> None:
    from core.training.network import Network

    data = dataset(tmp_path, name, min_count=1, layers=2, **shape)
    network = Network(data.recipe.model, len(data.vocabulary), data.unigram, seed=2)
    for variable in network.variables.values():  # biases begin at zero, and would hide their order
        variable.assign_add(np.random.default_rng(3).normal(scale=0.3, size=variable.shape))
    model = random_model()
    model = Model(
        model.manifest.__class__("m", "plain", data.recipe.model, len(data.vocabulary)),
        data.vocabulary,
        network.weights(),
    )
    ids = np.array([[1, 4, 2, 3]])[:, : data.recipe.model.window]
    expected = np.array(network.logits(network.hidden(ids, training=False)))
    expected = expected[0, -1] if expected.ndim == 3 else expected[0]
    numpy_network = stepper(model)
    state = numpy_network.start(1)
    for id_ in ids[0]:
        state = numpy_network.advance(state, np.array([id_]))
    assert np.allclose(numpy_network.logits(state)[0], expected, atol=1e-5)


@pytest.mark.parametrize("shape", [{"tied": True}, {"context": "window", "attention": True}])
def test_training_goes_on_with_the_very_weights_of_its_base(
    keras: Any, tmp_path: Path, shape: dict[str, object]
) -> None:
    """Nothing is lost on the way into Keras, and what is asked of the new words is the same there."""
    from core.training.loop import Loop

    base = random_model(layers=2, hidden_size=6, **shape)  # type: ignore[arg-type]
    (tmp_path / "lines.txt").write_text(TEXT)
    data = Dataset.prepare(Source((tmp_path / "lines.txt",)), recipe_from(base, min_count=1), base)
    assert data.base is not None
    assert set(data.vocabulary.tokens[-3:]) == set("bcd")
    network = Loop(data, stopping=lambda: False).network
    for name, array in network.weights().items():
        assert np.array_equal(array, data.base.weights[name])
    ids = np.array([data.vocabulary.encode("dacdb")])
    expected = np.array(network.logits(network.hidden(ids, training=False)))
    expected = expected[0, -1] if expected.ndim == 3 else expected[0]
    ours = stepper(data.base)
    state = ours.start(1)
    for id_ in ids[0]:
        state = ours.advance(state, np.array([id_]))
    assert np.allclose(ours.logits(state)[0], expected, atol=1e-5)


def keras_probabilities(keras: Any, model: Model, ids: np.ndarray) -> np.ndarray:
    """Build the model from Keras's own layers and let it predict after `ids`, window or stream."""
    shape, weights = model.manifest.architecture, model.weights
    words = len(model.vocabulary)
    embedding = keras.layers.Embedding(words, shape.embedding_size)
    cell, output = keras.layers.LSTM(shape.hidden_size), keras.layers.Dense(words, "softmax")
    network = keras.Sequential([keras.Input((len(ids),)), embedding, cell, output])
    embedding.set_weights([weights["embedding"]])
    cell.set_weights([weights[f"lstm_0.{part}"] for part in ("kernel", "recurrent_kernel", "bias")])
    output.set_weights([weights["output.kernel"], weights["output.bias"]])
    return np.array(network(ids[None]))[0]


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max())
    return shifted / shifted.sum()


@pytest.mark.parametrize("seed", ["china", "the qqqq senate", "qqqq", "", "war and " * 9])
def test_the_shipped_models_probabilities_are_those_of_keras(keras: Any, seed: str) -> None:
    """On trained weights: with unknown words, with none, and longer than the window."""
    model = bundle.load(shipped_models() / "tutorial")
    ids = model.vocabulary.encode(model.cleaning.split(seed))
    window = model.manifest.architecture.window
    padded = keras.utils.pad_sequences([ids], maxlen=window, padding="pre")[0]
    network = stepper(model)
    state = network.start(1)
    for id_ in ids:
        state = network.advance(state, np.array([id_]))
    ours = softmax(network.logits(state)[0])
    assert np.allclose(ours, keras_probabilities(keras, model, padded), atol=1e-5)


def test_a_trained_models_stream_is_keras_reading_all_words(keras: Any) -> None:
    """The same trained weights, read as a stream: the state after every word, from zero."""
    window_model = bundle.load(shipped_models() / "tutorial")
    manifest = window_model.manifest.__class__(
        "stream",
        "tutorial",
        window_model.manifest.architecture.change(context="stream"),
        window_model.manifest.vocabulary,
    )
    model = Model(manifest, window_model.vocabulary, window_model.weights)
    network, ids = stepper(model), np.array([5, 17, 1, 300, 2, 2, 40, 8] * 4)
    state = network.start(1)
    for count, id_ in enumerate(ids, start=1):
        state = network.advance(state, np.array([id_]))
        if count in (1, 5, 32):
            expected = keras_probabilities(keras, model, ids[:count])
            assert np.allclose(softmax(network.logits(state)[0]), expected, atol=1e-5)
