"""Members of a zip that somebody else made, without believing what it says of their sizes.

Nothing is unpacked to disk. A member that is stored as it is, as Keras stores its weights, is read in
place; one that is packed is unpacked into memory, against the budget.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from core.errors import ModelError
from core.library.foreign.budget import Budget

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LARGEST_DIRECTORY = 1 << 20
"""Bytes of the list of members; zipfile makes some twenty times as much of it. Keras has three."""

MOST_MEMBERS = 10_000
BLOCK = 1 << 20
ENCRYPTED = 1

# All that zipfile lets through when an archive is damaged, encrypted or exotic.
_DAMAGE = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError, OverflowError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)


class _Sparing(io.RawIOBase):
    """A file of which little is read at once, whatever its list of members asks for."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def read(self, size: int | None = -1) -> bytes:
        wanted = LARGEST_DIRECTORY + 1 if size is None or size < 0 else size
        content = self._file.read(min(wanted, LARGEST_DIRECTORY + 1))
        if len(content) > LARGEST_DIRECTORY:
            raise ValueError("its list of members is larger than it can need")
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


class _Stretch(io.RawIOBase):
    """A part of a file as a file of its own, which takes no memory."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._file, self._start, self._size = file, start, size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        left = max(0, self._size - self._position)
        self._file.seek(self._start + self._position)
        content = self._file.read(min(len(view), left))
        view[: len(content)] = content
        self._position += len(content)
        return len(content)


class Archive:
    """An open zip; use `opened_archive`."""

    def __init__(self, file: BinaryIO, name: str, size: int) -> None:
        """Read the list of members of a file of `size` bytes that errors call `name`."""
        self.name, self.size = name, size
        self.budget = Budget(name, size)
        self._file = file
        try:
            self._zip = zipfile.ZipFile(_Sparing(file))
        except _DAMAGE as error:
            raise self._damaged(error) from error
        self.names = self._zip.namelist()
        if len(self.names) > MOST_MEMBERS or len(set(self.names)) < len(self.names):
            raise self._damaged("its list of members is no model's")

    def read(self, name: str, largest: int) -> bytes:
        """Return the content of a small member, checked against its CRC.

        Raises:
            ModelError: it is not there, larger than `largest`, or damaged.
        """
        entry = self._entry(name)
        if entry.file_size > largest:
            raise self._damaged(f"{name} is larger than the {largest:,} bytes it can need")
        return b"".join(self._blocks(entry))

    def file(self, name: str) -> BinaryIO:
        """Return a member as a file to read in, its CRC checked.

        Raises:
            ModelError: it is not there or damaged, or unpacked it is too large for the budget.
        """
        entry = self._entry(name)
        if entry.compress_type != zipfile.ZIP_STORED:
            self.budget.take(entry.file_size, f"unpacking {name}")
            unpacked = io.BytesIO()
            for block in self._blocks(entry):
                unpacked.write(block)
            return unpacked
        for _ in self._blocks(entry):
            pass
        try:
            self._file.seek(entry.header_offset)
            lengths = struct.unpack("<26xHH", self._file.read(30))
        except _DAMAGE as error:
            raise self._damaged(error) from error
        start = entry.header_offset + 30 + sum(lengths)
        return io.BufferedReader(_Stretch(self._file, start, entry.file_size))

    def _entry(self, name: str) -> zipfile.ZipInfo:
        if name not in self.names:
            raise self._damaged(f"it has no {name}")
        entry = self._zip.getinfo(name)
        if entry.flag_bits & ENCRYPTED:
            raise self._damaged(f"{name} is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self._damaged(f"{name} is packed in a way that Keras does not use")
        stored = entry.compress_type == zipfile.ZIP_STORED
        if entry.compress_size > self.size or (stored and entry.compress_size != entry.file_size):
            raise self._damaged(f"{name} is not of the size that it declares")
        return entry

    def _blocks(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield a member's content piece by piece; zipfile checks its CRC after the last."""
        total = 0
        try:
            with self._zip.open(entry) as file:
                while block := file.read(BLOCK):
                    total += len(block)
                    yield block
        except _DAMAGE as error:
            raise self._damaged(error) from error
        if total != entry.file_size:
            raise self._damaged(f"{entry.filename} is not of the size that it declares")

    def _damaged(self, why: object) -> ModelError:
        return ModelError(f"{self.name} is no .keras file, or a damaged one ({why!s:.200})")


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """Open a zip; its members can be read while it is open.

    Raises:
        ModelError: it is none, or damaged.
    """
    with path.open("rb") as file:
        yield Archive(file, path.name, path.stat().st_size)
