"""What a run does with every epoch: speak, keep, draw. All in this process but for one."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.library import bundle, epochs
from core.library.model import Model
from core.library.shelf import Shelf, load
from core.recipe import preset
from core.text.corpus import Source
from core.trainer import speak
from core.training import history
from core.training.client import Trainer
from core.training.control import Pausing
from core.training.events import Done, EpochDone, Event, Notice, Paused, Progress, Resumed
from core.training.job import Job, plan
from core.training.worker import run

LINES = "\n".join(f"the {a} says {b} to war {c}" for a in "abc" for b in "defg" for c in "hij")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    (tmp_path / "lines.txt").write_text(LINES)

    def make(
        number: int = 3,
        probes: Sequence[str] | None = None,
        board: Path | None = None,
        replace: bool = False,
    ) -> Job:
        recipe = preset("small").change(
            epochs=number,
            patience=None,
            hidden_size=12,
            embedding_size=8,
            batch_size=4,
            ngram=False,  # which only what is saved in the end has
        )
        source = Source((tmp_path / "lines.txt",))
        place = tmp_path / "models"
        return plan(source, recipe, "m", replace, directory=place, probes=probes, tensorboard=board)

    return make


def trained(job: Job, speak: Callable[[Model, Sequence[str]], Sequence[str]]) -> list[Event]:
    events: list[Event] = []
    run(job, events.append, threading.Event(), None, speak)
    return events


def test_each_epoch_is_heard_kept_and_in_the_history(make_job: Callable[..., Job]) -> None:
    heard: list[Model] = []

    def count(model: Model, seeds: Sequence[str]) -> list[str]:
        heard.append(model)
        return [f"{seed} {len(heard)}" for seed in seeds]

    job = make_job(probes=["the a", ""])
    done = [event for event in trained(job, count) if isinstance(event, EpochDone)]
    assert [event.probes for event in done] == [
        {"the a": "the a 1", "": " 1"},
        {"the a": "the a 2", "": " 2"},
        {"the a": "the a 3", "": " 3"},
    ]
    kept = epochs.kept(job.destination)
    assert [load(path).sha256 for path in kept.values()] == [model.sha256 for model in heard]
    perplexities = [load(path).manifest.metrics["validation_perplexity"] for path in kept.values()]
    assert perplexities == [event.validation_perplexity for event in done]
    saved = bundle.load_manifest(job.destination).training
    assert load(kept[saved["best_epoch"]]).sha256 == bundle.load(job.destination).sha256
    assert [each.probes for each in history.from_json(saved["history"])] == [e.probes for e in done]


def test_a_new_training_under_the_name_leaves_no_epochs_of_the_old(
    make_job: Callable[..., Job], tmp_path: Path
) -> None:
    trained(make_job(2), speak)
    before = epochs.kept(tmp_path / "models" / "m")
    trained(make_job(1, replace=True), speak)
    after = epochs.kept(tmp_path / "models" / "m")
    assert (list(before), list(after)) == ([1, 2], [1])
    assert not any(path.exists() for path in before.values())


def test_a_network_that_cannot_speak_is_told_of_once(make_job: Callable[..., Job]) -> None:
    from core.errors import ModelError

    def fails(model: Model, seeds: Sequence[str]) -> list[str]:
        raise ModelError("the numbers grow")

    events = trained(make_job(2), fails)
    told = [event.text for event in events if isinstance(event, Notice)]
    assert told == ["the probes cannot be continued: the numbers grow"]
    assert isinstance(events[-1], Done)


def test_a_disk_that_takes_no_epochs_does_not_end_a_training(
    make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*ignored: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(epochs, "keep", full)
    events = trained(make_job(2), speak)
    told = [event.text for event in events if isinstance(event, Notice)]
    assert told == [
        "the weights of each epoch cannot be kept: No space left on device; training goes on without"
    ]
    assert isinstance(events[-1], Done)


def test_what_tensorboard_draws_can_be_read_back(make_job: Callable[..., Job], tmp_path: Path) -> None:
    import tensorflow as tf

    events = trained(make_job(2, ["the a"], tmp_path / "board"), lambda model, seeds: ["the a b"])
    done = [event for event in events if isinstance(event, EpochDone)]
    (path,) = (tmp_path / "board" / "m").iterdir()
    read: dict[str, list[tuple[int, object]]] = {}
    for record in tf.data.TFRecordDataset(str(path)):
        event = tf.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            read.setdefault(value.tag, []).append((event.step, tf.make_ndarray(value.tensor).tolist()))
    assert read.pop("probe/the a") == [(1, [b"the a b"]), (2, [b"the a b"])]
    assert set(read) == {
        *("loss", "validation_perplexity", "bits_per_character"),
        *("tokens_per_second", "learning_rate"),
    }
    for name, values in read.items():
        assert [step for step, _ in values] == [1, 2]
        assert [value for _, value in values] == pytest.approx([getattr(e, name) for e in done])


def test_a_pause_counts_neither_for_the_speed_nor_for_the_time(
    make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands still but for an hour of waiting: what is measured does not see that."""
    from core.training import loop as loops

    class Hour(Pausing):
        def wait(self) -> float:
            self.go_on()
            return 3600.0

    monkeypatch.setattr(loops, "PROGRESS_SECONDS", 0.0)
    pausing, events, now = Hour(), list[Event](), [0.0]
    waited = [0.0]

    def clock() -> float:
        now[0] += 0.001
        return now[0] + waited[0]

    def report(event: Event) -> None:
        events.append(event)
        if isinstance(event, Progress) and (event.epoch, event.step) == (1, 3):
            pausing.pause()
        if isinstance(event, Paused):
            waited[0] = 3600.0

    monkeypatch.setattr(loops.time, "perf_counter", clock)
    run(make_job(2), report, threading.Event(), pausing, None)
    kinds = [type(event) for event in events if isinstance(event, Paused | Resumed)]
    assert kinds == [Paused, Resumed]
    assert next(event for event in events if isinstance(event, Paused)) == Paused(1, 3)
    seconds = [event.seconds for event in events if isinstance(event, EpochDone | Done)]
    assert max(seconds) < 60
    assert max(event.seconds_left for event in events if isinstance(event, Progress)) < 60


def test_a_real_trainer_speaks_pauses_goes_on_and_can_be_sampled_meanwhile(
    make_job: Callable[..., Job],
) -> None:
    job = make_job(100_000)
    with Trainer(job) as trainer, killed_at_the_end(trainer):
        stream = trainer.events()
        first = next(event for event in stream if isinstance(event, EpochDone))
        assert list(first.probes) == ["the a", "the b", "the c"]
        trainer.pause()
        paused = next(event for event in stream if isinstance(event, Paused))
        shelf = Shelf([job.destination.parent])
        latest = shelf.load("m@latest")
        assert latest.name == f"m@{paused.epoch - 1}"
        assert speak(shelf.load("m@1"), ["the a"]) == [first.probes["the a"]]  # type: ignore[arg-type]
        trainer.resume()
        assert any(isinstance(event, Resumed) for event in stream)
        trainer.pause()
        assert any(isinstance(event, Paused) for event in stream)
        trainer.stop()
        done = list(stream)[-1]
    assert isinstance(done, Done)
    assert done.reason == "stopped"


@contextmanager
def killed_at_the_end(trainer: Trainer) -> Iterator[None]:
    """Leave nothing behind that waits for ever, whatever fails."""
    try:
        yield
    except BaseException:
        trainer.kill()
        raise
