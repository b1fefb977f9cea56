"""Lines that begin with their label, from the file to the words that a trained model says."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.decoding.filters import probabilities
from core.decoding.generator import Generator
from core.errors import InputError, SettingError
from core.insight.evaluation import evaluate
from core.library import bundle
from core.library.model import Model
from core.recipe import preset
from core.settings import SamplingSettings
from core.text.corpus import Source
from core.text.labels import label_token
from core.text.vocabulary import SPECIALS, Vocabulary
from core.training import dataset as datasets
from core.training.base import recipe_from
from core.training.batches import LONGEST_PIECE, LineBatches
from core.training.dataset import Dataset
from core.training.events import Done, Event, Notice, Started
from core.training.job import Job, plan
from core.training.mixing import _lines
from core.training.noising import bigram_noise
from core.training.worker import run
from tests.conftest import random_model
from tests.listed import encoded

SPORTS, ARTS = label_token("Sports"), label_token("Arts")
LINES = [(SPORTS, "a", "b"), ("a",), (ARTS, "b")]
VOCABULARY = Vocabulary((*SPECIALS, "a", "b", SPORTS, ARTS))


def batches(lines: list[tuple[str, ...]], **options: float) -> LineBatches:
    return LineBatches(encoded(lines, VOCABULARY), VOCABULARY, batch_size=4, **options)


def test_a_label_is_read_and_never_asked_for() -> None:
    inputs, targets = next(iter(batches(LINES).epoch(None)))
    assert inputs.tolist() == [[2, 4, 0, 0], [2, 7, 5, 0], [2, 6, 4, 5]]
    assert targets.tolist() == [[4, 3, 0, 0], [0, 5, 3, 0], [0, 4, 5, 3]]
    assert batches(LINES).tokens == 7
    assert batches(LINES).counts.tolist() == [0, 0, 0, 3, 2, 2, 0, 0]


def test_some_lines_go_without_their_label_others_each_epoch() -> None:
    lines = [(SPORTS, "a", "b")] * 400
    source = LineBatches(encoded(lines, VOCABULARY), VOCABULARY, 400, label_dropout=0.2)
    without = []
    for seed in (1, 2, 1):
        ((inputs, targets),) = source.epoch(np.random.default_rng(seed))
        without.append((inputs[:, 1] != 6).tolist())
        assert (targets > 0).sum() == source.tokens
        assert {tuple(row) for row in inputs.tolist()} == {(2, 6, 4, 5), (2, 4, 5, 0)}
    assert 50 < sum(without[0]) < 110
    assert without[0] == without[2]
    ((inputs, _),) = source.epoch(None)
    assert (inputs[:, 1] == 6).all()


def test_a_text_without_labels_is_shuffled_as_it_always_was() -> None:
    vocabulary = Vocabulary((*SPECIALS, "a"))
    lines = encoded([("a",) * n for n in range(1, 9)], vocabulary)
    one, other = (
        list(LineBatches(lines, vocabulary, 4, share).epoch(np.random.default_rng(3)))
        for share in (0.0, 0.5)
    )
    assert [a.tolist() for pair in one for a in pair] == [a.tolist() for pair in other for a in pair]


@pytest.mark.parametrize("words", [LONGEST_PIECE - 2, LONGEST_PIECE - 1, LONGEST_PIECE])
def test_a_line_at_the_edge_of_a_piece_keeps_all_its_words(words: int) -> None:
    source = batches([(SPORTS, *["a"] * words)])
    asked = sum(int((targets > 0).sum()) for _, targets in source.epoch(None))
    assert asked == source.tokens == words + 1


def test_n_grams_and_noise_know_no_labels() -> None:
    source = batches(LINES)
    assert sorted(_lines(source)) == [[2, 4, 3], [2, 4, 5, 3], [2, 5, 3]]
    bare = batches([line[1:] if line[0] in (SPORTS, ARTS) else line for line in LINES])
    renamed = bigram_noise(source, 8, 0.5, {6: 2, 7: 2})
    for found, expected in zip(renamed, bigram_noise(bare, 8, 0.5), strict=True):
        np.testing.assert_array_equal(found, expected)


# --- a text -------------------------------------------------------------------------------------

WORDS = {"Sports": ("ball", "goal"), "Arts": ("song", "film")}


def table(path: Path, rows: list[tuple[str, str]]) -> Source:
    path.write_text("desk,headline\n" + "".join(f"{desk},{line}\n" for desk, line in rows))
    return Source((path,), label="desk")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """The first and the last word are everywhere the same; what stands between is the label's."""
    rows = [
        (desk, f"the {first} and {second} {end}")
        for desk, (one, other) in WORDS.items()
        for first, second in ((one, other), (other, one))
        for end in "abcdefghij"
    ]
    return table(tmp_path / "lines.csv", [*rows, ("", "the ball and song a")])


def test_labels_are_tokens_behind_the_words_and_count_as_none(source: Source) -> None:
    labelled, bare = (
        Dataset.prepare(each, preset("small")) for each in (source, replace(source, label=None))
    )
    assert labelled.vocabulary.tokens[-2:] == (SPORTS, ARTS)
    assert set(labelled.vocabulary.tokens[:-2]) == set(bare.vocabulary.tokens)
    assert labelled.validation is not None
    assert bare.validation is not None
    assert labelled.training.tokens == bare.training.tokens
    assert labelled.validation.tokens == bare.validation.tokens
    assert labelled.validation_characters == bare.validation_characters
    assert labelled.unknown_rate == bare.unknown_rate
    assert labelled.spelling == bare.spelling


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("", "a b"), (" ", "b a"), ("", "a a")], r"'desk' is empty in every line that is learnt"),
        ([("x", "a b"), ("y", "b a"), ("z", "a a")], r"says something else in each of its 3 lines"),
    ],
)
def test_a_column_that_is_no_category_is_refused(
    tmp_path: Path, rows: list[tuple[str, str]], message: str
) -> None:
    recipe = preset("small").change(min_count=1, validation_share=0)
    with pytest.raises(InputError, match=message):
        Dataset.prepare(table(tmp_path / "a.csv", rows), recipe)


def test_a_window_has_no_place_for_labels(source: Source, tmp_path: Path) -> None:
    for attempt in (
        lambda: plan(source, preset("tutorial"), "m", directory=tmp_path),
        lambda: Dataset.prepare(source, preset("tutorial")),
    ):
        with pytest.raises(SettingError, match=r"reads a window of words has no place for labels"):
            attempt()


def test_a_base_keeps_its_labels_and_takes_in_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = random_model(words=("china", "war", label_token("Foreign"), SPORTS))
    text = table(tmp_path / "a.csv", [("Sports", "china war"), ("Arts", "war"), ("Arts", "china a")])
    recipe = recipe_from(base, min_count=1, validation_share=0)
    data = Dataset.prepare(text, recipe, base)
    assert data.vocabulary.tokens == (*base.vocabulary.tokens, "a", ARTS)
    assert list(data.vocabulary.labels) == ["Foreign", "Sports", "Arts"]
    monkeypatch.setattr(datasets, "MOST", 2)
    with pytest.raises(InputError, match=r"'tiny' and the text have more than 2 different labels tog"):
        Dataset.prepare(text, recipe, base)


# --- a training ---------------------------------------------------------------------------------

CHANGES = {
    **{"hidden_size": 16, "embedding_size": 16, "batch_size": 4, "epochs": 40, "patience": None},
    **{"learning_rate": 0.02, "dropout": 0.0, "input_dropout": 0.0, "noising": 0.1},
    **{"activation": 0.0, "slowness": 0.0, "word_dropout": 0.0, "validation_share": 0.0},
}


@pytest.fixture
def job(source: Source, tmp_path: Path) -> Job:
    recipe = preset("small").change(**CHANGES)  # type: ignore[arg-type]
    return plan(source, recipe, "m", directory=tmp_path / "models")


def trained(job: Job) -> tuple[Model, list[Event]]:
    events: list[Event] = []
    run(job, events.append, threading.Event())
    done = events[-1]
    assert isinstance(done, Done)
    return bundle.load(Path(done.path)), events


def shares(model: Model, label: str | None) -> dict[str, float]:
    """Return the probability after `the` of the words of each label together."""
    generator = Generator(model, SamplingSettings(label=label))
    found = probabilities(generator.stepper.logits(generator.read(generator.read_seed("the"))))[0]
    return {
        name: sum(float(found[model.vocabulary.ids[word]]) for word in words)
        for name, words in WORDS.items()
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_label_decides_the_words_and_without_one_there_are_words_too(job: Job) -> None:
    model, events = trained(job)
    assert Notice("lines begin with what column 'desk' says, one of 2 labels") in events
    (started,) = [event for event in events if isinstance(event, Started)]
    assert started.vocabulary == len(model.vocabulary) - 2
    assert shares(model, "Sports")["Sports"] > 0.8
    assert shares(model, "arts")["Arts"] > 0.8
    assert min(shares(model, None).values()) > 0.1
    manifest = model.manifest
    assert manifest.corpus["label"] == "desk"
    assert manifest.training["settings"]["label_dropout"] == 0.2
    labelled, bare = (
        next(evaluate([model], each)) for each in (job.source, replace(job.source, label=None))
    )
    assert labelled.perplexity < bare.perplexity
    # The 41 lines are different ones without their labels, too.
    figures = ("lines", "tokens", "words", "characters", "unknown", "spelling")
    assert [getattr(labelled, name) for name in figures] == [getattr(bare, name) for name in figures]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_that_is_cut_off_goes_on_with_its_labels(job: Job, tmp_path: Path) -> None:
    from core.training import job as jobs
    from core.training.events import EpochDone
    from core.training.job import resume

    job = replace(job, recipe=job.recipe.change(epochs=3, validation_share=0.1))
    whole, _ = trained(replace(job, destination=tmp_path / "whole" / "m"))
    stopping = threading.Event()

    def cut(event: Event) -> None:
        if isinstance(event, EpochDone):
            stopping.set()

    run(job, cut, stopping)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs.checkpoints, "find", lambda name: job.to_json())
        again = resume("m")
    assert again.source == job.source
    model, events = trained(again)
    assert model.sha256 == whole.sha256
    told = "lines begin with what column 'desk' says, one of 2 labels"
    assert Notice(f"{told}; held-out lines are measured with theirs") in events
    assert "guessed with their labels before them" in bundle.load_card(job.destination)


def test_a_model_without_labels_is_written_as_before(source: Source) -> None:
    from core.training.saver import Saver

    bare = replace(source, label=None)
    for text, there in ((source, True), (bare, False)):
        data = Dataset.prepare(text, preset("small"))
        saver = Saver(plan(text, preset("small"), "new"), data, "run", (None, None))
        assert ("label_dropout" in saver._settings()) == there
