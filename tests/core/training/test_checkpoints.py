"""The files of an unfinished run: whole or not at all, the last two kept, one trainer at a time."""

import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ModelError, SettingError, TrainingError
from core.training import checkpoints
from core.training.checkpoints import Checkpoint, Place, Run, WrongCheckpoint
from core.training.history import Best, Epoch
from tests.core.library.test_unlucky import files_at_most
from tests.measure import available, measure

WEIGHTS = {"embedding": np.arange(6, dtype=np.float32).reshape(2, 3), "output.bias": np.ones(2, "f4")}
STATE = {"steps": np.array(12, np.int64), "optimizer.1": np.array(0.002, np.float32)}
EPOCH = Epoch(1, 5.25, 1e300, None, 9000.0, 2.5, 0.002)
JOB = '{"destination": "/models/mine"}'


def checkpoint(**changes: object) -> Checkpoint:
    old = {name: array + 1 for name, array in WEIGHTS.items()}
    whole = Checkpoint(
        WEIGHTS,
        STATE,
        Place(1, 2, 0.1 + 0.2, 33, 1.5),
        Best(old, 1, 5.25, 1e300),
        (EPOCH,),
        "a run",
        "a text",
        12.5,
        (90.5, None),
        "mine-2",
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


@pytest.fixture
def run() -> Run:
    run = Run.of(Path("/models/mine"))
    run.folder.mkdir(parents=True)
    return run


def assert_same(left: Checkpoint, right: Checkpoint) -> None:
    assert left.best is not None
    assert right.best is not None
    groups = [(left.weights, right.weights), (left.state, right.state)]
    for ours, theirs in [*groups, (left.best.weights, right.best.weights)]:
        assert ours.keys() == theirs.keys()
        for name in ours:
            assert ours[name].dtype == theirs[name].dtype
            np.testing.assert_array_equal(ours[name], theirs[name])
    empty = {"weights": {}, "state": {}}
    bare = [replace(each, best=replace(each.best, weights={}), **empty) for each in (left, right)]  # type: ignore[type-var, arg-type]
    assert bare[0] == bare[1]


def test_what_is_read_is_what_was_written_to_the_last_bit(run: Run) -> None:
    run.save(checkpoint(), JOB)
    (path,) = run.files()
    assert path.name == "000001-000000002.checkpoint"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert_same(checkpoints.read(path), checkpoint())
    assert run.job() == JOB


def test_weights_that_are_the_best_are_written_once(run: Run) -> None:
    run.save(checkpoint(), JOB)
    larger = run.files()[0].stat().st_size
    best = checkpoint(best=Best(WEIGHTS, 1, 5.25, 1e300))
    run.save(best, JOB)
    assert run.files()[0].stat().st_size < larger
    assert_same(checkpoints.read(run.files()[0]), best)


def test_the_last_two_are_kept(run: Run) -> None:
    for epochs, step in ((1, 0), (9, 0), (9, 100), (10, 0)):
        run.save(checkpoint(place=Place(epochs, step)), JOB)
    assert [path.name for path in run.files()] == [
        "000010-000000000.checkpoint",
        "000009-000000100.checkpoint",
    ]


@given(st.data())
def test_a_spoilt_checkpoint_is_never_taken_for_a_whole_one(data: st.DataObject) -> None:
    run = Run.of(Path("/models/spoilt"))
    run.folder.mkdir(parents=True, exist_ok=True)
    run.save(checkpoint(), JOB)
    (path,) = run.files()
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] ^= data.draw(st.integers(1, 255))
    else:
        del content[place:]
    path.write_bytes(content)
    with pytest.raises(WrongCheckpoint):
        checkpoints.read(path)
    run.job()  # may be readable still, and is no fault where it is not


@pytest.mark.parametrize(
    "line", [b"[]", b"{}", b"not json", b'{"format": "headlong-checkpoint/1"}', b"[" * 100_000]
)
def test_a_sound_sum_over_something_else_is_refused(tmp_path: Path, line: bytes) -> None:
    import hashlib

    content = line + b"\n"
    path = tmp_path / "1.checkpoint"
    path.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
    with pytest.raises(WrongCheckpoint):
        checkpoints.read(path)


@pytest.mark.skipif(not available(), reason="needs fork, and Linux")
@pytest.mark.parametrize("size", [0, 64, 200, 700])
def test_a_write_that_fails_halfway_leaves_those_that_were_there(run: Run, size: int) -> None:
    run.save(checkpoint(), JOB)
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}

    def save() -> None:
        files_at_most(size)
        run.save(checkpoint(place=Place(2)), JOB)

    outcome = measure(save)
    assert outcome.clear, outcome.error
    assert "cannot be written: File too large" in outcome.error
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before


def test_a_directory_that_is_gone_is_told(run: Run) -> None:
    run.folder.rmdir()
    with pytest.raises(ModelError, match="cannot be written: No such file"):
        run.save(checkpoint(), JOB)


def test_the_lock_dies_with_its_process(run: Run) -> None:
    script = (
        "import sys, time; from pathlib import Path; from core.training.checkpoints import Run\n"
        "with Run.of(Path('/models/mine')).locked('mine'):\n"
        "    print('locked', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    assert run.is_claimed
    with pytest.raises(TrainingError, match="another trainer is making"), run.locked("mine"):
        pass
    assert run.is_claimed, "whoever was refused must not take the lock away"
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert not run.is_claimed
    with run.locked("mine"):
        assert run.is_claimed
    assert not run.folder.exists()


def test_an_unfinished_run_is_found_by_its_name(run: Run) -> None:
    run.save(checkpoint(), JOB)
    assert checkpoints.find(None) == checkpoints.find("mine") == JOB
    other = Run.of(Path("/models/other"))
    other.folder.mkdir()
    other.save(checkpoint(), '{"destination": "/models/other"}')
    with pytest.raises(SettingError, match="several unfinished trainings, mine, other; choose one"):
        checkpoints.find(None)
    with pytest.raises(
        SettingError, match=r"no unfinished training of 'third' .*; there are mine, other"
    ):
        checkpoints.find("third")


def test_of_two_places_the_newer_run_of_a_name_is_taken(run: Run) -> None:
    run.save(checkpoint(), JOB)
    elsewhere = Run.of(Path("/elsewhere/mine"))
    elsewhere.folder.mkdir()
    elsewhere.save(checkpoint(), '{"destination": "/elsewhere/mine"}')
    later = time.time() + 10
    os.utime(elsewhere.files()[0], (later, later))
    assert checkpoints.find("mine") == '{"destination": "/elsewhere/mine"}'


def test_a_directory_of_something_else_is_passed_over(run: Run) -> None:
    (run.folder / "1.checkpoint").write_text("not one")
    (checkpoints.runs_directory() / "a file").write_text("")
    with pytest.raises(SettingError, match="no unfinished training to resume"):
        checkpoints.find(None)
