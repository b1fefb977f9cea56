from hypothesis import given
from hypothesis import strategies as st

from core.text.vocabulary import PADDING, SPECIALS, Vocabulary

LINES = [["b", "a"], ["c", "a"], ["b", "d", "a"]]


def test_words_are_ordered_by_frequency_then_by_first_sight() -> None:
    assert Vocabulary.build(LINES, specials=(PADDING,)).tokens == (PADDING, "a", "b", "c", "d")


def test_rare_words_are_left_out() -> None:
    assert Vocabulary.build(LINES, min_count=2).tokens == (*SPECIALS, "a", "b")


def test_unknown_words_become_unk_where_there_is_one_and_nothing_where_there_is_none() -> None:
    assert Vocabulary.build(LINES).encode(["a", "x", "b"]) == [4, 1, 5]
    assert Vocabulary.build(LINES, specials=(PADDING,)).encode(["a", "x", "b"]) == [1, 2]


def test_a_special_written_in_a_text_is_no_word() -> None:
    vocabulary = Vocabulary.build([["a", "</s>", "a"]])
    assert vocabulary.tokens == (*SPECIALS, "a")
    assert not vocabulary.knows("</s>")
    assert vocabulary.encode(["</s>"]) == [vocabulary.unknown]


@given(st.lists(st.lists(st.text(min_size=1))))
def test_what_is_encoded_can_be_decoded(lines: list[list[str]]) -> None:
    vocabulary = Vocabulary.build(lines)
    for line in lines:
        expected = [word if vocabulary.knows(word) else "<unk>" for word in line]
        assert vocabulary.decode(vocabulary.encode(line)) == expected


@given(st.lists(st.lists(st.sampled_from("abcdef"))))
def test_the_order_is_that_of_the_keras_tokenizer(lines: list[list[str]]) -> None:
    """Keras sorts its word counts, kept in order of first sight, by count, stably."""
    counts: dict[str, int] = {}
    for line in lines:
        for word in line:
            counts[word] = counts.get(word, 0) + 1
    keras_order = [word for word, _ in sorted(counts.items(), key=lambda item: item[1], reverse=True)]
    assert list(Vocabulary.build(lines, specials=(PADDING,)).tokens[1:]) == keras_order
