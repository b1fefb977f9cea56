"""Our reading of HDF5 against h5py's, and every bound of it."""

import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.errors import ModelError
from core.library.foreign import budget, hdf5_format
from core.library.foreign.hdf5 import opened_arrays

names = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=("C", "Z")), min_size=1, max_size=40
).filter(lambda name: name not in (".", ".."))
shapes = st.lists(st.integers(1, 5), max_size=3).map(tuple)
types = st.sampled_from([f"{order}f{size}" for order in "<>" for size in (2, 4, 8)])


@settings(max_examples=60, deadline=None)
@given(arrays=st.dictionaries(st.tuples(names, names), st.tuples(shapes, types), max_size=40))
def test_arrays_are_those_that_h5py_wrote(
    tmp_path_factory: pytest.TempPathFactory, arrays: dict[tuple[str, str], tuple[Any, str]]
) -> None:
    """Many groups and members, so that their trees have several nodes and levels of order."""
    path = tmp_path_factory.mktemp("hdf5") / "a.h5"
    random = np.random.default_rng(0)
    expected = {
        f"{group}/{name}": random.normal(size=shape).astype(dtype)
        for (group, name), (shape, dtype) in arrays.items()
    }
    # Above eight members, a group with a name that is not ASCII is of the newer kind.
    sizes = Counter(group for group, _ in arrays)
    few = max(len(sizes), *sizes.values(), 0) <= 8
    assume(few or all(name.isascii() for pair in arrays for name in pair))
    with h5py.File(path, "w") as file:
        for place, array in expected.items():
            file[place] = array
    with opened_arrays(path) as file:
        assert not file.has("not there")
        for place, array in expected.items():
            assert file.shape(place) == array.shape
            assert np.array_equal(file.read(place, array.shape), array.astype(np.float32))


def test_a_group_of_many_members_is_read_through_its_tree(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for number in range(3000):
            file[f"layers/{number}"] = np.float32([number])
    with opened_arrays(tmp_path / "a.h5") as arrays:
        assert all(arrays.read(f"layers/{n}", (1,)) == n for n in range(0, 3000, 37))


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("one", ["one"]),
        (b"one", ["one"]),
        (np.bytes_(b"fixed"), ["fixed"]),
        (["kernel:0", "bias:0"], ["kernel:0", "bias:0"]),
        (np.array([b"kernel:0", b"b:0"]), ["kernel:0", "b:0"]),
        ("ein Wört\N{SNOWMAN}" * 900, ["ein Wört\N{SNOWMAN}" * 900]),
        ([], []),
    ],
)
def test_texts_are_those_that_h5py_wrote(tmp_path: Path, value: Any, texts: list[str]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for key in ("a", "b", "ключ", "key", "z"):
            file.attrs[key] = "another"
        file.attrs["key"] = value
    with opened_arrays(tmp_path / "a.h5") as arrays:
        assert arrays.texts("/", "key") == texts
        assert arrays.texts("/", "missing") == []
        assert arrays.texts("/missing", "key") == []


@pytest.mark.parametrize("value", [3, 2.5, [1, 2], np.array([b"x"] * 9), ["x"] * 9])
def test_attributes_that_are_no_few_texts_are_refused(tmp_path: Path, value: Any) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["key"] = value
    with (
        opened_arrays(tmp_path / "a.h5") as arrays,
        pytest.raises(ModelError, match=r"is no text|holds too many texts"),
    ):
        arrays.texts("/", "key")


def spoilt(path: Path, change: Callable[[h5py.File], None]) -> Path:
    with h5py.File(path, "w") as file:
        change(file)
    return path


def packed(**options: Any) -> Callable[[h5py.File], None]:
    def write(file: h5py.File) -> None:
        file.create_dataset("x", data=np.ones(64, "f4"), **options)

    return write


def reference(file: h5py.File) -> None:
    file.create_dataset("x", data=[file.ref], dtype=h5py.ref_dtype)


def committed(file: h5py.File) -> None:
    file["type"] = np.dtype("f4")
    file.create_dataset("x", (3,), file["type"])


def unusual(file: h5py.File) -> None:
    type_ = h5py.h5t.IEEE_F32LE.copy()
    type_.set_ebias(100)
    file["x"] = np.ones(3, "f4")
    del file["x"]
    h5py.h5d.create(file.id, b"x", type_, h5py.h5s.create_simple((3,)))


def never_written(file: h5py.File) -> None:
    file.create_dataset("x", (64,), "f4")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (packed(chunks=(8,)), "not kept in one piece"),
        (packed(compression="gzip"), "is packed"),
        (packed(compression="lzf"), "is packed"),
        (packed(shuffle=True), "is packed"),
        (packed(fletcher32=True), "is packed"),
        (packed(scaleoffset=2), "is packed"),
        (packed(maxshape=(None,)), "not kept in one piece"),
        (packed(dtype=np.longdouble), "of a kind that Keras does not write"),
        (unusual, "of a kind that Keras does not write"),
        (packed(dtype="i4"), "does not hold floating-point numbers"),
        (lambda file: file.create_dataset("x", data=np.ones(64, "c8")), "does not hold floating"),
        (lambda file: file.create_dataset("x", data=np.zeros(64, "V2")), "does not hold floating"),
        (reference, "does not hold floating-point numbers"),
        (committed, "is described elsewhere"),
        (never_written, "does not hold the numbers it declares"),
        (lambda file: file.create_group("x"), "has no array x"),
        (lambda file: file.create_dataset("x", data=h5py.Empty("f4")), "does not hold the numbers"),
    ],
)
def test_what_keras_does_not_write_is_refused(
    tmp_path: Path, change: Callable[[h5py.File], None], reason: str
) -> None:
    path = spoilt(tmp_path / "a.h5", change)
    with opened_arrays(path) as arrays, pytest.raises(ModelError, match=reason):
        arrays.read("x", (64,))


@pytest.mark.parametrize(
    "options", [{"libver": "latest"}, {"track_order": True}, {"userblock_size": 512}]
)
def test_newer_and_shifted_files_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with h5py.File(tmp_path / "a.h5", "w", **options) as file:
        file["x"] = np.ones(3, "f4")
    with (
        pytest.raises(ModelError, match=r"newer kind than Keras|does not begin as"),
        opened_arrays(tmp_path / "a.h5") as arrays,
    ):
        arrays.read("x", (3,))


def test_a_group_that_holds_itself_ends(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a/x"] = np.float32([1])
        file["a/a"] = file["a"]
    with opened_arrays(tmp_path / "a.h5") as arrays:
        assert arrays.read("a/a/a/a/x", (1,)) == 1
        with pytest.raises(ModelError, match="lies too deep"):
            arrays.has("a/" * 70)
        with pytest.raises(ModelError, match="an impossible name"):
            arrays.has("a/" * 10_000)


def test_one_array_under_many_names_counts_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "ALLOWANCE", 10_000)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["0"] = np.ones(10_000, "f4")
        file["1"] = file["0"]
    with opened_arrays(tmp_path / "a.h5") as arrays:
        arrays.read("0", (10_000,))
        with pytest.raises(ModelError, match="more than a file of its size can hold"):
            arrays.read("1", (10_000,))


def test_floats_that_double_in_memory_count_as_what_they_become(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "ALLOWANCE", 10_000)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.ones(20_000, "f2")
    with (
        opened_arrays(tmp_path / "a.h5") as arrays,
        pytest.raises(ModelError, match="would take 0 MB, more than a file of its size"),
    ):
        arrays.read("x", (20_000,))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("place", [0, 500, 999])
def test_numbers_that_are_not_finite_in_float32_are_found(
    tmp_path: Path, value: float, place: int
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.ones(1000)
        file["x"][place] = value
    with opened_arrays(tmp_path / "a.h5") as arrays, pytest.raises(ModelError, match="not finite"):
        arrays.read("x", (1000,))


def test_a_text_is_no_longer_than_it_is(tmp_path: Path) -> None:
    """HDF5's own library clears as much memory as the file says the text is long."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["key"] = "x" * 1000
    content = path.read_bytes()
    place = content.index(struct.pack("<I", 1000))
    for length in (1001, hdf5_format.LARGEST_TEXT, 2**32 - 1):
        path.write_bytes(content[:place] + struct.pack("<I", length) + content[place + 4 :])
        with (
            opened_arrays(path) as arrays,
            pytest.raises(ModelError, match=r"does not hold|it can need|outside"),
        ):
            arrays.text("/", "key")


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_bytes_changed_anywhere_give_an_answer_or_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("hdf5") / "a.h5"
    with h5py.File(path, "w") as file:
        for number in range(12):
            file[f"model_weights/layer_{number}/kernel:0"] = np.ones((3, 4), "f4")
        file.attrs["model_config"] = "{}" * 50
        file["model_weights/layer_1"].attrs["weight_names"] = [b"kernel:0"]
    content = bytearray(path.read_bytes())

    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 9))
        content[place : place + 8] = data.draw(st.binary(min_size=8, max_size=8))
    path.write_bytes(content)
    try:
        with opened_arrays(path) as arrays:
            arrays.text("/", "model_config")
            arrays.texts("model_weights/layer_1", "weight_names")
            for number in range(12):
                arrays.read(f"model_weights/layer_{number}/kernel:0", (3, 4))
    except ModelError as error:
        assert len(str(error)) < 400
