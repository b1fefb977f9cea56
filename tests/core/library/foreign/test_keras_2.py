"""Models of Keras 2, made and saved by its own code (the package tf_keras), word for word."""

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core.decoding.generator import Generator
from core.errors import ModelError
from core.library.foreign.keras_import import import_keras
from core.library.model import Model
from core.settings import SamplingSettings

WINDOW, WORDS = 6, 30
TEXTS = [f"w{n} " * (WORDS - n) for n in range(1, WORDS)]
SEEDS = ("w3 unknown W5!", "w1 w2 w3 w4 w5 w6 w7 w8 w9", "zzz")

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own, and "considered legacy"


@pytest.fixture(scope="module")
def keras() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("tf_keras")


@pytest.fixture(scope="module")
def tokenizer(keras: Any) -> Any:
    made = keras.preprocessing.text.Tokenizer()
    made.fit_on_texts(TEXTS)
    return made


@pytest.fixture
def words(tokenizer: Any, tmp_path: Path) -> Path:
    path = tmp_path / "tokenizer.json"
    path.write_text(tokenizer.to_json())
    return path


def build(
    keras: Any,
    cells: tuple[tuple[str, int], ...] = (("LSTM", 7),),
    functional: bool = False,
    length: bool = True,
    mask: bool = False,
    name: str = "cell",
    **options: Any,
) -> Any:
    """Return a network of the tutorial's kind, with weights that tell words apart."""
    keras.backend.clear_session()
    layers = keras.layers
    said = {"input_length": WINDOW} if length else {}
    stack = [layers.Embedding(WORDS, 5, mask_zero=mask, **said)]
    for number, (kind, units) in enumerate(cells, start=1):
        sequences = number < len(cells)
        options_ = {"return_sequences": sequences, "name": f"{name}_{number}", **options}
        stack.append(getattr(layers, kind)(units, **options_))
    stack += [layers.Dropout(0.1), layers.Dense(WORDS, activation="softmax")]
    if functional:
        value = entry = keras.Input((WINDOW,))
        for layer in stack:
            value = layer(value)
        network = keras.Model(entry, value)
    else:
        network = keras.Sequential(stack)
        network.build((None, WINDOW))
    random = np.random.default_rng(5)
    network.set_weights([random.normal(size=array.shape) for array in network.get_weights()])
    return network


def continue_greedily(network: Any, tokenizer: Any, seed: str, count: int, keras: Any) -> list[str]:
    """The tutorial's loop."""
    words = []
    for _ in range(count):
        ids = tokenizer.texts_to_sequences([seed])[0]
        padded = keras.preprocessing.sequence.pad_sequences([ids], maxlen=WINDOW, padding="pre")
        probabilities = np.array(network(padded))[0]
        probabilities[0] = 0  # padding is no word
        words.append(tokenizer.index_word[int(probabilities.argmax())])
        seed += " " + words[-1]
    return words


def assert_same_words(model: Model, network: Any, tokenizer: Any, keras: Any) -> None:
    generator = Generator(model, SamplingSettings(temperature=0, length=8))
    for seed in SEEDS:
        generated = generator.generate(generator.read_seed(seed))[0]
        expected = continue_greedily(network, tokenizer, seed, 8, keras)
        assert [word.text for word in generated.words] == expected


SHAPES: list[dict[str, Any]] = [
    {},
    {"length": False, "mask": True},
    {"functional": True},
    {"functional": True, "length": False, "mask": True, "cells": (("LSTM", 9), ("LSTM", 7))},
    {"cells": (("LSTM", 5), ("LSTM", 9), ("LSTM", 7))},
    {"cells": (("GRU", 7), ("GRU", 9)), "mask": True},
    {"cells": (("GRU", 9), ("GRU", 7)), "reset_after": False},
    {"cells": (("GRU", 7),), "recurrent_activation": "hard_sigmoid", "functional": True},
    {"cells": (("GRU", 7),), "recurrent_activation": "hard_sigmoid", "reset_after": False},
    {"cells": (("LSTM", 7), ("LSTM", 6)), "recurrent_activation": "hard_sigmoid"},
    {"cells": (("SimpleRNN", 7), ("SimpleRNN", 4)), "use_bias": False},
    {"name": "my>cell.one"},
    {"name": "news/cell", "functional": True},
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_the_words_are_those_that_keras_2_gives(
    keras: Any, tokenizer: Any, words: Path, tmp_path: Path, shape: dict[str, Any], suffix: str
) -> None:
    network = build(keras, **shape)
    path = tmp_path / f"model{suffix}"
    network.save(path)
    # A Sequential without an input_length does not say in its file how many words it reads.
    open_ended = not shape.get("length", True) and not shape.get("functional")
    model = import_keras(path, words, "m", window=WINDOW if open_ended else None)
    assert model.manifest.architecture.window == WINDOW
    assert_same_words(model, network, tokenizer, keras)


def test_without_a_length_the_file_is_refused_until_it_is_named(
    keras: Any, words: Path, tmp_path: Path
) -> None:
    network = build(keras, length=False)
    network.save(tmp_path / "m.h5")
    with pytest.raises(ModelError, match="name them with --window"):
        import_keras(tmp_path / "m.h5", words, "m")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_an_optimizers_state_in_the_file_does_not_matter(
    keras: Any, tokenizer: Any, words: Path, tmp_path: Path, suffix: str
) -> None:
    network = build(keras, cells=(("LSTM", 9), ("LSTM", 7)))
    network.compile("adam", "sparse_categorical_crossentropy")
    network.fit(np.ones((8, WINDOW)), np.ones(8), verbose=0)
    network.save(tmp_path / f"m{suffix}")
    model = import_keras(tmp_path / f"m{suffix}", words, "m")
    assert_same_words(model, network, tokenizer, keras)


@pytest.mark.parametrize("floats", ["float16", "float64", ">f4"])
def test_other_floats_are_read_as_float32(
    keras: Any, tokenizer: Any, words: Path, tmp_path: Path, floats: str
) -> None:
    network = build(keras)
    network.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        datasets: list[str] = []
        file["model_weights"].visititems(
            lambda name, node: datasets.append(name) if isinstance(node, h5py.Dataset) else None
        )
        for name in datasets:
            values = file["model_weights"][name][...].astype(floats)
            del file["model_weights"][name]
            file["model_weights"][name] = values
    network.set_weights([array.astype(floats) for array in network.get_weights()])
    assert_same_words(import_keras(tmp_path / "m.h5", words, "m"), network, tokenizer, keras)


def rename_groups(path: Path, rename: Callable[[str], str]) -> None:
    """Write a `.keras` file's weights anew, every layer's group under another name."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    old, new = path.with_suffix(".old.h5"), path.with_suffix(".new.h5")
    old.write_bytes(members["model.weights.h5"])
    with h5py.File(old) as source, h5py.File(new, "w") as target:

        def copy(name: str, node: Any) -> None:
            if isinstance(node, h5py.Dataset) and name.startswith("layers/"):
                group, _, number = name.rpartition("/vars/")
                target[f"{rename(group)}/vars/{number}"] = node[...]

        source.visititems(copy)
    members["model.weights.h5"] = new.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    "rename",
    [
        lambda group: group.replace("/", "\\"),  # saved on Windows
        lambda group: group.replace("layers/", "_layer_checkpoint_dependencies/"),  # by Keras 2.12
    ],
)
def test_other_ways_to_file_a_layer_are_known(
    keras: Any, tokenizer: Any, words: Path, tmp_path: Path, rename: Callable[[str], str]
) -> None:
    network = build(keras, cells=(("LSTM", 7), ("LSTM", 6)))
    network.save(tmp_path / "m.keras")
    rename_groups(tmp_path / "m.keras", rename)
    assert_same_words(import_keras(tmp_path / "m.keras", words, "m"), network, tokenizer, keras)


class CuDNNLSTM:
    """What Keras 2's converter takes for the layer to convert to: it looks at the name alone."""


class CuDNNGRU:
    """As above."""


@pytest.mark.parametrize(
    ("cell", "target"), [("LSTM", CuDNNLSTM()), ("GRU", CuDNNGRU())], ids=["lstm", "gru"]
)
def test_layers_for_graphics_cards_are_converted_as_keras_2_converts_them(
    keras: Any, tokenizer: Any, words: Path, tmp_path: Path, cell: str, target: object
) -> None:
    """The layers run on such cards only, so a plain model's file is turned into theirs."""
    from tf_keras.src.saving.legacy.hdf5_format import _convert_rnn_weights

    network = build(keras, cells=((cell, 7), (cell, 5)))
    network.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        record = json.loads(file.attrs["model_config"])
        for layer in record["config"]["layers"]:
            if layer["class_name"] != cell:
                continue
            layer["class_name"] = f"CuDNN{cell}"
            for option in ("activation", "recurrent_activation", "use_bias", "reset_after"):
                layer["config"].pop(option, None)
            group = file["model_weights"][layer["config"]["name"]]
            names = [str(name) for name in group.attrs["weight_names"]]
            packed = _convert_rnn_weights(target, [group[name][...] for name in names])
            for name, array in zip(names, packed, strict=True):
                del group[name]
                group[name] = array
        file.attrs["model_config"] = json.dumps(record)
    assert_same_words(import_keras(tmp_path / "m.h5", words, "m"), network, tokenizer, keras)


@pytest.mark.parametrize("name", ["only.weights.h5", "only.h5"])
def test_weights_alone_are_refused(keras: Any, words: Path, tmp_path: Path, name: str) -> None:
    build(keras).save_weights(tmp_path / name)
    with pytest.raises(ModelError, match=r"weights without a model; save the whole model with"):
        import_keras(tmp_path / name, words, "m")


def test_saved_models_and_checkpoints_are_refused_with_what_to_do(
    keras: Any, words: Path, tmp_path: Path
) -> None:
    network = build(keras)
    network.save(tmp_path / "folder", save_format="tf")
    network.save_weights(tmp_path / "checkpoints" / "mine")
    with pytest.raises(ModelError, match=r"SavedModel, which holds a program; .*model\.keras"):
        import_keras(tmp_path / "folder", words, "m")
    for name in ("mine.index", "mine.data-00000-of-00001", "checkpoint"):
        with pytest.raises(ModelError, match=r"a TensorFlow checkpoint: .*load_weights"):
            import_keras(tmp_path / "checkpoints" / name, words, "m")
    with pytest.raises(ModelError, match="a directory and no model file"):
        import_keras(tmp_path / "checkpoints", words, "m")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"stateful": True, "batch_input_shape": (1, WINDOW, 5)}, r"keeps its state .*\(stateful\)"),
        ({"time_major": True}, r"reads texts across \(time_major\)"),
    ],
)
def test_what_a_window_alone_does_not_decide_is_refused(
    keras: Any, words: Path, tmp_path: Path, options: dict[str, Any], reason: str
) -> None:
    layers = keras.layers
    entry = {"batch_input_shape": (1, WINDOW)}
    stack = [layers.Embedding(WORDS, 5, **entry), layers.LSTM(7, **options)]
    keras.Sequential([*stack, layers.Dense(WORDS, "softmax")]).save(tmp_path / "m.h5")
    with pytest.raises(ModelError, match=reason):
        import_keras(tmp_path / "m.h5", words, "m")


@pytest.mark.parametrize("rows", [WORDS - 1, WORDS + 1])
def test_what_reads_other_words_than_it_writes_is_refused(
    keras: Any, words: Path, tmp_path: Path, rows: int
) -> None:
    layers = keras.layers
    stack = [layers.Embedding(rows, 5, input_length=WINDOW), layers.LSTM(7)]
    keras.Sequential([*stack, layers.Dense(WORDS, "softmax")]).save(tmp_path / "m.keras")
    with pytest.raises(ModelError, match=f"it reads {rows} different words and writes 30"):
        import_keras(tmp_path / "m.keras", words, "m")


@pytest.mark.parametrize(
    "options",
    [
        {"lower": False},
        {"filters": ""},
        {"filters": "", "lower": False},
        {"num_words": 12},
        {"oov_token": "<OOV>"},
        {"oov_token": "<unk>", "num_words": 12, "filters": ""},
    ],
)
def test_tokenizers_with_options_read_texts_as_keras_2_does(
    keras: Any, tmp_path: Path, options: dict[str, Any]
) -> None:
    tokenizer = keras.preprocessing.text.Tokenizer(**options)
    tokenizer.fit_on_texts([*TEXTS, "Don't w3, stop! W3 stop.\tnow"] * 9)
    (tmp_path / "t.json").write_text(tokenizer.to_json())
    network = build(keras)
    network.save(tmp_path / "m.keras")
    model = import_keras(tmp_path / "m.keras", tmp_path / "t.json", "m")
    # A word beyond the network's rows makes Keras fail; it is read as num_words would have it.
    tokenizer.num_words = tokenizer.num_words or WORDS
    for text in ("W3 w3, w4! stop. Don't\tnow", "w29 <OOV> zzz w12 w11 w10", "  w1\n\nw2 "):
        expected = tokenizer.texts_to_sequences([text])[0]
        assert model.vocabulary.encode(model.cleaning.split(text)) == expected
