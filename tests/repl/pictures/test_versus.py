"""Two models' lines drawn side by side, or one below the other."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from core.decoding.generator import Generator
from core.insight.versus import versus
from core.library.model import Model
from core.settings import SamplingSettings
from core.text.vocabulary import SPECIALS, Vocabulary
from repl.pictures.heat import ROWS
from repl.pictures.versus import picture
from tests.conftest import WORDS, random_model
from tests.core.insight.test_versus import FEW, knowing
from tests.repl.pictures.test_heat import drawn


def shown(
    first: Model, second: Model, seed: str = "china", width: int = 80, **settings: object
) -> list[str]:
    chosen = SamplingSettings(**{"length": 6} | settings)  # type: ignore[arg-type]
    one, two = Generator(first, chosen), Generator(second, chosen)
    return drawn(picture(one, two, versus(one, two, seed)), width).splitlines()


def test_a_row_holds_both_words_each_with_both_probabilities() -> None:
    rows = shown(random_model(), knowing(FEW))
    heading = next(row for row in rows if " says" in row)
    assert heading.split() == ["tiny", "says", "tiny", "other", "other", "says", "other", "tiny"]
    first = rows[rows.index(heading) + 1].split()
    assert first[0] == "1"
    assert first[4] in ("=", "≠")
    assert len(first) == 8


def test_words_that_differ_stand_in_brackets_and_others_do_not() -> None:
    same = shown(random_model(), random_model(name="twin"))
    assert not any("[" in row or "≠" in row for row in same)
    assert sum(" = " in row for row in same) == 6
    assert not any("like this" in row for row in same)
    other = shown(random_model(), knowing(WORDS))
    assert any("[" in row for row in other if "like this" not in row)
    assert "[like this] (≠) is not as in the other line" in other


def test_each_line_has_its_perplexity_under_both_models() -> None:
    name, line, told, *_ = shown(random_model(), knowing(WORDS))
    assert name == "tiny"
    assert line.startswith("china ")
    assert told.startswith("perplexity ")
    assert told.endswith(" under other")


def test_words_that_the_other_does_not_know_are_named_beside_the_perplexity() -> None:
    text = " ".join(" ".join(shown(random_model(), knowing(FEW), width=200)).split())
    assert ", which other does not know: " in text
    assert " – " in text
    nothing = " ".join(shown(random_model(), knowing(tuple("klmnopqrst"))))
    assert "other knows none of these words" in nothing


def test_what_each_knows_of_the_seed_is_told_if_it_is_not_everything() -> None:
    assert "knows" not in " ".join(shown(random_model(), knowing(WORDS)))
    rows = shown(random_model(), knowing(FEW), seed="china vote zzz")
    assert rows[0] == "tiny knows china, vote; it does not know zzz"
    assert rows[1] == "other knows china; it does not know vote, zzz"
    assert shown(random_model(), knowing(FEW), seed="zzz")[0] == "tiny knows no word of the seed"


def test_where_there_is_little_room_one_stands_below_the_other() -> None:
    rows = shown(random_model(), knowing(WORDS), width=40)
    assert sum(" says" in row for row in rows) == 2
    assert all(len(row) <= 40 for row in rows)


@pytest.mark.parametrize("name", ["tiny", "a" * 64])
def test_where_there_is_little_room_rows_keep_their_numbers_and_signs(name: str) -> None:
    for other, signs in ((random_model(name="twin"), "="), (knowing(WORDS), "=≠")):
        rows = shown(random_model(name=name), other, width=40, length=12)
        numbered = [row.split() for row in rows if row[3:6].strip() in ("=", "≠")]
        assert [int(row[0]) for row in numbered] == [*range(1, 13), *range(1, 13)]
        assert {row[1] for row in numbered} == set(signs)


def test_models_of_one_name_are_told_apart() -> None:
    rows = shown(random_model(), random_model(seed=4))
    assert [row for row in rows if row.startswith("tiny (")] == ["tiny (1)", "tiny (2)"]


def test_models_of_different_levels_do_not_judge_each_other() -> None:
    model = random_model(name="letters")
    letters = Model(
        replace(model.manifest, level="character", cleaning="characters"),
        Vocabulary((*SPECIALS, *"achin grow")),
        model.weights,
    )
    rows = shown(random_model(), letters, width=100)
    assert rows[0] == (
        "one model reads words and the other characters, so neither can judge what the other wrote"
    )
    assert not any("knows" in row or "under" in row for row in rows)


def test_long_lines_are_cut_and_say_so() -> None:
    rows = shown(random_model(), random_model(seed=4), length=ROWS + 7)
    assert "… 7 more words" in rows


def test_samples_follow_one_another() -> None:
    rows = shown(random_model(), knowing(WORDS), samples=2)
    assert rows.count("tiny") == 2
    assert " ".join(" ".join(rows[-2:]).split()) == (
        "the same settings and random numbers · 6 words · 2 samples · temperature 0.8 · rng 0"
    )


@pytest.mark.parametrize("width", [80, 40])
def test_wide_words_and_long_names_fit(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.conftest.WORDS", tuple("中国貿易戦争投票新聞"))
    rows = shown(random_model(name="a" * 64), random_model(name="b" * 64, seed=4), "中", width)
    assert all(cell_len(row) <= width for row in rows)


def test_words_cannot_take_over_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.conftest.WORDS", ("\x1b[2J", "a\rb", "\u202egnp", "\x9b31m", "ok\x07"))
    text = "\n".join(shown(random_model(), random_model(seed=4), "\x1b[31m", length=30))
    assert not any(bad in text for bad in ("\x1b", "\r", "\u202e", "\x9b", "\x07"))
