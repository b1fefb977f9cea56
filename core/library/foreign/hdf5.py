"""Arrays and texts out of an HDF5 file that somebody else wrote.

Only what is asked for by name is looked at, and what an array takes is asked of the budget before it is
allocated: Keras's own loader had CVE-2026-0897 and CVE-2026-1669 in these places.
"""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.library.foreign.budget import Budget
from core.library.foreign.hdf5_format import Dataset, Hdf5, Region
from core.library.foreign.hdf5_messages import FormatError

_DAMAGE = (FormatError, struct.error, IndexError, OverflowError, OSError)
"""What reading a damaged file can end in."""


class Arrays:
    """An HDF5 file, as a place to take arrays and texts from."""

    def __init__(self, region: Region, name: str, budget: Budget) -> None:
        """Begin to read a file, or a part of one; `name` is what errors call it.

        Raises:
            ModelError: it is no HDF5 file.
        """
        self.name = name
        self.budget = budget
        try:
            self._file = Hdf5(region)
        except _DAMAGE as error:
            raise ModelError(f"{name} is no HDF5 file, or a damaged one: it {_said(error)}") from error

    def text(self, place: str, key: str) -> str | None:
        """Return an attribute that is one text; None where there is none."""
        texts = self.texts(place, key)
        return texts[0] if texts and len(texts) == 1 else None

    def texts(self, place: str, key: str) -> list[str]:
        """Return an attribute that is a list of texts; nothing where there is none."""
        address = self._find(place)
        try:
            return [] if address is None else self._file.texts(address, key) or []
        except _DAMAGE as error:
            raise self._error(f"{key} of {place}", error) from error

    def has(self, place: str) -> bool:
        """Say whether a group or a dataset stands at `place`."""
        return self._find(place) is not None

    def shape(self, place: str) -> tuple[int, ...]:
        """Return the shape of the dataset at `place`.

        Raises:
            ModelError: there is none, or it is of a kind that is refused.
        """
        return self._dataset(place).shape

    def read(self, place: str, shape: Sequence[int]) -> NDArray[np.float32]:
        """Return the dataset at `place`, which must have `shape`.

        Raises:
            ModelError: there is none, it is of a kind that is refused, its shape is another, or it
                takes more memory than the file's size accounts for.
        """
        dataset = self._dataset(place)
        if dataset.shape != tuple(shape):
            raise ModelError(
                f"{self.name}: {place} has the shape {dataset.shape}, "
                f"and its layer needs {tuple(shape)}"
            )
        self.budget.take(4 * dataset.size, place)
        try:
            array = self._file.read(dataset)
        except _DAMAGE as error:
            raise self._error(place, error) from error
        # What is not a number is the least and the most; no copy is made to find it.
        if array.size and not np.isfinite((array.min(), array.max())).all():
            raise ModelError(f"{self.name}: {place} holds numbers that are not finite")
        return array

    def _find(self, place: str) -> int | None:
        if len(place) > 4096 or not place.isprintable():
            raise ModelError(f"{self.name} has an array with an impossible name, {place!r:.60}")
        try:
            return self._file.find(place)
        except _DAMAGE as error:
            raise self._error(place, error) from error

    def _dataset(self, place: str) -> Dataset:
        address = self._find(place)
        try:
            dataset = None if address is None else self._file.dataset(address)
        except _DAMAGE as error:
            raise self._error(place, error) from error
        if dataset is None:
            raise ModelError(f"{self.name} has no array {place}")
        return dataset

    def _error(self, place: str, error: Exception) -> ModelError:
        return ModelError(
            f"{self.name}: {place} {_said(error)}; save the model again with Keras's own model.save"
        )


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, FormatError) else f"cannot be read ({error})"


@contextmanager
def opened_arrays(path: Path) -> Iterator[Arrays]:
    """Open an HDF5 file; it can be read from while it is open.

    Raises:
        ModelError: it is no HDF5 file.
    """
    if not path.is_file():
        raise ModelError(f"{path.name} is no file that can be read")
    try:
        file = path.open("rb")
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}") from error
    with file:
        size = path.stat().st_size
        yield Arrays(Region(file, 0, size), path.name, Budget(path.name, size))
