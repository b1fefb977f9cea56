"""The file of n-grams: what is written is read, it is small, and what is wrong is refused."""

import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.library.ngrams import WrongNGrams, read, write
from core.text.kneser_ney import NGrams, count
from core.text.vocabulary import SPECIALS, Vocabulary

VOCABULARY = Vocabulary((*SPECIALS, "a", "b", "c", *(f"word {n}" for n in range(300))))
START, END, A, B, C = 2, 3, 4, 5, 6
LINES = [[START, A, B, END], [START, A, C, END], [START, END], [START, A, B, A, 300, END]]

lines = st.lists(
    st.lists(st.sampled_from([1, A, B, C, 299]), max_size=6).map(lambda ids: [START, *ids, END]),
    min_size=1,
    max_size=12,
)


def packed(*arrays: Sequence[int]) -> bytes:
    """Write arrays by the description of the format: four planes of bytes each, the lowest first."""
    planes = [
        bytes(number >> shift & 255 for number in array) for array in arrays for shift in (0, 8, 16, 24)
    ]
    return zlib.compress(b"".join(planes))


def test_the_format_by_hand() -> None:
    """Bigrams: <s> a twice, <s> c, a b and a </s>."""
    ngrams = NGrams(np.array([[START, A], [START, C], [A, END], [A, B]]), np.array([2, 1, 300, 1]))
    content = packed([2], [2, 4], [START, A - START - 1], [2, 2], [A, 1, END, 1], [2, 1, 300, 1])
    assert zlib.decompress(write(ngrams)) == zlib.decompress(content)
    assert np.array_equal(read(content, VOCABULARY).ids, ngrams.ids)
    assert np.array_equal(read(content, VOCABULARY).counts, ngrams.counts)


@given(lines, st.integers(2, 5))
def test_what_is_written_is_read(text: list[list[int]], order: int) -> None:
    ngrams = count(text, order, START)
    found = read(write(ngrams), VOCABULARY)
    assert np.array_equal(found.ids, ngrams.ids)
    assert np.array_equal(found.counts, ngrams.counts)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it ends too early"),
        (b"ngrams", "it cannot be unpacked"),
        (packed([6], [1] * 6), "it has n-grams of 6 words"),
        (packed([1], [1]), "it has n-grams of 1 words"),
        (packed([2], [0, 0]), "it has 0 n-grams"),
        (packed([2], [2, 1]), "it has 1 n-grams"),
        (packed([2], [1, 2_000_000]), "and may have 1,048,576"),
        (packed([2], [1, 2], [A], [1], [B], [1]), "does not fit together"),
        (packed([2], [2, 2], [A, 0], [2, 0], [B, 1], [1, 1]), "does not fit together"),
        (packed([2], [1, 1], [A], [1], [9999], [1]), "words that the vocabulary lacks"),
        (packed([2], [1, 1], [A], [1], [B], [0]), "n-grams that never occurred"),
        (packed([2], [1, 1], [0], [1], [B], [1]), "padding within a line"),
        (packed([2], [1, 1], [A], [1], [0], [1]), "padding within a line"),
        (packed([3], [1, 1, 1], [A], [1], [0], [1], [B], [1]), "padding within a line"),
        (packed([3], [1, 1, 1], [0], [1], [A], [1], [B], [1]), "padding within a line"),
        (packed([2], [1, 1], [A], [1], [START], [1]), "lines that begin twice"),
        (packed([3], [1, 1, 1], [A], [1], [START], [1], [B], [1]), "lines that begin twice"),
        (packed([2], [1, 1], [A], [1], [B], [1], [7]), "it goes on after its last number"),
        (packed([2], [1, 1], [A], [1], [B], [1]) + b"!", "it goes on after its last number"),
        (packed([2], [1, 1], [A], [1], [B], [1])[:-2], "it ends too early"),
    ],
)
def test_what_is_wrong_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(WrongNGrams, match=message):
        read(content, VOCABULARY)


def test_a_vocabulary_without_a_start_has_no_n_grams() -> None:
    content = write(count(LINES, 3, START))
    with pytest.raises(WrongNGrams, match="begin with <s>"):
        read(content, Vocabulary(("<pad>", *map(str, range(400)))))


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(50_000_000))
    with pytest.raises(WrongNGrams, match="n-grams of 0 words"):
        read(bomb, VOCABULARY)


def test_most_of_it_packs_to_nothing() -> None:
    random = np.random.default_rng(0)
    text = [[START, *(4 + random.zipf(1.3, 8) % 300).tolist(), END] for _ in range(500)]
    ngrams = count(text, 3, START)
    assert len(write(ngrams)) < 3 * len(ngrams.ids)
