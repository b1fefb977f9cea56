"""Training where something is wrong: one clear message each time, and the last good model is kept."""

import math
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InputError, ModelError, SettingError, TrainingError
from core.library import bundle
from core.recipe import preset
from core.text.corpus import Source
from core.training import job as jobs
from core.training.checkpoints import Run, runs_directory
from core.training.client import Trainer
from core.training.events import Done, EpochDone, Event, Failed, Notice
from core.training.job import Job, plan
from core.training.worker import failure, run
from tests.conftest import random_model

LINES = "\n".join(f"the {a} says {b} to war {c}" for a in "abc" for b in "defg" for c in "hij")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    (tmp_path / "lines.txt").write_text(LINES)

    def make(directory: Path = tmp_path / "models", text: str = LINES, **changes: object) -> Job:
        (tmp_path / "lines.txt").write_text(text)
        small = {"hidden_size": 12, "embedding_size": 8, "epochs": 3, "patience": None, "ngram": False}
        recipe = preset("small").change(**small | changes)  # type: ignore[arg-type]
        return plan(Source((tmp_path / "lines.txt",)), recipe, "m", directory=directory)

    return make


def train(job: Job, on: Callable[[Event], object] = lambda event: None) -> list[Event]:
    events: list[Event] = []

    def report(event: Event) -> None:
        events.append(event)
        on(event)

    run(job, report, threading.Event())
    return events


def notices(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB, where we may make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk needs the right to mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_fills_up_costs_the_running_epoch(
    make_job: Callable[..., Job], small_disk: Path
) -> None:
    job = make_job(small_disk / "models", epochs=4, learning_rate=0.01)
    filler, kept = small_disk / "filler", []

    def fill(event: Event) -> None:
        if isinstance(event, EpochDone) and event.epoch == 2:
            kept.append(bundle.load(job.destination).sha256)
            size = 300_000
            while size > 1000:  # to the brim
                try:
                    with filler.open("ab") as file:
                        file.write(bytes(size))
                except OSError:
                    size //= 2

    with pytest.raises(
        ModelError,
        match=r"No space left on device.*the model of before is kept as 'm'; go on with --resume",
    ):
        train(job, fill)
    assert [bundle.verify(job.destination).sha256] == kept
    filler.unlink()
    done = train(jobs.resume("m"))[-1]
    assert isinstance(done, Done)
    assert bundle.verify(job.destination).manifest.training["ended"] == "all 4 epochs done"


def test_where_no_checkpoint_fits_training_goes_on_and_says_so_once(
    make_job: Callable[..., Job], small_disk: Path
) -> None:
    job = make_job()
    state = runs_directory()
    state.parent.mkdir(parents=True, exist_ok=True)
    state.symlink_to(small_disk)
    (small_disk / "filler").write_bytes(bytes(250_000))
    events = train(job)
    told = notices(events)
    assert len(told) == 1
    assert told[0].startswith("no checkpoint: ")
    assert "No space left on device" in told[0]
    assert bundle.verify(job.destination)


def test_without_a_place_for_checkpoints_training_goes_on(make_job: Callable[..., Job]) -> None:
    job = make_job(epochs=1)
    state = runs_directory()
    state.parent.mkdir(parents=True, exist_ok=True)
    state.write_text("not a directory")
    events = train(job)
    (told,) = notices(events)
    assert "no checkpoints can be kept in" in told
    assert "this training cannot be resumed" in told
    assert bundle.verify(job.destination)


def test_a_loss_that_is_no_number_keeps_the_last_good_model(
    make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training.loop import Loop

    job = make_job()
    explode = Loop._progress

    def progress(loop: Loop) -> object:
        if loop.place.epochs == 1:
            monkeypatch.setattr(loop._step, "train", lambda inputs, targets: math.nan)
        return explode(loop)

    monkeypatch.setattr(Loop, "_progress", progress)
    with pytest.raises(
        TrainingError, match=r"the loss is nan in epoch 2; try a .*; the weights of epoch 1"
    ):
        train(replace(job, recipe=job.recipe.change(batch_size=4)))
    assert bundle.verify(job.destination).manifest.training["best_epoch"] == 1
    assert not Run.of(job.destination).folder.exists(), "it would explode again"


@pytest.mark.parametrize("rate", [1000.0, 10_000.0])
def test_a_learning_rate_far_too_high(make_job: Callable[..., Job], rate: float) -> None:
    job = make_job(learning_rate=rate)
    try:
        told = notices(train(job))
    except TrainingError as error:
        told = [str(error)]
    assert len(told) == 1
    assert "try a lower learning_rate" in told[0] or "try a learning_rate below" in told[0]


def test_a_learning_rate_beyond_all_bounds(make_job: Callable[..., Job]) -> None:
    with pytest.raises(SettingError, match="learning_rate"):
        make_job(learning_rate=100_000.0)


@pytest.mark.parametrize("share", [1.0, 1.5, 100.0])
def test_a_validation_split_larger_than_the_data(make_job: Callable[..., Job], share: float) -> None:
    with pytest.raises(SettingError, match="validation_share"):
        make_job(validation_share=share)


def test_a_validation_split_that_leaves_a_single_line(make_job: Callable[..., Job]) -> None:
    job = make_job(text="the war\nthe vote\nthe war is on", validation_share=0.9, min_count=1, epochs=1)
    assert isinstance(train(job)[-1], Done)
    assert bundle.load(job.destination).manifest.corpus["validation_lines"] == 2


def test_one_line_of_data(make_job: Callable[..., Job]) -> None:
    job = make_job(text="the only line there is\n")
    with pytest.raises(InputError, match="holds 1 line to learn from"):
        train(job)
    assert not job.destination.exists()
    assert not Run.of(job.destination).folder.exists()


def limited(job: Job, setting: str) -> list[Event]:
    """Train in a process that a limit is set for before it begins."""
    worker = "runpy.run_module('core.training.worker', run_name='__main__')"
    script = f"import resource, runpy; {setting}; {worker}"
    with Trainer(job, [sys.executable, "-P", "-c", script, "-"]) as trainer:
        return list(trainer.events())


def test_a_place_for_models_that_only_others_may_write(
    make_job: Callable[..., Job], tmp_path: Path
) -> None:
    (tmp_path / "models").write_text("a file stands there")
    with pytest.raises(
        TrainingError, match=r"models cannot be saved to .*; make it writable, or set XDG_"
    ):
        make_job()


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_too_little_memory(make_job: Callable[..., Job]) -> None:
    """TensorFlow alone fits; the network does not."""
    before = random_model(name="m")
    job = make_job(hidden_size=4096, embedding_size=4096, batch_size=30)
    bundle.save(before, job.destination, "")
    most = 2 << 30
    with pytest.raises(TrainingError, match=r"memory[:;] try a smaller batch_size or hidden_size"):
        limited(
            replace(job, replace=True),
            f"resource.setrlimit(resource.RLIMIT_DATA, ({most}, {most}))",
        )
    assert bundle.verify(job.destination).sha256 == before.sha256


def test_memory_that_is_refused_is_told_as_that() -> None:
    import tensorflow as tf

    expected = Failed("there is not enough memory; try a smaller batch_size or hidden_size")
    assert failure(MemoryError()) == expected
    assert failure(tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")) == expected
