"""Gates against slow formulas, word by word, in float64, with Keras's gate orders."""

import numpy as np
import pytest

from core.decoding.cells import cells
from core.decoding.generator import Generator
from core.errors import ModelError
from core.insight.gates import Moment, read_gates
from core.insight.line import read_line
from core.insight.states import find_layer
from core.library.model import Model
from tests.conftest import random_model
from tests.core.decoding.test_stepper import GATES, SHAPES

TEXT = "why china says the trade war a new york vote"


def lstm(x, h, c, w, u, b, gate):
    i, f, g, o = np.split(x @ w + h @ u + b, 4)
    c = gate(f) * c + gate(i) * np.tanh(g)
    return gate(o) * np.tanh(c), c, {"forget": gate(f), "input": gate(i), "output": gate(o)}


def gru(x, h, c, w, u, b, gate):
    outer, inner = (b, 0 * b) if b.ndim == 1 else b
    (zx, rx, gx), (zh, rh, gh) = np.split(x @ w + outer, 3), np.split(h @ u + inner, 3)
    z, r = gate(zx + zh), gate(rx + rh)
    new = np.tanh(gx + (r * h) @ np.split(u, 3, axis=1)[2]) if b.ndim == 1 else np.tanh(gx + r * gh)
    return z * h + (1 - z) * new, c, {"update": z, "reset": r}


def rnn(x, h, c, w, u, b, gate):
    return np.tanh(x @ w + h @ u + b), c, {}


def by_the_formulas(model: Model, ids: list[int]) -> list[list[tuple]]:
    """Return, for each id that is read from a zero state, each layer's gates, hidden and cell state."""
    weights = {name: array.astype(np.float64) for name, array in model.weights.items()}
    shape = model.manifest.architecture
    step = {"lstm": lstm, "gru": gru, "rnn": rnn}[shape.cell]
    hidden, cell = np.zeros((2, shape.layers, shape.hidden_size))
    told = []
    for id_ in ids:
        x, layers = weights["embedding"][id_], []
        for n in range(shape.layers):
            arrays = [weights[f"{shape.cell}_{n}.{p}"] for p in ("kernel", "recurrent_kernel", "bias")]
            hidden[n], cell[n], gates = step(x, hidden[n], cell[n], *arrays, GATES[shape.gate])
            x = hidden[n]
            layers.append((gates, hidden[n].copy(), cell[n].copy()))
        told.append(layers)
    return told


def check(moment: Moment, expected: tuple, has_cell: bool) -> None:
    gates, hidden, cell = expected
    assert list(moment.gates) == list(gates)
    for name, gate in gates.items():
        spread = moment.gates[name]
        assert (spread.mean, spread.deviation) == pytest.approx((gate.mean(), gate.std()), abs=1e-5)
    assert moment.hidden == pytest.approx(np.sqrt((hidden**2).sum()), abs=1e-5)
    if has_cell:
        assert moment.cell == pytest.approx(np.sqrt((cell**2).sum()), abs=1e-4)
    else:
        assert moment.cell is None


@pytest.mark.parametrize("shape", SHAPES)
def test_a_streams_gates_are_the_formulas_with_the_state_carried(shape: dict[str, object]) -> None:
    generator = Generator(random_model(**shape))
    line = read_line(generator, TEXT)
    told = read_gates(generator, line)
    _, *expected = by_the_formulas(generator.model, [generator.vocabulary.start, *line.ids])
    has_cell = generator.model.manifest.architecture.cell == "lstm"
    for layer, moments in enumerate(told.layers):
        assert len(moments) == len(line.ids) == 10
        for word, moment in enumerate(moments):
            check(moment, expected[word][layer], has_cell)


@pytest.mark.parametrize("shape", [*SHAPES, {"attention": True, "layers": 2}])
def test_a_windows_gates_are_those_of_its_last_step(shape: dict[str, object]) -> None:
    generator = Generator(random_model("window", **shape))
    line = read_line(generator, TEXT)
    told = read_gates(generator, line)
    has_cell = generator.model.manifest.architecture.cell == "lstm"
    for word in range(len(line.ids)):
        window = [0] * 5 + list(line.ids)
        expected = by_the_formulas(generator.model, window[word + 1 : word + 6])[-1]
        for layer, moments in enumerate(told.layers):
            check(moments[word], expected[layer], has_cell)


def test_a_masked_window_skips_its_padding() -> None:
    generator = Generator(random_model("window", masked=True))
    line = read_line(generator, TEXT)
    told = read_gates(generator, line)
    for word in range(len(line.ids)):
        read = line.ids[max(0, word - 4) : word + 1]
        check(told.layers[0][word], by_the_formulas(generator.model, list(read))[-1][0], True)


@pytest.mark.parametrize("shape", [{}, {"cell": "gru"}, {"cell": "gru", "reset_after": False}])
def test_looking_at_gates_changes_no_state(shape: dict[str, object]) -> None:
    model = random_model(**shape)
    layers, ids = cells(model.weights, model.manifest.architecture), np.array([5, 7])
    before = layers.advance(layers.zero(2), ids)
    after = layers.advance(before, ids)
    kept = [array.copy() for state in (before, after) for array in (*state.hidden, *state.cell)]
    layers.gates(before, after, ids)
    now = [array for state in (before, after) for array in (*state.hidden, *state.cell)]
    assert all(map(np.array_equal, now, kept))
    assert np.array_equal(layers.advance(before, ids).hidden[0], after.hidden[0])


def test_what_is_not_one_network_is_refused() -> None:
    generator = Generator(random_model())
    line = read_line(generator, TEXT)
    generator.model = object()  # type: ignore[assignment]
    with pytest.raises(ModelError, match="more than one network"):
        read_gates(generator, line)
    with pytest.raises(ModelError, match="more than one network"):
        find_layer(generator, None)
