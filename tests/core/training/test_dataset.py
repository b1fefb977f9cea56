from pathlib import Path

import pytest

from core.errors import InputError
from core.settings import preset
from core.text.corpus import Source
from core.training.dataset import Dataset


def prepare(tmp_path: Path, text: str, name: str = "small", **changes: object) -> Dataset:
    (tmp_path / "lines.txt").write_text(text)
    return Dataset.prepare(Source((tmp_path / "lines.txt",)), preset(name).change(**changes))  # type: ignore[arg-type]


def test_words_of_held_out_lines_are_not_looked_at(tmp_path: Path) -> None:
    data = prepare(tmp_path, "a b\na c\na d\na e\n", min_count=1, validation_share=0.25)
    assert (data.lines, data.validation_lines) == (3, 1)
    assert not data.vocabulary.knows("d")  # the third line of four is the middle of the last half
    assert data.unknown_rate == 0.5


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
