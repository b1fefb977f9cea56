"""A model of ours as a `.keras` file that plain Keras 3 loads.

Written as data: no Keras is needed. What comes out is Sequential: Embedding, recurrent layers, Dense.
"""

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.library.model import Model

if TYPE_CHECKING:
    import h5py

CLASSES = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}
FILED_AS = {"lstm": "lstm", "gru": "gru", "rnn": "simple_rnn"}
GATES = {"sigmoid": "sigmoid", "hard_sigmoid_6": "hard_sigmoid"}


def keras_file(model: Model) -> bytes:
    """Return `model` as the content of a `.keras` file.

    A window model takes (rows, window) ids, left-padded with 0; a stream model (rows, any) ids that
    begin with `<s>`. Both answer with the probabilities of the next id.

    Raises:
        ModelError: Keras has no layers for it.
    """
    shape = model.manifest.architecture
    if shape.attention:
        raise ModelError(f"{model.name} averages over a window; Keras has no layer for that")
    if shape.gate not in GATES:
        raise ModelError(f"{model.name} has the gates of Keras 2, which Keras 3 cannot compute")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.0.0"}))
        archive.writestr("config.json", json.dumps(_config(model)))
        archive.writestr("model.weights.h5", _weights(model))
    return buffer.getvalue()


def _layer(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}


def _config(model: Model) -> dict[str, Any]:
    shape, words = model.manifest.architecture, len(model.vocabulary)
    embedding = {"input_dim": words, "output_dim": shape.embedding_size, "mask_zero": shape.masked}
    layers = [
        _layer("InputLayer", {"batch_shape": [None, shape.window], "dtype": "int32", "name": "ids"}),
        _layer("Embedding", {"name": "embedding", **embedding}),
    ]
    for number in range(shape.layers):
        config: dict[str, Any] = {
            "name": f"{shape.cell}_{number}",
            "units": shape.hidden_size,
            "return_sequences": number < shape.layers - 1,
        }
        if shape.cell != "rnn":
            config["recurrent_activation"] = GATES[shape.gate]
        if shape.cell == "gru":
            config["reset_after"] = shape.reset_after
        layers.append(_layer(CLASSES[shape.cell], config))
    layers.append(_layer("Dense", {"name": "output", "units": words, "activation": "softmax"}))
    inner = {"name": "headlong", "layers": layers}
    return {"module": "keras", "class_name": "Sequential", "config": inner, "registered_name": None}


def _weights(model: Model) -> bytes:
    import h5py

    shape, weights = model.manifest.architecture, model.weights
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        _write(file, "layers/embedding/vars", [weights["embedding"]])
        for number in range(shape.layers):
            filed = FILED_AS[shape.cell] + (f"_{number}" if number else "")
            names = ("kernel", "recurrent_kernel", "bias")
            arrays = [weights[f"{shape.cell}_{number}.{name}"] for name in names]
            _write(file, f"layers/{filed}/cell/vars", arrays)
        _write(file, "layers/dense/vars", [_output_kernel(model), weights["output.bias"]])
    return buffer.getvalue()


def _write(file: "h5py.File", place: str, arrays: list[NDArray[np.float32]]) -> None:
    for number, array in enumerate(arrays):
        file[f"{place}/{number}"] = array


def _output_kernel(model: Model) -> NDArray[np.float32]:
    """Return the output matrix; a tied network's is its embedding's, behind the projection."""
    weights = model.weights
    if "output.kernel" in weights:
        return weights["output.kernel"]
    kernel: NDArray[np.float32] = weights["embedding"].T
    projection = weights.get("projection.kernel")
    return kernel if projection is None else projection @ kernel
