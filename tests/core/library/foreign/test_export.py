"""Out of Headlong and into Keras, or back again."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.decoding.stepper import stepper
from core.errors import ModelError, SettingError
from core.library import bundle
from core.library.foreign.exporting import export_model
from core.library.foreign.keras_import import import_keras
from core.library.model import Model
from tests.conftest import random_model

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MODELS = [
    random_model(),
    random_model(tied=True),
    random_model(tied=True, embedding_size=8, layers=2),
    random_model("window"),
    random_model("window", cell="gru", layers=2, masked=True),
    random_model("window", cell="rnn"),
    random_model("window", cell="gru", gate="hard_sigmoid_6"),
    random_model("window", gate="hard_sigmoid_6"),
    random_model("window", cell="gru", gate="hard_sigmoid_6"),
    random_model("window", cell="gru", reset_after=False),
]


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


def our_probabilities(model: Model, ids: list[int]) -> np.ndarray:
    network = stepper(model)
    state = network.start(1)
    for id_ in ids:
        state = network.advance(state, np.array([id_]))
    shifted = np.exp(network.logits(state)[0] - network.logits(state)[0].max())
    return shifted / shifted.sum()


@pytest.mark.parametrize("model", MODELS)
def test_plain_keras_loads_it_and_predicts_the_same(keras: Any, tmp_path: Path, model: Model) -> None:
    export_model(model, tmp_path / "m.keras")
    network = keras.models.load_model(tmp_path / "m.keras")
    window = model.manifest.architecture.window
    for ids in ([4], [5, 9, 6], [7, 8, 9, 10, 4, 5, 6, 7]):
        read = (
            ids if model.manifest.architecture.context == "stream" else ([0] * window + ids)[-window:]
        )
        expected = np.array(network(np.array([read])))[0]
        assert np.allclose(our_probabilities(model, ids), expected, atol=1e-5)


@pytest.mark.parametrize("model", MODELS[3:])
def test_what_was_exported_comes_back_the_same(tmp_path: Path, model: Model) -> None:
    _, words = export_model(model, tmp_path / "m.keras")
    again = import_keras(tmp_path / "m.keras", words, "tiny")
    assert again.vocabulary == model.vocabulary
    assert all(np.array_equal(again.weights[name], model.weights[name]) for name in model.weights)
    shape, expected = again.manifest.architecture, model.manifest.architecture
    assert shape.change(dropout=0.5, input_dropout=0.3, word_dropout=0.02) == expected


@pytest.mark.parametrize("model", MODELS)
def test_a_zip_is_the_model(tmp_path: Path, model: Model) -> None:
    export_model(model, tmp_path / "m.zip")
    assert bundle.load(tmp_path / "m.zip").sha256 == model.sha256


def test_what_keras_has_no_layers_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="averages over a window"):
        export_model(random_model("window", attention=True), tmp_path / "m.keras")
    with pytest.raises(ModelError, match="the gates of Keras 2"):
        export_model(random_model("window", gate="hard_sigmoid"), tmp_path / "m.keras")


def test_the_ending_counts(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"must end in \.keras, \.onnx or \.zip"):
        export_model(MODELS[0], tmp_path / "m.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".keras", ".onnx", ".zip"])
def test_a_file_is_not_written_over_unless_it_is_asked_for(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"m{ending}"
    path.write_text("mine")
    with pytest.raises(SettingError, match=r"there is a file .* already; .* add --replace"):
        export_model(MODELS[0], path)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["mine"]
    assert export_model(MODELS[0], path, replace=True)[0] == path
    assert path.read_bytes() != b"mine"


@pytest.mark.parametrize("ending", [".keras", ".onnx"])
def test_other_words_are_not_written_over_either(tmp_path: Path, ending: str) -> None:
    words = tmp_path / "m.words.json"
    words.write_text("mine")
    with pytest.raises(SettingError, match=r"there is a file .*m\.words\.json already"):
        export_model(MODELS[0], tmp_path / f"m{ending}")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["mine"]
    export_model(MODELS[0], tmp_path / f"m{ending}", replace=True)
    assert json.loads(words.read_text())["vote"] == len(MODELS[0].vocabulary) - 1


def test_two_formats_share_the_words(tmp_path: Path) -> None:
    _, words = export_model(MODELS[0], tmp_path / "m.keras")
    assert export_model(MODELS[0], tmp_path / "m.onnx") == [tmp_path / "m.onnx", words]
    (tmp_path / "m.onnx").unlink()
    with pytest.raises(SettingError, match=r"m\.words\.json already"):
        export_model(MODELS[3], tmp_path / "m.onnx")  # a model with other words


@pytest.mark.parametrize("ending", [".keras", ".onnx", ".zip"])
@pytest.mark.parametrize("operation", ["fsync", "replace"])
def test_an_export_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, operation: str
) -> None:
    """Also at its last file, when the words have been written already."""
    written = export_model(MODELS[0], tmp_path / f"m{ending}")
    before = {path: path.read_bytes() for path in written}
    real, calls = getattr(os, operation), []

    def fails_at_the_last_file(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == len(written):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(os, operation, fails_at_the_last_file)
    with pytest.raises(ModelError, match=f"m{ending} cannot be written: No space left on device"):
        export_model(MODELS[3], tmp_path / f"m{ending}", replace=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("ending", [".keras", ".onnx", ".zip"])
def test_a_place_that_cannot_be_written_to_is_refused(tmp_path: Path, ending: str) -> None:
    with pytest.raises(SettingError, match="there is no directory"):
        export_model(MODELS[0], tmp_path / "nowhere" / f"m{ending}")
    (tmp_path / f"m{ending}").mkdir()
    with pytest.raises(SettingError, match="is a directory; add the name of the file"):
        export_model(MODELS[0], tmp_path / f"m{ending}", replace=True)
    with pytest.raises(SettingError, match="is a directory; add the name of the file"):
        export_model(MODELS[0], tmp_path)


def test_the_words_of_another_export_are_not_replaced(tmp_path: Path) -> None:
    """The same name in two formats is one model, unless its words say otherwise."""
    one, other = random_model("window"), random_model()
    export_model(one, tmp_path / "m.keras")
    export_model(one, tmp_path / "m.onnx")
    words = (tmp_path / "m.words.json").read_bytes()
    with pytest.raises(SettingError, match=r"m\.words\.json holds other words, those of .*m\.keras"):
        export_model(other, tmp_path / "m.onnx", replace=True)
    assert (tmp_path / "m.words.json").read_bytes() == words
    (tmp_path / "m.keras").unlink()
    export_model(other, tmp_path / "m.onnx", replace=True)
    assert (tmp_path / "m.words.json").read_bytes() != words
