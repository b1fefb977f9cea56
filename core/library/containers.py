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
from typing import Protocol

from core.errors import DamagedModel, ModelNotFound
from core.library.archive import BLOCK, Archive, BadArchive
from core.library.folders import replaced
from core.library.limits import LARGEST, Content
from core.library.paths import exists, is_file, is_folder

LONGEST_REASON = 300


def damaged(path: Path, what: str) -> DamagedModel:
    """Return the error that says what is wrong with the model at `path`."""
    if len(what) > LONGEST_REASON:
        what = what[:LONGEST_REASON] + " ..."
    return DamagedModel(
        f"the model at {path} is damaged: {what}; restore it from a copy or make it anew"
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

    def read(self, name: str) -> Content:
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
    if is_folder(path):
        yield _Folder(path)
    elif is_file(path):
        yield from _opened_zip(path)
    elif exists(path):
        raise damaged(path, "it is neither a folder nor a plain file")
    elif is_folder(replaced(path)):  # a save was killed between its two renames
        yield _Folder(replaced(path))
    else:
        raise ModelNotFound(f"there is no model at {path}; check the path")


def _opened_zip(path: Path) -> Iterator[Container]:
    try:
        with path.open("rb") as file:
            yield _Zip(path, Archive(file))
    except BadArchive as error:
        raise damaged(path, f"it is neither a model folder nor a zip of one ({error})") from error
    except OSError as error:
        raise damaged(path, f"it cannot be read ({error.strerror})") from error


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

    def read(self, name: str) -> bytearray:
        """See Container."""
        with self._open(name) as file:
            size = os.fstat(file.fileno()).st_size
            _check_size(self.path, name, size)
            content, position = bytearray(size), 0
            with memoryview(content) as view:  # block by block: a Ctrl-C is heard between two of them
                while block := file.readinto(view[position : position + BLOCK]):
                    position += block
            del content[position:]
            return content

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


class _Zip:
    """A zip whose members stand at its top or in one folder."""

    def __init__(self, path: Path, archive: Archive) -> None:
        self.path = path
        self._archive = archive
        self._members: dict[str, str] = {}
        for member in archive.names:
            folder, _, name = member.rpartition("/")
            if name in LARGEST and "/" not in folder and folder != "..":
                if name in self._members:
                    raise damaged(path, f"it holds {name} more than once")
                self._members[name] = member

    def size(self, name: str) -> int:
        """See Container."""
        if name not in self._members:
            raise damaged(self.path, f"{name} is missing")
        size = self._archive.size_of(self._members[name])
        _check_size(self.path, name, size)
        return size

    def read(self, name: str) -> bytearray:
        """See Container."""
        self.size(name)
        return self._archive.read(self._members[name])
