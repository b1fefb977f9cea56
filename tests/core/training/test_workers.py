"""Several workers: as one alone would train, and no worse when one of them is killed."""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import TrainingError, WorkerLost
from core.library import bundle
from core.library.model import Weights
from core.recipe import preset
from core.text.corpus import Source
from core.training import job as jobs
from core.training.client import Trainer
from core.training.dataset import Dataset
from core.training.events import STOPPED, Done, EpochDone, Event, Failed, Notice
from core.training.job import Job, plan
from core.training.loopback import Loopback
from core.training.opening import follow, lead
from core.training.team import Team
from core.training.worker import run
from tests.core.training.trainers import cluster

LINES = "\n".join(f"the {a} says {b} to war {c}" for a in "abc" for b in "defg" for c in "hij")

SHAPE = {"hidden_size": 12, "embedding_size": 8, "batch_size": 5, "patience": None, "epochs": 2}
"""Small, with every dropout of the preset on; 7 batches an epoch, the last of 2 lines."""

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    (tmp_path / "lines.txt").write_text(LINES)

    def make(place: str = "models", workers: int = 1, **changes: object) -> Job:
        recipe = preset("small").change(**SHAPE | {"word_dropout": 0.2} | changes)  # type: ignore[arg-type]
        source = Source((tmp_path / "lines.txt",))
        return plan(source, recipe, "m", directory=tmp_path / place, workers=workers)

    return make


def never() -> bool:
    return False


def teams(stopping: Sequence[Callable[[], bool]]) -> list[Team]:
    """Return a team of so many workers, which are threads of this process."""
    size = len(stopping)
    pipes = [Pipe() for _ in range(size - 1)]
    ends = [Loopback(0, size, [ours for ours, _ in pipes])]
    ends += [Loopback(n, size, [theirs]) for n, (_, theirs) in enumerate(pipes, start=1)]  # type: ignore[list-item]
    return [Team(asked, end) for asked, end in zip(stopping, ends, strict=True)]


def together(*functions: Callable[[], Any]) -> list[Any]:
    """Call functions at the same time; return their answers, or what they raised."""
    answers: list[Any] = [None] * len(functions)

    def call(place: int) -> None:
        try:
            answers[place] = functions[place]()
        except Exception as error:
            answers[place] = error

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def trained(data: Dataset, stopping: Sequence[Callable[[], bool]]) -> list[Any]:
    """Return the loops of workers that have trained to the end."""
    from core.training.loop import Loop

    team = teams(stopping) if len(stopping) > 1 else [Team(stopping[0])]
    loops = [Loop(data, each.stopping, each) for each in team]
    together(*[partial(list, loop.run()) for loop in loops])
    return loops


def assert_same(left: Weights, right: Weights, tolerance: float) -> None:
    for name, array in left.items():
        np.testing.assert_allclose(array, right[name], atol=tolerance, rtol=0, err_msg=name)


# --- what a team does ---------------------------------------------------------------------------------


def test_each_worker_gets_as_many_rows_and_the_rest_is_padding() -> None:
    batch = np.arange(1, 11).reshape(5, 2), np.arange(1, 6)
    shares = [team.rows(batch) for team in teams([never] * 3)]
    assert [inputs.tolist() for inputs, _ in shares] == [
        [[1, 2], [3, 4]],
        [[5, 6], [7, 8]],
        [[9, 10], [0, 0]],
    ]
    assert [targets.tolist() for _, targets in shares] == [[1, 2], [3, 4], [5, 0]]


def test_a_team_adds_gathers_and_broadcasts() -> None:
    members = teams([never] * 3)
    arrays = [np.full((2, 2), n, np.float32) for n in (1, 2, 4)]
    rows = [np.full((n, 1), n) for n in (2, 0, 1)]

    def work(number: int) -> list[object]:
        team, array = members[number], arrays[number]
        sums = [each.tolist() for each in team.step([array, array[0]])]
        told = team.broadcast(b"hello" if number == 0 else b"")
        return [sums, team.gather(rows[number]).tolist(), told, team.total(0.5)]

    answers = together(*[partial(work, number) for number in range(3)])
    assert answers == [[[[[7, 7], [7, 7]], [7, 7]], [[2], [2], [1]], b"hello", 1.5]] * 3


def test_a_fault_of_one_is_raised_by_all() -> None:
    first, second = teams([never] * 2)
    assert together(lambda: first.agree(None), lambda: second.agree(None)) == [None, None]
    errors = together(lambda: first.agree(None), lambda: second.agree("no such\nfile"))
    assert [(type(error), str(error)) for error in errors] == [(TrainingError, "no such file")] * 2


def test_a_worker_that_hangs_up_is_named() -> None:
    first, second = teams([never] * 2)
    assert isinstance(second._exchange, Loopback)
    second._exchange.close()
    with pytest.raises(WorkerLost, match="worker 2 of 2 has ended"):
        first.total(1.0)


def opened(make_job: Callable[..., Job], job: Job) -> list[str]:
    """Return what a chief and a second worker say, that is told to do `job`."""
    first, second = teams([never] * 2)
    chief = make_job("chief")
    data = Dataset.prepare(chief.source, chief.recipe)
    errors = together(lambda: lead(first, chief, data, None), lambda: follow(job, lambda: second))
    return [str(error) for error in errors]


@pytest.mark.parametrize("changes", [{"hidden_size": 13}, {"deduplicate": False}, {"seed": 1}])
def test_workers_with_other_settings_do_not_begin(
    make_job: Callable[..., Job], changes: dict[str, object]
) -> None:
    told = (
        "worker 2 of 2 has other settings than worker 1; "
        "give the same command, and the same text, on every host"
    )
    assert opened(make_job, make_job("other", **changes)) == [told] * 2


def test_a_worker_without_the_text_tells_all(make_job: Callable[..., Job], tmp_path: Path) -> None:
    ours, theirs = opened(make_job, replace(make_job(), source=Source((tmp_path / "gone.txt",))))
    assert ours == theirs
    assert "gone.txt" in ours


def test_a_worker_with_another_text_tells_all(make_job: Callable[..., Job], tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text(LINES + "\nno war")
    errors = opened(make_job, replace(make_job(), source=Source((tmp_path / "other.txt",))))
    assert all(error.startswith("worker 2 of 2 has another text than worker 1") for error in errors)


# --- as one alone -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("workers", "changes"),
    [
        (2, {}),
        (3, {"batch_size": 2}),
        (2, {"cell": "gru", "layers": 2, "tied": False}),
        (2, {"context": "window", "min_count": 1, "tied": False}),
        (2, {"sampled_softmax": 6}),
    ],
)
def test_workers_end_as_one_alone(
    make_job: Callable[..., Job], workers: int, changes: dict[str, object]
) -> None:
    """With equal weights, and those of one worker with the same batches, dropout and all."""
    job = make_job(**changes)
    data = Dataset.prepare(job.source, job.recipe)
    (alone,) = trained(data, [never])
    loops = trained(data, [never] * workers)
    for loop in loops:
        assert loop.reason == alone.reason == "all 2 epochs done"
        assert_same(loop.network.weights(), loops[0].network.weights(), 0)
        assert_same(loop.network.weights(), alone.network.weights(), 1e-5)
        for ours, theirs in zip(loop.history, alone.history, strict=True):
            assert ours.loss == pytest.approx(theirs.loss, rel=1e-5)
            assert ours.validation_perplexity == pytest.approx(theirs.validation_perplexity, rel=1e-5)


def test_all_stop_at_the_same_step_whoever_was_asked(make_job: Callable[..., Job]) -> None:
    job = make_job(epochs=1000)
    data = Dataset.prepare(job.source, job.recipe)
    asked = iter([False] * 10 + [True] * 1000)
    loops = trained(data, [never, lambda: next(asked)])
    assert [loop.reason for loop in loops] == [STOPPED, STOPPED]
    places = [(loop.place.epochs, loop.place.step) for loop in loops]
    assert places == [(1, 4), (1, 4)]


# --- on one machine -----------------------------------------------------------------------------------


def alone_and_whole(job: Job) -> Weights:
    """Return the weights of a run by one worker, in this process."""
    events: list[Event] = []
    run(replace(job, destination=job.destination.with_name("alone")), events.append, threading.Event())
    done = events[-1]
    assert isinstance(done, Done)
    return bundle.load(Path(done.path)).weights


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    if not found.exists():
        pytest.skip("this system does not tell a process's children")
    return [int(number) for number in found.read_text().split()]


def ends_soon(pid: int) -> bool:
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.1)
    return False


def killed_after_an_epoch(trainer: Trainer, victim: Callable[[], int]) -> tuple[str, list[int]]:
    """Kill a process after the first epoch; return the trainer's error, and its children."""
    with pytest.raises(TrainingError) as caught:
        for event in trainer.events():
            if isinstance(event, EpochDone) and event.epoch == 1:
                others = children(trainer.pid)
                os.kill(victim(), signal.SIGKILL)
    return str(caught.value), others


def test_a_killed_companion_costs_nothing(make_job: Callable[..., Job]) -> None:
    """The chief tells it, keeps where it stands, and a resumed run ends as one worker's whole run."""
    job = make_job(workers=2, epochs=25)
    with Trainer(job) as trainer:
        error, others = killed_after_an_epoch(trainer, lambda: children(trainer.pid)[0])
    assert error.startswith("worker 2 of 2 has ended; the best weights so far are saved as 'm'")
    assert error.endswith("; go on with --resume --name m")
    assert len(others) == 1
    assert ends_soon(trainer.pid)
    with Trainer(jobs.resume("m")) as trainer:
        events = list(trainer.events())
    assert Notice("trains on 2 workers") in events
    assert isinstance(events[-1], Done)
    best = events[-1].best_epoch
    ours = bundle.load(job.destination).weights
    assert best > 1
    assert_same(ours, alone_and_whole(replace(job, workers=1)), 1e-5)


def test_no_companion_outlives_the_chief(make_job: Callable[..., Job]) -> None:
    with Trainer(make_job(workers=3, epochs=1000)) as trainer:
        error, others = killed_after_an_epoch(trainer, lambda: trainer.pid)
    assert "was killed by SIGKILL" in error
    assert len(others) == 2
    assert all(ends_soon(pid) for pid in others)


def test_more_workers_than_lines_are_refused(make_job: Callable[..., Job], tmp_path: Path) -> None:
    job = make_job(workers=3, min_count=1)
    (tmp_path / "lines.txt").write_text("a man\na man ran\na plan\n")
    with pytest.raises(
        TrainingError, match="3 workers are to learn from 2 lines; take 2 workers at most"
    ):
        run(job, lambda event: None, threading.Event())


# --- on a cluster -------------------------------------------------------------------------------------


def test_a_cluster_loses_a_host_and_goes_on(make_job: Callable[..., Job], tmp_path: Path) -> None:
    """Two hosts without a common disk: the chief's has the checkpoint, and tells the other."""
    job = replace(make_job("chief", epochs=25), workers=1)
    hosts = cluster([tmp_path / "first", tmp_path / "second"])
    for host in hosts:
        host.start(job)
    told = [host.until(Notice) for host in hosts]
    assert [event.text.split(" waits for ")[0] for event in told] == ["worker 1 of 2", "worker 2 of 2"]
    hosts[0].until(EpochDone)
    hosts[1].kill()
    failed = hosts[0].end().events[-1]
    assert isinstance(failed, Failed)
    assert failed.text.startswith("another of the 2 workers has ended, or cannot be reached any more; ")
    assert failed.text.endswith(
        "the best weights so far are saved as 'm'; go on with --resume --name m"
    )
    hosts = cluster([tmp_path / "first", tmp_path / "second"])
    resumed = replace(job, resume=True)
    hosts[0].start(resumed)
    hosts[1].start(replace(resumed, source=Source(()), recipe=preset("tutorial")))
    first, second = (host.end() for host in hosts)
    done, other = first.events[-1], second.events[-1]
    assert isinstance(done, Done)
    assert isinstance(other, Done)
    assert (done.elsewhere, done.path) == (None, str(job.destination))
    assert other.elsewhere is not None
    assert other.best_epoch == done.best_epoch
    weights = [dict(np.load(host.weights)) for host in hosts]
    assert_same(weights[0], weights[1], 0)
    assert_same(bundle.load(job.destination).weights, alone_and_whole(job), 1e-5)
    assert not list((tmp_path / "second").rglob("*.safetensors"))
    assert not list((tmp_path / "second").rglob("*.checkpoint"))
