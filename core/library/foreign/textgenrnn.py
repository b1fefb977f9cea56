"""textgenrnn's models: its weights, vocabulary and configuration as a model of ours.

textgenrnn 2.0.0 (2020) was the tool for such models; its weights no longer load in the Keras of today.
A model is LSTM layers whose outputs, beside the embedding, are averaged over a window by an attention.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.library import layout
from core.library.foreign.cudnn import from_cudnn
from core.library.foreign.hdf5 import Arrays, opened_arrays
from core.library.foreign.json_files import MOST_WORDS, read_json
from core.library.model import Manifest, Model, Weights
from core.settings import ModelSettings
from core.text.vocabulary import PADDING, SPECIALS, START, Vocabulary, unused

DEFAULTS = {
    "rnn_layers": 2,
    "rnn_size": 128,
    "dim_embeddings": 100,
    "max_length": 40,
    "word_level": False,
    "rnn_bidirectional": False,
    "single_text": False,
}
"""The pretrained model's configuration, which comes without a file."""


def is_textgenrnn(path: Path) -> bool:
    """Say whether a file holds weights with the names that textgenrnn gives its layers."""
    try:
        with opened_arrays(path) as arrays:
            return arrays.has("attention") and arrays.has("rnn_1") and arrays.has("output")
    except ModelError:
        return False


def import_textgenrnn(path: Path, vocabulary: Path, config: Path | None, name: str) -> Model:
    """Return a textgenrnn model, called `name`.

    Args:
        path: the weights, `..._weights.hdf5`.
        vocabulary: `..._vocab.json`.
        config: `..._config.json`; None means the pretrained model's.
        name: what the model is to be called.

    Raises:
        ModelNotFound: a file is not there.
        ModelError: a file is damaged, or the model reads texts from both ends.
    """
    told = {**DEFAULTS, **(read_json(config) if config else {})}
    if told["rnn_bidirectional"]:
        raise ModelError(f"{path.name} reads a text from both ends, so it cannot continue one")
    level = "word" if told["word_level"] else "character"
    index = read_json(vocabulary)
    with opened_arrays(path) as arrays:
        words = _rows(arrays, "embedding/embedding/embeddings:0")
        shape = ModelSettings().change(
            layers=told["rnn_layers"],
            embedding_size=told["dim_embeddings"],
            hidden_size=told["rnn_size"],
            tied=False,
            dropout=0.0,
            input_dropout=0.0,
            word_dropout=0.0,
            context="window",
            window=told["max_length"],
            attention=True,
        )
        weights = _weights(arrays, shape, words)
    manifest = Manifest(
        name=name,
        cleaning="textgenrnn" if level == "word" else "characters",
        architecture=shape,
        vocabulary=words,
        level=level,
        created=datetime.now(UTC).date().isoformat(),
        training={"imported_from": path.name, "program": "textgenrnn"},
    )
    words_by_id = _vocabulary(vocabulary.name, index, words, bool(told["single_text"]))
    return Model(manifest, words_by_id, weights)


def _rows(arrays: Arrays, place: str) -> int:
    shape = arrays.shape(place)
    if len(shape) != 2 or not 0 < shape[0] <= MOST_WORDS:
        raise ModelError(f"{arrays.name}: {place} has the shape {shape}, which is no embedding's")
    return shape[0]


def _vocabulary(name: str, index: Mapping[str, Any], size: int, single_text: bool) -> Vocabulary:
    """Its <s> begins a text and ends it; what it does not know it reads as padding, id 0.

    A model of one long text has no beginning and no end.
    """
    by_id = {id_: word for word, id_ in index.items() if type(id_) is int and 0 < id_ < size}
    if len(by_id) != len(index) or not (single_text or START in index):
        raise ModelError(f"{name} is no vocabulary of {size} characters or words with a {START}")
    if single_text:
        by_id = {id_: word for id_, word in by_id.items() if word != START}
    reserved = [word for word in by_id.values() if word in SPECIALS and word != START]
    if reserved:
        raise ModelError(f"{name} has a word {reserved[0]!r}, a name that Headlong needs")
    tokens = (PADDING, *(by_id.get(id_, unused(id_)) for id_ in range(1, size)))
    # Without <s> among the tokens there is no start and no end.
    return Vocabulary(tokens, end_token=START, unknown_token=PADDING)


def _weights(arrays: Arrays, shape: ModelSettings, words: int) -> Weights:
    expected = layout.shapes(shape, words)
    table: dict[str, NDArray[np.float32]] = {}
    table["embedding"] = arrays.read("embedding/embedding/embeddings:0", expected["embedding"])
    for layer in range(shape.layers):
        ours, theirs = f"lstm_{layer}", f"rnn_{layer + 1}"
        place = f"{theirs}/{theirs}"
        kernel = arrays.read(f"{place}/kernel:0", expected[f"{ours}.kernel"])
        recurrent = arrays.read(f"{place}/recurrent_kernel:0", expected[f"{ours}.recurrent_kernel"])
        (columns,) = expected[f"{ours}.bias"]
        packed = arrays.shape(f"{place}/bias:0") == (2 * columns,)
        bias = arrays.read(f"{place}/bias:0", (2 * columns,) if packed else (columns,))
        if packed:
            kernel, recurrent, bias = from_cudnn("lstm", kernel, recurrent, bias)
        table |= {f"{ours}.kernel": kernel, f"{ours}.recurrent_kernel": recurrent}
        table[f"{ours}.bias"] = bias
    for ours, theirs in (
        ("attention.kernel", "attention/attention/attention_W:0"),
        ("output.kernel", "output/output/kernel:0"),
        ("output.bias", "output/output/bias:0"),
    ):
        table[ours] = arrays.read(theirs, expected[ours])
    return table
