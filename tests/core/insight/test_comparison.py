"""One split for all, rows as they come, and a real trainer on a few lines."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.decoding.cells import Ids
from core.errors import InputError, SettingError
from core.insight.baselines import Unigram
from core.insight.comparison import CONTENDERS, Contender, Split, chosen, compare
from core.settings import TextSettings
from core.text.corpus import Source
from core.text.vocabulary import Vocabulary
from core.training.dataset import Dataset
from core.training.events import EpochDone, Event
from core.training.selection import parted

TEXT = TextSettings(min_count=2)
WORDS = ("the", "a", "china", "says", "war")
LINES = [" ".join(words) for words in itertools.permutations(WORDS, 3)]
"""Sixty lines."""


def source(path: Path, lines: Sequence[str]) -> Source:
    path.write_text("\n".join(lines) + "\n")
    return Source((path,))


@pytest.fixture
def text(tmp_path: Path) -> Source:
    return source(tmp_path / "text.txt", [*LINES, LINES[0], "The china WAR"])


def test_a_text_is_split_by_position_without_repeated_lines(text: Source) -> None:
    split = Split.of(text, TEXT)
    lines = [tuple(line.split()) for line in LINES]
    learnt, test = parted(lines, 0.1)
    assert split.test.lines == tuple(test)
    assert [list(split.training), list(split.validation)] == list(parted(learnt, 0.1))
    assert (len(split.training), len(split.validation), len(split.test.lines)) == (49, 5, 6)


def test_a_test_file_is_measured_on_whole_but_for_what_is_learnt_from(
    text: Source, tmp_path: Path
) -> None:
    test = source(tmp_path / "test.txt", ["Why vote", "why vote", LINES[7], "new war"])
    split = Split.of(text, TEXT, test)
    assert split.test.lines == (("why", "vote"), ("new", "war"))
    assert (split.seen, split.test.duplicates) == (1, 1)
    assert len(split.training) + len(split.validation) == 60


def test_the_words_are_those_of_the_training_lines_alone(tmp_path: Path) -> None:
    lines = [f"the war number{index} number{index}" for index in range(20)]
    split = Split.of(source(tmp_path / "text.txt", lines), TEXT)
    held_out = {word for line in (*split.validation, *split.test.lines) for word in line}
    assert {word for word in held_out if split.vocabulary.knows(word)} == {"the", "war"}
    assert split.vocabulary.knows(split.training[0][2])


def test_a_trainer_splits_the_rows_in_the_same_way(tmp_path: Path) -> None:
    """Whatever the cleaning does: rows that clean to the same line, to none, or hold two lines."""
    lines = [
        "It's 5 o'clock!",
        "its 5 oclock",
        "...",
        "Unknown",
        *LINES,
        "“Quoted” — twice",
        "a\u2028b c",
    ]
    given = source(tmp_path / "text.csv", ["headline", *(f'"{line}"' for line in lines)])
    given = Source(given.files, "headline", ("Unknown",))
    for cleaning in ("tutorial", "plain", "cased"):
        text = TextSettings(cleaning=cleaning, min_count=1)
        split = Split.of(given, text)
        file = tmp_path / f"{cleaning}.jsonl"
        file.write_text("".join(json.dumps({"text": row}) + "\n" for row in split.rows))
        recipe = Contender("x", "x").recipe(split)
        data = Dataset.prepare(Source((file,), "text"), recipe)
        assert data.vocabulary == split.vocabulary
        assert (data.lines, data.validation_lines) == (len(split.training), len(split.validation))
        assert data.validation is not None
        assert data.validation.tokens == sum(len(line) + 1 for line in split.validation)


def test_a_trainer_learns_the_same_pieces(tmp_path: Path) -> None:
    text = TextSettings(level="bpe", pieces=25)
    split = Split.of(source(tmp_path / "text.txt", LINES), text)
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps({"text": row}) + "\n" for row in split.rows))
    data = Dataset.prepare(Source((file,), "text"), Contender("x", "x").recipe(split))
    assert data.vocabulary == split.vocabulary
    row = next(compare(split, chosen(["unigram"]), tmp_path))
    assert row.evaluation is not None
    assert (row.evaluation.unknown, row.evaluation.spelling, row.evaluation.level) == (0, 0, "bpe")
    words = Split.of(source(tmp_path / "text.txt", LINES), TEXT)
    other = next(compare(words, chosen(["unigram"]), tmp_path))
    assert other.evaluation is not None
    assert row.evaluation.characters == other.evaluation.characters
    assert row.evaluation.tokens > other.evaluation.tokens


def test_too_little_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1 different lines to learn from and 1 others"):
        Split.of(source(tmp_path / "text.txt", ["the war", "a vote"]), TEXT)


def test_contenders_are_chosen_by_their_keys() -> None:
    assert [each.key for each in chosen(["lstm", "kn"])] == ["kn", "lstm"]
    assert chosen([]) == CONTENDERS
    with pytest.raises(
        SettingError, match="there is no 'transformer' to compare; there are unigram, kn"
    ):
        chosen(["transformer"])


def test_every_recipe_goes_with_the_split(text: Source) -> None:
    split = Split.of(text, TextSettings(cleaning="tutorial", min_count=3), share=0.2)
    for contender in CONTENDERS:
        recipe = contender.recipe(split, epochs=7)
        assert (recipe.text.cleaning, recipe.text.min_count) == ("tutorial", 3)
        assert (recipe.training.validation_share, recipe.training.epochs) == (0.2, 7)
        assert (recipe.model.context, recipe.training.patience is None) == ("stream", False)
    shapes = {each.key: each.recipe(split).model for each in CONTENDERS}
    assert (shapes["tutorial"].embedding_size, shapes["tutorial"].hidden_size) == (10, 100)
    assert shapes["rnn"] == shapes["lstm"].change(cell="rnn")
    assert shapes["gru"] == shapes["lstm"].change(cell="gru")


def test_baselines_are_measured_on_the_test_lines(text: Source, tmp_path: Path) -> None:
    split = Split.of(text, TEXT)
    rows = list(compare(split, chosen(["unigram", "kn"]), tmp_path))
    assert [row.contender.key for row in rows] == ["unigram", "kn"]
    unigram = Unigram.fit(split.sequences(split.training), split.vocabulary)
    logs = unigram.log_probabilities(split.sequences(split.test.lines))
    first, second = (row.evaluation for row in rows)
    assert first is not None
    assert second is not None
    assert first.perplexity == pytest.approx(float(np.exp(-logs.mean())))
    assert first.tokens == second.tokens == sum(len(line) + 1 for line in split.test.lines)


def test_what_one_lacks_leaves_the_others_alone(text: Source, tmp_path: Path) -> None:
    def lacking(sequences: Sequence[Ids], vocabulary: Vocabulary) -> Unigram:
        raise SettingError("needs a thing")

    contenders = [Contender("one", "one", lacking), Contender("two", "two", Unigram.fit)]
    one, two = compare(Split.of(text, TEXT), contenders, tmp_path)
    assert (one.evaluation, one.problem) == (None, "needs a thing")
    assert one.to_json() == {"contender": "one", "title": "one", "problem": "needs a thing"}
    assert two.evaluation is not None
    assert two.to_json()["perplexity"] == two.evaluation.perplexity


def test_a_network_is_trained_and_measured_at_its_best_epoch(text: Source, tmp_path: Path) -> None:
    """A real trainer: some seconds."""
    split = Split.of(text, TEXT)
    small: dict[str, int] = {"embedding_size": 8, "hidden_size": 8}
    events: list[Event] = []
    (row,) = compare(
        split, [Contender("lstm", "LSTM", changes=small)], tmp_path, events.append, epochs=2
    )
    assert row.problem == ""
    assert row.evaluation is not None
    assert 1 < row.evaluation.perplexity < len(split.vocabulary) * 2
    assert row.evaluation.tokens == sum(len(line) + 1 for line in split.test.lines)
    done = [event for event in events if isinstance(event, EpochDone)]
    best = min(done, key=lambda event: event.validation_perplexity or 0)
    assert (len(done), row.epoch) == (2, best.epoch)
    words, width = len(split.vocabulary), 8
    assert row.parameters == words * width + 4 * width * (2 * width + 1) + words


def test_a_network_measures_as_its_trainer_does(text: Source, tmp_path: Path) -> None:
    """Validation lines, in numpy and in the trainer's own graph."""
    from core.insight.comparison import TrainedNetwork, fit

    split = Split.of(text, TEXT)
    events: list[Event] = []
    changes: dict[str, int] = {"embedding_size": 8, "hidden_size": 8, "epochs": 1}
    fitted = fit(Contender("lstm", "LSTM", changes=changes), split, tmp_path, events.append)
    assert isinstance(fitted, TrainedNetwork)
    logs = fitted.log_probabilities(split.sequences(split.validation))
    (told,) = [event.validation_perplexity for event in events if isinstance(event, EpochDone)]
    assert float(np.exp(-logs.mean())) == pytest.approx(told, rel=1e-4)


def test_baselines_do_without_labels_and_networks_read_them(tmp_path: Path) -> None:
    path = tmp_path / "text.csv"
    rows = [f"{'Sports' if n % 2 else 'Arts'},{line}" for n, line in enumerate(LINES)]
    path.write_text("\n".join(["desk,headline", *rows, "Arts,"]))
    labelled, bare = (
        Split.of(Source((path,), "headline", label=label), TEXT) for label in ("desk", None)
    )
    assert set(labelled.vocabulary.labels) == {"Sports", "Arts"}
    assert set(labelled.labels) == {"Sports", "Arts"}
    assert bare.labels == ()
    assert labelled.vocabulary.tokens[:-2] == bare.vocabulary.tokens
    assert (
        labelled.sequences(labelled.test.lines)[0].tolist()
        == bare.sequences(bare.test.lines)[0].tolist()
    )
    read = labelled.sequences(labelled.test.lines, labelled=True)
    assert all(each[1] in labelled.vocabulary.labels.values() for each in read)
    (kneser_ney,) = chosen(["kn"])
    results = [next(compare(split, [kneser_ney], tmp_path)) for split in (labelled, bare)]
    figures = [result.evaluation for result in results]
    assert figures[0] == figures[1]
    assert results[0].parameters == results[1].parameters
