"""The numpy network against a slow one written from the formulas, word by word, in float64."""

import numpy as np
import pytest

from core.decoding import cells
from core.decoding.stepper import Stepper, stepper
from core.library.model import Model
from tests.conftest import random_model

SHAPES: list[dict[str, object]] = [
    {},
    {"tied": True},
    {"tied": True, "embedding_size": 8},
    {"layers": 3},
    {"cell": "gru"},
    {"cell": "gru", "layers": 2, "tied": True},
    {"cell": "gru", "layers": 2, "reset_after": False},
    {"cell": "gru", "gate": "hard_sigmoid"},
    {"cell": "gru", "gate": "hard_sigmoid_6", "reset_after": False},
    {"gate": "hard_sigmoid"},
    {"gate": "hard_sigmoid_6", "layers": 2},
    {"cell": "rnn", "layers": 2},
]


GATES = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "hard_sigmoid_6": lambda x: np.clip(x / 6 + 0.5, 0, 1),
}


def lstm(x, h, c, w, u, b, gate):
    i, f, g, o = np.split(x @ w + h @ u + b, 4)
    c = gate(f) * c + gate(i) * np.tanh(g)
    return gate(o) * np.tanh(c), c


def gru(x, h, c, w, u, b, gate):
    if b.ndim == 1:  # it resets before the product
        (zx, rx, gx), (uz, ur, ug) = np.split(x @ w + b, 3), np.split(u, 3, axis=1)
        z, r = gate(zx + h @ uz), gate(rx + h @ ur)
        return z * h + (1 - z) * np.tanh(gx + (r * h) @ ug), c
    (zx, rx, gx), (zh, rh, gh) = np.split(x @ w + b[0], 3), np.split(h @ u + b[1], 3)
    z = gate(zx + zh)
    return z * h + (1 - z) * np.tanh(gx + gate(rx + rh) * gh), c


def rnn(x, h, c, w, u, b, gate):
    return np.tanh(x @ w + h @ u + b), c


def by_the_formulas(model: Model, ids: list[int]) -> np.ndarray:
    """Read `ids` from a zero state with Keras's gate orders; return the logits that follow."""
    weights = {name: array.astype(np.float64) for name, array in model.weights.items()}
    shape = model.manifest.architecture
    step = {"lstm": lstm, "gru": gru, "rnn": rnn}[shape.cell]
    hidden, cell = np.zeros((2, shape.layers, shape.hidden_size))
    for id_ in ids:
        x = weights["embedding"][id_]
        for n in range(shape.layers):
            arrays = [weights[f"{shape.cell}_{n}.{p}"] for p in ("kernel", "recurrent_kernel", "bias")]
            hidden[n], cell[n] = step(x, hidden[n], cell[n], *arrays, GATES[shape.gate])
            x = hidden[n]
    last = hidden[-1]
    if "projection.kernel" in weights:
        last = last @ weights["projection.kernel"]
    kernel = weights["output.kernel"] if "output.kernel" in weights else weights["embedding"].T
    return last @ kernel + weights["output.bias"]


def read(network: Stepper, rows: list[list[int]]) -> np.ndarray:
    state = network.start(len(rows))
    for ids in zip(*rows, strict=True):
        state = network.advance(state, np.array(ids))
    return network.logits(state)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_stream_is_the_formulas_with_the_state_carried(shape: dict[str, object]) -> None:
    model = random_model(**shape)
    rows = [[2, 5, 7, 9, 4, 4, 13], [2, 8, 5, 5, 12, 6, 1]]
    expected = [by_the_formulas(model, ids) for ids in rows]
    assert np.allclose(read(stepper(model), rows), expected, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("length", range(13))
def test_a_window_is_the_formulas_on_the_last_ids_padded(shape: dict[str, object], length: int) -> None:
    """Lengths below, at and above the window of 5, through more than two rounds of the chains."""
    model = random_model("window", **shape)
    random = np.random.default_rng(length)
    rows = random.integers(1, len(model.vocabulary), (3, length)).tolist()
    expected = [by_the_formulas(model, [0] * max(0, 5 - length) + ids[-5:]) for ids in rows]
    assert np.allclose(read(stepper(model), rows), expected, atol=1e-5)


@pytest.mark.parametrize("context", ["stream", "window"])
def test_without_the_folded_table_the_numbers_are_the_same(
    context: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = random_model(context)
    rows = [[4, 5, 6, 7, 8, 9]]
    folded = read(stepper(model), rows)
    monkeypatch.setattr(cells, "FOLDED_BYTES", 0)
    assert np.allclose(read(stepper(model), rows), folded, atol=1e-6)


@pytest.mark.parametrize("context", ["stream", "window"])
def test_a_state_can_be_gone_on_from_twice(context: str) -> None:
    network = stepper(random_model(context))
    state = network.advance(network.start(1), np.array([5]))
    first = network.logits(network.advance(state, np.array([6])))
    network.logits(network.advance(state, np.array([7])))
    assert np.array_equal(network.logits(network.advance(state, np.array([6]))), first)


@pytest.mark.parametrize("context", ["stream", "window"])
def test_a_state_that_knows_its_last_word_answers_as_one_that_does_not(context: str) -> None:
    """In a window of 5: chains are left out from the sixth of ten words on."""
    network = stepper(random_model(context))
    state = network.advance(network.start(2), np.array([5, 6]))
    bounded = state._replace(last=state.read + 10)
    for id_ in range(10):
        ids = np.array([id_, 10 - id_])
        state, bounded = network.advance(state, ids), network.advance(bounded, ids)
        assert np.allclose(network.logits(bounded), network.logits(state), atol=1e-6)


def test_a_state_that_knows_its_last_word_can_be_taken_from() -> None:
    network = stepper(random_model("window"))
    state = network.advance(network.start(2), np.array([5, 6]))._replace(last=4)
    state = network.advance(network.advance(state, np.array([7, 8])), np.array([9, 10]))
    swapped = network.advance(network.take(state, np.array([1, 0])), np.array([3, 2]))
    straight = network.advance(state, np.array([2, 3]))
    assert np.allclose(network.logits(swapped)[::-1], network.logits(straight), atol=1e-6)
