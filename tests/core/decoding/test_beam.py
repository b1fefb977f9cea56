"""A beam as wide as all lines finds the best of them; what narrower ones do is worked out by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.decoding import beam
from core.decoding.generator import Generator
from core.settings import SamplingSettings
from tests.conftest import random_model
from tests.core.decoding.exhaustive import Table, best_of, every_line, found, of_table

FIXED = {"temperature": 0, "length": 3, "beam": 1000}
ENDING = {"length": 3, "until_end": True, "beam": 1000}

# "a" has 0.6 * 0.5 = 0.3 in two steps, its end included; "china says war" 0.4 * 0.9 * 0.8 * 1 = 0.288
# in four. The other lines have less.
SHORT_OR_LONG = {
    "<s>": {"a": 0.6, "china": 0.4},
    "a": {"</s>": 0.5, "says": 0.5},
    "china": {"says": 0.9, "war": 0.1},
    "says": {"war": 0.8, "vote": 0.2},
    "war": {"</s>": 1.0},
    "vote": {"</s>": 1.0},
}


def searching(context: str = "stream", seed: int = 0, **values: object) -> Generator:
    shape = {"attention": True} if context == "attention" else {}
    context = "window" if context == "attention" else context
    return Generator(random_model(context, seed=seed, **shape), SamplingSettings(**values))  # type: ignore[arg-type]


@pytest.mark.parametrize("context", ["stream", "window", "attention"])
def test_the_widest_beam_finds_the_best_lines_there_are(context: str) -> None:
    generator = searching(context, samples=20, **FIXED)
    assert found(generator, "china") == best_of(every_line(generator, "china"), 20)


@pytest.mark.parametrize("penalty", [0, 0.8, 3])
def test_lines_that_end_compete_with_longer_ones(penalty: float) -> None:
    generator = searching(seed=2, samples=20, length_penalty=penalty, **ENDING)
    lines = found(generator, "china")
    assert lines == best_of(every_line(generator, "china"), 20)
    assert penalty == 3 or len(set(map(len, lines))) > 1


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), context=st.sampled_from(["stream", "window"]))
def test_a_beam_of_one_that_ignores_the_length_is_greedy(seed: int, context: str) -> None:
    one = searching(context, seed, beam=1, length_penalty=0)
    assert found(one, "new york") == found(searching(context, seed, temperature=0), "new york")


def test_an_end_counts_only_where_the_beam_would_keep_it() -> None:
    table = {"<s>": {"a": 1.0}, "a": {"says": 0.6, "</s>": 0.4}, "says": {"war": 1.0}}
    table |= {"war": {"vote": 0.5, "trade": 0.5}, "vote": {"</s>": 1.0}, "trade": {"</s>": 1.0}}
    assert found(of_table(table, beam=1, length_penalty=0)) == [("a", "says", "war", "trade")]
    assert found(of_table(table, beam=2, length_penalty=0)) == [("a",)]


def test_a_line_that_ends_leaves_its_place_to_another() -> None:
    table = {"<s>": {"a": 1.0}, "a": {"</s>": 0.6, "says": 0.4}, "says": {"</s>": 1.0}}
    values = {"beam": 1, "length": 3, "until_end": True}
    assert found(of_table(table, length_penalty=0, **values)) == [("a",)]
    # log 0.6 / 2**2 = -0.128, log 0.4 / 3**2 = -0.102
    assert found(of_table(table, length_penalty=2, **values)) == [("a", "says")]


@pytest.mark.parametrize(
    ("penalty", "best"),
    [(0, ("a",)), (0.8, ("china", "says", "war")), (1, ("china", "says", "war"))],
)
def test_the_length_penalty_decides_between_short_and_long(penalty: float, best: tuple[str]) -> None:
    assert found(of_table(SHORT_OR_LONG, beam=4, length_penalty=penalty))[0] == best


def test_all_equal_the_lowest_ids_win() -> None:
    generator = of_table({}, beam=3, samples=3, length=2)
    assert found(generator) == [("the", "the"), ("the", "a"), ("the", "china")]


def test_more_samples_than_the_beam_is_wide_widen_it() -> None:
    lines = found(searching(beam=2, samples=30, length=4))
    assert len(set(lines)) == 30


def test_no_random_number_and_no_temperature_decides_anything() -> None:
    lines = [
        found(searching(beam=4, samples=4, length=6, rng=rng, temperature=temperature, top_k=k))
        for rng, temperature, k in ((0, 0.8, None), (1, 5, 1), (2, 0, 2))
    ]
    assert lines[0] == lines[1] == lines[2]


@pytest.mark.parametrize("minimum", [1, 2, 5])
def test_no_line_is_shorter_than_the_minimum(minimum: int) -> None:
    table = {word: {"</s>": 0.9, "a": 0.1} for word in ("<s>", "a")}
    generator = of_table(table, beam=3, length_penalty=0, min_length=minimum)
    assert found(generator) == [("a",) * minimum]


def test_what_is_banned_is_not_said() -> None:
    def lines(**values: object) -> list[str]:
        return [" ".join(line) for line in found(searching(beam=5, samples=5, length=6, **values))]

    single, pair = lines()[0].split()[:2], " ".join(lines()[0].split()[:2])
    assert all(single[0] not in line.split() for line in lines(ban=(single[0],)))
    assert all(pair not in line for line in lines(ban=(pair,)))


def test_penalties_count_in_the_search() -> None:
    lines = found(searching(beam=5, samples=5, length=9, no_repeat=1), "china")
    assert all(len(set(line)) == 9 and "china" not in line for line in lines)


def test_a_search_stops_when_nothing_can_win_any_more() -> None:
    table = {"<s>": {"a": 1.0}, "a": {"</s>": 0.99, "a": 0.01}}
    generator = of_table(table, beam=5, length_penalty=0, length=1000, until_end=True)
    assert found(generator) == [("a",)]
    assert isinstance(generator.stepper, Table)
    # <s> and a by the search, <s> and a to go through the line.
    assert len(generator.stepper.reads) == 4


def test_a_beam_is_looked_at_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = searching(beam=20, samples=20, length=5, beam_groups=2)
    whole = found(generator)
    monkeypatch.setattr(beam, "ROWS", 3)
    assert found(generator) == whole


# --- groups -------------------------------------------------------------------------------------

CHOICE = {
    "<s>": {"a": 0.5, "china": 0.3, "war": 0.2},
    "a": {"says": 0.5, "vote": 0.5},
    "china": {"trade": 1.0},
    "war": {"vote": 1.0},
}


@pytest.mark.parametrize(("diversity", "first"), [(0.5, "a"), (0.52, "china")])
def test_a_group_pays_for_words_that_earlier_ones_have_said(diversity: float, first: str) -> None:
    # log 0.5 - log 0.3 = 0.511: what it takes to prefer the second word.
    generator = of_table(CHOICE, beam=2, beam_groups=2, samples=2, diversity=diversity, length=1)
    assert {line[0] for line in found(generator)} == {"a", first}


def test_it_pays_once_for_every_line_that_said_a_word() -> None:
    # Two groups have said a before the third: 2 * 0.3 is more than 0.511.
    generator = of_table(CHOICE, beam=3, beam_groups=3, samples=3, diversity=0.3, length=1)
    assert {line[0] for line in found(generator)} == {"a", "china"}


def test_what_a_group_paid_is_no_part_of_its_score() -> None:
    # The second group's line has 0.3, more than the first's 0.25, though it was made dearer by 5.
    generator = of_table(CHOICE, beam=2, beam_groups=2, samples=2, diversity=5, length=2)
    assert found(generator) == [("china", "trade"), ("a", "says")]


def test_groups_that_avoid_nothing_find_the_same() -> None:
    assert len(found(searching(beam=3, beam_groups=3, samples=3, diversity=0, length=4))) == 1


def test_each_group_gives_its_best_line_before_any_gives_its_second() -> None:
    # The first finds "a says" and "a vote", with 0.35 each, the second "a says" and "china trade", 0.3.
    table = CHOICE | {"<s>": {"a": 0.7, "china": 0.3}}
    values = {"beam": 4, "samples": 2, "diversity": 5, "length": 2}
    assert found(of_table(table, **values)) == [("a", "says"), ("a", "vote")]
    assert found(of_table(table, beam_groups=2, **values)) == [("a", "says"), ("china", "trade")]


# --- branches -----------------------------------------------------------------------------------


def test_forced_words_begin_every_line() -> None:
    generator = searching(samples=20, **ENDING | {"length": 4})
    forced = generator.vocabulary.encode(["war"])
    lines = found(generator, "china", forced)
    assert lines == best_of(every_line(generator, "china", forced), 20)
    assert all(line[0] == "war" for line in lines)
    assert len(set(map(len, lines))) > 1


def test_a_line_forced_to_begin_as_it_did_goes_on_as_it_did() -> None:
    values = {"beam": 1000, "length": 4, "until_end": True, "repeat_penalty": 1.3}
    generator = searching(seed=5, **values)
    (line,) = found(generator, "china")
    assert found(generator, "china", generator.vocabulary.encode(line[:2])) == [line]


@pytest.mark.parametrize("words", [["war"] * 3, ["war"] * 5])
def test_a_line_that_is_forced_whole_is_that_line(words: list[str]) -> None:
    generator = searching(beam=3, length=3)
    assert found(generator, "china", generator.vocabulary.encode(words)) == [tuple(words)]


def test_a_line_may_be_forced_to_end() -> None:
    generator = searching(beam=3)
    forced = generator.vocabulary.encode(["war"])
    end = generator.vocabulary.end
    assert end is not None
    assert found(generator, "china", [*forced, end]) == [("war",)]


def test_a_banned_word_may_be_forced() -> None:
    generator = searching(beam=3, length=3, ban=("war",))
    (line,) = found(generator, "china", generator.vocabulary.encode(["war"]))
    assert line[0] == "war"
    assert "war" not in line[1:]


# --- what is done with lines that were found ------------------------------------------------------


def test_a_line_is_gone_through_with_the_models_own_probabilities() -> None:
    generator = searching(beam=3, length=3, ban=("vote",))
    seed = generator.read_seed("china")
    searched = generator.generate(seed)[0]
    plain = Generator(generator.model, SamplingSettings(length=3))
    forced = plain.generate(seed, [word.id for word in searched.words])[0]
    assert searched == forced


def test_lines_of_different_lengths_are_streamed_side_by_side() -> None:
    generator = of_table(SHORT_OR_LONG, beam=4, samples=2, length_penalty=1)
    words = [(word.sample, word.text) for word in generator.stream(generator.read_seed(""))]
    assert words == [(0, "china"), (1, "a"), (0, "says"), (1, "says"), (0, "war"), (1, "war")]


def test_many_lines_are_gone_through_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = searching(beam=7, samples=7)
    together = found(generator, "china")
    monkeypatch.setattr("core.decoding.generator.BATCH", 3)
    assert found(generator, "china") == together


def test_samples_keep_the_order_of_their_scores() -> None:
    # By the mean of its words, as samples that are drawn are ranked, "china says war" would come first.
    lines = found(of_table(SHORT_OR_LONG, beam=4, samples=2, length_penalty=0))
    assert lines == [("a",), ("china", "says", "war")]


def test_a_line_that_was_found_is_found_again() -> None:
    generator = searching(beam=4, samples=4, length=6)
    for line in generator.generate(generator.read_seed("china")):
        assert generator.again(line) == line
