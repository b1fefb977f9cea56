"""Good files of other programs, for fuzzers to spoil: small models of ours as those wrote them."""

import io
import json
import zipfile
from collections.abc import Mapping

import h5py

from core.library.foreign import keras_export
from tests.conftest import random_model

WORDS = json.dumps({f"w{number}": number for number in range(1, 11)}).encode()
LETTERS = json.dumps({"<s>": 1, **{letter: id_ for id_, letter in enumerate("abcdefghi", 2)}}).encode()
SIZES = json.dumps({"rnn_layers": 1, "rnn_size": 8, "dim_embeddings": 6, "max_length": 5}).encode()


def keras_file() -> bytes:
    """Return a .keras file, as Keras 3 writes them."""
    return keras_export.keras_file(random_model("window"))


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


LAYERS = {
    "embedding": ("Embedding", {"input_dim": 11, "output_dim": 6, "input_length": 5}, ["embedding"]),
    "lstm": ("LSTM", {"units": 8}, ["kernel", "recurrent_kernel", "bias"]),
    "dense": ("Dense", {"units": 11, "activation": "softmax"}, ["kernel", "bias"]),
}
"""Name, class, configuration and arrays of each layer."""

DESCRIPTION = {
    "class_name": "Sequential",
    "config": {
        "layers": [
            {"class_name": kind, "config": {"name": name, **config}}
            for name, (kind, config, _) in LAYERS.items()
        ]
    },
}


def hdf5_file(description: object = DESCRIPTION) -> bytes:
    """Return an .h5 file, as Keras 2 wrote them."""
    weights, prefixes = random_model("window").weights, {"lstm": "lstm_0.", "dense": "output."}
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, (_, _, arrays) in LAYERS.items():
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [array.encode() for array in arrays]
            for array in arrays:
                group[array] = weights[prefixes.get(name, "") + array]
        file.attrs["model_config"] = json.dumps(description).encode()
    return buffer.getvalue()


def textgenrnn_file() -> bytes:
    """Return textgenrnn's weights."""
    weights = random_model("window", attention=True).weights
    places = {
        "embedding/embedding/embeddings:0": "embedding",
        **{f"rnn_1/rnn_1/{n}:0": f"lstm_0.{n}" for n in ("kernel", "recurrent_kernel", "bias")},
        "attention/attention/attention_W:0": "attention.kernel",
        **{f"output/output/{n}:0": f"output.{n}" for n in ("kernel", "bias")},
    }
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for place, name in places.items():
            file[place] = weights[name]
    return buffer.getvalue()
