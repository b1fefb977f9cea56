"""From Keras's layers to a model of ours: Embedding, recurrent layers, Dropout, Dense.

The tutorial's models, in other words, and their near relatives. What cannot be run exactly as Keras
runs it is refused with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.library.foreign.budget import Budget
from core.library.foreign.cudnn import from_cudnn
from core.library.foreign.keras_files import KerasModel, Layer, opened
from core.library.foreign.padding import with_rows, with_units
from core.library.foreign.tokenizers import MOST_WORDS, read_tokenizer
from core.library.layout import GATES
from core.library.model import Manifest, Model, Weights
from core.settings import ModelSettings

CELLS = {
    "LSTM": "lstm",
    "GRU": "gru",
    "SimpleRNN": "rnn",
    "CuDNNLSTM": "lstm",
    "CuDNNGRU": "gru",
}
CUDNN = {"CuDNNLSTM", "CuDNNGRU"}
"""Keras 2's layers for graphics cards: no choice of activations, and weights in another order."""

PARTS = ("kernel", "recurrent_kernel", "bias")

TRANSPARENT = {
    "InputLayer",
    "Dropout",
    "SpatialDropout1D",
    "GaussianDropout",
    "GaussianNoise",
}
"""Layers that do nothing when a model is used."""

REASONS = {
    "Bidirectional": "it reads a text from both ends, so it cannot continue one",
    "TimeDistributed": "it answers for every word, and only an answer for the last can be used",
}


OPTIONS = {
    "go_backwards": "reads texts backwards",
    "stateful": "keeps its state from one call to the next",
    "return_state": "hands on its state beside its answer",
    "time_major": "reads texts across",
}
"""What a recurrent layer may not do, if its answers are to depend on the window alone."""


def import_keras(path: Path, tokenizer: Path, name: str, window: int | None = None) -> Model:
    """Return a `.keras` or `.h5` model with its tokenizer as a model of ours, called `name`.

    Args:
        path: the model file, saved by Keras 2 or 3.
        tokenizer: `tokenizer.to_json()` or `word_index`, as a JSON file.
        name: what the model is to be called.
        window: how many words the model reads, where its file does not say.

    Raises:
        ModelNotFound: a file is not there.
        ModelError: a file is damaged, or the model is none that can be run exactly.
    """
    words = read_tokenizer(tokenizer)
    with opened(path) as keras:
        network = _Network.of(keras, path.name, window)
        weights = network.weights(keras.budget)
    vocabulary = words.vocabulary(network.words)
    manifest = Manifest(
        name=name,
        cleaning=words.cleaning,
        architecture=network.settings,
        vocabulary=len(vocabulary),
        created=datetime.now(UTC).date().isoformat(),
        training={"imported_from": path.name, "keras": keras.version},
    )
    return Model(manifest, vocabulary, weights)


@dataclass(frozen=True)
class _Network:
    """The layers that matter, and the settings that they add up to."""

    embedding: Layer
    recurrent: Sequence[Layer]
    dense: Layer
    settings: ModelSettings
    words: int

    @classmethod
    def of(cls, keras: KerasModel, name: str, window: int | None) -> "_Network":
        layers = _chain(keras, name)
        kinds = [layer.kind for layer in layers]
        if len(layers) < 3 or kinds[0] != "Embedding" or kinds[-1] != "Dense":
            raise _refused(name, f"its layers are {', '.join(kinds)}")
        embedding, recurrent, dense = layers[0], layers[1:-1], layers[-1]
        for layer in recurrent:
            _check_recurrent(layer, name, last=layer is recurrent[-1])
        if len({CELLS[layer.kind] for layer in recurrent}) > 1:
            raise _refused(name, "its recurrent layers are of different kinds")
        words, rows = _whole(dense, "units", name), _whole(embedding, "input_dim", name)
        if rows != words:
            raise _refused(name, f"it reads {rows:,} different words and writes {words:,}")
        if words > MOST_WORDS:
            raise _refused(name, f"it has {words:,} words, more than {MOST_WORDS:,}")
        settings = ModelSettings().change(
            cell=CELLS[recurrent[0].kind],
            layers=len(recurrent),
            embedding_size=_whole(embedding, "output_dim", name),
            hidden_size=max(_whole(layer, "units", name) for layer in recurrent),
            tied=False,
            dropout=0.0,
            input_dropout=0.0,
            word_dropout=0.0,
            context="window",
            window=window or _window(keras, name),
            masked=bool(embedding.config.get("mask_zero")),
            gate=_gate(recurrent, keras, name),
            reset_after=_reset_after(recurrent, name),
        )
        return cls(embedding, recurrent, dense, settings, words)

    def weights(self, budget: Budget) -> Weights:
        """Read every array, each checked against the sizes that its layer declares.

        Layers smaller than the largest are padded to its size, which `budget` has to allow.
        """
        shape = self.settings
        table: dict[str, NDArray[np.float32]] = {}
        (table["embedding"],) = self.embedding.read([(self.words, shape.embedding_size)])
        inputs = shape.embedding_size
        for number, layer in enumerate(self.recurrent):
            arrays = _recurrent_arrays(layer, inputs, shape.reset_after, budget)
            rows = shape.hidden_size if number else inputs
            padded = _padded(arrays, shape, rows, layer.name, budget)
            names = (f"{shape.cell}_{number}.{part}" for part in PARTS)
            table |= dict(zip(names, padded, strict=True))
            inputs = layer.config["units"]
        kernel, bias = _read(self.dense, [(inputs, self.words), (self.words,)])
        if inputs < shape.hidden_size:
            budget.take(4 * self.words * shape.hidden_size, f"padding {self.dense.name}")
        return table | {"output.kernel": with_rows(kernel, shape.hidden_size), "output.bias": bias}


def _recurrent_arrays(
    layer: Layer, inputs: int, reset_after: bool, budget: Budget
) -> list[NDArray[np.float32]]:
    """Read a recurrent layer's kernel, recurrent kernel and bias, in the order of plain layers."""
    cell, units = CELLS[layer.kind], layer.config["units"]
    columns = GATES[cell] * units
    if layer.kind in CUDNN:
        shapes = [(inputs, columns), (units, columns), (2 * columns,)]
        size = 4 * columns * (inputs + units)
        budget.take(size, f"converting {layer.name}")
        converted = from_cudnn(cell, *layer.read(shapes))
        budget.give_back(size)
        return list(converted)
    two_biases = cell == "gru" and reset_after
    bias = (2, columns) if two_biases else (columns,)
    return _read(layer, [(inputs, columns), (units, columns), bias])


def _padded(
    arrays: Sequence[NDArray[np.float32]], shape: ModelSettings, rows: int, name: str, budget: Budget
) -> Sequence[NDArray[np.float32]]:
    """Pad a layer's arrays to the size of the largest layer, and its inputs to `rows`."""
    gates, units = GATES[shape.cell], shape.hidden_size
    kernel, recurrent, bias = arrays
    size, needed = kernel.nbytes + recurrent.nbytes, 4 * gates * units * (rows + units)
    if size == needed:
        return arrays
    budget.take(needed, f"padding {name}")
    kernel, recurrent, bias = (with_units(array, gates, units) for array in arrays)
    budget.give_back(size)
    return [with_rows(kernel, rows), with_rows(recurrent, units), bias]


def _read(layer: Layer, shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.float32]]:
    """Read a layer's arrays; one that was made without a bias gets a bias of zeros."""
    if layer.config.get("use_bias", True):
        return layer.read(shapes)
    return [*layer.read(shapes[:-1]), np.zeros(shapes[-1], np.float32)]


def _chain(keras: KerasModel, name: str) -> list[Layer]:
    """Return the layers that compute, and see to it that each one follows the one before."""
    passed: dict[str, str] = {}  # what a transparent layer hands on
    masks: set[str] = set()
    chain: list[Layer] = []
    for layer in keras.layers:
        if layer.kind in REASONS:
            raise _refused(name, f"{layer.kind}: {REASONS[layer.kind]}")
        if layer.kind == "NotEqual":  # how a functional model notes that the padding is masked
            masks.add(layer.name)
            continue
        before = {passed.get(source, source) for source in layer.inputs if source not in masks}
        if layer.kind in TRANSPARENT:
            passed[layer.name] = next(iter(before), "")
            continue
        expected = chain[-1].name if chain else ""
        if not keras.sequential and before - {expected}:
            raise _refused(name, f"the layer {layer.name} does not just follow the one before")
        if layer.kind == "Activation" and chain and layer.config.get("activation") == "softmax":
            passed[layer.name] = expected
            chain[-1] = _with_softmax(chain[-1])
            continue
        if layer.kind not in {"Embedding", "Dense", *CELLS}:
            raise _refused(name, f"it has a layer {layer.kind}")
        chain.append(layer)
    if chain and chain[-1].config.get("activation") != "softmax":
        raise _refused(name, "its last layer is no softmax")
    return chain


def _with_softmax(layer: Layer) -> Layer:
    if layer.config.get("activation") != "linear":
        return layer
    config = {**layer.config, "activation": "softmax"}
    return Layer(layer.kind, layer.name, config, layer.inputs, layer.read)


def _check_recurrent(layer: Layer, name: str, last: bool) -> None:
    config = layer.config
    if layer.kind not in CELLS:
        raise _refused(name, f"{layer.kind} stands where a recurrent layer is expected")
    if bool(config.get("return_sequences")) is last:
        raise _refused(name, "only its last recurrent layer may answer once a text")
    for option, meaning in OPTIONS.items():
        if config.get(option):
            raise _refused(name, f"{layer.name} {meaning} ({option})")
    if config.get("activation", "tanh") != "tanh":
        raise _refused(name, f"its activation is {config['activation']!r:.60}, not tanh")


def _gate(recurrent: Sequence[Layer], keras: KerasModel, name: str) -> str:
    """Return the function of the gates; Keras 2's hard_sigmoid is 0.2 x + 0.5, Keras 3's x/6 + 0.5."""
    if recurrent[0].kind == "SimpleRNN":
        return "sigmoid"
    gates = {str(layer.config.get("recurrent_activation", "sigmoid")) for layer in recurrent}
    if gates == {"sigmoid"}:
        return "sigmoid"
    if gates == {"hard_sigmoid"}:
        return "hard_sigmoid" if keras.major < 3 else "hard_sigmoid_6"
    told = ", ".join(f"{gate!r:.60}" for gate in sorted(gates))
    raise _refused(name, f"its gates are {told}, not sigmoid or hard_sigmoid alone")


def _reset_after(recurrent: Sequence[Layer], name: str) -> bool:
    """Say whether GRUs reset after their product; before Keras 2.1.3 there was no such choice."""
    if CELLS[recurrent[0].kind] != "gru":
        return True
    answers = {layer.kind in CUDNN or bool(layer.config.get("reset_after")) for layer in recurrent}
    if len(answers) > 1:
        raise _refused(name, "one of its GRUs resets before the product and another after it")
    return answers.pop()


def _window(keras: KerasModel, name: str) -> int:
    """Return the length that the network was built for, wherever its version wrote it down."""
    for layer in keras.layers:
        config = layer.config
        build = config.get("build_config") or {}
        shapes = (
            config.get("batch_shape"),
            config.get("batch_input_shape"),
            build.get("input_shape") if layer.kind == "Embedding" else None,
            (None, config.get("input_length")),
        )
        for shape in shapes:
            if isinstance(shape, list | tuple) and len(shape) == 2 and type(shape[1]) is int:
                return shape[1]
    raise _refused(name, "it does not say how many words it reads; name them with --window")


def _whole(layer: Layer, key: str, name: str) -> int:
    value = layer.config.get(key)
    if type(value) is not int or value < 1:
        raise _refused(name, f"{key} of {layer.name} is {value!r:.60}")
    return value


def _refused(name: str, why: str) -> ModelError:
    return ModelError(
        f"{name} cannot be imported: {why}; Headlong imports "
        "Embedding - LSTM, GRU or SimpleRNN - Dropout - Dense(softmax)"
    )
