"""A save may be cut off anywhere: the old model is there, or the new one. Two may save at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.library import bundle
from tests.conftest import random_model

ROOT = Path(__file__).parents[3]

BUSY = """
import sys, time
from pathlib import Path
from core.library import bundle
from core.library.shelf import Shelf
from tests.conftest import random_model
place, seed, saves = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "save"
known = {random_model(seed=n).sha256 for n in range(3)}
end, done = time.monotonic() + 3, 0
while time.monotonic() < end:
    if saves:
        bundle.save(random_model(name="m", seed=seed), place / "m", "")
    (entry,) = [entry for entry in Shelf([place]).entries() if entry.name == "m"]
    assert entry.manifest, entry.problem
    assert Shelf([place]).load("m").sha256 in known
    done += 1
print(done)
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        timeout=300,
        check=False,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_save_killed_at_any_operation_leaves_a_whole_model(tmp_path: Path) -> None:
    done = run("-m", "tests.core.library.crash_every_call", str(tmp_path))
    assert done.returncode == 0, done.stderr
    counts = [int(line.split()[0]) for line in done.stdout.splitlines()]
    assert len(counts) == 2
    assert min(counts) >= 6, "the hook must see the operations that it cuts off"


@pytest.mark.skipif(os.name != "posix", reason="the lock is there on POSIX")
def test_two_that_save_and_one_that_reads_never_see_half_a_model(tmp_path: Path) -> None:
    bundle.save(random_model(name="m"), tmp_path / "m", "")
    jobs = [("1", "save"), ("2", "save"), ("0", "read")]
    command = [sys.executable, "-c", BUSY, str(tmp_path)]
    processes = [
        subprocess.Popen([*command, *job], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for job in jobs
    ]
    for process in processes:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
        assert int(output) > 3
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
