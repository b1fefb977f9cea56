"""Large texts, encoded once and kept in the user's cache directory for the next time.

A text has a folder there, named by the SHA-256 of its files' content and of all that changes its lines.
It is written beside and renamed when it is whole, so several programs may write the same one. A folder
that is damaged is written anew. The `KEPT` that were used last are kept, and older ones are removed;
whoever reads one has its files open, and reads on.
"""

import hashlib
import json
import secrets
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.text.storage import PIECE, Folder

FORMAT = 1
KEPT = 4
META = "text.json"
STALE_SECONDS = 86_400
"""After which what a program left that was killed is removed."""

Record = dict[str, Any]
"""What is told of a text, as JSON can hold it."""

Build = Callable[[Folder], Record]


def texts_directory() -> Path:
    """Return the directory of encoded texts."""
    import platformdirs

    return platformdirs.user_cache_path("headlong", appauthor=False) / "texts"


def key_of(files: Sequence[Path], settings: Record, watch: Callable[[], None]) -> str:
    """Return the name of a text; `watch` is called now and then, and may raise."""
    digest = hashlib.sha256(json.dumps([FORMAT, settings], sort_keys=True).encode())
    for path in files:
        size = path.stat().st_size
        digest.update(f"\n{path.suffix.lower()} {size}\n".encode("utf-8", "surrogateescape"))
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                watch()
    return digest.hexdigest()[:32]


def prepared(key: str, build: Build) -> tuple[Folder, Record, str | None]:
    """Return a text of this name, written now unless it is there, and a notice if there is one.

    Where the cache directory cannot be written to, the text stands in a temporary directory until the
    program ends.

    Raises:
        InputError: there is no room for it.
    """
    directory = texts_directory()
    folder = directory / key
    if (there := _load(folder)) is not None:
        return *there, None
    try:
        directory.mkdir(parents=True, exist_ok=True)
        passing = Path(tempfile.mkdtemp(prefix=f".{key}.", dir=directory))
    except OSError as error:
        notice = (
            f"{directory} cannot be written to ({error.strerror or error}), so the text is encoded for "
            "this once; set XDG_CACHE_HOME to a directory that can"
        )
        return *temporary(build), notice
    try:
        with _room(directory):
            record = _write(passing, build)
            opened = _take_place(passing, folder)
    finally:
        shutil.rmtree(passing, ignore_errors=True)
    _remove_old(directory, folder)
    return opened, record, None


def temporary(build: Build) -> tuple[Folder, Record]:
    """Return a text in a temporary directory, which is removed when nobody uses it any more.

    Raises:
        InputError: there is no room for it.
    """
    path = Path(tempfile.mkdtemp(prefix="headlong-"))
    try:
        with _room(path.parent):
            folder = Folder(path)
            record = build(folder)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    weakref.finalize(folder, shutil.rmtree, path, ignore_errors=True)
    return folder, record


@contextmanager
def _room(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"the text cannot be encoded in {directory}: {error.strerror or error}; it takes about as "
            "much room as its files, so make room, or set XDG_CACHE_HOME to a directory that has it"
        ) from error


def _write(passing: Path, build: Build) -> Record:
    folder = Folder(passing)
    try:
        record = build(folder)
    finally:
        folder.close()
    meta = json.dumps({"record": record, "checks": folder.checks()})
    (passing / META).write_text(meta, encoding="utf-8")
    return record


def _load(folder: Path) -> tuple[Folder, Record] | None:
    """Return a text with its files open and what is told of it, or None where it is not there whole."""
    opened = Folder(folder)
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        opened.hold(meta["checks"])
        (folder / META).touch()
        found = {name: list(check) for name, check in opened.checks().items() if name != META}
        if meta["checks"] == found:
            return opened, dict(meta["record"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    opened.close()
    return None


def _take_place(passing: Path, folder: Path) -> Folder:
    """Give a text its name, unless another program has put the same one there meanwhile.

    Its files are open already, so it can be read whatever others do.
    """
    opened = Folder(passing)
    opened.hold(path.name for path in passing.iterdir())
    if (there := _load(folder)) is None:
        _discard(folder)
        with suppress(OSError):
            passing.rename(folder)
    else:
        there[0].close()
    return opened


def _remove_old(directory: Path, folder: Path) -> None:
    with suppress(OSError):
        texts = [path for path in directory.iterdir() if path.is_dir()]
        whole = sorted((path for path in texts if path.name[0] != "."), key=_used, reverse=True)
        for path in [path for path in whole if path != folder][KEPT - 1 :]:
            _discard(path)
        for path in set(texts) - set(whole):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _used(path: Path) -> float:
    try:
        return (path / META).stat().st_mtime
    except OSError:
        return 0.0


def _discard(folder: Path) -> None:
    """Remove a text in one piece first, so that nobody finds half of one."""
    doomed = folder.with_name(f".gone.{secrets.token_hex(8)}")
    with suppress(OSError):
        folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
