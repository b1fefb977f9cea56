"""Arrays and texts out of HDF5 files, and all that is refused of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core.errors import ModelError
from core.library.foreign import budget
from core.library.foreign.hdf5 import opened_arrays

Write = Callable[[h5py.File], Any]


def written(path: Path, write: Write) -> Path:
    with h5py.File(path, "w") as file:
        write(file)
    return path


def packed(**options: Any) -> Write:
    return lambda file: file.create_dataset("x", data=np.ones(64, "f4"), **options)


@pytest.mark.parametrize("dtype", [f"{order}f{size}" for order in "<>" for size in (2, 4, 8)])
@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (0,)])
def test_arrays_come_as_float32(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).normal(size=shape).astype(dtype)
    path = written(tmp_path / "a.h5", lambda file: file.__setitem__("group/x", array))
    with opened_arrays(path) as arrays:
        assert (arrays.has("group"), arrays.has("group/y")) == (True, False)
        assert arrays.shape("group/x") == shape
        read = arrays.read("group/x", shape)
        assert read.dtype == np.float32
        assert np.array_equal(read, array.astype(np.float32))


@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (8,)},
        {"compression": "gzip"},
        {"shuffle": True, "fletcher32": True},
        {"maxshape": (None,)},
    ],
)
def test_what_hdf5_itself_can_unpack_is_read(tmp_path: Path, options: dict[str, Any]) -> None:
    with opened_arrays(written(tmp_path / "a.h5", packed(**options))) as arrays:
        assert arrays.read("x", (64,)).tolist() == [1.0] * 64


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("one", ["one"]),
        (b"one", ["one"]),
        (np.bytes_(b"fixed"), ["fixed"]),
        (["kernel:0", "bias:0"], ["kernel:0", "bias:0"]),
        (np.array([b"kernel:0", b"b:0"]), ["kernel:0", "b:0"]),
        ("ein Wört\N{SNOWMAN}" * 900, ["ein Wört\N{SNOWMAN}" * 900]),
        (np.array([], "S1"), []),
    ],
)
def test_texts_are_read(tmp_path: Path, value: Any, texts: list[str]) -> None:
    path = written(tmp_path / "a.h5", lambda file: file.attrs.__setitem__("key", value))
    with opened_arrays(path) as arrays:
        assert arrays.texts("/", "key") == texts
        assert arrays.text("/", "key") == (texts[0] if len(texts) == 1 else None)
        assert arrays.texts("/", "missing") == []
        assert arrays.texts("/missing", "key") == []


@pytest.mark.parametrize("value", [3, 2.5, [1, 2], ["x"] * 9, np.bytes_(b"x" * 50_000)])
def test_attributes_that_are_no_few_texts_are_refused(
    tmp_path: Path, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.library.foreign.hdf5.LARGEST_TEXT", 40_000)
    path = written(tmp_path / "a.h5", lambda file: file.attrs.__setitem__("key", value))
    with opened_arrays(path) as arrays, pytest.raises(ModelError, match="key of / cannot be read"):
        arrays.texts("/", "key")


def link_elsewhere(file: h5py.File) -> None:
    file["x"] = h5py.ExternalLink("/etc/passwd", "/")


def soft_link(file: h5py.File) -> None:
    file["x"] = h5py.SoftLink("/y")


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((64,), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (64,))
    file.create_virtual_dataset("x", layout)


def external(file: h5py.File) -> None:
    file.create_dataset("x", (64,), "f4", external=[("/etc/passwd", 0, 256)])


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (link_elsewhere, "is a link that leads elsewhere"),
        (soft_link, "is a link that leads elsewhere"),
        (virtual, "takes its numbers from another file"),
        (external, "takes its numbers from another file"),
        (packed(compression="lzf"), "with a filter that is not built in"),
        (packed(scaleoffset=2), "with a filter that is not built in"),
        (packed(dtype=np.longdouble), "not floating-point numbers of at most 64 bits"),
        (packed(dtype="i4"), "not floating-point numbers"),
        (lambda file: file.create_dataset("x", data=np.ones(64, "c8")), "not floating-point"),
        (lambda file: file.create_dataset("x", data=[b"x"] * 64), "not floating-point"),
        (lambda file: file.create_dataset("x", data=[file.ref], dtype=h5py.ref_dtype), "not floating"),
        (lambda file: file.create_group("x"), "has no array x"),
        (lambda file: file.create_dataset("x", (63,), "f4"), "its layer needs"),
    ],
)
def test_what_keras_does_not_write_is_refused(tmp_path: Path, write: Write, reason: str) -> None:
    path = written(tmp_path / "a.h5", write)
    with opened_arrays(path) as arrays, pytest.raises(ModelError, match=reason):
        arrays.read("x", (64,))


def test_names_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with opened_arrays(written(tmp_path / "a.h5", packed())) as arrays:
        for place in ("a/" * 10_000, "\x1b[2J"):
            with pytest.raises(ModelError, match="an impossible name"):
                arrays.has(place)


@pytest.mark.parametrize(
    "options",
    [
        {"data": np.ones(20_000, "f2")},  # twice as large in memory
        {"shape": (20_000,), "dtype": "f4"},  # never written: the file holds none of it
        {"data": np.zeros(20_000, "f4"), "compression": "gzip"},
    ],
)
def test_an_array_may_not_take_more_than_its_file_accounts_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.setattr(budget, "ALLOWANCE", 10_000)
    path = written(tmp_path / "a.h5", lambda file: file.create_dataset("x", **options))
    with opened_arrays(path) as arrays, pytest.raises(ModelError, match="more than a file of its size"):
        arrays.read("x", (20_000,))


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


def test_a_chunk_that_is_larger_than_its_array_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "ALLOWANCE", 10_000)
    options = {"shape": (64,), "maxshape": (None,), "chunks": (2**20,), "compression": "gzip"}
    path = written(tmp_path / "a.h5", lambda file: file.create_dataset("x", dtype="f4", **options))
    with opened_arrays(path) as arrays, pytest.raises(ModelError, match="more than a file of its size"):
        arrays.read("x", (64,))


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


@pytest.mark.parametrize("content", [b"", b"no model", b"\x89HDF\r\n\x1a\n", b"\x89HDF" + bytes(9999)])
def test_what_is_no_hdf5_file_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(ModelError, match=r"a\.h5 is no HDF5 file"), opened_arrays(tmp_path / "a.h5"):
        pass
