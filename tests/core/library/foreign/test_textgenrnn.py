"""textgenrnn's models, against Keras layers put together as textgenrnn puts them together."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core.decoding.generator import Generator
from core.decoding.stepper import stepper
from core.errors import ModelError, SettingError
from core.library import bundle
from core.library.foreign.cudnn import from_cudnn
from core.library.foreign.importing import import_model
from core.library.foreign.textgenrnn import import_textgenrnn, is_textgenrnn
from core.settings import SamplingSettings
from core.text.cleaning import cleaning

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SIZE, EMBEDDING, HIDDEN, WINDOW = 9, 4, 5, 6
CONFIG = {"rnn_layers": 2, "rnn_size": HIDDEN, "dim_embeddings": EMBEDDING, "max_length": WINDOW}
VOCABULARY = {"<s>": 1, "a": 2, "b": 3, "c": 4, " ": 5, "d": 6, "e": 7}


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    width = EMBEDDING + 2 * HIDDEN
    shapes = {
        "embedding/embedding/embeddings:0": (SIZE, EMBEDDING),
        "rnn_1/rnn_1/kernel:0": (EMBEDDING, 4 * HIDDEN),
        "rnn_1/rnn_1/recurrent_kernel:0": (HIDDEN, 4 * HIDDEN),
        "rnn_1/rnn_1/bias:0": (4 * HIDDEN,),
        "rnn_2/rnn_2/kernel:0": (HIDDEN, 4 * HIDDEN),
        "rnn_2/rnn_2/recurrent_kernel:0": (HIDDEN, 4 * HIDDEN),
        "rnn_2/rnn_2/bias:0": (4 * HIDDEN,),
        "attention/attention/attention_W:0": (width, 1),
        "output/output/kernel:0": (width, SIZE),
        "output/output/bias:0": (SIZE,),
    }
    return {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def save(directory: Path, arrays: dict[str, np.ndarray], **config: Any) -> tuple[Path, Path, Path]:
    paths = directory / "w.hdf5", directory / "vocab.json", directory / "config.json"
    with h5py.File(paths[0], "w") as file:
        for name, array in arrays.items():
            file[name] = array
    paths[1].write_text(json.dumps(config.pop("vocabulary", VOCABULARY)))
    paths[2].write_text(json.dumps(CONFIG | config))
    return paths


def keras_answer(arrays: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """Run Keras's own layers on a window of ids and return the logits."""
    keras = pytest.importorskip("keras")
    entry = keras.Input((WINDOW,))
    embedded = keras.layers.Embedding(SIZE, EMBEDDING)(entry)
    first = keras.layers.LSTM(HIDDEN, return_sequences=True)(embedded)
    second = keras.layers.LSTM(HIDDEN, return_sequences=True)(first)
    joined = keras.layers.Concatenate()([embedded, first, second])
    scores = keras.layers.Dense(1, use_bias=False)(joined)
    mixed = keras.layers.Dot(axes=1)([keras.layers.Softmax(axis=1)(scores), joined])
    network = keras.Model(entry, keras.layers.Dense(SIZE)(keras.layers.Flatten()(mixed)))
    network.set_weights(list(arrays.values()))
    return np.array(network(np.array([ids])))[0]


@pytest.mark.parametrize("text", ["", "ab", "abcabc deabb", "a?b"])
def test_the_answers_are_those_of_keras(
    tmp_path: Path, arrays: dict[str, np.ndarray], text: str
) -> None:
    """With the padding, <s> first, unknown characters as 0, and texts longer than the window."""
    model = import_textgenrnn(*save(tmp_path, arrays), "t")
    ids = [1, *(VOCABULARY.get(character, 0) for character in text)]
    window = ([0] * WINDOW + ids)[-WINDOW:]
    generator = Generator(model)
    seed = generator.read_seed(text)
    assert [1, *seed.ids] == ids
    network = stepper(model)
    state = network.start(2)
    for id_ in ids:
        state = network.advance(state, np.array([id_, id_]))
    assert np.allclose(network.logits(state), keras_answer(arrays, window), atol=1e-5)


def test_cudnn_weights_are_turned_gate_by_gate(arrays: dict[str, np.ndarray]) -> None:
    kernel, recurrent = arrays["rnn_1/rnn_1/kernel:0"], arrays["rnn_1/rnn_1/recurrent_kernel:0"]
    bias = arrays["rnn_1/rnn_1/bias:0"]
    packed = (
        # What Keras does on the way to cuDNN: transpose, and read back in C order.
        np.hstack([gate.T.reshape(gate.shape) for gate in np.split(kernel, 4, axis=1)]),
        np.hstack([gate.T for gate in np.split(recurrent, 4, axis=1)]),
        np.concatenate([0.25 * bias, 0.75 * bias]),
    )
    unpacked = from_cudnn("lstm", *packed)
    assert np.array_equal(unpacked[0], kernel)
    assert np.array_equal(unpacked[1], recurrent)
    assert np.allclose(unpacked[2], bias)


def test_a_text_ends_at_the_token_it_began_with(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    arrays["output/output/bias:0"][1] = 50
    model = import_textgenrnn(*save(tmp_path, arrays), "t")
    generator = Generator(model, SamplingSettings(temperature=0))
    assert len(generator.generate(generator.read_seed("ab"))[0].words) == 1
    bundle.save(model, tmp_path / "m", "")
    again = bundle.load(tmp_path / "m")
    assert again.vocabulary == model.vocabulary
    assert again.vocabulary.end == again.vocabulary.start == 1
    assert again.sha256 == model.sha256


def test_a_model_of_one_text_has_no_beginning_and_no_end(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    model = import_textgenrnn(*save(tmp_path, arrays, single_text=True), "t")
    assert (model.vocabulary.start, model.vocabulary.end) == (None, None)


def test_words_are_cut_and_joined_as_textgenrnn_does(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    vocabulary = {"<s>": 1, "don": 2, "'": 3, "t": 4, ",": 5, "stop": 6, '"': 7}
    model = import_textgenrnn(*save(tmp_path, arrays, word_level=True, vocabulary=vocabulary), "t")
    assert model.manifest.level == "word"
    seed = Generator(model).read_seed('Don\'t, "stop"')
    assert seed.ids == (2, 3, 4, 5, 7, 6, 7)
    joined = cleaning("textgenrnn").join("", ["don", "'", "t", ",", '"', "stop", '"', "(", "now", ")"])
    assert joined == 'don\'t, "stop" (now)'


@pytest.mark.parametrize("shape", [(0, EMBEDDING), (SIZE,), ()])
def test_an_embedding_that_is_none_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], shape: tuple[int, ...]
) -> None:
    arrays["embedding/embedding/embeddings:0"] = np.zeros(shape, np.float32)
    with pytest.raises(ModelError, match="which is no embedding's"):
        import_textgenrnn(*save(tmp_path, arrays), "t")


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"rnn_bidirectional": True}, "reads a text from both ends"),
        ({"rnn_size": 6}, "its layer needs"),
        ({"rnn_layers": 10**9}, "layers must be a whole number from 1 to 8"),
        ({"rnn_layers": "two"}, "not 'two'"),
        ({"max_length": None, "vocabulary": {"a": 1}}, "no vocabulary of 9"),
        ({"vocabulary": {"<s>": 1, "a": 99}}, "no vocabulary of 9"),
        ({"vocabulary": {"<s>": 1, "<unk>": 2}}, "a name that Headlong needs"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], config: dict[str, Any], reason: str
) -> None:
    with pytest.raises((ModelError, SettingError), match=reason):
        import_textgenrnn(*save(tmp_path, arrays, **config), "t")


def test_the_pretrained_model_says_what_it_always_said(shared: Path) -> None:
    folder = shared / "textgenrnn"
    assert is_textgenrnn(folder / "textgenrnn_weights.hdf5")
    model, saved = import_model(
        folder / "textgenrnn_weights.hdf5", folder / "textgenrnn_vocab.json", "textgenrnn"
    )
    generator = Generator(bundle.load(saved), SamplingSettings(temperature=0, length=40))
    text = generator.generate(generator.read_seed("The "))[0].text
    assert text.startswith("The state of the state of the state")
    assert model.manifest.level == "character"
