from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decoding.generator import Generator
from core.library.model import Model
from core.text.cleaning import CLEANINGS
from repl.line.unknown import Suggestion, Unknown, suggestion, unknown_in, unknown_words
from tests.conftest import random_model

LETTERS = tuple("chinasy '-")


def reader(cleaning: str, words: tuple[str, ...] = ()) -> Generator:
    known = words or (LETTERS if cleaning == "characters" else ())
    model = random_model(words=known)
    assert isinstance(model, Model)
    return Generator(replace(model, manifest=replace(model.manifest, cleaning=cleaning)))


def marked(generator: Generator, typed: str) -> list[str]:
    return [typed[found.start : found.end] for found in unknown_words(generator, typed)]


@pytest.mark.parametrize(
    ("cleaning", "typed", "expected"),
    [
        ("plain", "China says", []),
        ("plain", "Chinna says nothing", ["Chinna", "nothing"]),
        ("plain", "“Chinna,” says-China's", ["Chinna", "China's"]),
        ("plain", "trade-waar", ["waar"]),
        ("plain", "a-abx ab a", ["abx", "ab"]),
        ("plain", "ﬁrst", ["ﬁrst"]),  # one letter of the typed word becomes two
        ("plain", "!!! 🎉", ["🎉"]),
        ("tutorial", "o'neil's China", ["o'neil's"]),
        ("tutorial", "中国 says", ["中国"]),
        ("tutorial", "the中war 中 the", ["the中war", "中"]),
        ("cased", "China says", ["China"]),
        ("cased", "the 'workers' vote", ["'", "workers", "'"]),
        ("cased", "why 'the war' the workers' vote", ["'", "'", "workers'"]),
        ("keras", "china\tsayz,the", ["sayz"]),
        ("keras_unfiltered", "china\tsays the", ["china\tsays"]),
        ("keras_cased_unfiltered", "the China\u00a0says", ["China\u00a0says"]),
        ("characters", "china zx", ["z", "x"]),
        ("textgenrnn", "china, says", [","]),
    ],
)
def test_unknown_words_are_marked_where_they_stand(
    cleaning: str, typed: str, expected: list[str]
) -> None:
    assert marked(reader(cleaning), typed) == expected


@pytest.mark.parametrize("cleaning", CLEANINGS)
@given(
    typed=st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(
                ["china", "China's", "'the", "war'", '"a', 'b"', " ", "\t", "\u00a0", "中", "İ", "."]
            ),
            max_size=12,
        ).map("".join),
    )
)
def test_what_is_marked_is_what_enter_reports(cleaning: str, typed: str) -> None:
    generator = reader(cleaning)
    found = unknown_in(generator, typed)
    assert {word for part in found for word in part.words} == set(generator.read_seed(typed).unknown)
    places = [place for part in found for place in (part.start, part.end)]
    assert places == sorted(places)
    assert all(0 <= part.start < part.end <= len(typed) for part in found)


def test_pasted_lines_are_marked_each_and_commands_are_not() -> None:
    typed = "  chinna says\n:load nothing\n\n::x china\r\nwaar"
    assert marked(reader("plain"), typed) == ["chinna", "x", "waar"]


def test_quotes_that_pair_are_told_apart_in_a_very_long_text() -> None:
    typed = "'the war' the workers' " * 100
    assert marked(reader("cased"), typed) == ["'", "'", "workers'"] * 100


def test_the_words_of_a_part_are_those_that_the_model_reads() -> None:
    assert unknown_in(reader("tutorial"), "the o'neil") == [Unknown(4, 10, ("oneil",))]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("chinna says", Suggestion(0, 6, "chinna", "china")),
        ("Chinna, says", Suggestion(0, 6, "chinna", "China")),
        ("CHINNA", Suggestion(0, 6, "chinna", "CHINA")),
        ("chinna tradde", Suggestion(7, 13, "tradde", "trade")),
        ("chinna qqqqq", Suggestion(0, 6, "chinna", "china")),
        ("::chinna", Suggestion(2, 8, "chinna", "china")),
        ("china says", None),
        ("qqqqq", None),
        (":load chinna", None),
        ("", None),
    ],
)
def test_the_last_word_that_has_a_near_one_is_suggested(
    typed: str, expected: Suggestion | None
) -> None:
    assert suggestion(reader("plain"), typed) == expected


def test_a_cased_model_is_given_its_own_case() -> None:
    generator = reader("cased", ("China", "trade"))
    assert suggestion(generator, "china") == Suggestion(0, 5, "china", "China")
    assert suggestion(generator, "Trade") == Suggestion(0, 5, "Trade", "trade")
