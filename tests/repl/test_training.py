from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ModelNotFound, SettingError
from core.library.shelf import Shelf
from core.recipe import FINE_TUNING, preset
from core.training.checkpoints import Checkpoint, Place, Run
from core.training.events import Done, Started
from core.training.job import Job, plan, source
from repl.training import Request, done_line, has_few, started_text

ALL_BUT = "leave out all but --name, --epochs and --workers"


def test_a_request_is_a_recipe_with_changes() -> None:
    request = Request().change({"epochs": "3", "cleaning": None}, ["hidden_size=64", "clip-norm = off"])
    expected = preset("small").change(epochs=3, hidden_size=64, clip_norm=None)
    assert request.recipe() == expected


def test_an_option_and_a_set_of_one_name_end_in_the_last() -> None:
    assert Request().change({"epochs": "3"}, ["epochs=5"]).recipe().training.epochs == 5


@pytest.mark.parametrize("change", ["hidden_size", "size=3", "epochs=many"])
def test_a_change_that_is_none_is_refused(change: str) -> None:
    with pytest.raises(SettingError):
        Request().change({}, [change]).recipe()


def test_a_model_to_start_from_brings_its_network(shelf_directory: Path) -> None:
    shelf = Shelf([shelf_directory])
    request = Request(base="window", shelf=shelf).change({"epochs": "3"}, ["dropout=0.1"])
    job = request.job()
    assert job.base is not None
    assert (job.base.name, job.base.path) == ("window", shelf_directory / "window")
    architecture = shelf.load("window").manifest.architecture
    assert job.recipe.model == architecture.change(dropout=0.1)
    assert job.recipe.training == FINE_TUNING.change(epochs=3)
    assert job.command == "headlong train --from window --set epochs=3 --set dropout=0.1"


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        (Request(base="tinny"), ModelNotFound, r"there is no model 'tinny'; did you mean tiny\?"),
        (Request(base="tiny", preset="small"), SettingError, "--from takes the one of tiny; leave out"),
        (
            Request(base="tiny", changes={"cell": "gru"}),
            SettingError,
            "cell is lstm in the model 'tiny'",
        ),
    ],
)
def test_what_cannot_be_started_from_is_said_before_a_trainer_starts(
    shelf_directory: Path, request_: Request, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        replace(request_, shelf=Shelf([shelf_directory])).job()


def test_probes_and_a_place_for_tensorboard_go_into_the_job(tmp_path: Path) -> None:
    job = Request(name="mine", probes=("the", ""), tensorboard=tmp_path).job()
    assert (job.probes, job.tensorboard) == (("the", ""), tmp_path / "mine")
    assert Request(name="mine").job().probes is None
    with pytest.raises(SettingError, match=ALL_BUT):
        Request(resume=True, probes=("the",)).job()


def test_the_command_repeats_the_request() -> None:
    request = Request(
        (Path("/some/where/my lines.csv"),), "headline", ("Unknown",), preset="tutorial", name="mine"
    ).change({"epochs": "3"}, [])
    assert request.command() == (
        "headlong train 'my lines.csv' --column headline --drop Unknown "
        "--preset tutorial --set epochs=3 --name mine"
    )
    assert Request(base="/some/where/news", name="mine").command() == (
        "headlong train --from news --name mine"
    )
    assert Request(preset="tutorial", name="tutorial").command() == (
        "headlong train --preset tutorial --name tutorial"
    )


def test_the_end_of_a_training_says_what_was_kept() -> None:
    done = Done("mine", "/models/mine", 12.4, 4, 28.04, "stopped")
    assert done_line(done).plain == (
        "mine saved after 12 s: stopped, the weights of epoch 4 are kept, "
        "validation perplexity 28.0\n/models/mine"
    )
    start = replace(done, best_epoch=0, start=True, bits_per_character=1.234)
    assert done_line(start).plain == (
        "mine saved after 12 s: stopped, no epoch was better than the start, whose weights are kept, "
        "validation perplexity 28.0, 1.23 bits per character\n/models/mine"
    )
    spelt = replace(done, bits_per_character=1.234, bits_per_character_spelt=2.345)
    assert "1.23 bits per character (2.35 with unknown words spelt out)\n" in done_line(spelt).plain


def test_several_networks_are_an_option_and_a_setting(tmp_path: Path) -> None:
    asked = Request(name="m").change({"networks": "3"}, []).job()
    assert asked.recipe.training.networks == 3
    assert asked.command == "headlong train --set networks=3 --name m"
    done = Done("mine", "/models/mine", 12.4, 4, 28.04, "all 4 epochs done", networks=3)
    assert done_line(done).plain == (
        "mine saved after 12 s: all 4 epochs done, 3 networks are kept, "
        "validation perplexity 28.0\n/models/mine"
    )
    started = Started("mine", 90, 10, 40, 0.25, 1234, 7, 50, networks=3)
    assert started_text(started, "words").plain == (
        "network 1 of 3 · 90 lines, 10 held out · 40 words (25% unknown) · 1,234 parameters"
    )
    assert started_text(replace(started, network=2), "words").plain == "network 2 of 3"
    few = replace(started, validation_lines=2)
    assert (has_few(few), has_few(replace(few, network=2))) == (True, False)


def unfinished(tmp_path: Path) -> Job:
    job = plan(source(), preset("small"), "mine", directory=tmp_path)
    run = Run.of(job.destination)
    run.folder.mkdir(parents=True)
    run.save(Checkpoint({}, {}, Place(2), None, (), "run", "text", 1.5), job.to_json())
    return job


def test_resume_needs_nothing_else(tmp_path: Path) -> None:
    job = unfinished(tmp_path)
    assert Request(resume=True).job() == replace(job, resume=True)
    more = Request(resume=True, name="mine").change({"epochs": "50"}, []).job()
    assert more.recipe == job.recipe.change(epochs=50)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request((Path("x.txt"),), resume=True), ALL_BUT),
        (
            Request(resume=True, changes={"patience": "3"}),
            "leave out all but --name, --epochs and --workers",
        ),
        (Request(resume=True, replace=True), ALL_BUT),
        (
            Request(resume=True, name="other"),
            "no unfinished training of 'other' to resume; there are mine",
        ),
        (Request(resume=True, changes={"epochs": "0"}), "epochs"),
    ],
)
def test_what_cannot_be_resumed_is_said(tmp_path: Path, request_: Request, message: str) -> None:
    unfinished(tmp_path)
    with pytest.raises(SettingError, match=message):
        request_.job()


def test_with_nothing_unfinished_resume_says_so() -> None:
    with pytest.raises(SettingError, match="no unfinished training to resume, because every training"):
        Request(resume=True).job()


HOSTS = '{"cluster": {"worker": ["one:1", "two:2"]}, "task": {"type": "worker", "index": %d}}'


def test_workers_are_asked_for_by_number(home: Path) -> None:
    job = Request(workers="3").job()
    assert (job.workers, job.command) == (3, "headlong train --workers 3")
    assert Request().job().workers == 1
    assert Job.from_json(job.to_json()) == job
    with pytest.raises(SettingError, match="--workers takes a whole number from 1 to 64, not '0'"):
        Request(workers="0").job()


def test_a_cluster_is_looked_at_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", HOSTS % 2)
    with pytest.raises(SettingError, match="TF_CONFIG describes no cluster: its task is none of"):
        Request().job()


def test_a_worker_that_is_not_the_chief_resumes_what_the_chief_has(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", HOSTS % 1)
    job = Request(name="mine", resume=True).job()
    assert (job.name, job.resume) == ("mine", True)
    monkeypatch.setenv("TF_CONFIG", HOSTS % 0)
    with pytest.raises(SettingError, match="there is no unfinished training of 'mine' to resume"):
        Request(name="mine", resume=True).job()


def test_the_end_of_a_worker_names_who_has_the_model() -> None:
    done = Done("m", "/models/m", 61.0, 3, 90.0, "all 3 epochs done", elsewhere="one:1")
    told = "m trained for 61 s: all 3 epochs done; the model is saved by one:1"
    assert done_line(done).plain == told
