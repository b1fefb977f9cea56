"""Kill a save at each of its file operations in turn; a model must be there after every one.

Run by test_crash.py in a process of its own, which forks: the child is gone at once, as after kill -9,
with no `finally` run. Prints how many operations there were.
"""

import os
import sys
from pathlib import Path

from core.library import bundle
from core.library.shelf import Shelf
from tests.conftest import random_model

EVENTS = ("open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.chmod", "shutil.rmtree")
OLD, NEW = random_model(name="m"), random_model(name="m", seed=1)


def save_until(folder: Path, limit: int) -> bool:
    """Save NEW in a child that dies at its operation number `limit`; return whether it lived."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    done = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal done
        if event in EVENTS and str(folder.parent) in str(arguments):
            done += 1
            if done > limit:
                os._exit(9)

    sys.addaudithook(hook)
    bundle.save(NEW, folder, "# new\n")
    os._exit(0)


def main(directory: Path) -> None:
    """Try every operation, over an old model and over none."""
    identities = {OLD.sha256, NEW.sha256}
    for number, old in enumerate((OLD, None)):
        limit = 0
        while True:
            folder = directory / f"{number}-{limit}" / "m"
            folder.parent.mkdir(parents=True)
            if old:
                bundle.save(old, folder, "# old\n")
            lived = save_until(folder, limit)
            shelf = Shelf([folder.parent])
            listed = [entry for entry in shelf.entries() if entry.name == "m"]
            assert all(entry.manifest for entry in listed), f"half a model is listed, at {limit}"
            if old or listed:
                assert shelf.load("m").sha256 in identities, f"neither old nor new, at {limit}"
            bundle.save(NEW, folder, "# again\n")
            assert shelf.load("m").sha256 == NEW.sha256
            if lived:
                break
            limit += 1
        sys.stdout.write(f"{limit} operations\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
