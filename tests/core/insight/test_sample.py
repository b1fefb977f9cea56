from pathlib import Path

import pytest

from core.decoding.generator import Generator
from core.errors import InputError
from core.insight.sample import readable, sample, spread
from core.text.corpus import Source
from tests.conftest import random_model


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lines.txt"
    path.write_text("one\n\ntwo\n Unknown \none\nthree\nfour\nfive\n")
    return path


def test_a_sample_is_spread_over_the_different_lines(file: Path) -> None:
    some = sample(Source((file,), drop=("Unknown",)), 3)
    assert some.lines == ("one", "two", "four")
    assert some.total == 5


def test_a_short_text_is_taken_whole(file: Path) -> None:
    assert sample(Source((file,)), 100).lines == ("one", "two", "Unknown", "three", "four", "five")


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [0]), (2, [0, 5]), (4, [0, 2, 5, 7]), (10, list(range(10)))]
)
def test_spread_is_even(count: int, expected: list[int]) -> None:
    assert spread(range(10), count) == expected


def test_a_text_without_a_line_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "blank.txt"
    path.write_text("\n \n")
    with pytest.raises(InputError, match=r"there is no line in .*blank\.txt"):
        sample(Source((path,)), 5)


def test_lines_without_a_known_word_are_passed_over() -> None:
    generator = Generator(random_model())
    lines = readable(generator, ["china zzz", "zzz", "war"])
    assert [line.words for line in lines] == [("china", "zzz"), ("war",)]
    with pytest.raises(InputError, match="tiny knows no word of these 2 lines"):
        readable(generator, ["zzz", "yyy"])
