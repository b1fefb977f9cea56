"""Models that Keras made and saved: the words must be those that Keras gives, one by one."""

import contextlib
import copy
import json
import pickle
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.decoding.generator import Generator
from core.decoding.stepper import stepper
from core.errors import HeadlongError, ModelError, ModelNotFound, SettingError
from core.library.foreign.importing import import_model
from core.library.foreign.keras_import import import_keras
from core.library.foreign.tokenizers import read_tokenizer
from core.library.model import Model
from core.settings import SamplingSettings

WINDOW, WORDS = 6, 30
TEXTS = [f"w{n} " * (WORDS - n) for n in range(1, WORDS)]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """The tutorial's tokenizer, which Keras 3 keeps for old code."""
    from keras.src.legacy.preprocessing.text import Tokenizer

    made = Tokenizer()
    made.fit_on_texts(TEXTS)
    return made


@pytest.fixture
def words(tokenizer: Any, tmp_path: Path) -> Path:
    path = tmp_path / "tokenizer.json"
    path.write_text(tokenizer.to_json())
    return path


def build(
    keras: Any,
    cells: Sequence[str] = ("LSTM",),
    functional: bool = False,
    mask: bool = False,
    **options: Any,
) -> Any:
    """Return a network of the tutorial's kind with weights that tell words apart."""
    keras.utils.set_random_seed(len(cells) + functional)
    layers = [keras.layers.Embedding(WORDS, 5, mask_zero=mask)]
    for number, cell in enumerate(cells):
        last = number == len(cells) - 1
        layers.append(getattr(keras.layers, cell)(7, return_sequences=not last, **options))
    layers += [keras.layers.Dropout(0.1), keras.layers.Dense(WORDS, activation="softmax")]
    entry = keras.Input((WINDOW,))
    if functional:
        value = entry
        for layer in layers:
            value = layer(value)
        network = keras.Model(entry, value)
    else:
        network = keras.Sequential([entry, *layers])
    random = np.random.default_rng(5)
    network.set_weights([random.normal(size=array.shape) for array in network.get_weights()])
    return network


def generate_text(network: Any, tokenizer: Any, seed: str, count: int, keras: Any) -> str:
    """The tutorial's function, with what replaced `predict_classes`."""
    for _ in range(count):
        ids = tokenizer.texts_to_sequences([seed])[0]
        padded = keras.utils.pad_sequences([ids], maxlen=WINDOW, padding="pre")
        probabilities = np.array(network(padded))[0]
        probabilities[0] = 0  # padding is no word
        word = tokenizer.index_word[int(probabilities.argmax())]
        seed += " " + word
    return seed.title()


SHAPES: list[dict[str, Any]] = [
    {},
    {"cells": ("LSTM", "LSTM"), "functional": True},
    {"cells": ("GRU",)},
    {"cells": ("GRU", "GRU"), "mask": True},
    {"cells": ("GRU", "GRU"), "reset_after": False},
    {"cells": ("GRU",), "recurrent_activation": "hard_sigmoid", "mask": True},
    {"cells": ("SimpleRNN",), "functional": True, "mask": True},
    {"cells": ("LSTM",), "mask": True, "use_bias": False},
    {"cells": ("LSTM",), "recurrent_activation": "hard_sigmoid"},
    {"name": "my слой", "functional": True},
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_the_words_are_those_that_keras_gives(
    keras: Any, tokenizer: Any, words: Path, tmp_path: Path, shape: dict[str, Any], suffix: str
) -> None:
    network = build(keras, **shape)
    path = tmp_path / f"model{suffix}"
    network.save(path)
    model = import_keras(path, words, "imported")
    assert model.manifest.architecture.window == WINDOW
    generator = Generator(model, SamplingSettings(temperature=0, length=12))
    for seed in ("w3", "w3 unknown W5!", "w1 w2 w3 w4 w5 w6 w7 w8 w9", "don't w4", "zzz"):
        expected = generate_text(network, tokenizer, seed, 12, keras)
        assert generator.generate(generator.read_seed(seed))[0].text == expected
    expected = generate_text(network, tokenizer, "", 12, keras).strip()
    assert generator.generate(generator.read_seed(""))[0].text == expected


def old_file(path: Path, network: Any, edit: Callable[[dict[str, Any]], None], version: str) -> None:
    """Write weights the way Keras 2 did: a flat list of layers, names that end in :0."""
    layers = []
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = version.encode(), b"tensorflow"
        root = file.create_group("model_weights")
        kept = [layer for layer in network.layers if layer.weights or "dropout" in layer.name]
        for layer in kept:
            config = {"name": layer.name, "units": getattr(layer, "units", None), "activation": "tanh"}
            if layer.__class__.__name__ == "Embedding":
                config |= {"input_dim": WORDS, "output_dim": 5, "batch_input_shape": [None, WINDOW]}
            if layer.__class__.__name__ == "Dense":
                config["activation"] = "softmax"
            edit(config)
            layers.append({"class_name": layer.__class__.__name__, "config": config})
            group, names = root.create_group(layer.name), []
            for variable in layer.weights:
                name = f"{layer.name}_1/{variable.name}:0"
                group.create_dataset(name, data=np.array(variable))
                names.append(name.encode())
            group.attrs["weight_names"] = names
        root.attrs["layer_names"] = [layer.name.encode() for layer in kept]
        inner = layers if version < "2.2.3" else {"name": "sequential_1", "layers": layers}
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": inner}).encode()


@pytest.mark.parametrize("version", ["2.1.5", "2.4.0"])
def test_files_of_keras_2_are_read(
    keras: Any, tokenizer: Any, words: Path, tmp_path: Path, version: str
) -> None:
    network = build(keras)
    old_file(tmp_path / "old.h5", network, lambda config: None, version)
    generator = Generator(
        import_keras(tmp_path / "old.h5", words, "old"), SamplingSettings(temperature=0, length=9)
    )
    seed = generator.read_seed("w3 w8")
    assert generator.generate(seed)[0].text == generate_text(network, tokenizer, "w3 w8", 9, keras)


def test_the_hard_gates_of_keras_2_are_its_own(keras: Any, words: Path, tmp_path: Path) -> None:
    """0.2 x + 0.5, not the x / 6 + 0.5 that Keras 3 gives to the same name."""
    network = build(keras, recurrent_activation="hard_sigmoid")
    old_file(
        tmp_path / "old.h5",
        network,
        lambda config: config.update(recurrent_activation="hard_sigmoid"),
        "2.2.4",
    )
    model = import_keras(tmp_path / "old.h5", words, "old")
    assert model.manifest.architecture.gate == "hard_sigmoid"
    weights = {name: array.astype(np.float64) for name, array in model.weights.items()}
    hidden, cell = np.zeros(7), np.zeros(7)
    for id_ in (0, 0, 0, 0, 3, 8):
        z = weights["embedding"][id_] @ weights["lstm_0.kernel"] + weights["lstm_0.bias"]
        i, f, c, o = np.split(z + hidden @ weights["lstm_0.recurrent_kernel"], 4)
        i, f, o = (np.clip(0.2 * gate + 0.5, 0, 1) for gate in (i, f, o))
        cell = f * cell + i * np.tanh(c)
        hidden = o * np.tanh(cell)
    network_ = stepper(model)
    state = network_.start(1)
    for id_ in (3, 8):
        state = network_.advance(state, np.array([id_]))
    expected = hidden @ weights["output.kernel"] + weights["output.bias"]
    assert np.allclose(network_.logits(state)[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda k: k.layers.Bidirectional(k.layers.LSTM(7)), "reads a text from both ends"),
        (lambda k: k.layers.LSTM(7, go_backwards=True), "reads texts backwards"),
        (lambda k: k.layers.LSTM(7, activation="relu"), "its activation is 'relu', not tanh"),
        (lambda k: k.layers.GRU(7, recurrent_activation="tanh"), "its gates are 'tanh', not sigmoid"),
        (lambda k: k.layers.GlobalAveragePooling1D(), "it has a layer GlobalAveragePooling1D"),
        (lambda k: k.Sequential([k.layers.LSTM(7), k.layers.Softmax()]), "it has a layer Sequential"),
    ],
)
def test_what_cannot_be_run_exactly_is_refused_with_the_reason(
    keras: Any, words: Path, tmp_path: Path, change: Callable[[Any], Any], reason: str
) -> None:
    entry, embedding = keras.Input((WINDOW,)), keras.layers.Embedding(WORDS, 5)
    dense = keras.layers.Dense(WORDS, activation="softmax")
    keras.Sequential([entry, embedding, change(keras), dense]).save(tmp_path / "m.keras")
    with pytest.raises(ModelError, match=reason):
        import_keras(tmp_path / "m.keras", words, "m")


@pytest.fixture(scope="module")
def configuration(
    keras: Any, tokenizer: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """A functional model of two layers and its configuration."""
    path = tmp_path_factory.mktemp("configuration") / "m.keras"
    build(keras, cells=("GRU", "GRU"), functional=True, mask=True).save(path)
    path.with_suffix(".json").write_text(tokenizer.to_json())
    with zipfile.ZipFile(path) as archive:
        return path, json.loads(archive.read("config.json"))


def chained(keras: Any, *names: str) -> Any:
    """A network with softmaxes where they do not belong."""
    made = {
        "embedding": keras.layers.Embedding(WORDS, 5),
        "lstm": keras.layers.LSTM(7),
        "softmax": keras.layers.Activation("softmax"),
        "linear": keras.layers.Dense(WORDS),
        "dense": keras.layers.Dense(WORDS, activation="softmax"),
    }
    return keras.Sequential([keras.Input((WINDOW,)), *(made[name] for name in names)])


@pytest.mark.parametrize(
    "names",
    [
        "embedding lstm softmax dense",
        "embedding softmax lstm dense",
        "embedding lstm dense softmax",
    ],
)
def test_a_softmax_that_is_not_the_last_of_one_is_refused(
    keras: Any, words: Path, tmp_path: Path, names: str
) -> None:
    chained(keras, *names.split()).save(tmp_path / "m.keras")
    with pytest.raises(ModelError, match="it has a layer Activation"):
        import_keras(tmp_path / "m.keras", words, "m")


def test_a_softmax_after_the_last_layer_is_that_layers(keras: Any, words: Path, tmp_path: Path) -> None:
    network = chained(keras, "embedding", "lstm", "linear", "softmax")
    network.save(tmp_path / "m.keras")
    model = import_keras(tmp_path / "m.keras", words, "m")
    logits = stepper(model).logits(stepper(model).start(1))[0]
    shares = np.exp(logits - logits.max())
    expected = np.array(network(np.zeros((1, WINDOW))))[0]
    assert np.allclose(shares / shares.sum(), expected, atol=1e-5)


@pytest.mark.parametrize(("zero", "compared"), [(True, 3), (False, 0), (False, 3)])
def test_a_mask_that_is_not_the_embeddings_is_refused(
    keras: Any, words: Path, tmp_path: Path, zero: bool, compared: int
) -> None:
    entry = keras.Input((WINDOW,), dtype="int32")
    embedded = keras.layers.Embedding(WORDS, 5, mask_zero=zero)(entry)
    mask = keras.ops.not_equal(entry, compared)
    value = keras.layers.LSTM(7)(embedded, mask=mask)
    answer = keras.layers.Dense(WORDS, activation="softmax")(value)
    keras.Model(entry, answer).save(tmp_path / "m.keras")
    with pytest.raises(ModelError, match="it masks something else than the padding"):
        import_keras(tmp_path / "m.keras", words, "m")


def test_a_window_may_be_told_where_the_file_does_not_and_may_not_contradict_it(
    keras: Any, words: Path, tmp_path: Path
) -> None:
    build(keras).save(tmp_path / "m.keras")
    assert import_keras(tmp_path / "m.keras", words, "m", WINDOW).manifest.architecture.window == WINDOW
    with pytest.raises(ModelError, match="reads 6 words, and not 3; leave out --window"):
        import_keras(tmp_path / "m.keras", words, "m", 3)


def edit_config(path: Path, change: Callable[[str], str]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = change(members["config.json"].decode()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace('"LSTM"', '"Lambda"'), "it has a layer Lambda"),
        (lambda text: text.replace('"units": 7', '"units": 1000000'), "hidden_size must be"),
        (lambda text: text.replace('"units": 7', '"units": 4000'), "its layer needs"),
        (lambda text: text.replace('"units": 30', '"units": -30'), "units of dense"),
        (lambda text: text[:-9], "is not JSON"),
        (lambda text: "[" * 200_000, "is not JSON"),
        (lambda text: '{"class_name": "Sequential"}', "no list of layers"),
        (lambda text: '{"class_name": "os.system"}', "holds a 'os.system'"),
    ],
)
def test_a_hostile_configuration_gives_one_clear_error(
    keras: Any, words: Path, tmp_path: Path, change: Callable[[str], str], reason: str
) -> None:
    build(keras).save(tmp_path / "m.keras")
    edit_config(tmp_path / "m.keras", change)
    with pytest.raises((ModelError, SettingError), match=reason):
        import_keras(tmp_path / "m.keras", words, "m")


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value of a JSON object."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


values = st.sampled_from(
    [None, True, -1, 0, 3, 10**18, 1.5, "", "softmax", "Dense", [], [1], {}, {"a": 1}]
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_other_values_in_a_configuration_give_a_model_or_one_clear_error(
    configuration: tuple[Path, dict[str, Any]], data: st.DataObject
) -> None:
    path, original = configuration
    config = json.loads(json.dumps(original))
    for way in data.draw(st.lists(st.sampled_from(list(places(original))), min_size=1, max_size=3)):
        node = config
        try:
            for key in way[:-1]:
                node = node[key]
            node[way[-1]] = copy.deepcopy(data.draw(values))
        except (KeyError, IndexError, TypeError):
            pass  # an earlier change has taken it away
    edit_config(path, lambda _: json.dumps(config))
    with contextlib.suppress(HeadlongError):
        import_keras(path, path.with_suffix(".json"), "m")


def spoil(path: Path, change: Callable[[h5py.File, str], None]) -> None:
    with h5py.File(path, "r+") as file:
        change(file, "model_weights/dense/sequential/dense/bias")


def link_elsewhere(file: h5py.File, place: str) -> None:
    del file[place]
    file[place] = h5py.ExternalLink("/etc/passwd", "/")


def soft_link(file: h5py.File, place: str) -> None:
    del file[place]
    file[place] = h5py.SoftLink("/model_weights")


def virtual(file: h5py.File, place: str) -> None:
    del file[place]
    layout = h5py.VirtualLayout((WORDS,), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (WORDS,))
    file.create_virtual_dataset(place, layout)


def external(file: h5py.File, place: str) -> None:
    del file[place]
    file.create_dataset(place, (WORDS,), "f4", external=[("/etc/passwd", 0, WORDS * 4)])


def huge(file: h5py.File, place: str) -> None:
    del file[place]
    file.create_dataset(place, (10**12,), "f4", chunks=(1024,), compression="gzip")


def not_finite(file: h5py.File, place: str) -> None:
    file[place][3] = np.nan


def text(file: h5py.File, place: str) -> None:
    del file[place]
    file.create_dataset(place, data=[b"x"] * WORDS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (link_elsewhere, "is a link that leads elsewhere"),
        (soft_link, "is a link that leads elsewhere"),
        (virtual, "takes its numbers from another file"),
        (external, "takes its numbers from another file"),
        (huge, "its layer needs"),
        (not_finite, "not finite"),
        (text, "not floating-point numbers"),
        (lambda file, place: file.pop(place), "has no array"),
    ],
)
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_a_hostile_hdf5_file_gives_one_clear_error(
    keras: Any, words: Path, tmp_path: Path, change: Callable[[h5py.File, str], None], reason: str
) -> None:
    keras.backend.clear_session()
    build(keras).save(tmp_path / "m.h5")
    spoil(tmp_path / "m.h5", change)
    with pytest.raises(ModelError, match=reason):
        import_keras(tmp_path / "m.h5", words, "m")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_a_file_cut_short_anywhere_gives_one_clear_error(
    keras: Any, words: Path, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"m{suffix}"
    build(keras).save(path)
    content = path.read_bytes()
    for size in range(0, len(content) - 1, 2048):
        path.write_bytes(content[:size])
        with pytest.raises(ModelError):
            import_keras(path, words, "m")


class TestTokenizers:
    def test_a_word_index_is_enough(self, tokenizer: Any, tmp_path: Path) -> None:
        (tmp_path / "index.json").write_text(json.dumps(tokenizer.word_index))
        (tmp_path / "full.json").write_text(json.dumps(tokenizer.to_json()))  # encoded twice
        index, full = (read_tokenizer(tmp_path / f"{name}.json") for name in ("index", "full"))
        assert index == full
        assert index.words[1] == "w1"

    def test_rows_without_a_word_are_never_used(self, tmp_path: Path) -> None:
        (tmp_path / "t.json").write_text('{"a": 1, "b": 3}')
        vocabulary = read_tokenizer(tmp_path / "t.json").vocabulary(5)
        assert vocabulary.tokens == ("<pad>", "a", "<unused 2>", "b", "<unused 4>")
        assert vocabulary.special_ids == [0, 2, 4]
        assert not vocabulary.knows("<unused 2>")

    def test_num_words_and_the_unknown_word_count(self, tmp_path: Path) -> None:
        config = {"num_words": 3, "oov_token": "OOV", "word_index": '{"OOV": 1, "a": 2, "b": 3}'}
        (tmp_path / "t.json").write_text(json.dumps({"class_name": "Tokenizer", "config": config}))
        vocabulary = read_tokenizer(tmp_path / "t.json").vocabulary(4)
        assert vocabulary.tokens == ("<pad>", "<unk>", "a", "<unused 3>")
        assert vocabulary.encode(["a", "b", "zzz"]) == [2, 1, 1]

    def test_a_pickle_is_refused_with_the_line_that_converts_it(self, tmp_path: Path) -> None:
        (tmp_path / "t.pkl").write_bytes(pickle.dumps({"a": 1}))
        with pytest.raises(ModelError, match=r"is a pickle.*convert it with:\npython -c"):
            read_tokenizer(tmp_path / "t.pkl")

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("", "is not JSON"),
            ("[1]", "holds no JSON object"),
            ("{}", "has no word_index"),
            ("[[" * 1_100_000, "more than the 500,000 words"),
            ('{"a": "1"}', "is no word_index"),
            ('{"a": 0}', "is no word_index"),
            ('{"a": 1, "b": 1}', "have one id"),
            ('{"class_name": "Tokenizer", "config": {"char_level": true}}', "char_level=True"),
            ('{"class_name": "Tokenizer", "config": {"filters": "x"}}', "filters='x'"),
            ('{"class_name": "Tokenizer", "config": {"word_index": "{"}}', "is not JSON"),
            ("[" * 200_000, "is not JSON"),
        ],
    )
    def test_what_is_no_tokenizer_is_refused(self, tmp_path: Path, content: str, reason: str) -> None:
        (tmp_path / "t.json").write_text(content)
        with pytest.raises(ModelError, match=reason):
            read_tokenizer(tmp_path / "t.json")

    def test_a_word_with_one_of_our_names_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "t.json").write_text('{"<s>": 1}')
        with pytest.raises(ModelError, match="a name that Headlong needs"):
            read_tokenizer(tmp_path / "t.json").vocabulary(2)


def test_an_imported_model_is_saved_and_never_by_chance_over_another(
    keras: Any, words: Path, tmp_path: Path
) -> None:
    build(keras).save(tmp_path / "my news.keras")
    model, folder = import_model(tmp_path / "my news.keras", words)
    assert (model.name, folder.name) == ("my-news", "my-news")
    assert import_model(tmp_path / "my news.keras", words)[0].name == "my-news-2"
    with pytest.raises(SettingError, match="there is a model 'my-news' already"):
        import_model(tmp_path / "my news.keras", words, "my-news")
    with pytest.raises(SettingError, match="name the file that does with --tokenizer"):
        import_model(tmp_path / "my news.keras", None)
    with pytest.raises(ModelNotFound, match="there is no file"):
        import_model(tmp_path / "none.keras", words)
    assert isinstance(model, Model)
