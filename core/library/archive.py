"""Members of a zip that somebody else made, without believing what it says of their sizes.

Nothing is unpacked to disk. A member that is stored as it is can be read in place; one that is packed
is unpacked into memory, and may not be much larger than the archive.
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from core.library.limits import DIRECTORY, SLACK

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 1 << 20
ENCRYPTED = 1

# All that zipfile lets through when an archive is damaged, encrypted or exotic.
_DAMAGE = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError, OverflowError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)


class BadArchive(ValueError):
    """A zip that is damaged, or not made as honest programs make them; the text says how."""


class Archive:
    """An open zip; closing it does not close its file."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the list of members.

        Raises:
            BadArchive: there is none, or it is larger than that of a model can be.
        """
        self.size = os.fstat(file.fileno()).st_size
        self._file = file
        try:
            self._zip = zipfile.ZipFile(_Sparing(file))
        except _DAMAGE as error:
            raise BadArchive(f"{error!s:.200}") from error
        self._entries = {entry.filename: entry for entry in self._zip.infolist()}
        if len(self._entries) < len(self._zip.infolist()):
            raise BadArchive("it holds two members of one name")

    @property
    def names(self) -> list[str]:
        """The names of all members, in their order."""
        return list(self._entries)

    def packed(self, name: str) -> bool:
        """Say whether reading a member takes memory for what is unpacked."""
        return self._entry(name).compress_type != zipfile.ZIP_STORED

    def size_of(self, name: str) -> int:
        """Return how many bytes a member holds, by its own word.

        Raises:
            BadArchive: it is not there, no plain file, encrypted, or packed like a bomb.
        """
        return self._entry(name).file_size

    def read(self, name: str) -> bytearray:
        """Return the content of a member, its CRC checked.

        Raises:
            BadArchive: as `size_of`, or it is damaged.
        """
        entry = self._entry(name)
        content, position = bytearray(entry.file_size), 0
        for block in self._blocks(entry):
            content[position : position + len(block)] = block
            position += len(block)
        return content

    def file(self, name: str) -> BinaryIO:
        """Return a member as a file to read in, its CRC checked.

        Raises:
            BadArchive: as `read`.
        """
        entry = self._entry(name)
        if self.packed(name):
            return io.BytesIO(self.read(name))
        for _ in self._blocks(entry):
            pass
        try:
            self._file.seek(entry.header_offset)
            lengths = struct.unpack("<26xHH", self._file.read(30))
        except _DAMAGE as error:
            raise BadArchive(f"{error!s:.200}") from error
        start = entry.header_offset + 30 + sum(lengths)
        return io.BufferedReader(_Stretch(self._file, start, entry.file_size))

    def _entry(self, name: str) -> zipfile.ZipInfo:
        if name not in self._entries:
            raise BadArchive(f"it has no {name}")
        entry = self._entries[name]
        stored = entry.compress_type == zipfile.ZIP_STORED
        if entry.flag_bits & ENCRYPTED:
            raise BadArchive(f"{name} is encrypted")
        # Other ways of packing take memory that the file's size does not tell.
        if not stored and entry.compress_type != zipfile.ZIP_DEFLATED:
            raise BadArchive(f"{name} is packed in another way than by deflating")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise BadArchive(f"{name} is no plain file")
        if entry.compress_size > self.size or (stored and entry.compress_size != entry.file_size):
            raise BadArchive(f"{name} is not of the size that it declares")
        if entry.file_size > self.size + SLACK:
            raise BadArchive(f"{name} is packed like a bomb")
        return entry

    def _blocks(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield a member's content piece by piece; zipfile checks its CRC after the last."""
        total = 0
        try:
            with self._zip.open(entry) as file:
                while block := file.read(BLOCK):
                    total += len(block)
                    if total > entry.file_size:
                        break
                    yield block
        except _DAMAGE as error:
            raise BadArchive(f"{error!s:.200}") from error
        if total != entry.file_size:
            raise BadArchive(f"{entry.filename} is not of the size that it declares")


class _Sparing(io.RawIOBase):
    """A file of which little is read at once, whatever its list of members asks for."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def read(self, size: int | None = -1) -> bytes:
        wanted = DIRECTORY + 1 if size is None or size < 0 else size
        content = self._file.read(min(wanted, DIRECTORY + 1))
        if len(content) > DIRECTORY:
            raise ValueError(f"its list of members is larger than {DIRECTORY:,} bytes")
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
