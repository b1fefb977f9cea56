"""The files of a model, out of a folder or a zip of one: found, measured and read, never unpacked.

What is read is a regular file of a known name and at most of the size that core.library.limits allows.
Links and pipes are refused, and so are zips that hold a name twice or more than they can need.
"""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.errors import DamagedModel, ModelNotFound
from core.library.folders import replaced
from core.library.limits import DIRECTORY, LARGEST, SLACK

if TYPE_CHECKING:
    import zipfile

LONGEST_REASON = 300

STORED, DEFLATED = 0, 8
"""How a zip's members may be packed; other ways take memory that the file's size does not tell."""


def damaged(path: Path, what: str) -> DamagedModel:
    """Return the error that says what is wrong with the model at `path`."""
    if len(what) > LONGEST_REASON:
        what = what[:LONGEST_REASON] + " ..."
    return DamagedModel(
        f"the model at {path} is damaged: {what}; restore it from a copy or train it again"
    )


class Container(Protocol):
    """A model's files, wherever they are."""

    path: Path

    def size(self, name: str) -> int:
        """Return how many bytes a file holds.

        Raises:
            DamagedModel: it is missing, or no plain file.
        """
        ...

    def read(self, name: str) -> bytes:
        """Return a file's content.

        Raises:
            DamagedModel: it is missing, too large, no plain file, or cannot be read.
        """
        ...


@contextmanager
def opened(path: Path) -> Iterator[Container]:
    """Open a model folder, or a zip of one.

    Raises:
        ModelNotFound: nothing is there.
        DamagedModel: it is neither.
    """
    if path.is_dir():
        yield _Folder(path)
    elif path.exists():
        with _Archive(path) as archive:
            yield archive
    elif replaced(path).is_dir():  # a save was killed between its two renames
        yield _Folder(replaced(path))
    else:
        raise ModelNotFound(f"there is no model at {path}; check the path")


def _check_size(path: Path, name: str, size: int) -> None:
    if size > LARGEST[name]:
        raise damaged(path, f"{name} is larger than the {LARGEST[name]:,} bytes that it may have")


class _Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def size(self, name: str) -> int:
        """See Container."""
        with self._open(name) as file:
            return os.fstat(file.fileno()).st_size

    def read(self, name: str) -> bytes:
        """See Container."""
        with self._open(name) as file:
            size = os.fstat(file.fileno()).st_size
            _check_size(self.path, name, size)
            return file.read(size)

    @contextmanager
    def _open(self, name: str) -> Iterator[io.FileIO]:
        # Without waiting for whoever writes into a pipe, or following a link out of the folder.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        flags |= getattr(os, "O_BINARY", 0)
        place = self.path / name
        try:
            with io.FileIO(os.open(place, flags)) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise damaged(self.path, f"{name} is no plain file")
                yield file
        except FileNotFoundError:
            raise damaged(self.path, f"{name} is missing") from None
        except OSError as error:
            if place.is_symlink():
                raise damaged(self.path, f"{name} is a link, and might lead anywhere") from error
            raise damaged(self.path, f"{name} cannot be read ({error.strerror})") from error


class _Reader(io.BufferedReader):
    """A file that at first gives little at a time: zipfile reads a directory whole, however large."""

    limit: int | None = DIRECTORY

    def read(self, size: int | None = -1) -> bytes:
        if self.limit is not None and size is not None and size > self.limit:
            raise ValueError(f"its directory is larger than {self.limit:,} bytes")
        return super().read(size)


class _Archive:
    """A zip whose members stand at its top or in one folder."""

    def __init__(self, path: Path) -> None:
        import struct
        import zipfile
        import zlib

        self.path = path
        # All that zipfile lets through when an archive is damaged, encrypted or exotic.
        self._errors = (
            *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError, OverflowError),
            *(zipfile.BadZipFile, zlib.error, struct.error),
        )
        try:
            self._file = _Reader(io.FileIO(path))
        except OSError as error:
            raise damaged(path, f"it cannot be read ({error.strerror})") from error
        try:
            self._archive = zipfile.ZipFile(self._file)
            self._file.limit = None
            self._members = dict(self._plain_members())
        except self._errors as error:
            self._file.close()
            raise damaged(path, f"it is neither a model folder nor a zip of one ({error})") from error
        except DamagedModel:
            self._file.close()
            raise

    def _plain_members(self) -> "Iterator[tuple[str, zipfile.ZipInfo]]":
        seen = set()
        for entry in self._archive.infolist():
            folder, _, name = entry.filename.rpartition("/")
            if name not in LARGEST or "/" in folder or folder == "..":
                continue
            if name in seen:
                raise damaged(self.path, f"it holds {name} more than once")
            seen.add(name)
            yield name, entry

    def size(self, name: str) -> int:
        """See Container."""
        return self._member(name).file_size

    def _member(self, name: str) -> "zipfile.ZipInfo":
        if name not in self._members:
            raise damaged(self.path, f"{name} is missing")
        entry = self._members[name]
        _check_size(self.path, name, entry.file_size)
        if entry.file_size > os.fstat(self._file.fileno()).st_size + SLACK:
            raise damaged(self.path, f"{name} is packed like a bomb")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if entry.compress_type not in (STORED, DEFLATED) or kind not in (0, stat.S_IFREG):
            raise damaged(self.path, f"{name} is no plain file, or not packed by deflating")
        return entry

    def read(self, name: str) -> bytes:
        """See Container."""
        entry = self._member(name)
        try:
            with self._archive.open(entry) as file:
                content = file.read(entry.file_size)
        except self._errors as error:
            raise damaged(self.path, f"{name} cannot be read ({error})") from error
        if len(content) != entry.file_size:
            raise damaged(self.path, f"{name} is shorter than it is said to be")
        return content

    def __enter__(self) -> "_Archive":
        return self

    def __exit__(self, *exception: object) -> None:
        self._archive.close()
        self._file.close()
