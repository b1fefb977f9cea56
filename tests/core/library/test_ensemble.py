from collections.abc import Callable
from dataclasses import replace

import pytest

from core.errors import ModelError
from core.library.ensemble import SKIPPED, Ensemble
from core.library.model import Model
from core.library.shelf import called
from core.text.vocabulary import END, PADDING, START, UNKNOWN, Vocabulary

MakeModel = Callable[..., Model]


def having(model: Model, *tokens: str, **roles: str) -> Model:
    """Return a model with another vocabulary; its weights are not looked at here."""
    return replace(model, vocabulary=Vocabulary(tokens, **roles))


@pytest.fixture
def stream(make_model: MakeModel) -> Model:
    return having(make_model(name="a"), PADDING, UNKNOWN, START, END, "the", "war", "china")


@pytest.fixture
def window(make_model: MakeModel) -> Model:
    return having(make_model("window", name="b"), PADDING, "snow", "the", "wolf")


def test_the_words_are_joined_in_order_after_the_specials(stream: Model, window: Model) -> None:
    one, other = Ensemble((stream, window), (1, 1)), Ensemble((window, stream), (1, 1))
    specials = (PADDING, UNKNOWN, START, END)
    assert one.vocabulary.tokens == (*specials, "the", "war", "china", "snow", "wolf")
    assert other.vocabulary.tokens == (*specials, "snow", "the", "wolf", "war", "china")
    assert (one.added, other.added) == ((7, 2), (4, 5))
    assert Ensemble((window, window), (1, 1)).vocabulary == window.vocabulary


def test_each_member_reads_its_own_or_its_unknown_word_or_nothing(stream: Model, window: Model) -> None:
    ensemble = Ensemble((stream, window), (1, 1))
    assert ensemble.read[0].tolist() == [0, 1, 2, 3, 4, 5, 6, 1, 1]
    unread = [SKIPPED] * 3
    assert ensemble.read[1].tolist() == [0, *unread, 2, SKIPPED, SKIPPED, 1, 3]


def test_each_member_says_its_own(stream: Model, window: Model) -> None:
    ensemble = Ensemble((stream, window), (1, 1))
    assert [ids.tolist() for ids in ensemble.said] == [[0, 1, 2, 3, 4, 5, 6], [0, 7, 4, 8]]


def test_roles_count_and_not_how_a_model_calls_them(stream: Model, window: Model) -> None:
    """textgenrnn's <s> also ends a text, and padding stands for what it does not know."""
    theirs = having(window, PADDING, START, "snow", end_token=START, unknown_token=PADDING)
    ensemble = Ensemble((theirs, stream), (1, 1))
    assert ensemble.vocabulary.tokens[:5] == (PADDING, UNKNOWN, START, END, "snow")
    assert ensemble.read[0].tolist() == [0, 0, 1, 1, 2, 0, 0, 0]
    assert ensemble.said[0].tolist() == [0, 3, 4]
    both = having(window, PADDING, START, END, "snow", end_token=START)
    ids = Ensemble((both, stream), (1, 1)).said[0].tolist()
    assert ids == [0, 3, 2, 4]  # its </s>, which ends nothing, trades places


def test_no_two_tokens_of_a_member_are_one(stream: Model, window: Model) -> None:
    for end in (START, END, UNKNOWN):
        odd = having(window, PADDING, UNKNOWN, START, END, "snow", end_token=end)
        ids = Ensemble((odd, stream), (1, 1)).said[0].tolist()
        assert len(set(ids)) == 5


def test_the_name_is_what_is_typed(stream: Model, window: Model) -> None:
    assert Ensemble((stream, window), (1, 1)).name == "a+b"
    assert Ensemble((stream, window), (0.7, 0.3)).name == "0.7*a+0.3*b"


def test_shares_add_up_to_one(stream: Model, window: Model) -> None:
    assert Ensemble((stream, window), (3, 1)).shares == (0.75, 0.25)


def test_the_identity_is_that_of_members_and_shares(make_model: MakeModel) -> None:
    one, other = make_model(seed=1), make_model(seed=2)
    expected = Ensemble((one, other), (0.7, 0.3)).sha256
    assert Ensemble((called(one, "x"), other), (7, 3)).sha256 == expected
    others = [
        Ensemble((one, other), (0.3, 0.7)),
        Ensemble((other, one), (0.7, 0.3)),
        Ensemble((one, one), (0.7, 0.3)),
        Ensemble((one, other, other), (0.7, 0.15, 0.15)),
    ]
    assert len({expected, one.sha256, *(ensemble.sha256 for ensemble in others)}) == 6


def test_words_and_letters_do_not_mix(stream: Model) -> None:
    letters = replace(stream, manifest=replace(stream.manifest, name="abc", level="character"))
    with pytest.raises(ModelError) as error:
        Ensemble((stream, letters), (1, 1))
    assert str(error.value) == (
        "a goes by words and abc by characters; only models of one level can speak as one"
    )


def test_seeds_are_read_as_the_first_reads_them(stream: Model, window: Model) -> None:
    assert Ensemble((window, stream), (1, 1)).cleaning.name == "tutorial"
    assert Ensemble((stream, window), (1, 1)).cleaning.name == "plain"
