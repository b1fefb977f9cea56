"""What the worst of the bad models cost; `make fuzz` prints it."""

import sys
import tempfile
from pathlib import Path

from core.library import bundle
from tests.core.library.hostile import CASES
from tests.core.library.test_hostile import BUDGET, size_of
from tests.measure import measure

SHOWN = 8


def main() -> None:
    """Load every bad model of the catalogue in a process of its own, and print the dearest."""
    rows = []
    for name, build in CASES.items():
        with tempfile.TemporaryDirectory() as directory:
            path = build(Path(directory))
            outcome = measure(lambda path=path: bundle.load(path))  # type: ignore[misc]
            beyond = max(0, outcome.bytes - size_of(path))
            rows.append((outcome.seconds, beyond, name, outcome.clear))
    rows.sort(reverse=True)
    print(f"{len(rows)} bad models, each ending in one clear error: {all(row[3] for row in rows)}")
    print(f"promised: 2 s, {BUDGET / 1e6:.0f} MB beyond the file's size; the slowest:")
    for seconds, beyond, name, _ in rows[:SHOWN]:
        print(f"  {seconds:6.3f} s  {beyond / 1e6:6.1f} MB  {name}")
    print(f"the most memory beyond a file's size: {max(row[1] for row in rows) / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
