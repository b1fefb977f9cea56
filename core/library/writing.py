"""Files that are written whole or not at all.

A file is written under a passing name beside its destination, synced, and then takes over the name, so
a full disk, a crash or Ctrl-C leaves what was there. A process that is killed may also leave its file
under the passing name, `.….headlong`. Model folders are saved by `core.library.bundle`.
"""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from core.errors import ModelError, SettingError

Piece = bytes | memoryview


def check_destination(path: Path, replace: bool) -> None:
    """Refuse a path that no file can be written to, before any work is done for it.

    Raises:
        SettingError: a file is there and `replace` is off; or a directory is; or there is no directory
            to write to.
        ModelError: the directory does not let us write.
    """
    parent = path.parent
    with _explained(path):
        if path.is_dir():
            raise SettingError(f"{path} is a directory; add the name of the file to write in it")
        if path.exists() and not path.is_file():
            raise SettingError(f"{path} is no ordinary file; choose another name")
        if path.exists() and not replace:
            raise SettingError(f"there is a file {path} already; choose another name or add --replace")
        if not parent.is_dir():
            raise SettingError(f"there is no directory {parent}; create it or choose another one")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise ModelError(f"you may not write to the directory {parent}; choose another one")


def write_files(contents: Mapping[Path, bytes], mode: int = 0o666) -> None:
    """Write all of these files or none; what has their names is replaced, and links are followed.

    `mode` says who may use them, less what the user's umask takes.

    Only where the process is killed between two of them is the first one new and the second one old.
    A file that is replaced before the last one is copied first, so put the largest last.

    Raises:
        ModelError: they cannot be written; what was there is still there.
    """
    *_, last = contents
    with _explained(last), ExitStack() as passing:
        written: dict[Path, Path] = {}
        for path, content in contents.items():
            target = Path(os.path.realpath(path))
            written[target] = passing.enter_context(_beside(target))
            _write(written[target], [content], mode)
        _take_over(written)


def write_parts(path: Path, parts: Iterable[Piece], mode: int = 0o666) -> None:
    """Write a file from pieces that stand in memory already, as `write_files` does.

    Raises:
        ModelError: it cannot be written; what was there is still there.
    """
    with _explained(path), _beside(path) as passing:
        _write(passing, parts, mode)
        passing.replace(path)
        _sync(path.parent)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written: {error.strerror or error}; "
            "make room or choose another place (what was there is unchanged)"
        ) from error


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Lend a name in the same directory; a file that still has it in the end is removed."""
    # Not made from the file's own name, which may be as long as names can be.
    passing = path.with_name(f".{secrets.token_hex(8)}.headlong")
    try:
        yield passing
    finally:
        passing.unlink(missing_ok=True)


def _write(path: Path, parts: Iterable[Piece], mode: int) -> None:
    path.touch(mode, exist_ok=False)
    with path.open("wb") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())


def _take_over(written: Mapping[Path, Path]) -> None:
    *_, last = written
    with ExitStack() as earlier:
        for path, passing in written.items():
            if path != last:
                earlier.enter_context(_taken_back_on_failure(path))
            passing.replace(path)
    for folder in {path.parent for path in written}:
        _sync(folder)


@contextmanager
def _taken_back_on_failure(path: Path) -> Iterator[None]:
    """Put back what is at `path` now, or nothing, if what follows fails."""
    with _beside(path) as copy:
        there = path.exists()
        if there:
            shutil.copy2(path, copy)
        try:
            yield
        except BaseException:
            if there:
                copy.replace(path)
            else:
                path.unlink(missing_ok=True)
            raise


def _sync(folder: Path) -> None:
    """Make the new names last through a power cut, where the system can."""
    if os.name == "posix":
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
