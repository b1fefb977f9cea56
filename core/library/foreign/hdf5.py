"""Arrays out of an HDF5 file that somebody else wrote.

Only what is asked for by name is looked at. Links that lead elsewhere, virtual datasets and filters
that are not HDF5's own are refused, and a shape is checked before a byte is allocated for it: Keras's
own loader had CVE-2026-0897 and CVE-2026-1669 in these places.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError

if TYPE_CHECKING:
    import h5py

BUILT_IN_FILTERS = {1, 2, 3}
"""Deflate, shuffle and Fletcher's checksum, by their numbers in HDF5."""

LONGEST_ATTRIBUTE = 16 << 20


class Arrays:
    """An HDF5 file, as a place to take arrays and attributes from; a context manager."""

    def __init__(self, source: Path | BinaryIO, name: str) -> None:
        """Open a file, or the bytes of one; `name` is what errors call it.

        Raises:
            ModelError: it is no HDF5 file.
        """
        import h5py

        self.name = name
        try:
            self._file = h5py.File(source, "r")
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"{name} is no HDF5 file, or a damaged one ({error})") from error

    def attribute(self, place: str, key: str) -> Any:
        """Return an attribute of a group, text as str; None where there is none."""
        node = self._node(place)
        try:
            if node is None or key not in node.attrs:
                return None
            if node.attrs.get_id(key).get_storage_size() > LONGEST_ATTRIBUTE:
                raise ModelError(f"{self.name}: the attribute {key} of {place} is too large")
            return _text(node.attrs[key])
        except (OSError, RuntimeError, ValueError, TypeError) as error:
            raise ModelError(f"{self.name}: {key} of {place} cannot be read ({error})") from error

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
            ModelError: there is none, it is of a kind that is refused, or its shape is another.
        """
        dataset = self._dataset(place)
        if tuple(dataset.shape) != tuple(shape):
            raise ModelError(
                f"{self.name}: {place} has the shape {tuple(dataset.shape)}, "
                f"and its layer needs {tuple(shape)}"
            )
        try:
            array = np.asarray(dataset[...], dtype=np.float32)
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"{self.name}: {place} cannot be read ({error})") from error
        if not np.isfinite(array).all():
            raise ModelError(f"{self.name}: {place} holds numbers that are not finite")
        return array

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(RuntimeError):
            self._file.close()

    def _node(self, place: str) -> "h5py.Group | h5py.Dataset | None":
        """Go down to `place` by hard links only."""
        import h5py

        node: Any = self._file
        for part in filter(None, place.split("/")):
            try:
                if not isinstance(node, h5py.Group) or part not in node:
                    return None
                if not isinstance(node.get(part, getlink=True), h5py.HardLink):
                    raise ModelError(f"{self.name}: {place} is a link that leads elsewhere")
                node = node[part]
            except (OSError, RuntimeError, ValueError, KeyError) as error:
                raise ModelError(f"{self.name}: {place} cannot be read ({error})") from error
        return node

    def _dataset(self, place: str) -> "h5py.Dataset":
        import h5py

        node = self._node(place)
        if not isinstance(node, h5py.Dataset):
            raise ModelError(f"{self.name} has no array {place}")
        if node.is_virtual or node.external:
            raise ModelError(f"{self.name}: {place} takes its numbers from another file")
        properties = node.id.get_create_plist()
        filters = {properties.get_filter(n)[0] for n in range(properties.get_nfilters())}
        if not filters <= BUILT_IN_FILTERS:
            raise ModelError(f"{self.name}: {place} is packed with a filter that is not built in")
        if node.dtype.kind != "f":
            raise ModelError(f"{self.name}: {place} holds {node.dtype}, not floating-point numbers")
        return node


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, np.ndarray):
        return [_text(item) for item in value.tolist()]
    return value
