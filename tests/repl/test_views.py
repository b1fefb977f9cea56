"""Numbers and sentences that several views share."""

import io

import pytest
from rich.console import Console, RenderableType

from repl.theme import THEME
from repl.views import Numbered, facts, perplexed


def drawn(shown: RenderableType, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None, theme=THEME, highlight=False)
    console.print(shown)
    file = console.file
    assert isinstance(file, io.StringIO)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_names_of_facts_stand_whole_and_long_values_fold() -> None:
    lines = drawn(facts({"validation_perplexity": "82.64", "fingerprint": "0123456789" * 4}), 38)
    assert lines[0] == "validation_perplexity  82.64"
    assert "".join(line[23:] for line in lines[1:]) == "0123456789" * 4
    assert [line[:22].strip() for line in lines[1:]] == ["fingerprint", "", ""]


def test_a_name_that_leaves_no_room_folds_and_is_not_cut() -> None:
    lines = drawn(facts({"a" * 64: "embedding 6"}), 38)
    assert sum(line.count("a") for line in lines) == 64
    assert "embedding" in " ".join(lines)


def test_numbers_of_samples_stand_whole_and_long_words_fold() -> None:
    lines = drawn(Numbered(["a" * 60, "b"]), 38)
    assert lines[0].startswith("1  aaa")
    assert sum(line.count("a") for line in lines) == 60
    assert lines[-1] == "2  b"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (8.534, "8.53"),
        (83.24, "83.2"),
        (1234.5, "1,234.5"),
        (999_999.9, "999,999.9"),
        (999_999.96, "1.0 million"),
        (8_123_456.0, "8.1 million"),
        (3e9, "above a billion"),
        (1e300, "above a billion"),
    ],
)
def test_a_perplexity_is_told_in_words_that_people_read(value: float, told: str) -> None:
    assert perplexed(value) == f"perplexity {told}"
