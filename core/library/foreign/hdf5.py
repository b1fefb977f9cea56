"""Arrays and texts out of an HDF5 file that somebody else wrote, through h5py.

Only what is asked for by name is looked at. Links that lead elsewhere, virtual datasets and filters
that are not HDF5's own are refused, and what an array takes is asked of the budget before it is
allocated: Keras's own loader had CVE-2026-0897 and CVE-2026-1669 in these places. HDF5 itself can be
made to hang or crash by a single wrong byte, so all this runs in a process of its own, see apart.py.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.library.foreign.budget import Budget

if TYPE_CHECKING:
    import h5py

T = TypeVar("T")

BUILT_IN_FILTERS = {1, 2, 3}
"""Deflate, shuffle and Fletcher's checksum, by their numbers in HDF5."""

LARGEST_TEXT = 1 << 20
MOST_TEXTS = 8
LONGEST_PLACE = 4096

_DAMAGE = (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""What h5py raises for damaged files; it has no error of its own."""


class Arrays:
    """An HDF5 file, as a place to take arrays and texts from; use `opened_arrays`, or close it."""

    def __init__(self, file: BinaryIO, name: str, budget: Budget) -> None:
        """Open a file, or a part of one; `name` is what errors call it.

        Raises:
            ModelError: it is no HDF5 file.
        """
        import h5py

        self.name = name
        self.budget = budget
        try:
            self._file = h5py.File(file, "r")
        except _DAMAGE as error:
            raise ModelError(f"{name} is no HDF5 file, or a damaged one ({error!s:.200})") from error

    def text(self, place: str, key: str) -> str | None:
        """Return an attribute that is one text; None where there is none."""
        texts = self.texts(place, key)
        return texts[0] if len(texts) == 1 else None

    def texts(self, place: str, key: str) -> list[str]:
        """Return an attribute that is a text or a list of some; nothing where there is none."""
        node = self._node(place)
        return [] if node is None else self._guarded(f"{key} of {place}", lambda: _texts(node, key))

    def has(self, place: str) -> bool:
        """Say whether a group or a dataset stands at `place`."""
        return self._node(place) is not None

    def shape(self, place: str) -> tuple[int, ...]:
        """Return the shape of the dataset at `place`.

        Raises:
            ModelError: there is none, or it is of a kind that is refused.
        """
        return tuple(self._dataset(place).shape)

    def read(self, place: str, shape: Sequence[int]) -> NDArray[np.float32]:
        """Return the dataset at `place`, which must have `shape`.

        Raises:
            ModelError: there is none, it is of a kind that is refused, its shape is another, or it
                takes more memory than the file's size accounts for.
        """
        dataset = self._dataset(place)
        if tuple(dataset.shape) != tuple(shape):
            raise ModelError(
                f"{self.name}: {place} has the shape {tuple(dataset.shape)}, "
                f"and its layer needs {tuple(shape)}"
            )
        self.budget.take(4 * math.prod(shape), place)
        array = self._guarded(place, lambda: _numbers(dataset))
        # What is not a number is the least and the most; no copy is made to find it.
        if array.size and not np.isfinite((array.min(), array.max())).all():
            raise ModelError(f"{self.name}: {place} holds numbers that are not finite")
        return array

    def close(self) -> None:
        """Close the file."""
        with suppress(*_DAMAGE):
            self._file.close()

    def _node(self, place: str) -> "h5py.Group | h5py.Dataset | None":
        if len(place) > LONGEST_PLACE or not place.isprintable():
            raise ModelError(f"{self.name} has an array with an impossible name, {place!r:.60}")
        return self._guarded(place, lambda: _found(self._file, place))

    def _dataset(self, place: str) -> "h5py.Dataset":
        import h5py

        node = self._node(place)
        if not isinstance(node, h5py.Dataset):
            raise ModelError(f"{self.name} has no array {place}")
        if refusal := self._guarded(place, lambda: _refusal(node)):
            raise ModelError(f"{self.name}: {place} {refusal}")
        if node.chunks:  # one is unpacked whole
            size = 4 * math.prod(node.chunks)
            self.budget.take(size, place)
            self.budget.give_back(size)
        return node

    def _guarded(self, place: str, read: Callable[[], T]) -> T:
        try:
            return read()
        except _DAMAGE as error:
            raise ModelError(
                f"{self.name}: {place} cannot be read ({error!s:.200}); "
                "save the model again with Keras's own model.save"
            ) from error


def _found(file: Any, place: str) -> Any:
    """Go down to `place` by hard links only."""
    import h5py

    node = file
    for part in filter(None, place.split("/")):
        if not isinstance(node, h5py.Group) or part not in node:
            return None
        if not isinstance(node.get(part, getlink=True), h5py.HardLink):
            raise ValueError("it is a link that leads elsewhere")
        node = node[part]
    return node


def _refusal(dataset: Any) -> str | None:
    """Say why a dataset is not read, or None where it is."""
    if dataset.is_virtual or dataset.external:
        return "takes its numbers from another file"
    properties = dataset.id.get_create_plist()
    filters = {properties.get_filter(number)[0] for number in range(properties.get_nfilters())}
    if not filters <= BUILT_IN_FILTERS:
        return "is packed with a filter that is not built in"
    if dataset.dtype.kind != "f" or dataset.dtype.itemsize > 8:
        return f"holds {dataset.dtype!s:.40}, not floating-point numbers of at most 64 bits"
    return None


def _numbers(dataset: Any) -> NDArray[np.float32]:
    array = np.empty(dataset.shape, np.float32)
    if array.size:
        dataset.read_direct(array)  # converts as it reads, so there is no second copy
    return array


def _texts(node: Any, key: str) -> list[str]:
    if key not in node.attrs:
        return []
    attribute = node.attrs.get_id(key)
    if 0 in attribute.shape:  # nothing is stored, and HDF5 calls that an error
        return []
    if attribute.get_storage_size() > LARGEST_TEXT or math.prod(attribute.shape) > MOST_TEXTS:
        raise ValueError("it is larger than it can need")
    value = node.attrs[key]
    values = value.tolist() if isinstance(value, np.ndarray) else [value]
    return [_text(item) for item in values]


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if not isinstance(value, str):
        raise TypeError("it is no text")
    return value


@contextmanager
def opened_arrays(path: Path) -> Iterator[Arrays]:
    """Open an HDF5 file; it can be read from while it is open.

    Raises:
        ModelError: it is no HDF5 file.
    """
    if not path.is_file():
        raise ModelError(f"{path.name} is no file that can be read")
    with path.open("rb") as file:
        budget = Budget(path.name, path.stat().st_size)
        with closing(Arrays(file, path.name, budget)) as arrays:
            yield arrays
