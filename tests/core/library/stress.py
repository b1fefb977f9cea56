"""One of several processes that save, rename, remove, list and load the same names for some seconds.

`python -m tests.core.library.stress DIRECTORY NUMBER SECONDS` prints how often it did each, or dies of
what should never happen. Its own model, `own-NUMBER`, is touched by nobody else: it is always there.
"""

import random
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from core.errors import ModelNotFound, SettingError
from core.library import bundle, keeping
from core.library.shelf import Shelf
from tests.conftest import random_model

MODELS = [random_model(name="m", seed=seed) for seed in range(4)]
KNOWN = {model.sha256 for model in MODELS}
NAMES = ("a", "b")


class Worker:
    def __init__(self, place: Path, number: int) -> None:
        self.place, self.shelf = place, Shelf([place])
        self.random = random.Random(number)
        self.own = f"own-{number}"
        self.owned = ""
        self.save_own()

    def save_own(self) -> None:
        model = self.random.choice(MODELS)
        bundle.save(model, self.place / self.own, "# own\n")
        self.owned = model.sha256

    def save(self) -> None:
        bundle.save(self.random.choice(MODELS), self.place / self.random.choice(NAMES), "# shared\n")

    def remove(self) -> None:
        with suppress(ModelNotFound):
            keeping.remove(self.place / self.random.choice(NAMES))

    def rename(self) -> None:
        one, other = self.random.sample(NAMES, 2)
        with suppress(ModelNotFound, SettingError):
            keeping.rename(self.place / one, other)

    def list(self) -> None:
        entries = {entry.name: entry for entry in self.shelf.entries()}
        assert self.own in entries, "a model is lost"
        for entry in entries.values():
            assert entry.manifest, f"half a model is listed: {entry.problem}"

    def load(self) -> None:
        assert self.shelf.load(self.own).sha256 == self.owned
        with suppress(ModelNotFound):
            assert self.shelf.load(self.random.choice(NAMES)).sha256 in KNOWN


def main(place: Path, number: int, seconds: float) -> None:
    worker, done = Worker(place, number), Counter[str]()
    actions = [worker.save_own, worker.save, worker.remove, worker.rename, worker.list, worker.load]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        action = worker.random.choice(actions)
        action()
        done[action.__name__] += 1
    sys.stdout.write(", ".join(f"{name} {count}" for name, count in sorted(done.items())) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
