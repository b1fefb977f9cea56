"""What is kept of a run that starts from a model: something better than that, or that itself."""

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.decoding.generator import Generator
from core.errors import TrainingStopped
from core.insight.line import Line
from core.insight.scoring import score
from core.library import bundle
from core.library.model import Manifest
from core.recipe import preset
from core.settings import SamplingSettings
from core.text.corpus import Source
from core.training.base import Base, recipe_from
from core.training.events import Done, EpochDone, Event, Notice, Progress
from core.training.extension import extend
from core.training.job import Job, plan
from core.training.worker import run
from tests.conftest import random_model

LINES = "\n".join(f"the {a} says {b} to war {c}" for a in "abc" for b in "defg" for c in "hij")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    (tmp_path / "lines.txt").write_text(LINES)
    bundle.save(random_model(name="old", tied=True), tmp_path / "old", "")

    def make(**changes: object) -> Job:
        base, model = Base.of(tmp_path / "old")
        small = {"epochs": 3, "batch_size": 3, "min_count": 1} | changes
        recipe = recipe_from(model, **small)  # type: ignore[arg-type]
        source = Source((tmp_path / "lines.txt",))
        return plan(source, recipe, "m", directory=tmp_path / "models", base=base)

    return make


def train(job: Job, stop: Callable[[Event], bool] = lambda event: False) -> list[Event]:
    events: list[Event] = []
    stopping = threading.Event()

    def report(event: Event) -> None:
        events.append(event)
        if stop(event):
            stopping.set()

    run(job, report, stopping)
    return events


def notices(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def test_what_no_epoch_makes_better_stays_as_it_was(make_job: Callable[..., Job]) -> None:
    job = make_job(learning_rate=100.0, patience=2)
    events = train(job)
    done = events[-1]
    assert isinstance(done, Done)
    assert (done.start, done.best_epoch) == (True, 0)
    assert done.reason == "no better validation for 2 epochs"
    assert [event.best for event in events if isinstance(event, EpochDone)] == [False, False]
    assert "no epoch guesses held-out text better than before" in notices(events)[-2]
    model, old = bundle.load(Path(done.path)), random_model(tied=True)
    extended = extend(old, model.vocabulary.tokens[len(old.vocabulary) :])
    for name, array in extended.weights.items():
        np.testing.assert_array_equal(model.weights[name], array)
    metrics = model.manifest.metrics
    assert metrics["validation_perplexity"] == metrics["validation_perplexity_before"]
    assert metrics["training_loss"] is None


def test_bits_per_character_are_told_before_and_after(make_job: Callable[..., Job]) -> None:
    job = make_job(learning_rate=0.02)
    events = train(job)
    done = events[-1]
    assert isinstance(done, Done)
    metrics = bundle.load(Path(done.path)).manifest.metrics
    before, after = metrics["bits_per_character_before"], metrics["bits_per_character"]
    assert after == done.bits_per_character
    assert after < before
    known = bundle.load(Path(done.path)).vocabulary
    assert all(known.knows(word) for word in LINES.split()), "so nothing is to be spelt out"
    assert notices(events)[-1] == (
        f"held-out text, before: perplexity {metrics['validation_perplexity_before']:,.2f}, "
        f"{before:.3f} bits per character, {before:.3f} with unknown words spelt out; "
        f"now: perplexity {done.validation_perplexity:,.2f}, "
        f"{after:.3f} bits per character, {after:.3f} with unknown words spelt out"
    )


def test_bits_per_character_are_those_of_the_model_word_by_word(
    make_job: Callable[..., Job],
) -> None:
    """What the trainer measures, summed up from the probabilities that the program shows."""
    job = replace(make_job(), base=None, recipe=preset("small").change(epochs=1, hidden_size=12))
    done = train(job)[-1]
    assert isinstance(done, Done)
    generator = Generator(bundle.load(Path(done.path)), SamplingSettings(ngram_weight=0.0))
    held_out = _held_out(LINES.splitlines(), bundle.load(Path(done.path)).manifest)
    bits = sum(_bits(generator, line) for line in held_out)
    assert bits / sum(len(line) + 1 for line in held_out) == pytest.approx(
        done.bits_per_character, rel=1e-4
    )


def _held_out(lines: list[str], manifest: Manifest) -> list[str]:
    count = manifest.corpus["validation_lines"]
    return [lines[int((index + 0.5) * len(lines) / count)] for index in range(count)]


def _bits(generator: Generator, text: str) -> float:
    vocabulary, words = generator.vocabulary, text.split()
    assert vocabulary.end is not None
    ids = (*vocabulary.encode(words), vocabulary.end)
    line = Line((*words, "</s>"), ids, len(ids))
    return -sum(math.log2(word.probability) for word in score(generator, line).words)


def test_half_an_epoch_is_kept_where_it_measures_better(make_job: Callable[..., Job]) -> None:
    def late(event: Event) -> bool:
        return isinstance(event, Progress) and event.step >= 1

    better = train(make_job(learning_rate=0.002, batch_size=1, epochs=50), late)[-1]
    assert isinstance(better, Done)
    assert (better.start, better.best_epoch, better.reason) == (False, 0, "stopped")


def test_half_an_epoch_that_is_worse_than_the_start_is_not_kept(make_job: Callable[..., Job]) -> None:
    def early(event: Event) -> bool:
        return isinstance(event, Progress)

    done = train(make_job(learning_rate=100.0, batch_size=1), early)[-1]
    assert isinstance(done, Done)
    assert (done.start, done.best_epoch, done.reason) == (True, 0, "stopped")


def test_a_base_is_not_replaced_by_itself(make_job: Callable[..., Job]) -> None:
    job = make_job(learning_rate=100.0, batch_size=1)
    bundle.save(random_model(name="m"), job.destination, "")
    with pytest.raises(TrainingStopped, match="the model 'm' from before is kept"):
        train(replace(job, replace=True), lambda event: isinstance(event, Progress))
    assert bundle.load(job.destination).sha256 == random_model().sha256
