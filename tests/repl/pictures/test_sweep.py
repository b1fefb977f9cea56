"""A sweep drawn as a grid, side by side or stacked."""

import pytest
from rich.cells import cell_len

from core.decoding.generator import Generator
from core.insight.sweeping import sweep
from core.setting import Value, settings_of
from core.settings import SamplingSettings
from repl.pictures.sweep import picture
from tests.conftest import random_model
from tests.repl.pictures.test_heat import drawn


def shown(
    name: str, *values: Value, width: int = 80, seed: str = "china", **settings: object
) -> list[str]:
    chosen = SamplingSettings(**{"length": 5} | settings)  # type: ignore[arg-type]
    generator = Generator(random_model(), chosen)
    read = generator.read_seed(seed)
    rows = list(sweep(generator, read, name, values))
    setting = settings_of(SamplingSettings)[name]
    return drawn(picture(generator, read, setting, rows), width).splitlines()


def said(temperature: float, sample: int = 0) -> list[str]:
    generator = Generator(random_model(), SamplingSettings(length=5, temperature=temperature))
    line = generator.generate(generator.read_seed("china"), (), sample)[0]
    return [word.text for word in line.words]


def test_a_row_holds_the_value_the_words_and_the_perplexity() -> None:
    seed, above, heading, first, *_ = shown("temperature", 0.0, 2.0)
    assert seed == "china"
    assert above.split() == ["perplexity"]
    assert heading.split() == ["temperature", "words", "without", "seed"]
    value, *words, perplexity = first.split()
    assert (value, words) == ("0", said(0.0))
    assert float(perplexity) > 1


def test_what_differs_from_the_row_above_stands_in_brackets() -> None:
    *_, second, legend, _ = shown("temperature", 0.0, 2.0)
    assert legend == "[like this] is not as in the row above"
    marked = []
    for word, other in zip(said(2.0), said(0.0), strict=True):
        marked.append(word if word == other else f"[{word}]")
    expected = " ".join(marked).replace("] [", " ")
    assert expected in second
    assert "[" in expected


def test_rows_of_the_same_words_say_so() -> None:
    rows = shown("top_k", 14, None, 1)
    assert rows[4].split() == ["off", "the", "same", "as", "14"]
    assert not any("changes nothing" in row for row in rows)


def test_a_setting_without_any_effect_is_named() -> None:
    rows = shown("dry_base", 1.0, 2.0)
    assert "every value gives the same words: dry_base changes nothing here" in rows
    assert not any("like this" in row for row in rows)


def test_the_last_line_tells_what_the_rows_have_in_common() -> None:
    assert shown("temperature", 0.5, 1.0)[-1] == (
        "tiny · 5 words · rng 0 · the same random numbers in every row"
    )
    assert shown("rng", 1, 2, samples=2)[-1] == "tiny · 5 words · 2 samples · temperature 0.8"
    assert shown("top_k", 1, 2, temperature=0.0)[-1] == "tiny · 5 words · greedy"


def test_every_sample_has_a_line_and_its_value_is_told_once() -> None:
    rows = shown("temperature", 0.5, 2.0, samples=3)[3:-2]
    assert [row[:3].strip() for row in rows] == ["0.5", "", "", "2", "", ""]


def test_where_there_is_little_room_values_stand_above_their_words() -> None:
    rows = shown("temperature", 0.0, 2.0, width=40)
    assert rows[1].startswith("0  perplexity ")
    assert rows[1].endswith(" without the seed")
    assert rows[2] == "  " + " ".join(said(0.0))
    assert all(len(row) <= 40 for row in rows)


@pytest.mark.parametrize("width", [80, 40])
def test_wide_words_fit(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = tuple("中国貿易戦争投票新聞")
    monkeypatch.setattr("tests.conftest.WORDS", wide)
    rows = shown("temperature", 0.5, 2.0, width=width, seed="中", length=40)
    assert all(cell_len(row) <= width for row in rows)
    assert len(rows) > 6


def test_without_a_seed_the_beginning_is_named() -> None:
    assert shown("temperature", 0.5, seed="")[0] == "(the beginning)"


def test_words_cannot_take_over_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.conftest.WORDS", ("\x1b[2J", "a\rb", "\u202egnp", "\x9b31m", "ok\x07"))
    text = "\n".join(shown("temperature", 0.5, 2.0, 5.0, length=30, seed="\x1b[31m"))
    assert not any(bad in text for bad in ("\x1b", "\r", "\u202e", "\x9b", "\x07"))
