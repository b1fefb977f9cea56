"""A model of several networks: each as if trained alone, their average, and runs that are cut off."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.decoding.stepper import stepper
from core.errors import ModelError, SettingError, TrainingError
from core.insight.likelihood import log_probabilities
from core.library import bundle, epochs
from core.library.model import Model
from core.recipe import preset
from core.text.corpus import Source
from core.training import job as jobs
from core.training.base import Base, recipe_from
from core.training.checkpoints import Checkpoint, Place, Run, WrongCheckpoint
from core.training.dataset import Dataset
from core.training.events import Done, EpochDone, Event, Notice, Started
from core.training.history import Best
from core.training.job import Job, plan
from core.training.members import Member, Members
from tests.conftest import random_model, with_networks
from tests.core.training.test_resuming import LINES, Cut, model_of, train

SHAPE = {"hidden_size": 10, "embedding_size": 8, "batch_size": 5, "epochs": 2, "word_dropout": 0.2}
STREAM = SHAPE | {"networks": 2, "seed": 7}

MakeJob = Callable[..., Job]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def make_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeJob:
    from core.training import loop

    monkeypatch.setattr(loop, "PROGRESS_SECONDS", 0.0)
    (tmp_path / "lines.txt").write_text(LINES)

    def make(place: str, changes: dict[str, object] = STREAM, **options: object) -> Job:
        recipe = preset("small").change(**changes)  # type: ignore[arg-type]
        source = Source((tmp_path / "lines.txt",))
        return plan(source, recipe, "m", directory=tmp_path / place, **options)  # type: ignore[arg-type]

    return make


WHOLE: dict[str, list[Event]] = {}
MODEL: dict[str, Model] = {}


@pytest.fixture
def whole(make_job: MakeJob) -> Model:
    """What a run comes to that nothing cut off; it is trained once."""
    if not MODEL:
        WHOLE["events"] = train(make_job("whole"))
        MODEL["m"] = model_of(WHOLE["events"])
    return MODEL["m"]


def notices(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def assert_same(left: Model, right: Model) -> None:
    assert len(left.all_weights) == len(right.all_weights)
    for one, other in zip(left.all_weights, right.all_weights, strict=True):
        for name, array in one.items():
            np.testing.assert_allclose(array, other[name], atol=1e-6, rtol=0, err_msg=name)


def losses(model: Model, dataset: Dataset) -> np.ndarray:
    """Return -log p of each held-out word as the prompt computes it."""
    assert dataset.validation is not None
    lines = [
        np.array([inputs[0], *targets[targets > 0]])
        for batch in dataset.validation.epoch(None)
        for inputs, targets in zip(*batch, strict=True)
    ]
    return -log_probabilities(stepper(model), lines)


def at(network: int, epoch: int, step: int | None = None) -> Cut:
    """Stop at a step of a network, or after the epoch."""
    running = [0]

    def stop(event: Event) -> bool:
        if isinstance(event, Started):
            running[0] = event.network
        if step is None and isinstance(event, EpochDone):
            return (event.network, event.epoch) == (network, epoch)
        here = running[0], getattr(event, "epoch", 0), getattr(event, "step", None)
        return here == (network, epoch, step)

    return stop


def test_each_network_is_what_it_would_be_alone(whole: Model, make_job: MakeJob) -> None:
    for number, weights in enumerate(whole.all_weights):
        alone = model_of(train(make_job(f"{number}", SHAPE | {"seed": 7 + number})))
        assert_same(replace(whole, weights=weights, others=()), alone)
        assert "networks" not in alone.manifest.training["settings"]


def test_what_is_told_is_measured_with_the_average(whole: Model, make_job: MakeJob) -> None:
    job = make_job("again")
    dataset = Dataset.prepare(job.source, job.recipe)
    metrics, training = whole.manifest.metrics, whole.manifest.training
    nats = losses(whole, dataset)
    assert metrics["validation_perplexity"] == pytest.approx(math.exp(nats.mean()), rel=1e-4)
    characters = dataset.validation_characters
    assert characters
    bits = nats.sum() / math.log(2) / characters
    assert metrics["bits_per_character"] == pytest.approx(bits, rel=1e-4)
    alone = [
        math.exp(losses(replace(whole, weights=own, others=()), dataset).mean())
        for own in whole.all_weights
    ]
    assert training["network_perplexities"] == pytest.approx(alone, rel=1e-4)
    assert training["settings"]["networks"] == 2
    assert training["settings"]["seed"] == 7
    done = WHOLE["events"][-1]
    assert isinstance(done, Done)
    assert (done.networks, done.validation_perplexity) == (2, metrics["validation_perplexity"])
    assert any(
        text.startswith("held-out perplexity of 2 networks") for text in notices(WHOLE["events"])
    )
    assert whole.ngrams is not None
    assert whole.manifest.ngram_weight


def test_the_events_say_which_network(whole: Model) -> None:
    told = [e for e in WHOLE["events"] if isinstance(e, Started | EpochDone)]
    assert [(type(e).__name__, e.network) for e in told] == [
        *[("Started", 1), ("EpochDone", 1), ("EpochDone", 1)],
        *[("Started", 2), ("EpochDone", 2), ("EpochDone", 2)],
    ]
    assert [e.networks for e in told if isinstance(e, Started)] == [2, 2]


@pytest.mark.parametrize(
    ("cut", "kept"),
    [(at(1, 1, 4), 1), (at(1, 2), 1), (at(2, 1, 1), 1), (at(2, 1, 5), 1), (at(2, 1), None)],
)
def test_an_interrupted_run_ends_as_one_that_was_not(
    whole: Model, make_job: MakeJob, cut: Cut, kept: int | None
) -> None:
    """Cut inside the first network, between the two, and inside the second; it is usable then."""
    job = make_job("parts")
    first = model_of(train(job, cut))
    assert kept is None or len(first.all_weights) == kept
    assert first.ngrams is not None
    second = model_of(train(jobs.resume("m")))
    assert_same(second, whole)
    for name in ("validation_perplexity", "validation_perplexity_with_ngrams", "training_loss"):
        assert second.manifest.metrics[name] == pytest.approx(whole.manifest.metrics[name], rel=1e-6)
    perplexities = second.manifest.training["network_perplexities"]
    assert perplexities == whole.manifest.training["network_perplexities"]
    assert not Run.of(job.destination).folder.exists()


def test_networks_of_pieces_go_on_with_their_pieces(make_job: MakeJob) -> None:
    pieces = STREAM | {"level": "bpe", "pieces": 60}
    whole = model_of(train(make_job("all", pieces)))
    train(make_job("parts", pieces), at(2, 1, 1))
    assert_same(model_of(train(jobs.resume("m"))), whole)


def test_killed_between_two_networks(whole: Model, make_job: MakeJob) -> None:
    def die(event: Event) -> bool:
        if isinstance(event, Started) and event.network == 2:
            raise KeyboardInterrupt  # nothing after this line of the trainer runs
        return False

    job = make_job("parts")
    with pytest.raises(KeyboardInterrupt):
        train(job, die)
    saved = bundle.verify(job.destination)
    assert_same(saved, replace(whole, others=()))
    assert saved.manifest.training["ended"] == "network 2 is still to come"
    assert saved.ngrams is not None
    run = Run.of(job.destination)
    assert [path.name for path in run.files()] == [
        "000002-000000000.checkpoint",
        "000001-000000000.checkpoint",
    ]
    assert_same(model_of(train(jobs.resume("m"))), whole)


def test_while_the_second_is_trained_the_first_is_there_and_its_own_epochs(make_job: MakeJob) -> None:
    job = make_job("parts")
    seen = []

    def look(event: Event) -> bool:
        if isinstance(event, EpochDone) and event.network == 2 and event.epoch == 1:
            seen.append(
                (len(bundle.load(job.destination).all_weights), list(epochs.kept(job.destination)))
            )
            kept = bundle.load(epochs.find(job.destination, "latest"))
            seen.append(kept.manifest.metrics["validation_perplexity"] == event.validation_perplexity)
        return False

    train(job, look)
    assert seen == [(1, [1]), True]
    assert list(epochs.kept(job.destination)) == [1, 2]


def test_a_trained_network_that_is_lost_is_told(make_job: MakeJob) -> None:
    job = make_job("parts")
    train(job, at(2, 1, 3))
    path = Run.of(job.destination).trained(1)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="network 1, which was trained already, is missing or dam"):
        train(jobs.resume("m"))
    assert len(bundle.verify(job.destination).all_weights) == 1


def test_a_window_without_held_out_lines(make_job: MakeJob) -> None:
    changes = STREAM | {"context": "window", "min_count": 1, "tied": False, "validation_share": 0.0}
    events = train(make_job("window", changes | {"batch_size": 64, "epochs": 1}))
    model = model_of(events)
    assert len(model.all_weights) == 2
    assert model.manifest.metrics["validation_perplexity"] is None
    assert not any("averaged" in text for text in notices(events))


def test_a_window_is_measured_too(make_job: MakeJob) -> None:
    changes = STREAM | {"context": "window", "min_count": 1, "tied": False, "batch_size": 64}
    model = model_of(train(make_job("window", changes | {"epochs": 1})))
    alone = model.manifest.training["network_perplexities"]
    assert min(alone) * 0.5 < model.manifest.metrics["validation_perplexity"] < max(alone)


def test_both_start_from_a_model_of_one_network(make_job: MakeJob, tmp_path: Path) -> None:
    bundle.save(random_model(name="old", tied=True), tmp_path / "old", "")
    base, model = Base.of(tmp_path / "old")
    recipe = recipe_from(model, epochs=1, networks=2, min_count=1, batch_size=5)
    board = tmp_path / "board"
    events = train(replace(make_job("parts"), recipe=recipe, base=base, tensorboard=board))
    assert sorted(path.name for path in board.iterdir()) == ["network-1", "network-2"]
    trained = model_of(events)
    assert len(trained.all_weights) == 2
    assert sum(text.startswith("before: ") for text in notices(events)) == 1
    assert "validation_perplexity_before" in trained.manifest.metrics


def test_several_networks_are_nothing_to_start_from(tmp_path: Path) -> None:
    bundle.save(with_networks(random_model(), 3), tmp_path / "old", "")
    with pytest.raises(ModelError, match="old is the average of 3 networks, and training starts from"):
        Base.of(tmp_path / "old")


def test_several_workers_are_refused(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    message = "2 networks of one model are trained in turn by one worker, not by 3; leave out --workers"
    with pytest.raises(SettingError, match=message):
        make_job("parts", workers=3)
    job = make_job("parts")
    hosts = {"cluster": {"worker": ["a:1", "b:1", "c:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(hosts))
    with pytest.raises(SettingError, match=message):
        train(job)


@pytest.mark.parametrize("count", [0, 17])
def test_there_may_be_one_to_sixteen(count: int) -> None:
    with pytest.raises(SettingError, match="networks must be a whole number from 1 to 16"):
        preset("small").change(networks=count)


# --- without training ---------------------------------------------------------------------------


def member(dataset: Dataset, losses: float, perplexity: float) -> Member:
    assert dataset.validation is not None
    weights = {"embedding": np.full((2, 3), losses, np.float32)}
    each = np.full(dataset.validation.tokens, losses)
    return Member(Best(weights, 3, 2.0 + losses, perplexity, 1.0), each)


def test_the_average_is_that_of_probabilities(make_job: MakeJob) -> None:
    """1/2 and 1/8 make 5/16; of words so unlikely that no float64 holds them, something is left."""
    job = make_job("parts")
    dataset = Dataset.prepare(job.source, job.recipe)
    two = Members(dataset, (member(dataset, math.log(2), 2.0), member(dataset, math.log(8), 8.0)))
    assert two.best().perplexity == pytest.approx(16 / 5)
    assert two.best().loss == pytest.approx(2 + math.log(4))
    assert two.describe() == (
        "held-out perplexity of 2 networks, averaged: 3.2; alone: 2.0, 8.0; network 1 alone is no "
        "worse, and all are kept"
    )
    far = Members(dataset, (member(dataset, 900.0, 1e300), member(dataset, 901.0, 1e300)))
    found = far.losses()
    assert found is not None
    assert found[0] == pytest.approx(900 - math.log((1 + math.exp(-1)) / 2))


def test_seeds_count_on_and_begin_again_at_the_end(make_job: MakeJob) -> None:
    job = make_job("parts", STREAM | {"seed": 2**32 - 2})
    members = Members(Dataset.prepare(job.source, job.recipe))
    seeds = [members.dataset_of(number).recipe.training.seed for number in (1, 2, 3, 4)]
    assert seeds == [2**32 - 2, 2**32 - 1, 0, 1]


def test_a_trained_network_is_stored_and_read_again(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job("parts")
    dataset = Dataset.prepare(job.source, job.recipe)
    one = member(dataset, 1.5, 4.0)
    fingerprint = dataset.corpus.fingerprint
    now = Checkpoint({}, {}, Place(9), None, (), "0" * 16, fingerprint, 1.0, network=3)
    run = Run(tmp_path / "run")
    run.folder.mkdir()
    run.keep(one.stored(now), job.to_json())
    from core.training.checkpoints import read

    again = Member.of(read(run.trained(3)), dataset)
    assert again.best.perplexity == 4.0
    assert again.losses is not None
    assert again.losses.tolist() == one.losses.tolist()  # type: ignore[union-attr]
    assert run.files() == []
    other = replace(one.stored(now), fingerprint="another")
    with pytest.raises(WrongCheckpoint, match="no network of this training"):
        Member.of(other, dataset)
    with pytest.raises(WrongCheckpoint, match="not of these held-out words"):
        Member.of(replace(one.stored(now), state={}), dataset)


def test_a_run_that_moves_takes_its_networks_along(make_job: MakeJob) -> None:
    job = make_job("parts")
    run = Run.of(job.destination)
    run.folder.mkdir(parents=True)
    now = Checkpoint({}, {}, Place(), None, (), "0" * 16, "text", 1.0, network=2)
    run.save(now, job.to_json())
    run.trained(1).write_bytes(b"1")
    target = job.destination.with_name("other")
    run.move(target)
    assert Run.of(target).trained(1).read_bytes() == b"1"
    assert [path.name for path in Run.of(target).files()] == ["902-000000-000000000.checkpoint"]
    Run.of(target).discard()
    assert not Run.of(target).trained(1).exists()


def test_checkpoints_of_a_later_network_are_newer(tmp_path: Path) -> None:
    run = Run(tmp_path)
    now = Checkpoint({}, {}, Place(100_000), None, (), "0" * 16, "text", 1.0)
    run.save(now, "{}")
    run.save(replace(now, place=Place(1, 3), network=2), "{}")
    assert run.load()[0] == replace(now, place=Place(1, 3), network=2)
