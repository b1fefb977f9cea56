"""Every file of the catalogue ends in one clear error, and costs little memory: SECURITY.md."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.core.library.foreign.hostile import catalogue

PROMISED = 200_000_000
"""Bytes beyond the file's own size."""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="only Linux tells how much memory was used"
)


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Any]:
    """Import them all, each in a fork of a process that is small because it has no TensorFlow."""
    command = [sys.executable, "-m", "tests.core.library.foreign.hostile"]
    folder = tmp_path_factory.mktemp("hostile")
    root = Path(__file__).parents[4]
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [*command, folder],
        cwd=root,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    return {(record["kind"], record["name"]): record for record in records}


def test_a_good_file_is_imported(costs: dict[tuple[str, str], Any]) -> None:
    control = costs["control", "a good file"]
    assert (control["error"], control["clear"]) == ("", True)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, name, _ in catalogue()])
def test_a_bad_file_ends_in_one_clear_error_and_little_memory(
    costs: dict[tuple[str, str], Any], kind: str, name: str
) -> None:
    record = costs[kind, name]
    assert record["clear"]
    assert record["error"]
    assert record["error"].replace("\n", " ").isprintable()  # a second line is a command to copy
    assert len(record["error"]) < 500
    assert record["bytes"] < record["size"] + PROMISED
