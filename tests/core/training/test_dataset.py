import math
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InputError, ModelError, SettingError
from core.library.model import Model
from core.recipe import preset
from core.text.corpus import Source
from core.text.vocabulary import PADDING, START, Vocabulary
from core.training.base import recipe_from
from core.training.dataset import Dataset
from tests.conftest import random_model


def prepare(tmp_path: Path, text: str, name: str = "small", **changes: object) -> Dataset:
    (tmp_path / "lines.txt").write_text(text)
    return Dataset.prepare(Source((tmp_path / "lines.txt",)), preset(name).change(**changes))  # type: ignore[arg-type]


def test_words_of_held_out_lines_are_not_looked_at(tmp_path: Path) -> None:
    data = prepare(tmp_path, "a b\na c\na d\na e\n", min_count=1, validation_share=0.25)
    assert (data.lines, data.validation_lines) == (3, 1)
    assert not data.vocabulary.knows("d")  # the third line of four is the middle of the last half
    assert data.unknown_rate == 0.5


def test_characters_count_the_blanks_between_words_and_the_end_of_a_line(tmp_path: Path) -> None:
    text = "a b\na c\nDee, d\na e\n"
    data = prepare(tmp_path, text, min_count=1, validation_share=0.25)
    assert data.validation_characters == len("dee d") + 1
    letters = {"level": "character", "cleaning": "characters"}
    data = prepare(tmp_path, text, min_count=1, validation_share=0.25, **letters)
    assert data.validation_characters == len("Dee, d") + 1


def test_unknown_words_are_spelt_out(tmp_path: Path) -> None:
    data = prepare(tmp_path, "a b\na c\na d\na e\n", min_count=1, validation_share=0.25)
    # d is unknown: a letter never seen, and an end; of a, b, c and e, and six ends.
    bits = math.log2(18 / 1) + math.log2(18 / 7)
    assert data.spelling == pytest.approx(bits)
    assert data.spelt(2.0) == pytest.approx(2.0 + bits / 4)
    assert data.spelt(None) is None


def test_where_the_first_word_is_not_guessed_bits_per_character_cannot_be_told(tmp_path: Path) -> None:
    data = prepare(tmp_path, "a b\na c\na d\n", "tutorial", validation_share=0.5)
    assert data.validation_characters is None


def test_repeated_lines_are_learnt_once_unless_the_tutorial_is_wanted(tmp_path: Path) -> None:
    text = "a b\nA b!\nc d\n"
    assert prepare(tmp_path, text, min_count=1, validation_share=0).lines == 2
    assert prepare(tmp_path, text, "tutorial").lines == 3


def test_the_tutorials_window_is_the_longest_line_less_one(tmp_path: Path) -> None:
    data = prepare(tmp_path, "a b c d\na\n", "tutorial")
    assert data.recipe.model.window == 3
    assert data.vocabulary.tokens == ("<pad>", "a", "b", "c", "d")
    assert data.training.tokens == 3
    assert prepare(tmp_path, "a b c d\na\n", "tutorial", window=2).recipe.model.window == 2


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("only one\n", "small", "holds 1 line to learn from .*at least 2 different lines"),
        ("twice\ntwice\n", "small", "holds 1 line to learn from"),
        ("only one\n", "tutorial", "holds 1 line to learn from"),
        ("a\nb\n", "tutorial", "every line is a single word"),
        ("a b\nc d\n", "frequent", "no word of the 2 lines occurs 9 times"),
        ("a b\na c\nd e\n", "twice", "no line holds two known words"),
        (
            "a\n" + "b " * 1500 + "\n",
            "tutorial",
            "the longest line has 1,500 words, and a window reads",
        ),
        ("a b\nc d\n", "small", "no word of the 1 lines occurs 2 times.*--min-count 1"),
    ],
)
def test_a_text_that_nothing_can_be_learnt_from_is_refused(
    tmp_path: Path, text: str, name: str, message: str
) -> None:
    least = {"frequent": 9, "twice": 2}.get(name)
    changes = {} if least is None else {"min_count": least}
    with pytest.raises(InputError, match=message):
        prepare(tmp_path, text, name if least is None else "tutorial", **changes)


def prepare_from(tmp_path: Path, text: str, base: Model, **changes: object) -> Dataset:
    (tmp_path / "lines.txt").write_text(text)
    recipe = recipe_from(base, **{"validation_share": 0, **changes})  # type: ignore[arg-type]
    return Dataset.prepare(Source((tmp_path / "lines.txt",)), recipe, base)


def test_a_base_takes_in_the_new_words_of_the_training_lines(tmp_path: Path) -> None:
    base = random_model("window")
    text = "china meets berlin\nberlin says no\nwar in oslo\noslo meets china\n"
    data = prepare_from(tmp_path, text, base, validation_share=0.25)
    assert data.validation_lines == 1  # the third line, so oslo occurs once in what is learnt
    assert data.base is not None
    assert data.base.vocabulary is data.vocabulary
    assert data.vocabulary.tokens == (*base.vocabulary.tokens, "meets", "berlin")
    assert data.recipe.model == base.manifest.architecture
    assert data.unknown_rate == 2 / 3
    inputs, targets = next(iter(data.training.epoch(None)))
    assert inputs.shape[1] == base.manifest.architecture.window
    assert data.vocabulary.decode(targets) == ["meets", "berlin", "says", "china"]


def test_a_base_that_knows_nothing_of_the_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError,
        match=r"the model 'tiny' knows no word of the 2 lines, and none occurs 2 times.*--min-count 1",
    ):
        prepare_from(tmp_path, "x y\nz w\n", random_model())
    assert prepare_from(tmp_path, "x y\nz w\n", random_model(), min_count=1).training.tokens == 6


def test_a_text_without_two_words_in_a_row_is_refused_for_a_window(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no line holds two known words"):
        prepare_from(tmp_path, "china\nwar\n", random_model("window"))


def test_a_stream_without_a_beginning_cannot_be_trained_on(tmp_path: Path) -> None:
    whole = random_model()
    vocabulary = Vocabulary((PADDING, *whole.vocabulary.tokens[1:2], *map(str, range(12))))
    base = Model(whole.manifest, vocabulary, whole.weights)
    with pytest.raises(
        ModelError, match=r"'tiny' cannot be trained on: .* no tokens that begin and end"
    ):
        prepare_from(tmp_path, "1 2\n3 4\n", base)


def test_characters_are_a_level_and_a_cleaning_together(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="level=character does not go with cleaning=plain"):
        prepare(tmp_path, "ab\nba\n", level="character")
    with pytest.raises(SettingError, match="level=word does not go with cleaning=characters"):
        prepare(tmp_path, "ab\nba\n", cleaning="characters")
    data = prepare(tmp_path, "a b\nbb\n", level="character", cleaning="characters", validation_share=0)
    assert data.vocabulary.tokens[4:] == ("b",)


def test_textgenrnns_words_are_cut_as_it_cuts_them(tmp_path: Path) -> None:
    whole = random_model("window", attention=True)
    vocabulary = Vocabulary((PADDING, START, *whole.vocabulary.tokens[2:]), START, PADDING)
    manifest = replace(whole.manifest, cleaning="textgenrnn")
    data = prepare_from(
        tmp_path, "Says: war\nNew, says\n", Model(manifest, vocabulary, whole.weights), min_count=1
    )
    assert data.vocabulary.tokens[len(vocabulary) :] == (":", ",")
    _, targets = next(iter(data.training.epoch(None)))
    assert data.vocabulary.decode(targets) == ["says", ":", "war", "<s>", "new", ",", "says", "<s>"]


def test_attention_needs_a_window_all_of_which_it_sees(tmp_path: Path) -> None:
    for changes in ({}, {"context": "window"}, {"context": "window", "tied": False, "masked": True}):
        with pytest.raises(
            SettingError, match="attention needs --set context=window, tied=off and mask"
        ):
            prepare(tmp_path, "a b\nb a\n", attention=True, **changes)
