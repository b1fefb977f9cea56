from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from core.library import bundle
from core.library.shelf import Entry, Shelf
from repl.shelf_view import ShelfView, age, measure
from tests.conftest import random_model
from tests.repl.conftest import console

TODAY = date(2026, 3, 1)


def shown(entries: list[Entry], width: int = 100, loaded: tuple[Path, ...] = ()) -> list[str]:
    screen = console(width)
    screen.print(ShelfView(entries, loaded, TODAY))
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]  # type: ignore[attr-defined]


@pytest.fixture
def entries(tmp_path: Path) -> list[Entry]:
    model = random_model()
    metrics = {"validation_perplexity": 82.61, "unknown_rate": 0.32}
    measured = replace(model, manifest=replace(model.manifest, metrics=metrics))
    for place, one in (("a", measured), ("b", model)):
        bundle.save(one, tmp_path / place / "tiny", "")
    (tmp_path / "a" / "bad").mkdir()
    (tmp_path / "a" / "bad" / "model.json").write_text("{")
    shelf = Shelf([tmp_path / "a", tmp_path / "b"])
    return [entry for entry in shelf.entries() if not entry.shipped]


def test_the_shelf_is_a_table(tmp_path: Path, entries: list[Entry]) -> None:
    heading, tiny, star, bad, *hidden = shown(entries, 300, (tmp_path / "a" / "tiny",))
    assert heading.split() == ["model", "tokens", "size", "perplexity", "unknown", "age", "where"]
    assert tiny.split() == [
        *("tiny", "*", "14", "words", tiny.split()[4], "kB", "82.6", "32%", "1", "month"),
        str(tmp_path / "a"),
    ]
    assert star == "* is loaded"
    assert bad.startswith("error: the model at")
    assert hidden == [f"tiny at {tmp_path / 'b' / 'tiny'} is not reached: another comes first"]


def test_where_a_table_does_not_fit_each_model_has_a_line(entries: list[Entry]) -> None:
    entry = replace(entries[1], path=Path("here/tiny"))
    (line,) = shown([replace(entry, shadowed=(), bytes=2_900_000)], 40)[:1]
    assert line == "tiny  14 words · 2.9 MB · perplexity"
    lines = shown([replace(entry, shadowed=(), bytes=2_900_000)], 79)
    assert lines[0].split() == ["model", "tokens", "size", "perplexity", "unknown", "age", "where"]
    lines = shown([replace(entry, shadowed=(), bytes=2_900_000)], 54)
    assert lines[0].split() == ["model", "tokens", "perplexity", "unknown", "where"]
    assert "* is loaded" not in lines


def test_no_model_is_said_in_words() -> None:
    assert shown([]) == ["no models; train one with :train"]


@pytest.mark.parametrize(
    ("created", "told"),
    [
        ("2026-03-01", "today"),
        ("2026-03-05", "today"),
        ("2026-02-28", "1 day"),
        ("2026-01-31", "29 days"),
        ("2025-12-01", "3 months"),
        ("2024-01-01", "2 years"),
        ("", ""),
        ("yesterday", ""),
        ("9999-99-99", ""),
    ],
)
def test_an_age_is_told_in_its_largest_unit(created: str, told: str) -> None:
    assert age(created, TODAY) == told


@pytest.mark.parametrize(
    "value", [None, "\x1b[31m", [1], {}, float("nan"), float("inf"), True, 10**400]
)
def test_only_a_number_counts_as_a_measure(value: object) -> None:
    manifest = replace(random_model().manifest, metrics={"validation_perplexity": value})
    assert measure("perplexity", manifest) == ""


def test_bits_per_character_stand_beside_the_perplexity() -> None:
    metrics = {"validation_perplexity": 4.0, "bits_per_character": 2.0}
    assert measure("bits/character", replace(random_model().manifest, metrics=metrics)) == "2.00"
