import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.nearest import ALIKE, nearest
from core.text.vocabulary import PADDING, SPECIALS, Vocabulary, unused

WORDS = ("the", "china", "trade", "senate", "votes", "vote", "tech", "New", "york", "York")
VOCABULARY = Vocabulary((*SPECIALS, *WORDS))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("chinna", "china"),  # one too many
        ("chna", "china"),  # one too few
        ("chima", "china"),  # another one
        ("chian", "china"),  # two swapped: one slip, and not two
        ("voten", "votes"),  # as near as vote and longer
        ("zebra", None),
        ("", None),
        ("c" * 10_000, None),
    ],
)
def test_the_nearest_word_is_one_that_few_slips_make(typed: str, expected: str | None) -> None:
    assert nearest(typed, VOCABULARY) == expected


@pytest.mark.parametrize(
    ("typed", "expected"), [("CHINA", "china"), ("new", "New"), ("yorrk", "york"), ("Yorrk", "York")]
)
def test_case_counts_less_than_letters(typed: str, expected: str) -> None:
    assert nearest(typed, VOCABULARY) == expected


@pytest.mark.parametrize("typed", ["<s>", "</s", "<unk>", "<pad>", "<unused 7>"])
def test_what_is_no_word_is_never_offered(typed: str) -> None:
    assert nearest(typed, Vocabulary((*SPECIALS, unused(7), "china"))) is None


def test_of_equally_near_words_the_more_frequent_one_is_taken() -> None:
    assert nearest("bat", Vocabulary((PADDING, "cat", "hat"))) == "cat"
    assert nearest("bat", Vocabulary((PADDING, "hat", "cat"))) == "hat"


def test_characters_have_no_near_ones() -> None:
    characters = Vocabulary((PADDING, *string.ascii_lowercase))
    assert nearest("A", characters) is None
    assert nearest("é", characters) is None
    assert nearest("éa", characters) is None


def test_a_frequent_word_may_be_a_little_less_alike() -> None:
    between = [f"word{number}" for number in range(500)]
    assert nearest("teh", Vocabulary((PADDING, "the", "tech"))) == "tech"
    assert nearest("teh", Vocabulary((PADDING, "the", *between, "tech"))) == "the"


def test_vocabularies_are_not_mixed_up() -> None:
    one, other = Vocabulary((PADDING, "china")), Vocabulary((PADDING, "chin"))
    for _ in range(2):
        assert (nearest("chinn", one), nearest("chinn", other)) == ("china", "chin")


def distance(a: str, b: str) -> int:
    """Return the optimal string alignment distance by its recursion."""
    table = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            best = min(
                table[i - 1, j] + 1,
                table[i, j - 1] + 1,
                table[i - 1, j - 1] + (a[i - 1] != b[j - 1]),
            )
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                best = min(best, table[i - 2, j - 2] + 1)
            table[i, j] = best
    return table[len(a), len(b)]


@given(st.text("chinarde", min_size=2, max_size=7))
def test_a_word_is_offered_exactly_when_one_is_alike(typed: str) -> None:
    alike = {word: 1 - distance(typed, word) / max(len(typed), len(word)) for word in WORDS[:3]}
    found = nearest(typed, Vocabulary((*SPECIALS, *WORDS[:3])))
    assert (found is None) == (max(alike.values()) < ALIKE)
    if found is not None:
        assert alike[found] >= ALIKE
