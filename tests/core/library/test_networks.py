"""A model of several networks in one folder: written, loaded, copied, refused if it is spoilt."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import DamagedModel, ModelError, SettingError
from core.library import bundle, keeping
from core.library.card import write_card
from core.library.foreign.exporting import export_model
from core.library.limits import WEIGHT_FILES, check_size
from core.library.model import Model
from core.library.shelf import Shelf, saved_models
from core.settings import ModelSettings
from tests.conftest import random_model, with_networks, with_ngrams

ONE = with_ngrams(random_model(), ["the war", "a new vote"])
THREE = with_networks(ONE, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "tiny"
    bundle.save(THREE, path, write_card(THREE.manifest))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("weights"))


def assert_same(left: Model, right: Model, tolerance: float = 0.0) -> None:
    assert len(left.all_weights) == len(right.all_weights) == left.manifest.networks
    for one, other in zip(left.all_weights, right.all_weights, strict=True):
        for name, array in one.items():
            np.testing.assert_allclose(array, other[name], atol=tolerance)


def test_all_networks_come_back(folder: Path) -> None:
    assert names(folder) == ["weights-2.safetensors", "weights-3.safetensors", "weights.safetensors"]
    loaded = bundle.verify(folder)
    assert_same(loaded, THREE)
    assert loaded.sha256 == THREE.sha256
    assert loaded.manifest.parameters == 3 * ONE.manifest.parameters
    hashes = json.loads((folder / "model.json").read_bytes())["sha256"]
    assert hashes.keys() >= {"weights.safetensors", "weights-2.safetensors", "weights-3.safetensors"}


def test_a_model_of_one_network_says_nothing_of_networks() -> None:
    files = bundle.files(ONE, "")
    assert "networks" not in json.loads(files["model.json"])
    assert [name for name in files if name.startswith("weights")] == ["weights.safetensors"]


def test_every_network_is_part_of_the_identity() -> None:
    swapped = replace(THREE, others=tuple(reversed(THREE.others)))
    identities = {model.sha256 for model in (ONE, with_networks(ONE, 2), THREE, swapped)}
    assert len(identities) == 4


def test_the_card_and_the_list_count_all_of_them(folder: Path) -> None:
    card = bundle.load_card(folder)
    assert "- networks: 3, averaged" in card
    assert f"- parameters: {3 * ONE.manifest.parameters:,}" in card
    (entry,) = [each for each in Shelf([folder.parent]).entries() if each.name == "tiny"]
    assert entry.bytes == sum(path.stat().st_size for path in folder.iterdir())
    assert entry.manifest is not None
    assert entry.manifest.networks == 3


def test_copies_have_all_of_them(folder: Path, tmp_path: Path) -> None:
    assert_same(bundle.load(keeping.copy(folder, "whole")), THREE)
    half = keeping.copy(folder, "half", float16=True)
    assert_same(bundle.verify(half), THREE, 0.002)
    assert (half / "weights-3.safetensors").stat().st_size < 0.6 * (
        folder / "weights-3.safetensors"
    ).stat().st_size
    export_model(THREE, tmp_path / "tiny.zip")
    assert_same(bundle.load(tmp_path / "tiny.zip"), THREE)


def test_renamed_and_removed_all_go(folder: Path) -> None:
    path = keeping.rename(folder, "other")
    assert_same(bundle.verify(path), THREE)
    keeping.remove(path)
    assert list(path.parent.iterdir()) == []
    assert not saved_models().exists()


@pytest.mark.parametrize("ending", [".keras", ".onnx"])
def test_what_holds_one_network_is_refused_in_a_sentence(tmp_path: Path, ending: str) -> None:
    with pytest.raises(ModelError, match=r"tiny is the average of 3 networks, and a .* file holds one"):
        export_model(THREE, tmp_path / f"tiny{ending}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", WEIGHT_FILES[:3])
def test_a_network_that_is_missing_or_altered_is_named(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(DamagedModel, match=f"{name} is not the file"):
        bundle.load(folder)
    (folder / name).unlink()
    for read in (bundle.load, bundle.load_manifest):
        with pytest.raises(DamagedModel, match=f"{name} is missing"):
            read(folder)


def test_together_they_may_be_no_larger_than_one(tmp_path: Path) -> None:
    shape, words = ModelSettings(hidden_size=2048, embedding_size=2048), THREE.vocabulary
    check_size(shape, words, 7)
    with pytest.raises(SettingError, match=r"the 8 networks would take .*; choose fewer networks"):
        check_size(shape, words, 8)
