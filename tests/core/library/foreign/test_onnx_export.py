"""Out of Headlong and into onnxruntime: the same logits, however a text is given."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.decoding.stepper import stepper
from core.errors import ModelError
from core.library import bundle
from core.library.foreign.exporting import export_model
from core.library.foreign.onnx_export import onnx_file
from core.library.foreign.textgenrnn import import_textgenrnn
from core.library.model import Model
from core.library.shelf import shipped_models
from tests.conftest import random_model

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

STREAMS = {
    "untied": random_model(),
    "tied": random_model(tied=True, embedding_size=8),
    "projection": random_model(tied=True),
    "layers": random_model(layers=3, tied=True),
    "gru": random_model(cell="gru", layers=2),
    "gru hard": random_model(cell="gru", gate="hard_sigmoid"),
    "gru hard6": random_model(cell="gru", gate="hard_sigmoid_6", layers=2),
    "gru before": random_model(cell="gru", reset_after=False, layers=2),
    "rnn": random_model(cell="rnn", layers=2, tied=True),
    "hard": random_model(gate="hard_sigmoid", layers=2),
    "hard6": random_model(gate="hard_sigmoid_6"),
}
WINDOWS = {
    "window": random_model("window"),
    "masked": random_model("window", masked=True, layers=2),
    "window gru": random_model("window", cell="gru", layers=2),
    "window rnn": random_model("window", cell="rnn", masked=True),
    "window gru before": random_model("window", cell="gru", reset_after=False, gate="hard_sigmoid"),
    "window hard": random_model("window", gate="hard_sigmoid"),
    "attention": random_model("window", attention=True, layers=2),
    "attention masked": random_model("window", attention=True, masked=True),
    "attention gru": random_model("window", attention=True, cell="gru"),
}
TEXTS = np.array([[4, 5, 9, 6, 10, 7, 8], [8, 7, 7, 4, 5, 6, 9], [5, 10, 9, 8, 4, 6, 6]])
"""Three texts of seven ids, which is more than a window of five holds."""


class Network:
    """An ONNX file as a program without Headlong would use it."""

    def __init__(self, content: bytes) -> None:
        runtime = pytest.importorskip("onnxruntime")
        options = runtime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = runtime.InferenceSession(content, options, ["CPUExecutionProvider"])
        self.states = {entry.name: entry.shape for entry in self.session.get_inputs()[1:]}
        self.facts = self.session.get_modelmeta().custom_metadata_map
        self.usage = self.session.get_modelmeta().description

    def zeros(self, rows: int) -> dict[str, np.ndarray]:
        return {
            name: np.zeros((layers, rows, hidden), np.float32)
            for name, (layers, _, hidden) in self.states.items()
        }

    def run(self, ids: np.ndarray, state: Any) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        logits, *after = self.session.run(None, {"ids": ids.astype(np.int64), **state})
        return logits, dict(zip(self.states, after, strict=True))

    def read_at_once(self, ids: np.ndarray) -> np.ndarray:
        return self.run(ids, self.zeros(len(ids)))[0]

    def window(self, ids: np.ndarray) -> np.ndarray:
        """Return what the window's network reads of a text, as the file says."""
        size = int(self.facts["window"])
        if self.facts["masked"] == "no":
            ids = np.pad(ids, [(0, 0), (size, 0)])
        return ids[:, -size:]


def our_logits(model: Model, texts: np.ndarray) -> np.ndarray:
    network = stepper(model)
    state = network.start(len(texts))
    for ids in texts.T:
        state = network.advance(state, ids)
    return network.logits(state)


def probabilities(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def assert_same(theirs: np.ndarray, ours: np.ndarray) -> None:
    """To 1e-5, of the largest logit where that is above 1.

    The logits of the tutorial's model and of textgenrnn's reach 80 and 60. There both programs are 1e-5
    to 3e-5 away from the same sums in float64, each its own way.
    """
    assert theirs.shape == ours.shape
    assert np.allclose(theirs, ours, rtol=0, atol=1e-5 * max(1, np.abs(ours).max()))
    assert np.allclose(probabilities(theirs), probabilities(ours), rtol=0, atol=1e-5)


@pytest.mark.parametrize("model", STREAMS.values(), ids=STREAMS)
@pytest.mark.parametrize("rows", [1, 3])
def test_a_stream_is_read_at_once_or_id_by_id(model: Model, rows: int) -> None:
    network, texts = Network(onnx_file(model)), TEXTS[:rows]
    assert_same(network.read_at_once(texts), our_logits(model, texts))
    state = network.zeros(rows)
    for read in range(1, texts.shape[1] + 1):
        logits, state = network.run(texts[:, read - 1 : read], state)
        assert_same(logits, our_logits(model, texts[:, :read]))


@pytest.mark.parametrize("model", STREAMS.values(), ids=STREAMS)
def test_the_state_is_ours_layer_by_layer(model: Model) -> None:
    """So that a text begun here can be gone on with there."""
    ours = stepper(model)
    before = ours.advance(ours.start(3), TEXTS[:, 0])
    names = {name: np.stack(arrays) for name, arrays in before.layers._asdict().items() if arrays}
    logits, after = Network(onnx_file(model)).run(TEXTS[:, 1:2], names)
    expected = ours.advance(before, TEXTS[:, 1])
    assert_same(logits, ours.logits(expected))
    for name, arrays in after.items():
        assert np.allclose(arrays, np.stack(getattr(expected.layers, name)), atol=1e-5)


@pytest.mark.parametrize("model", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("length", [1, 3, 5, 7])
def test_a_window_is_read_at_once(model: Model, rows: int, length: int) -> None:
    network, texts = Network(onnx_file(model)), TEXTS[:rows, :length]
    assert_same(network.read_at_once(network.window(texts)), our_logits(model, texts))


@pytest.mark.parametrize("name", [name for name in WINDOWS if "attention" not in name])
def test_a_window_may_be_read_id_by_id(name: str) -> None:
    model = WINDOWS[name]
    network = Network(onnx_file(model))
    state = network.zeros(3)
    for ids in network.window(TEXTS[:, :4]).T:
        logits, state = network.run(ids[:, None], state)
    assert_same(logits, our_logits(model, TEXTS[:, :4]))


def test_the_hard_gates_are_told_apart() -> None:
    """Two models that differ in nothing else: were a slope ignored, one would be wrong above."""
    logits = [our_logits(STREAMS["untied"], TEXTS)]
    for gate in ("hard_sigmoid", "hard_sigmoid_6"):
        logits.append(Network(onnx_file(random_model(gate=gate))).read_at_once(TEXTS))
    assert min(np.abs(a - b).max() for a, b in zip(logits, logits[1:] + logits[:1], strict=True)) > 0.01


@pytest.mark.parametrize("half", [False, True])
def test_the_shipped_model_comes_with_its_words(tmp_path: Path, half: bool) -> None:
    model = bundle.load(shipped_models() / "tutorial")
    if half:
        narrow = {name: array.astype(np.float16) for name, array in model.weights.items()}
        bundle.save(replace(model, weights=narrow), tmp_path / "half", "")
        model = bundle.load(tmp_path / "half")
    path, words = export_model(model, tmp_path / "tutorial.onnx")
    network, index = Network(path.read_bytes()), json.loads(words.read_text())
    seed = np.array([[index[word] for word in ("the", "united", "states")]])
    assert_same(network.read_at_once(network.window(seed)), our_logits(model, seed))


def test_textgenrnns_model_travels_on(shared: Path) -> None:
    folder = shared / "textgenrnn"
    weights, vocabulary = folder / "textgenrnn_weights.hdf5", folder / "textgenrnn_vocab.json"
    model = import_textgenrnn(weights, vocabulary, None, "textgenrnn")
    network = Network(onnx_file(model))
    for text in ("", "The ", "what is the best way to read the news of the day?"):
        ids = np.array([[model.vocabulary.start, *model.vocabulary.encode(text)]])
        assert_same(network.read_at_once(network.window(ids)), our_logits(model, ids))
    assert network.facts["level"] == "character"
    assert network.facts["start"] == network.facts["end"] == str(model.vocabulary.ids["<s>"])
    assert network.facts["unknown"] == "0"


def test_the_file_says_what_a_program_needs() -> None:
    stream, window = Network(onnx_file(STREAMS["tied"])), Network(onnx_file(WINDOWS["masked"]))
    assert stream.facts == {
        "format": "headlong-onnx/1",
        "name": "tiny",
        "level": "word",
        "cleaning": "plain",
        "context": "stream",
        "start": "2",
        "end": "3",
        "unknown": "1",
        "never": "0 1 2",
    }
    assert window.facts == {
        "format": "headlong-onnx/1",
        "name": "tiny",
        "level": "word",
        "cleaning": "tutorial",
        "context": "window",
        "window": "5",
        "masked": "yes",
        "never": "0",
    }
    assert stream.usage.startswith("Give all ids of the texts, beginning with 2 where a text begins,")
    assert "hidden_next (and cell_next) as the state" in stream.usage
    assert window.usage.startswith("Give the last 5 ids of the texts at most, without padding,")
    padded = Network(onnx_file(WINDOWS["attention"])).usage
    assert padded.startswith("Give the last 5 ids of the texts, left-padded with 0, and zeros")
    assert "Give it in one call" in padded


def test_a_tied_embedding_is_in_the_file_once() -> None:
    model = random_model(tied=True, embedding_size=512, hidden_size=512)
    embedding = model.weights["embedding"].nbytes
    rest = sum(array.nbytes for array in model.weights.values()) - embedding
    assert len(onnx_file(model)) < rest + 1.9 * embedding


def test_what_protobuf_cannot_hold_is_refused_before_it_is_built() -> None:
    model = random_model()
    huge = np.broadcast_to(np.float32(0), (1 << 20, 1 << 9))  # 2 GiB that take no memory
    model = replace(model, weights={**model.weights, "embedding": huge})
    with pytest.raises(ModelError, match=r"2,147,\d{3},\d{3} bytes of weights, and an ONNX file can"):
        onnx_file(model)


def test_the_file_says_which_ids_are_no_words() -> None:
    never = Network(onnx_file(random_model())).facts["never"]
    assert never == "0 1 2"  # padding, unknown and start; 3 ends a text
    assert Network(onnx_file(random_model("window"))).facts["never"] == "0"
