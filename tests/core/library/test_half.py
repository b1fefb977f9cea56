"""Half precision: each number is the nearest float16, and what has none is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelError
from core.library import bundle
from core.library.half import halved
from core.library.keeping import copy
from core.library.model import Model
from core.library.shelf import saved_models

MakeModel = Callable[..., Model]


def with_bias(model: Model, value: float) -> Model:
    bias = np.full_like(model.weights["output.bias"], value)
    return replace(model, weights={**model.weights, "output.bias": bias})


def test_every_number_becomes_the_nearest_float16(make_model: MakeModel) -> None:
    # Between 1 and 2 a float16 has ten bits after the point: a third is 341 / 1024.
    weights = halved(with_bias(make_model(), 4 / 3).weights)
    assert weights["output.bias"].tolist() == [1 + 341 / 1024] * 14
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float16)}


@pytest.mark.parametrize("value", [65_504.0, -65_504.0, 6e-8, 0.0])
def test_what_float16_can_hold_is_kept(make_model: MakeModel, value: float) -> None:
    assert halved(with_bias(make_model(), value).weights)["output.bias"] == pytest.approx(
        value, rel=0.01
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (70_000.0, "its output.bias goes up to 70000, and float16 goes up to 65504"),
        (-1e30, "its output.bias goes up to 1e[+]30, and float16 goes up to 65504"),
        (1e-9, "its output.bias goes up to 1e-09, and float16 goes down to 5.96046e-08"),
    ],
)
def test_what_it_cannot_is_refused_and_nothing_is_written(
    tmp_path: Path, make_model: MakeModel, value: float, message: str
) -> None:
    bundle.save(with_bias(make_model(), value), tmp_path / "tiny", "")
    with pytest.raises(ModelError, match=message):
        copy(tmp_path / "tiny", "small", float16=True)
    assert not saved_models().exists()


def test_a_copy_in_half_precision_is_sound_half_as_large_and_another_model(
    tmp_path: Path, make_model: MakeModel
) -> None:
    model = make_model(hidden_size=64)
    bundle.save(model, tmp_path / "tiny", "A card, for people.")
    small = bundle.verify(copy(tmp_path / "tiny", "small", float16=True))
    for name, array in model.weights.items():
        assert np.array_equal(small.weights[name], array.astype(np.float16).astype(np.float32))
    sizes = [
        (path / "weights.safetensors").stat().st_size
        for path in (saved_models() / "small", tmp_path / "tiny")
    ]
    assert sizes[0] < 0.51 * sizes[1]
    assert bundle.load_card(saved_models() / "small") == "A card, for people."
    assert (small.manifest, small.vocabulary) == (model.manifest, model.vocabulary)
    assert small.sha256 != model.sha256


def test_a_copy_of_such_a_copy_is_the_same(tmp_path: Path, make_model: MakeModel) -> None:
    bundle.save(make_model(), tmp_path / "tiny", "")
    once = copy(tmp_path / "tiny", "once", float16=True)
    twice = copy(once, "twice", float16=True)
    assert bundle.read_files(once) == bundle.read_files(twice)
