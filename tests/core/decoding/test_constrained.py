"""Required phrases are in every line, and the line is the best that has them all."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.decoding.constrained import Required, holds
from core.decoding.generator import Generator
from core.decoding.groups import TOGETHER
from core.errors import SettingError
from core.settings import SamplingSettings
from tests.conftest import WORDS, random_model
from tests.core.decoding.exhaustive import Line, Table, best_of, every_line, found, of_table

PHRASES = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=4), min_size=1, max_size=3)
FIXED = {"temperature": 0, "length": 3, "beam": 1000}


def required(*phrases: list[int]) -> Required:
    return Required([np.array(phrase) for phrase in phrases])


def after(phrases: Required, text: list[int]) -> np.ndarray:
    progress = phrases.start()
    for id_ in text:
        progress = phrases.advance(progress, np.array([id_]))
    return progress


def needing(*must: str, context: str = "stream", seed: int = 0, **values: object) -> Generator:
    model = random_model(context, seed=seed)
    return Generator(model, SamplingSettings(must=must, **values))  # type: ignore[arg-type]


def has(line: Line, phrase: str) -> bool:
    return holds(line, phrase.split())


# --- following phrases through a text -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ([7], 1),
        ([7, 8], 2),
        ([7, 7], 1),  # broken off, and begun again
        ([7, 8, 7, 8], 2),
        ([7, 8, 7, 8, 7], 3),
        ([7, 8, 7, 8, 7, 9], 4),  # the first two words are not the phrase's
        ([7, 8, 9], 0),
        ([7, 8, 7, 9, 5, 7], 4),  # whole stays whole
    ],
)
def test_a_phrase_is_met_word_by_word(text: list[int], met: int) -> None:
    phrases = required([7, 8, 7, 9])
    assert phrases.met(after(phrases, text)).tolist() == [met]


def test_of_two_begun_phrases_the_longer_part_counts() -> None:
    phrases = required([1, 2, 3], [2, 4])
    assert phrases.total == 5
    assert [phrases.met(after(phrases, [1, 2][:said]))[0] for said in range(3)] == [0, 1, 2]
    assert phrases.met(after(phrases, [1, 2, 3, 2]))[0] == 4


def test_a_phrase_within_another_asks_for_nothing_more() -> None:
    phrases = required([5], [4, 5, 6], [5, 6], [4, 5, 6])
    assert phrases.total == 3
    assert phrases.ids.tolist() == [4, 5, 6]


def test_no_phrases_ask_for_nothing() -> None:
    phrases = required()
    progress = phrases.advance(phrases.start(), np.array([3]))
    assert (phrases.total, phrases.met(progress).tolist()) == (0, [0])


def test_what_brings_a_line_on_is_the_next_word_of_its_phrase() -> None:
    phrases = required([1, 2], [3])
    progress = np.concatenate([after(phrases, text) for text in ([], [1], [3], [3, 1, 2])])
    rows, ids = phrases.advancing(progress)
    # The second line would give up the 1 that it has said for a 1 or a 3, which is as much.
    assert list(zip(rows.tolist(), ids.tolist(), strict=True)) == [(0, 1), (0, 3), (1, 2), (2, 1)]


@given(phrases=PHRASES, text=st.lists(st.integers(0, 3), max_size=12))
def test_progress_is_the_longest_beginning_just_said_until_all_was(
    phrases: list[list[int]], text: list[int]
) -> None:
    for phrase in phrases:
        progress = int(after(required(phrase), text)[0, 0])
        ends = [size for size in range(len(phrase)) if text[len(text) - size :] == phrase[:size]]
        assert progress == (len(phrase) if holds(text, phrase) else max(ends))


@given(phrases=PHRASES, text=st.lists(st.integers(0, 3), max_size=12))
def test_there_is_always_a_word_that_leaves_one_word_less_missing(
    phrases: list[list[int]], text: list[int]
) -> None:
    both = required(*phrases)
    progress = after(both, text)
    met = int(both.met(progress)[0])
    everywhere = all(holds(text, phrase) for phrase in phrases)
    assert (met == both.total) == everywhere
    assert everywhere == (both.advancing(progress)[1].size == 0)


# --- the search ---------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1000),
    context=st.sampled_from(["stream", "window"]),
    must=st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), min_size=1, max_size=3),
    room=st.integers(0, 5),
    until_end=st.booleans(),
    temperature=st.sampled_from([0.0, 0.8, 3.0]),
    values=st.fixed_dictionaries(
        {}, optional={"beam": st.integers(1, 4), "top_k": st.just(1), "samples": st.integers(1, 4)}
    ),
)
def test_every_line_holds_every_phrase(
    seed: int, context: str, must: list[list[str]], room: int, until_end: bool,
    temperature: float, values: dict[str, int],
) -> None:  # fmt: skip
    phrases = [" ".join(words) for words in must]
    generator = needing(
        *phrases, context=context, seed=seed, temperature=temperature, until_end=until_end,
        length=sum(map(len, must)) + room, **values,
    )  # fmt: skip
    lines = found(generator, "china")
    assert lines
    assert len(set(lines)) == len(lines)
    assert all(has(line, phrase) for line in lines for phrase in phrases)
    assert all(len(line) == generator.length or until_end for line in lines)


@pytest.mark.parametrize("must", [("war",), ("new york",), ("war", "vote"), ("says war", "vote")])
@pytest.mark.parametrize("ends", [False, True])
def test_the_widest_beam_finds_the_best_lines_that_hold_them(must: tuple[str, ...], ends: bool) -> None:
    length = 4 if len(must[0]) > 6 else 3
    generator = needing(*must, samples=8, until_end=ends, **FIXED | {"length": length})
    lines = every_line(generator, "china")
    holding = {line: score for line, score in lines.items() if all(has(line, m) for m in must)}
    assert found(generator, "china") == best_of(holding, 8)


def test_a_required_word_takes_no_place_from_those_that_come_before_it() -> None:
    # "says war vote" has 0.4 * 0.9 * 0.5 = 0.18, what begins with war 0.6 * 0.5 * 0.5 = 0.15 at most.
    table = {
        "<s>": {"war": 0.6, "says": 0.4},
        "says": {"war": 0.9, "a": 0.1},
        "war": {"vote": 0.5, "trade": 0.3, "why": 0.2},
        "vote": {"a": 0.5, "the": 0.5},
    }
    generator = of_table(table, must=("war",), temperature=0, beam=1, length=3)
    assert found(generator) == [("says", "war", "vote")]


def test_where_the_length_only_just_holds_them_nothing_else_comes() -> None:
    lines = found(needing("war vote", "says", "why", length=4, samples=20, temperature=0))
    assert len(lines) == 6
    assert all(has(line, "war vote") and {"says", "why"} < set(line) for line in lines)


def test_a_line_does_not_end_before_it_holds_them() -> None:
    table = {"<s>": {"says": 1.0}, "says": {"</s>": 0.99, "war": 0.01}, "war": {"</s>": 1.0}}
    generator = of_table(table, must=("says war",), temperature=0, length=6, until_end=True)
    assert found(generator) == [("says", "war")]


def test_what_the_seed_says_does_not_count() -> None:
    assert all(has(line, "war") for line in found(needing("war", samples=3, length=5), "war war"))


def test_what_is_forced_counts_because_it_is_in_the_line() -> None:
    generator = needing("war vote", length=3, temperature=0)
    ids = generator.vocabulary.encode(["says", "war", "vote", "a"])
    assert found(generator, "", ids[1:3])[0][:2] == ("war", "vote")
    assert found(generator, "", ids[:2]) == [("says", "war", "vote")]
    assert found(generator, "", ids[:3]) == [("says", "war", "vote")]
    with pytest.raises(SettingError, match="does not fit into a length of 3; set length to at least 4"):
        found(generator, "", [ids[1], ids[3]])


# --- many samples -------------------------------------------------------------------------------


@pytest.mark.parametrize("context", ["stream", "window"])
def test_samples_are_the_same_however_many_are_drawn_side_by_side(
    context: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = needing("war", "new york", context=context, samples=30, length=6)
    lines = found(generator, "china")
    for together, rows in ((1, 128), (20, 7), (1000, 1000)):
        monkeypatch.setattr("core.decoding.groups.TOGETHER", together)
        monkeypatch.setattr("core.decoding.beam.ROWS", rows)
        assert found(generator, "china") == lines


def test_the_rows_of_a_step_do_not_grow_with_the_samples() -> None:
    table = {word: dict.fromkeys(WORDS, 0.1) for word in ("<s>", *WORDS)}
    most = {}
    for samples in (100, 200):
        generator = of_table(table, must=("war",), samples=samples, length=6, ranked=False)
        assert len(set(found(generator))) == samples
        assert isinstance(generator.stepper, Table)
        most[samples] = max(generator.stepper.reads)
    assert most[100] == most[200] <= 2 * TOGETHER  # two banks


def test_a_sample_is_drawn_alike_whatever_the_number_beside_it() -> None:
    few = found(needing("war", samples=6, length=6, ranked=False))
    many = found(needing("war", samples=40, length=6, ranked=False))
    assert set(few) < set(many)


def test_where_there_are_few_lines_all_of_them_are_found() -> None:
    # Almost no chance is left, so that the groups of all samples find nearly the same five lines.
    shares = {word: 0.5**number for number, word in enumerate(WORDS)}
    generator = of_table(dict.fromkeys(("<s>", *WORDS), shares), must=("war",), samples=12, length=2,
        temperature=0.01)  # fmt: skip
    assert len(set(found(generator))) == 12


# --- what cannot be -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"must": ("war vote", "says"), "length": 2},
            "does not fit into a length of 2; set length to at least 3",
        ),
        ({"must": ("pizza",)}, "tiny does not know 'pizza'"),
        ({"must": ("war",), "ban": ("war",)}, "'war' cannot be said while 'war' is banned"),
        ({"must": ("a war",), "ban": ("vote", "war")}, "'a war' cannot be said while 'war' is banned"),
        ({"must": ("a new york",), "ban": ("new york",)}, "cannot be said while 'new york' is banned"),
        ({"must": ("war war",), "no_repeat": 1}, "no line was found that holds all that must asks for"),
    ],
)
def test_what_contradicts_itself_is_said(values: dict[str, object], message: str) -> None:
    generator = Generator(random_model(), SamplingSettings(**values))  # type: ignore[arg-type]
    with pytest.raises(SettingError, match=message):
        found(generator)


def test_a_banned_phrase_leaves_its_words() -> None:
    generator = needing("new", "york", ban=("new york",), length=4, samples=10)
    lines = found(generator)
    assert len(lines) == 10
    assert not any(has(line, "new york") for line in lines)


# --- the draw -----------------------------------------------------------------------------------


def test_another_rng_gives_other_lines_and_the_same_one_the_same() -> None:
    def lines(rng: int) -> list[Line]:
        return found(needing("war", rng=rng, samples=3, length=8))

    assert lines(1) == lines(1)
    assert set(lines(1)).isdisjoint(lines(2))


def test_without_temperature_nothing_is_random() -> None:
    def lines(rng: int) -> list[Line]:
        return found(needing("war", rng=rng, samples=3, length=8, temperature=0))

    assert lines(1) == lines(2)


@pytest.mark.parametrize("temperature", [0.01, 0.8])
def test_samples_are_all_different(temperature: float) -> None:
    lines = found(needing("war", samples=12, length=5, temperature=temperature))
    assert len(set(lines)) == 12


def test_samples_are_ordered_by_their_scores() -> None:
    generator = needing("war", samples=6, length=3, temperature=3.0, until_end=True)
    lines, scores = found(generator), every_line(generator, "")
    assert lines == best_of({line: scores[line] for line in lines}, 6)


@pytest.mark.parametrize(
    ("values", "heats"), [({"temperature": 0.5}, [0.5]), ({"schedule": (2.0, 0.5)}, [2.0, 0.5])]
)
def test_a_wide_beam_draws_lines_as_often_as_chance_has_it(
    values: dict[str, object], heats: list[float]
) -> None:
    generator = needing("war", "vote", length=3, beam=200, length_penalty=0, **values)
    logs = every_line(generator, "china", heats=heats)
    chances = {line: math.exp(log) for line, log in logs.items() if {"war", "vote"} <= set(line)}
    total = sum(chances.values())
    drawn = Counter[Line]()
    for rng in range(500):
        generator.configure(rng=rng)
        drawn[found(generator, "china")[0]] += 1
    assert set(drawn) <= set(chances)
    distance = sum(abs(drawn[line] / 500 - chances[line] / total) for line in chances) / 2
    assert distance < 0.1


def test_truncation_cuts_all_but_what_brings_a_phrase_on() -> None:
    generator = needing("vote war", length=6, top_k=1, temperature=0.8)
    (line,) = found(generator, "china")
    at = " ".join(line).split("vote war")[0].count(" ")
    plain = Generator(generator.model, SamplingSettings(length=6, temperature=0))
    for place in (*range(at), *range(at + 2, 6)):
        likeliest = found(plain, "china", generator.vocabulary.encode(line[:place]))[0][place]
        # Before the phrase is there it may be begun and broken off.
        assert line[place] == likeliest or (place < at and line[place] == "vote")
