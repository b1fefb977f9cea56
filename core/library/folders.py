"""Model folders that change hands: put, moved, taken away, so that nobody ever sees half of one.

Each change is one rename, made while the directory's lock is held. A process that is killed anywhere
leaves the old model or the new one; what else it leaves has a name that begins with a dot.
"""

import contextlib
import glob
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPLACED = ".replaced"
STALE_SECONDS = 600
WRITER_WAITS, READER_WAITS = 10.0, 0.5


class NameTaken(OSError):
    """A model has this name already, and is not to be replaced."""


@contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    """Make a temporary folder beside `folder`, on the same file system; what is left of it goes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        temporary.chmod(0o755)  # mkdtemp gives 0700, and others may share a models directory
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def put(temporary: Path, folder: Path, replace: bool) -> None:
    """Give a finished temporary folder its name.

    Raises:
        NameTaken: the name is taken, and it is not to be replaced.
        OSError: the directory cannot be written; what was there is still there.
    """
    sync(temporary)
    old = replaced(folder)
    with locked(folder.parent, alone=True):
        if not replace and taken(folder):
            raise NameTaken(folder)
        if os.path.lexists(folder):
            discard(old)
            folder.rename(old)  # killed before the next rename, readers find the old model here
        try:
            temporary.rename(folder)
        except OSError:
            if os.path.lexists(old):
                old.rename(folder)
            raise
        with contextlib.suppress(OSError):  # the new model stands; the next change tries again
            discard(old)
    sync(folder.parent)


def move(folder: Path, target: Path) -> None:
    """Give a folder, or a file, another name in the same directory.

    Raises:
        FileNotFoundError: it is gone.
        NameTaken: the other name is.
        OSError: the directory cannot be written.
    """
    with locked(folder.parent, alone=True):
        if taken(target):
            raise NameTaken(target)
        _only_version(folder).rename(target)
    sync(folder.parent)


def take_away(folder: Path) -> None:
    """Remove a folder, or a file, for good.

    Raises:
        FileNotFoundError: it is gone already.
        OSError: the directory cannot be written.
    """
    doomed = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    with locked(folder.parent, alone=True):
        # Out of sight in one piece first, so that nobody lists or loads half a model.
        _only_version(folder).rename(doomed)
    with contextlib.suppress(OSError):
        discard(doomed)
    sync(folder.parent)


def _only_version(folder: Path) -> Path:
    """Return where a model's files are, and see to it that no older ones come back in their place."""
    old = replaced(folder)
    if os.path.lexists(folder):
        discard(old)
        return folder
    if os.path.lexists(old):
        return old
    raise FileNotFoundError(folder)


def taken(folder: Path) -> bool:
    """Say whether a model has this name: a folder, also one whose replacing was cut off, or a zip."""
    return any(map(os.path.lexists, (folder, replaced(folder), folder.with_name(f"{folder.name}.zip"))))


def replaced(folder: Path) -> Path:
    """Return where the old version of a model is while a new one takes its place."""
    return folder.with_name(f".{folder.name}{REPLACED}")


def unfinished(path: Path) -> Path | None:
    """Return the folder of which `path` is the old version, left by a save that was killed."""
    name = path.name.removesuffix(REPLACED)
    if len(name) < 2 or name == path.name or not name.startswith(".") or not path.is_dir():
        return None
    folder = path.with_name(name[1:])
    return None if os.path.lexists(folder) else folder


def discard(path: Path) -> None:
    """Remove a folder, a file or a link, if it is there.

    Raises:
        OSError: it cannot be removed.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what processes that were killed long ago have left of this model.

    An old version is left alone: `put` removes it, while the lock is held.
    """
    for path in folder.parent.glob(f".{glob.escape(folder.name)}.*"):
        with contextlib.suppress(OSError):
            stale = time.time() - path.stat().st_mtime > STALE_SECONDS
            if stale and path != replaced(folder):
                discard(path)


@contextmanager
def locked(directory: Path, alone: bool) -> Iterator[None]:
    """Hold a directory's lock while models change in it, or are listed.

    Those who list may do so together, one who changes is alone. The lock dies with its process. Whoever
    waits for too long, for one that is stopped or on a file system without locks, goes on without it.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    end = time.monotonic() + (WRITER_WAITS if alone else READER_WAITS)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        while time.monotonic() < end:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.002)
            except OSError:
                break
        yield
    finally:
        os.close(descriptor)


def sync(folder: Path) -> None:
    """Wait until the disk holds what a folder lists."""
    if os.name == "posix":  # other systems cannot open a directory
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
