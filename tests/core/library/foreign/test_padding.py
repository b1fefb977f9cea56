"""Layers of different sizes, padded to one: every state of the padded units is exactly zero."""

import numpy as np
import pytest

from core.decoding.cells import cells
from core.library.foreign.padding import with_rows, with_units
from core.library.layout import GATES
from tests.conftest import random_model


def test_each_gates_block_of_columns_gets_its_own_units() -> None:
    array = np.float32([[1, 2, 3, 4], [5, 6, 7, 8]])
    assert with_units(array, 2, 3).tolist() == [[1, 2, 0, 3, 4, 0], [5, 6, 0, 7, 8, 0]]
    assert with_units(array[0], 4, 2).tolist() == [1, 0, 2, 0, 3, 0, 4, 0]
    assert with_rows(array, 3).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8], [0, 0, 0, 0]]


def test_what_has_the_size_is_not_copied() -> None:
    array = np.ones((2, 4), np.float32)
    assert with_units(array, 2, 2) is array
    assert with_rows(array, 2) is array


@pytest.mark.parametrize(
    "shape",
    [
        *({"gate": gate} for gate in ("sigmoid", "hard_sigmoid", "hard_sigmoid_6")),
        *({"cell": "gru", "gate": gate} for gate in ("sigmoid", "hard_sigmoid")),
        {"cell": "gru", "reset_after": False},
        {"cell": "rnn"},
    ],
)
def test_units_of_zeros_stay_at_zero_and_change_nothing(shape: dict[str, object]) -> None:
    model = random_model("window", **shape)
    settings = model.manifest.architecture
    name, gates = f"{settings.cell}_0", GATES[settings.cell]
    padded = {
        part: with_units(model.weights[f"{name}.{part}"], gates, 11) for part in ("kernel", "bias")
    }
    recurrent = with_units(model.weights[f"{name}.recurrent_kernel"], gates, 11)
    padded |= {"recurrent_kernel": with_rows(recurrent, 11)}
    wide = cells(
        {"embedding": model.weights["embedding"]} | {f"{name}.{k}": v for k, v in padded.items()},
        settings.change(hidden_size=11),
    )
    plain = cells(model.weights, settings)
    states = plain.zero(1), wide.zero(1)
    for id_ in (3, 0, 8, 5, 5, 1):
        states = tuple(  # type: ignore[assignment]
            network.advance(state, np.array([id_]))
            for network, state in zip((plain, wide), states, strict=True)
        )
        for narrow, broad in zip(*(state.hidden + state.cell for state in states), strict=True):
            assert np.allclose(broad[:, :8], narrow, atol=1e-6)
            assert not broad[:, 8:].any()
