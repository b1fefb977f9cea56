"""A model that Keras saved, with its tokenizer, as a model of ours: read as data, never executed."""

from datetime import UTC, datetime
from pathlib import Path

from core.library.foreign.keras_files import opened
from core.library.foreign.keras_network import Network
from core.library.foreign.keras_weights import read_weights
from core.library.foreign.tokenizers import read_tokenizer
from core.library.model import Manifest, Model


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
        network = Network.of(keras, path.name, window)
        weights = read_weights(network, keras.budget)
    vocabulary = words.vocabulary(network.words)
    manifest = Manifest(
        name=name,
        cleaning=words.cleaning,
        architecture=network.settings,
        vocabulary=len(vocabulary),
        created=datetime.now(UTC).date().isoformat(),
        training={"imported_from": path.name, "keras": keras.version} | _sizes(network),
    )
    return Model(manifest, vocabulary, weights)


def _sizes(network: Network) -> dict[str, str]:
    """Say how large the layers were, where they were padded to one size."""
    units = [layer.config["units"] for layer in network.recurrent]
    if len(set(units)) < 2:
        return {}
    return {"layers": f"{', '.join(map(str, units))} units; the smaller are padded with zeros"}
