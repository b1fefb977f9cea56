"""Real trainers on a few lines. Each starts TensorFlow, which takes seconds, so they are few."""

import json
import math
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.decoding.generator import Generator
from core.errors import TrainingError, TrainingStopped
from core.insight.evaluation import HeldOut, measure
from core.library import bundle
from core.library.model import Manifest, Model
from core.recipe import preset
from core.text.cleaning import cleaning
from core.text.corpus import Corpus, Source
from core.text.vocabulary import PADDING, START, Vocabulary
from core.training.base import Base, recipe_from
from core.training.client import Trainer
from core.training.dataset import Dataset
from core.training.events import Done, EpochDone, Event, Notice, Progress, Started
from core.training.job import Job, plan
from tests import chinese
from tests.conftest import random_model

LINES = "\n".join(f"the {a} says {b} to war {c}" for a in "abc" for b in "defg" for c in "hij")


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    rows = ["date,headline", *(f"2020,{line}" for line in LINES.splitlines()), "2020,Unknown"]
    (tmp_path / "lines.csv").write_text("\n".join(rows))

    def make(name: str = "small", **changes: object) -> Job:
        source = Source((tmp_path / "lines.csv",), drop=("Unknown",))
        recipe = preset(name).change(**changes)  # type: ignore[arg-type]
        return plan(source, recipe, "m", directory=tmp_path / "models", command="headlong train x")

    return make


def there(directory: Path) -> list[str]:
    """Return the names of what is there; the epochs beside a model are hidden."""
    return [path.name for path in directory.iterdir() if not path.name.startswith(".")]


def kinds(events: list[Event]) -> list[type]:
    return [type(event) for event in events if not isinstance(event, Progress)]


def test_small_trains_saves_and_generates(make_job: Callable[..., Job]) -> None:
    job = make_job(epochs=3, hidden_size=16, embedding_size=16)
    with Trainer(job) as trainer:
        events = list(trainer.events())
    assert kinds(events) == [Notice, Started, EpochDone, EpochDone, EpochDone, Notice, Done]
    assert events[0] == Notice("took column 'headline' of lines.csv")
    started, done = events[1], events[-1]
    assert isinstance(started, Started)
    assert isinstance(done, Done)
    assert (started.lines, started.validation_lines, started.vocabulary) == (32, 4, 18)
    epochs = [event for event in events if isinstance(event, EpochDone)]
    assert epochs[-1].loss < epochs[0].loss
    best = min(epochs, key=lambda event: event.validation_perplexity or math.inf)
    assert (done.best_epoch, done.validation_perplexity) == (best.epoch, best.validation_perplexity)
    model = bundle.load(Path(done.path))
    metrics = model.manifest.metrics
    assert metrics["validation_perplexity"] == best.validation_perplexity
    assert metrics["validation_perplexity_with_ngrams"] < best.validation_perplexity
    assert model.ngrams is not None
    assert 0 < (model.manifest.ngram_weight or 0) <= 1
    assert "headlong train x" in bundle.load_card(Path(done.path))
    generator = Generator(model)
    assert generator.generate(generator.read_seed("the a"))[0].words


def test_n_grams_are_left_out_where_they_are_not_wanted(make_job: Callable[..., Job]) -> None:
    with Trainer(make_job(epochs=1, hidden_size=8, embedding_size=8, ngram=False)) as trainer:
        events = list(trainer.events())
    assert kinds(events) == [Notice, Started, EpochDone, Done]
    done = events[-1]
    assert isinstance(done, Done)
    assert bundle.load(Path(done.path)).ngrams is None
    assert "n-grams: none" in bundle.load_card(Path(done.path))
    assert not (Path(done.path) / "ngrams.zlib").exists()


def test_tutorial_trains_its_way(make_job: Callable[..., Job]) -> None:
    with Trainer(make_job("tutorial", epochs=1)) as trainer:
        done = list(trainer.events())[-1]
    assert isinstance(done, Done)
    model = bundle.load(Path(done.path))
    assert model.manifest.architecture.window == 6
    assert model.manifest.training["settings"]["batch_size"] == 32
    assert model.manifest.metrics["validation_perplexity"] is None
    assert "No text was held out" in bundle.load_card(Path(done.path))
    assert {name: array.shape for name, array in model.weights.items()} == {
        "embedding": (15, 10),
        "lstm_0.kernel": (10, 400),
        "lstm_0.recurrent_kernel": (100, 400),
        "lstm_0.bias": (400,),
        "output.kernel": (100, 15),
        "output.bias": (15,),
    }


def test_a_stop_in_the_first_epoch_keeps_what_there_is(make_job: Callable[..., Job]) -> None:
    job = make_job(epochs=1000, batch_size=1, patience=None)
    with Trainer(job) as trainer:
        stream = trainer.events()
        next(event for event in stream if isinstance(event, Progress))
        trainer.stop()
        done = list(stream)[-1]
    assert isinstance(done, Done)
    assert done.reason == "stopped"
    assert bundle.load(job.destination).manifest.training["ended"] == "stopped"


def test_a_stop_before_the_first_step_saves_nothing(make_job: Callable[..., Job]) -> None:
    job = make_job()
    with (
        pytest.raises(TrainingStopped, match="stopped before it began; nothing is saved"),
        Trainer(job) as trainer,
    ):
        trainer.stop()
        list(trainer.events())
    assert not job.destination.exists()


def test_a_name_taken_meanwhile_costs_neither_model(make_job: Callable[..., Job]) -> None:
    job = make_job(epochs=1)
    with Trainer(job) as trainer:
        stream = trainer.events()
        next(event for event in stream if isinstance(event, Started))
        bundle.save(random_model(name="m"), job.destination, "")
        done = list(stream)[-1]
    assert isinstance(done, Done)
    assert (done.model, bundle.load(Path(done.path)).name) == ("m-2", "m-2")
    assert bundle.load(job.destination).sha256 == random_model().sha256


def test_replacing_keeps_the_old_model_until_there_is_a_new_one(make_job: Callable[..., Job]) -> None:
    job = replace(make_job(epochs=1000, batch_size=1, patience=None), replace=True)
    bundle.save(random_model(name="m"), job.destination, "")
    with (
        pytest.raises(TrainingStopped, match="the model 'm' from before is kept"),
        Trainer(job) as trainer,
    ):
        for event in trainer.events():
            if isinstance(event, Progress):
                trainer.stop()
    assert bundle.load(job.destination).sha256 == random_model().sha256
    job = replace(job, recipe=job.recipe.change(epochs=2, batch_size=32))
    with Trainer(job) as trainer:
        events = list(trainer.events())
    assert {event.saved_as for event in events if isinstance(event, EpochDone)} == {"m-2"}
    assert bundle.load(job.destination).manifest.training["best_epoch"] == 2
    assert there(job.destination.parent) == ["m"]


def test_a_model_trained_here_is_trained_on_under_its_own_name(make_job: Callable[..., Job]) -> None:
    first = make_job()
    directory = first.destination.parent
    old = random_model(name="m", tied=True)
    bundle.save(old, directory / "m", "")
    base, model = Base.of(directory / "m")
    recipe = recipe_from(model, epochs=3, learning_rate=0.05, min_count=1, dropout=0.0)
    command = "headlong train x --from m"
    job = replace(first, recipe=recipe, base=base, command=command, replace=True)
    with Trainer(job) as trainer:
        events = list(trainer.events())
    assert kinds(events) == [Notice, Notice, Started, Notice, *3 * [EpochDone], Notice, Notice, Done]
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert notices[1] == "starts from m, 10 new words added to its 14"
    assert notices[2].startswith("before: perplexity ")
    assert "3-grams are saved with the model" in notices[3]
    assert notices[4].startswith("held-out text, before: perplexity ")
    new = bundle.load(directory / "m")
    assert new.vocabulary.tokens[:14] == old.vocabulary.tokens
    assert set(new.vocabulary.tokens[14:]) == {"to", *"bcdefghij"}
    training, metrics = new.manifest.training, new.manifest.metrics
    assert (training["started_from"], training["started_from_sha256"]) == ("m", old.sha256)
    assert metrics["validation_perplexity"] < metrics["validation_perplexity_before"]
    card = bundle.load_card(directory / "m")
    assert "starting from the words and weights of the model m." in card
    assert command in card
    assert there(directory) == ["m"]


def characters(directory: Path) -> Path:
    """Save a model such as textgenrnn's: characters, attention, <s> that begins and ends a text."""
    model = random_model("window", "t", layers=2, attention=True, dropout=0.0)
    tokens = (PADDING, START, *"aehstw ", "<unused 9>", "y")
    vocabulary = Vocabulary(tokens, end_token=START, unknown_token=PADDING)
    assert len(tokens) == len(model.vocabulary)
    manifest = Manifest("t", "characters", model.manifest.architecture, len(tokens), "character")
    bundle.save(Model(manifest, vocabulary, model.weights), directory / "t", "")
    return directory / "t"


def test_a_model_of_characters_is_trained_on_and_generates(
    make_job: Callable[..., Job], tmp_path: Path
) -> None:
    base, model = Base.of(characters(tmp_path))
    recipe = recipe_from(model, epochs=2, learning_rate=0.01, batch_size=256)
    with Trainer(replace(make_job(), recipe=recipe, base=base)) as trainer:
        events = list(trainer.events())
    epochs = [event for event in events if isinstance(event, EpochDone)]
    assert epochs[-1].loss < epochs[0].loss
    done = events[-1]
    assert isinstance(done, Done)
    new = bundle.load(Path(done.path))
    assert new.vocabulary.tokens[:11] == model.vocabulary.tokens
    assert set(new.vocabulary.tokens[11:]) == set("bcdfgijor")
    assert (new.vocabulary.end_token, new.vocabulary.unknown_token) == (START, PADDING)
    assert (new.manifest.level, new.manifest.cleaning) == ("character", "characters")
    assert new.manifest.architecture == model.manifest.architecture
    assert "preset" not in new.manifest.training
    generator = Generator(new)
    assert generator.generate(generator.read_seed("the a"))[0].text.startswith("the a")


def test_a_base_that_is_gone_costs_nothing(make_job: Callable[..., Job], tmp_path: Path) -> None:
    path = characters(tmp_path)
    base, model = Base.of(path)
    bundle.save(random_model(name="t"), path, "")
    job = replace(make_job(), recipe=recipe_from(model), base=base)
    with (
        pytest.raises(TrainingError, match="was replaced while training began"),
        Trainer(job) as trainer,
    ):
        list(trainer.events())
    assert not job.destination.exists()
    assert bundle.load(path).sha256 == random_model().sha256


def test_a_killed_trainer_costs_the_running_epoch_at_most(make_job: Callable[..., Job]) -> None:
    job = make_job(epochs=1000, patience=None)
    with (
        pytest.raises(
            TrainingError, match=r"killed by SIGKILL.*the best weights so far are saved as 'm'"
        ),
        Trainer(job) as trainer,
    ):
        for event in trainer.events():
            if isinstance(event, EpochDone):
                os.kill(trainer.pid, signal.SIGKILL)
    assert bundle.load(job.destination).manifest.training["ended"] == "still training"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_loss_that_explodes_says_what_to_do(make_job: Callable[..., Job]) -> None:
    from core.training.loop import Loop

    job = make_job(learning_rate=5.0)
    loop = Loop(Dataset.prepare(job.source, job.recipe), stopping=lambda: False)
    loop._step.train = lambda inputs, targets: math.nan
    with pytest.raises(TrainingError, match="the loss is nan in epoch 1; try a learning_rate below 5"):
        list(loop.run())


def test_a_job_file_is_json_a_person_can_read(make_job: Callable[..., Job]) -> None:
    record = json.loads(make_job().to_json())
    assert record["recipe"]["training"]["epochs"] == preset("small").training.epochs


@pytest.mark.parametrize("text", ["english", "chinese"])
def test_a_model_of_pieces_trains_and_needs_no_more_than_its_folder(tmp_path: Path, text: str) -> None:
    lines = LINES.splitlines() if text == "english" else chinese.LINES
    (tmp_path / "lines.txt").write_text("\n".join([*lines, "a 龍 once"]))
    changes = {"level": "bpe", "cleaning": "cased", "pieces": 120, "hidden_size": 16}
    recipe = preset("small").change(epochs=2, embedding_size=16, **changes)  # type: ignore[arg-type]
    job = plan(Source((tmp_path / "lines.txt",)), recipe, "m", directory=tmp_path / "models")
    with Trainer(job) as trainer:
        events = list(trainer.events())
    started, done = events[0], events[-1]
    assert isinstance(started, Started)
    assert isinstance(done, Done)
    assert started.unknown_rate == 0
    assert done.bits_per_character == done.bits_per_character_spelt
    assert any(isinstance(event, Notice) and "4-grams are saved" in event.text for event in events)
    model = bundle.load(Path(done.path))
    assert model.manifest.training["settings"]["pieces"] == 120
    assert model.vocabulary == Dataset.prepare(job.source, job.recipe).vocabulary
    generator = Generator(model)
    line = generator.generate(generator.read_seed(lines[0][:4]))[0]
    assert line.text.startswith(lines[0][:4])
    evaluation = measure(model, HeldOut.of(Corpus.load(job.source, "cased")))
    assert (evaluation.unknown, evaluation.spelling) == (0, 0)
    cased = [" ".join(cleaning("cased").split(line)) for line in [*lines, "a 龍 once"]]
    assert evaluation.characters == sum(len(line) + 1 for line in cased)
    assert evaluation.tokens == sum(len(model.cleaning.split(line)) + 1 for line in cased)


def test_chinese_is_learnt_letter_by_letter(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("\n".join(chinese.LINES))
    changes = {"level": "character", "cleaning": "characters", "hidden_size": 16}
    recipe = preset("small").change(epochs=2, embedding_size=16, **changes)  # type: ignore[arg-type]
    job = plan(Source((tmp_path / "lines.txt",)), recipe, "m", directory=tmp_path / "models")
    with Trainer(job) as trainer:
        events = list(trainer.events())
    told = [event for event in events if isinstance(event, EpochDone)]
    assert all(len(seed) == 4 for seed in told[-1].probes)
    done = events[-1]
    assert isinstance(done, Done)
    model = bundle.load(Path(done.path))
    evaluation = measure(model, HeldOut.of(Corpus.load(job.source, "characters")))
    assert evaluation.characters == evaluation.tokens == sum(len(line) + 1 for line in chinese.LINES)
