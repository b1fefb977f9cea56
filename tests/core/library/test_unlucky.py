"""Disks that are full, directories that cannot be written, models on another file system."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import ModelError
from core.library import bundle
from core.library.foreign.exporting import export_model
from core.library.keeping import copy, remove, rename
from core.library.shelf import Shelf, saved_models
from tests.conftest import random_model
from tests.measure import available, measure

pytestmark = pytest.mark.skipif(not available(), reason="needs fork, and Linux")

SHM = Path("/dev/shm")


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that any user can reach, which pytest's own are not."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, where we may make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk needs the right to mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def files_at_most(size: int) -> None:
    """Let every write beyond `size` fail, as it does on a full disk, but with "File too large"."""
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [0, 100, 1500, 3000])
def test_a_write_that_fails_halfway_costs_nothing_that_was_there(tmp_path: Path, size: int) -> None:
    bundle.save(random_model(name="m"), tmp_path / "m", "# m\n")

    def save() -> None:
        files_at_most(size)
        bundle.save(random_model(name="m", seed=1), tmp_path / "m", "# m\n")

    outcome = measure(save)
    assert outcome.clear, outcome.error
    assert "cannot be saved" in outcome.error
    assert "File too large; free some space" in outcome.error
    assert bundle.verify(tmp_path / "m").sha256 == random_model().sha256
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_full_disk(small_disk: Path) -> None:
    bundle.save(random_model(name="m"), small_disk / "m", "# m\n")
    large = random_model(name="m", hidden_size=200)
    outcome = measure(lambda: bundle.save(large, small_disk / "m", "# m\n"))
    assert "No space left on device; free some space" in outcome.error
    outcome = measure(lambda: export_model(large, small_disk / "m.zip"))
    assert outcome.clear, outcome.error
    assert "No space left on device" in outcome.error
    assert bundle.verify(small_disk / "m").sha256 == random_model().sha256
    assert [path.name for path in small_disk.iterdir()] == ["m"]
    (small_disk / "filler").write_bytes(bytes(40_000))  # to the brim: a model can still be removed
    remove(small_disk / "m")
    assert [path.name for path in small_disk.iterdir()] == ["filler"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda place: bundle.save(random_model(), place / "m", ""), "make the folder writable"),
        (lambda place: bundle.save(random_model(), place / "new", ""), "make the folder writable"),
        (lambda place: rename(place / "m", "n"), "make its directory writable"),
        (lambda place: remove(place / "m"), "make its directory writable"),
        (lambda place: export_model(random_model(), place / "m.zip"), "you may not write"),
    ],
)
def test_a_directory_that_only_others_may_write(
    open_directory: Path, change: Callable[[Path], object], reason: str
) -> None:
    place = open_directory / "models"
    bundle.save(random_model(), place / "m", "")
    place.chmod(0o555)

    def as_nobody() -> None:
        if os.geteuid() == 0:
            os.setuid(65534)
        change(place)

    outcome = measure(as_nobody)
    assert outcome.clear, outcome.error
    assert reason in outcome.error
    assert [path.name for path in place.iterdir()] == ["m"]
    assert bundle.verify(place / "m").sha256 == random_model().sha256


def test_models_may_stand_on_another_file_system(tmp_path: Path) -> None:
    """Also behind a link, as where a home is too small for them."""
    if not SHM.is_dir() or SHM.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system")
    with tempfile.TemporaryDirectory(dir=SHM) as other:
        saved_models().parent.mkdir(parents=True)
        saved_models().symlink_to(other)
        bundle.save(random_model(seed=1), tmp_path / "here" / "far", "")
        assert copy(tmp_path / "here" / "far", "near") == saved_models() / "near"
        bundle.save(random_model(seed=2), saved_models() / "near", "")
        assert rename(saved_models() / "near", "nearer").parent == saved_models()
        assert Shelf().load("nearer").sha256 == random_model(seed=2).sha256
        remove(saved_models() / "nearer")
        assert not list(Path(other).iterdir())


def test_a_model_that_is_a_link_is_replaced_and_removed_as_one(tmp_path: Path) -> None:
    """What it points to is somebody else's, and stays."""
    real, place = tmp_path / "real", tmp_path / "models"
    bundle.save(random_model(), real, "")
    place.mkdir()
    for change in (
        lambda: bundle.save(random_model(seed=1), place / "m", ""),
        lambda: remove(place / "m"),
    ):
        (place / "m").symlink_to(real)
        assert Shelf([place]).load("m").sha256 == random_model().sha256
        change()
        if (place / "m").exists():
            assert not (place / "m").is_symlink()
            remove(place / "m")
        assert not list(place.iterdir())
        assert bundle.verify(real).sha256 == random_model().sha256


def test_a_file_where_models_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("not a directory")
    with pytest.raises(ModelError, match=r"cannot be saved to .*models.*: File exists"):
        bundle.save(random_model(), tmp_path / "models" / "m", "")
    assert (tmp_path / "models").read_text() == "not a directory"
