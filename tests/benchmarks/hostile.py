"""What the worst of the bad files cost; `make fuzz` prints it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.library import bundle
from tests.core.library import hostile
from tests.core.library.foreign import hostile as strangers
from tests.core.library.test_hostile import BUDGET, size_of
from tests.measure import Outcome, measure

SHOWN = 5


class Row(NamedTuple):
    """One bad file: how long it took, and the bytes beyond its own size."""

    seconds: float
    beyond: int
    name: str
    told: bool


def row(name: str, path: Path, outcome: Outcome) -> Row:
    told = outcome.clear or outcome.gone or outcome.error == "MemoryError()"
    return Row(outcome.seconds, max(0, outcome.bytes - size_of(path)), name, told)


def models() -> Iterator[Row]:
    """Load every bad model folder or zip."""
    for name, build in hostile.CASES.items():
        with tempfile.TemporaryDirectory() as directory:
            path = build(Path(directory))
            yield row(name, path, measure(lambda path=path: bundle.load(path)))  # type: ignore[misc]


def foreign() -> Iterator[Row]:
    """Read every bad file of another program, as the importer's child does."""
    for kind, name, build in strangers.catalogue():
        with tempfile.TemporaryDirectory() as directory:
            good, path = strangers.good_file(Path(directory)), Path(directory) / "bad"
            # In a process of its own: memory that was freed here would hide what an import takes.
            measure(lambda build=build, path=path: build(path))  # type: ignore[misc]
            outcome = measure(
                lambda kind=kind, path=path, good=good: strangers.import_one(kind, path, good)  # type: ignore[misc]
            )
            yield row(name, path, outcome)


def main() -> None:
    """Print the dearest of both catalogues."""
    print(f"promised: 2 s of the processor, and {BUDGET / 1e6:.0f} MB beyond the file's own size")
    for title, found in (("models of ours", models()), ("other programs' files", foreign())):
        rows = sorted(found, reverse=True)
        print(
            f"{title}: {len(rows)} bad files, all refused in one sentence: {all(r.told for r in rows)}"
        )
        for seconds, beyond, name, _ in rows[:SHOWN]:
            print(f"  {seconds:6.3f} s  {beyond / 1e6:6.1f} MB  {name}")
        print(f"  most memory beyond a file's size: {max(row.beyond for row in rows) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
