"""Where the arrays of a text stand: in memory while it is small, in files once it is large.

Files are mapped only while they are looked at, so that what was read once does not stay in memory.
"""

import io
import json
import os
import weakref
import zlib
from collections.abc import Iterable, Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Kind = TypeVar("Kind", bound=np.generic)

PIECE = 1 << 20
"""Bytes that are read at a time."""


class Storage(Protocol):
    """Named sequences of bytes: written once from their beginning to their end, then read."""

    def create(self, name: str) -> IO[bytes]:
        """Begin to write; closing it keeps what was written.

        Raises:
            OSError: it cannot be written.
        """
        ...

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield what was written line by line."""
        ...

    def view(self, name: str, kind: type[Kind]) -> NDArray[Kind]:
        """Return what was written as numbers of one kind; let go of it soon."""
        ...

    def read(self, name: str, kind: type[Kind], part: slice) -> NDArray[Kind]:
        """Return a copy of some of those numbers.

        Of a part that is mapped the system may count megabytes around it as this process's memory.
        """
        ...

    def remove(self, name: str) -> None:
        """Forget what was written."""
        ...


class _Kept(io.BytesIO):
    """Bytes that can still be read when the file is closed."""

    kept = b""

    def close(self) -> None:
        """Close, and keep the bytes."""
        if not self.closed:
            self.kept = self.getvalue()
        super().close()


class Memory:
    """A storage that ends with the process."""

    def __init__(self) -> None:
        self._parts: dict[str, _Kept] = {}

    def create(self, name: str) -> IO[bytes]:
        """See Storage."""
        return self._parts.setdefault(name, _Kept())

    def lines(self, name: str) -> Iterator[bytes]:
        """See Storage."""
        return io.BytesIO(self._parts[name].kept)

    def view(self, name: str, kind: type[Kind]) -> NDArray[Kind]:
        """See Storage."""
        return np.frombuffer(self._parts[name].kept, kind)

    def read(self, name: str, kind: type[Kind], part: slice) -> NDArray[Kind]:
        """See Storage."""
        return self.view(name, kind)[part].copy()

    def remove(self, name: str) -> None:
        """See Storage."""
        del self._parts[name]


class Folder:
    """A storage of one file for each name. What is open can be read to the end when it is removed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: dict[str, IO[bytes]] = {}
        weakref.finalize(self, _close, self._opened)

    def create(self, name: str) -> IO[bytes]:
        """See Storage."""
        return (self.path / name).open("wb")

    def lines(self, name: str) -> Iterator[bytes]:
        """See Storage."""
        file = self._open(name)
        if _size(file):
            with mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
                yield from iter(mapped.readline, b"")

    def view(self, name: str, kind: type[Kind]) -> NDArray[Kind]:
        """See Storage."""
        file = self._open(name)
        if not _size(file):
            return np.empty(0, kind)  # nothing cannot be mapped
        return np.memmap(file, kind, "r")

    def read(self, name: str, kind: type[Kind], part: slice) -> NDArray[Kind]:
        """See Storage."""
        file, size = self._open(name), np.dtype(kind).itemsize
        file.seek(int(part.start) * size)
        return np.frombuffer(file.read(int(part.stop - part.start) * size), kind)

    def remove(self, name: str) -> None:
        """See Storage."""
        if name in self._opened:
            self._opened.pop(name).close()
        (self.path / name).unlink()

    def hold(self, names: Iterable[str]) -> None:
        """Open files, so that they can be read from now on even if they are removed."""
        for name in names:
            self._open(name)

    def close(self) -> None:
        """Close what is open."""
        _close(self._opened)

    def _open(self, name: str) -> IO[bytes]:
        if name not in self._opened:
            self._opened[name] = (self.path / name).open("rb")
        return self._opened[name]

    def checks(self) -> dict[str, tuple[int, int]]:
        """Return the size and the CRC-32 of each file, by its name."""
        return {path.name: _check(path) for path in sorted(self.path.iterdir())}


def _close(opened: dict[str, IO[bytes]]) -> None:
    while opened:
        opened.popitem()[1].close()


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _check(path: Path) -> tuple[int, int]:
    size = check = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            size, check = size + len(piece), zlib.crc32(piece, check)
    return size, check


def write_words(words: list[str], file: IO[bytes]) -> None:
    """Write words of any characters, line ends among them, to be read by `read_words`."""
    file.write("".join(json.dumps(word) + "\n" for word in words).encode())


def read_words(lines: Iterable[bytes]) -> Iterator[str]:
    """Yield words that `write_words` wrote."""
    return map(json.loads, lines)
