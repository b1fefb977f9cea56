from pathlib import Path

import pytest

from core.recipe import preset
from core.text.corpus import Source
from core.trainer import LENGTH, speak
from core.training.dataset import Dataset
from core.training.probes import LONGEST, shortened, taken_from
from tests.conftest import random_model

LINES = [f"the {a} says {b} to war {c}" for a in "abc" for b in "defg" for c in "hij"]


def dataset(path: Path, lines: list[str], name: str = "small", **changes: object) -> Dataset:
    (path / "lines.txt").write_text("\n".join(lines))
    recipe = preset(name).change(**changes)  # type: ignore[arg-type]
    return Dataset.prepare(Source((path / "lines.txt",)), recipe)


def test_probes_are_beginnings_of_lines_that_are_held_out(tmp_path: Path) -> None:
    """Of 36 lines 4 are held out, by position: 4, 13, 22 and 31."""
    assert taken_from(dataset(tmp_path, LINES)) == ("the a", "the b", "the c")


def test_where_none_are_held_out_lines_are_learnt_by_heart(tmp_path: Path) -> None:
    lines = ["to be or", "not to be", "that is the", "question whether it"]
    found = taken_from(dataset(tmp_path, lines, "tutorial"))
    assert found == ("to be", "that is", "question whether")


def test_a_beginning_with_an_unknown_word_is_none(tmp_path: Path) -> None:
    lines = [f"once{n} {n}more the same words" for n in range(30)] + ["the same words the same"] * 2
    assert set(taken_from(dataset(tmp_path, lines, validation_share=0.0))) <= {"the same"}


def test_among_letters_they_are_words_too(tmp_path: Path) -> None:
    data = dataset(tmp_path, LINES, level="character", cleaning="characters")
    assert taken_from(data) == ("the a", "the b", "the c")


def test_a_network_speaks_greedily_and_to_the_end_of_the_line() -> None:
    model = random_model("stream")
    first, again, empty = speak(model, ["china", "china", ""])
    assert first == again
    assert first.startswith("china")
    assert len(first.split()) <= LENGTH["word"] + 1
    assert empty != first


@pytest.mark.parametrize(("line", "kept"), [("a" * 80, "a" * 80), ("b" * 81, "b" * 79 + "…")])
def test_a_long_line_is_cut(line: str, kept: str) -> None:
    assert shortened(line) == kept
    assert len(kept) == LONGEST
