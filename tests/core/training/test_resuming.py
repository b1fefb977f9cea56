"""A run that is cut off and goes on ends as one that was not. All in this process."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import SettingError, TrainingError
from core.library import bundle
from core.library.model import Model
from core.recipe import preset
from core.text.corpus import Source
from core.training import job as jobs
from core.training import keeper
from core.training.base import Base, recipe_from
from core.training.checkpoints import Run
from core.training.events import Done, EpochDone, Event, Notice, Progress, Started, epochs_before
from core.training.job import Job, plan
from core.training.worker import run
from tests.conftest import random_model

LINES = "\n".join(f"the {a} says {b} to war {c}" for a in "abc" for b in "defg" for c in "hij")

SHAPE = {"hidden_size": 12, "embedding_size": 8, "batch_size": 3, "patience": 3}
"""Small, with every dropout of the preset on; 11 steps an epoch."""

KILLS = os.environ.get("HEADLONG_KILLS", "5")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Cut = Callable[[Event], bool]


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    (tmp_path / "lines.txt").write_text(LINES)

    def make(place: str, **changes: object) -> Job:
        recipe = preset("small").change(**SHAPE | {"word_dropout": 0.2} | changes)  # type: ignore[arg-type]
        return plan(Source((tmp_path / "lines.txt",)), recipe, "m", directory=tmp_path / place)

    return make


@pytest.fixture(autouse=True)
def every_step_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.training import loop

    monkeypatch.setattr(loop, "PROGRESS_SECONDS", 0.0)


def there(directory: Path) -> list[str]:
    """Return the names of what is there; the epochs beside a model are hidden."""
    return [path.name for path in directory.iterdir() if not path.name.startswith(".")]


def train(job: Job, stop: Cut = lambda event: False) -> list[Event]:
    """Run a job in this process, and ask it to stop at the first event that `stop` is true of."""
    events: list[Event] = []
    stopping = threading.Event()

    def report(event: Event) -> None:
        events.append(event)
        if stop(event):
            stopping.set()

    run(job, report, stopping)
    return events


def epochs(events: list[Event]) -> list[EpochDone]:
    return [replace(e, seconds=0, tokens_per_second=0) for e in events if isinstance(e, EpochDone)]


def model_of(events: list[Event]) -> Model:
    done = events[-1]
    assert isinstance(done, Done)
    return bundle.load(Path(done.path))


def assert_same(left: Model, right: Model) -> None:
    assert left.vocabulary == right.vocabulary
    for name, array in left.weights.items():
        np.testing.assert_allclose(array, right.weights[name], atol=1e-6, rtol=0, err_msg=name)


def after_epoch(number: int) -> Cut:
    return lambda event: isinstance(event, EpochDone) and event.epoch == number


def at_step(epoch: int, step: int) -> Cut:
    return lambda event: isinstance(event, Progress) and (event.epoch, event.step) == (epoch, step)


@pytest.mark.parametrize(
    ("changes", "cut"),
    [
        ({"epochs": 4}, after_epoch(2)),
        ({"epochs": 4}, at_step(3, 5)),
        ({"epochs": 3}, at_step(1, 4)),
        ({"epochs": 3}, at_step(2, 11)),
        ({"epochs": 3, "cell": "gru", "layers": 2, "tied": False}, at_step(2, 7)),
        ({"epochs": 3, "averaging": 20, "noising": 0.3, "weight_dropout": 0.3}, at_step(2, 7)),
        ({"epochs": 3, "averaging": 20, "adversarial": "fgm", "slowness": 1.0}, after_epoch(1)),
        ({"epochs": 3, "annealing": "linear"}, at_step(2, 7)),
        ({"epochs": 2, "context": "window", "min_count": 1, "tied": False}, at_step(2, 30)),
        ({"epochs": 3, "level": "bpe", "pieces": 30}, at_step(2, 7)),
    ],
)
def test_an_interrupted_run_ends_as_one_that_was_not(
    make_job: Callable[..., Job], changes: dict[str, object], cut: Cut
) -> None:
    whole = train(make_job("whole", **changes))
    job = make_job("parts", **changes)
    first = train(job, cut)
    assert model_of(first).manifest.training["ended"] == "stopped"
    second = train(jobs.resume("m"))
    assert_same(model_of(whole), model_of(second))
    assert epochs(first) + epochs(second) == epochs(whole)
    (started,) = (event for event in second if isinstance(event, Started))
    before = epochs_before(started)
    assert [(each.epoch, each.best) for each in before] == [(e.epoch, e.best) for e in epochs(first)]
    assert [each.loss for each in before] == pytest.approx([each.loss for each in epochs(first)], 1e-5)
    ends = [replace(events[-1], seconds=0, path="") for events in (whole, second)]
    assert ends[0] == ends[1]


def test_learning_rate_and_patience_are_what_they_were(make_job: Callable[..., Job]) -> None:
    """Steps so large that the first epochs are the best: the rate is halved until patience ends."""
    changes = {"epochs": 30, "learning_rate": 0.3, "patience": 4}
    whole = train(make_job("whole", **changes))
    assert whole[-1].reason == "no better validation for 4 epochs"  # type: ignore[union-attr]
    last = len(epochs(whole))
    rates = [epoch.learning_rate for epoch in epochs(whole)]
    assert rates[-1] < rates[0], "a run that never slows down proves nothing"
    events = train(make_job("parts", **changes), after_epoch(last - 2))
    done = epochs(events)
    for cut in (at_step(last - 1, 3), after_epoch(last - 1), lambda event: False):
        events = train(jobs.resume("m"), cut)
        done += epochs(events)
    assert done == epochs(whole)
    assert_same(model_of(whole), model_of(events))


def test_the_learning_rate_falls_evenly_to_nothing(make_job: Callable[..., Job]) -> None:
    """11 steps an epoch; what is told is the rate of an epoch's last step."""
    job = make_job("line", epochs=4, annealing="linear", learning_rate=0.1, patience=None)
    rates = [epoch.learning_rate for epoch in epochs(train(job))]
    assert rates == pytest.approx([0.1 * (1 - step / 44) for step in (10, 21, 32, 43)], 1e-5)


def test_a_run_goes_on_from_the_last_checkpoint_when_it_was_killed(
    make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing tells a killed trainer to stop; within an epoch it has written one every so often."""
    whole = train(make_job("whole", epochs=3))
    monkeypatch.setattr(keeper, "SECONDS", 0.0)

    def die(event: Event) -> bool:
        if at_step(2, 6)(event):
            raise KeyboardInterrupt  # nothing after this line of the trainer runs
        return False

    job = make_job("parts", epochs=3)
    with pytest.raises(KeyboardInterrupt):
        train(job, die)
    names = [path.name for path in Run.of(job.destination).files()]
    assert names == ["000001-000000006.checkpoint", "000001-000000005.checkpoint"]
    events = train(jobs.resume())
    assert "goes on after 1 whole epochs, step 6 of epoch 2" in [
        event.text for event in events if isinstance(event, Notice)
    ]
    assert_same(model_of(whole), model_of(events))


def test_of_a_damaged_checkpoint_the_one_before_is_taken(make_job: Callable[..., Job]) -> None:
    whole = train(make_job("whole", epochs=4))
    job = make_job("parts", epochs=4)
    train(job, after_epoch(3))
    newest, _ = Run.of(job.destination).files()
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    events = train(jobs.resume("m"))
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert "the newest checkpoint is damaged; going on from the one before" in notices
    assert [epoch.epoch for epoch in epochs(events)] == [3, 4]
    assert_same(model_of(whole), model_of(events))


def test_without_a_whole_checkpoint_it_is_said(make_job: Callable[..., Job]) -> None:
    job = make_job("parts", epochs=3)
    train(job, after_epoch(2))
    again = jobs.resume("m")
    for path in Run.of(job.destination).files():
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TrainingError, match="cannot be resumed: its checkpoints are damaged; start it"):
        train(again)
    assert bundle.verify(job.destination)


def test_a_finished_run_leaves_nothing_behind(make_job: Callable[..., Job]) -> None:
    job = make_job("parts", epochs=1)
    train(job)
    assert not Run.of(job.destination).folder.exists()
    with pytest.raises(SettingError, match="there is no unfinished training of 'm' to resume"):
        jobs.resume("m")


def test_a_changed_text_is_refused(make_job: Callable[..., Job]) -> None:
    job = make_job("parts", epochs=3)
    train(job, after_epoch(1))
    saved = bundle.load(job.destination).sha256
    path = job.source.files[0]
    path.write_text(path.read_text() + "\none more line")
    with pytest.raises(TrainingError, match="the text of 'm' has changed since its training began"):
        train(jobs.resume("m"))
    assert bundle.load(job.destination).sha256 == saved


def test_more_epochs_may_be_asked_for(make_job: Callable[..., Job]) -> None:
    whole = train(make_job("whole", epochs=3))
    train(make_job("parts", epochs=2), at_step(2, 2))
    events = train(jobs.resume("m", {"epochs": 3}))
    assert events[-1].reason == "all 3 epochs done"  # type: ignore[union-attr]
    assert_same(model_of(whole), model_of(events))


def test_a_run_that_replaces_its_own_base_can_be_resumed(make_job: Callable[..., Job]) -> None:
    """The base is gone by then, so the run keeps a copy."""

    def start(place: str) -> Job:
        job = make_job(place)
        bundle.save(random_model(name="m", tied=True), job.destination, "")
        base, model = Base.of(job.destination)
        recipe = recipe_from(model, epochs=3, learning_rate=0.02, min_count=1, batch_size=5)
        return replace(job, recipe=recipe, base=base, replace=True)

    whole = train(start("whole"))
    job = start("parts")
    train(job, after_epoch(2))
    assert bundle.load(job.destination).manifest.training["best_epoch"] == 2
    events = train(jobs.resume("m"))
    assert_same(model_of(whole), model_of(events))
    assert there(job.destination.parent) == ["m"]
    metrics = [model_of(run_).manifest.metrics for run_ in (whole, events)]
    assert metrics[0] == metrics[1]


def test_a_run_may_be_resumed_from_another_directory(
    make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job("parts", epochs=2)
    (path,) = job.source.files
    monkeypatch.chdir(path.parent)
    train(replace(job, source=Source((Path(path.name),))), after_epoch(1))
    monkeypatch.chdir("/")
    assert jobs.resume("m").source.files == (path,)


def test_a_model_of_somebody_else_is_not_overwritten_by_a_resumed_run(
    make_job: Callable[..., Job],
) -> None:
    job = make_job("parts", epochs=2)
    train(job, after_epoch(1))
    bundle.save(random_model(name="m"), job.destination, "")
    assert model_of(train(jobs.resume("m"))).name == "m-2"
    assert bundle.load(job.destination).sha256 == random_model().sha256


def test_an_unfinished_run_is_not_given_up_by_accident(make_job: Callable[..., Job]) -> None:
    job = make_job("parts", epochs=2)
    train(job, at_step(1, 3))
    with pytest.raises(
        SettingError, match="go on with --resume --name m, choose another name, or start"
    ):
        make_job("parts", epochs=2)
    directory = job.destination.parent
    bundle.save(random_model(name="lines"), directory / "lines", "")
    assert plan(job.source, job.recipe, directory=directory).name == "lines-2"


def test_two_trainers_of_one_name(make_job: Callable[..., Job]) -> None:
    """The second is told at once, and nothing is overwritten; the lock goes with the first."""
    job = make_job("parts", epochs=1)
    with (
        Run.of(job.destination).locked("m"),
        pytest.raises(TrainingError, match="another trainer is making the model 'm' right now"),
    ):
        assert plan(job.source, job.recipe, directory=job.destination.parent).name == "lines"
        with Run.of(job.destination.with_name("lines")).locked("lines"):
            assert plan(job.source, job.recipe, directory=job.destination.parent).name == "lines-2"
        train(replace(job, replace=True))
    assert not job.destination.exists()
    assert model_of(train(job)).name == "m"


def test_killed_at_random_moments_nothing_is_lost(tmp_path: Path) -> None:
    """A handful here; fifty in `make fuzz`."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.training.kill", str(tmp_path), KILLS],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{KILLS} kills in ")
