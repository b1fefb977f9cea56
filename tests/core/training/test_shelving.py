"""A model renamed or removed with all that its training left, against runs that were made up."""

import json
from pathlib import Path

import pytest

from core.errors import SettingError, TrainingError
from core.library import bundle, epochs
from core.recipe import preset
from core.training import checkpoints, shelving
from core.training.checkpoints import Checkpoint, Place, Run
from core.training.job import Job, plan, source
from tests.core.library.test_epochs import RUN, keep, trained


@pytest.fixture
def mine(tmp_path: Path) -> Job:
    """A model whose training was stopped after two epochs."""
    job = plan(source(), preset("small"), "mine", directory=tmp_path)
    bundle.save(trained("mine", 2), job.destination, "")
    keep(job.destination, 1)
    unfinished(job, "mine")
    return job


def unfinished(job: Job, saved_as: str) -> Run:
    run = Run.of(job.destination)
    run.folder.mkdir(parents=True)
    bundle.save(trained("base", 7), run.base, "")
    run.save(Checkpoint({}, {}, Place(2), None, (), RUN, "text", 1.5, saved_as=saved_as), job.to_json())
    return run


def test_epochs_and_the_unfinished_training_go_along(mine: Job) -> None:
    new = shelving.rename(mine.destination, "news")
    assert list(epochs.kept(new)) == [1]
    assert json.loads(checkpoints.find("news"))["destination"] == str(new)
    assert Run.of(new).base.is_dir()
    assert not Run.of(mine.destination).folder.exists()
    with pytest.raises(SettingError, match=r"no unfinished training of 'mine' .* there are news"):
        checkpoints.find("mine")


def test_nothing_is_left_of_a_model_that_is_removed(mine: Job, tmp_path: Path) -> None:
    shelving.remove(mine.destination)
    assert list(tmp_path.iterdir()) == []
    assert not Run.of(mine.destination).folder.exists()


def test_what_is_being_trained_is_neither_renamed_nor_removed(mine: Job) -> None:
    message = "the model 'mine' is being trained right now; stop its training first"
    with Run.of(mine.destination).locked("mine"):
        with pytest.raises(TrainingError, match=message):
            shelving.rename(mine.destination, "news")
        with pytest.raises(TrainingError, match=message):
            shelving.remove(mine.destination)
    assert bundle.exists(mine.destination)


def test_nor_is_what_a_training_saves_under_another_name_until_its_end(tmp_path: Path) -> None:
    job = plan(source(), preset("small"), "old", directory=tmp_path)
    bundle.save(trained("old-2", 2), tmp_path / "old-2", "")
    run = unfinished(job, "old-2")
    with run.locked("old"), pytest.raises(TrainingError, match="'old-2' is being trained right now"):
        shelving.remove(tmp_path / "old-2")
    shelving.remove(tmp_path / "old-2")
