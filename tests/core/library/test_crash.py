"""A change may be cut off anywhere: the old model is there, or the new one. Two may change at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.library import bundle
from core.library.shelf import Shelf
from tests.core.library.crash_every_call import CHANGES

ROOT = Path(__file__).parents[3]
SECONDS = "5"


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
def test_a_change_cut_off_at_any_operation_leaves_a_whole_model(tmp_path: Path) -> None:
    done = run("-m", "tests.core.library.crash_every_call", str(tmp_path))
    assert done.returncode == 0, done.stderr
    counts = [int(line.split()[0]) for line in done.stdout.splitlines()]
    assert len(counts) == 3 * len(CHANGES)
    assert min(counts) >= 3, "the hook must see the operations that it cuts off"


@pytest.mark.skipif(os.name != "posix", reason="the lock is there on POSIX")
def test_several_that_change_the_same_names_lose_nothing(tmp_path: Path) -> None:
    """For SECONDS here, for half a minute in `make fuzz`."""
    command = [sys.executable, "-m", "tests.core.library.stress", str(tmp_path)]
    processes = [
        subprocess.Popen(
            [*command, str(number), os.environ.get("HEADLONG_STRESS_SECONDS", SECONDS)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in (1, 2)
    ]
    for process in processes:
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        assert [part.split()[0] for part in output.split(", ")] == [
            *("list", "load", "remove", "rename", "save", "save_own")
        ]
    shelf = Shelf([tmp_path])
    for name in {path.name for path in tmp_path.iterdir()}:
        assert bundle.verify(shelf.find(name)), "nothing is left that is no model"
