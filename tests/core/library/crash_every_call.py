"""Cut off what changes the shelf at each of its file operations in turn; a model must still be there.

Run by test_crash.py in a process of its own, which forks. A child dies at its operation number N, as by
kill -9, with no `finally` run; or that operation fails, once, or all do from then on, as on a disk that
is full. Prints a line for each way and change: how many operations there were.
"""

import errno
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from core.errors import HeadlongError
from core.library import bundle, folders, keeping
from core.library.shelf import Shelf
from tests.conftest import random_model

EVENTS = ("open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.chmod", "shutil.rmtree")
OLDER, OLD, NEW = (random_model(name="m", seed=seed) for seed in range(3))


def one_of(shelf: Path, *expected: str | None) -> None:
    """See that "m" is one of the models that are expected, None standing for no model."""
    there = {entry.name: entry for entry in Shelf([shelf]).entries()}
    assert "m" not in there or there["m"].manifest, "half a model is listed"
    found = Shelf([shelf]).load("m").sha256 if "m" in there else None
    assert found in expected, f"found {found}"


def with_older_beside(shelf: Path) -> None:
    """A save was killed when the new model stood already, and the old one was not gone yet."""
    bundle.save(OLDER, shelf / "m", "")
    (shelf / "m").rename(folders.replaced(shelf / "m"))
    bundle.save(OLD, shelf / "other", "")
    (shelf / "other").rename(shelf / "m")


def between_names(shelf: Path) -> None:
    bundle.save(OLD, shelf / "m", "")
    (shelf / "m").rename(folders.replaced(shelf / "m"))


def after_rename(shelf: Path) -> None:
    names = [name for name in Shelf([shelf]).names() if name in ("m", "n")]
    assert len(names) == 1, names
    assert Shelf([shelf]).load(names[0]).sha256 == OLD.sha256


Change = Callable[[Path], object]
CHANGES: dict[str, tuple[Change, Change, Change]] = {
    "a first save": (
        lambda shelf: None,
        lambda shelf: bundle.save(NEW, shelf / "m", ""),
        lambda shelf: one_of(shelf, None, NEW.sha256),
    ),
    "a save over an old model": (
        lambda shelf: bundle.save(OLD, shelf / "m", ""),
        lambda shelf: bundle.save(NEW, shelf / "m", ""),
        lambda shelf: one_of(shelf, OLD.sha256, NEW.sha256),
    ),
    "a save after one that was killed between its renames": (
        between_names,
        lambda shelf: bundle.save(NEW, shelf / "m", ""),
        lambda shelf: one_of(shelf, OLD.sha256, NEW.sha256),
    ),
    "a save after one that was killed at its end": (
        with_older_beside,
        lambda shelf: bundle.save(NEW, shelf / "m", ""),
        lambda shelf: one_of(shelf, OLD.sha256, NEW.sha256),
    ),
    "removing": (
        with_older_beside,
        lambda shelf: keeping.remove(shelf / "m"),
        lambda shelf: one_of(shelf, OLD.sha256, None),
    ),
    "removing what was left between two names": (
        between_names,
        lambda shelf: keeping.remove(shelf / "m"),
        lambda shelf: one_of(shelf, OLD.sha256, None),
    ),
    "renaming": (with_older_beside, lambda shelf: keeping.rename(shelf / "m", "n"), after_rename),
    "renaming what was left between two names": (
        between_names,
        lambda shelf: keeping.rename(shelf / "m", "n"),
        after_rename,
    ),
}


def cut_off(shelf: Path, change: Change, limit: int, way: str) -> bool:
    """Make a change in a child that is cut off at its operation `limit`; say whether it came so far."""
    child = os.fork()
    if child:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, 9), "the change ended in something else than a clear error"
        return status == 9
    done, hit = 0, False

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal done, hit
        if event in EVENTS and str(shelf) in str(arguments):
            done += 1
            if done > limit and not (hit and way == "fails once"):
                hit = True
                if way == "dies":
                    os._exit(9)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sys.addaudithook(hook)
    try:
        change(shelf)
    except HeadlongError as error:
        os._exit(9 if "No space left" in str(error) else 1)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(9 if hit else 0)


def main(directory: Path) -> None:
    """Try every operation of every change in every way."""
    for way in ("dies", "fails once", "fails on"):
        for name, (prepare, change, check) in CHANGES.items():
            limit = 0
            while True:
                shelf = directory / way.replace(" ", "-") / name.replace(" ", "-") / str(limit)
                shelf.mkdir(parents=True)
                prepare(shelf)
                cut = cut_off(shelf, change, limit, way)
                try:
                    check(shelf)
                    bundle.save(NEW, shelf / "m", "")
                    one_of(shelf, NEW.sha256)
                except BaseException as error:
                    raise AssertionError(f"{name} {way} at operation {limit}: {error}") from error
                if not cut:
                    break
                limit += 1
            sys.stdout.write(f"{limit} operations: {name} {way}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
