import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.text.encoding import IDS, LENGTHS, REPEATED, WORDS, Encoder, Facts
from core.text.repeats import Repeats
from core.text.storage import Memory, read_words

LINES = st.lists(st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=4), max_size=12)


def encode(
    lines: list[list[str]], piece: int = 5, remembered: int = 99, different: int = 99
) -> tuple[Memory, Facts]:
    storage = Memory()
    encoder = Encoder(storage, remembered, different)
    for start in range(0, len(lines), piece):
        encoder.add(lines[start : start + piece])
    return storage, encoder.finish()


def test_words_are_numbered_by_first_sight() -> None:
    storage, facts = encode([["b", "a"], ["a", "c", "b"], ["b", "a"]], piece=1)
    assert storage.view(IDS, np.uint32).tolist() == [0, 1, 1, 2, 0, 0, 1]
    assert storage.view(LENGTHS, np.uint32).tolist() == [2, 3, 2]
    assert storage.view(REPEATED, np.bool_).tolist() == [False, False, True]
    assert list(read_words(storage.lines(WORDS))) == ["b", "a", "c"]
    digest = hashlib.sha256(b"b a\na c b\nb a\n").hexdigest()
    assert facts == Facts(3, 1, 7, 3, 3, digest, False)


@given(LINES, st.integers(1, 6), st.integers(1, 30))
def test_words_are_found_again_whatever_is_remembered(
    lines: list[list[str]], piece: int, remembered: int
) -> None:
    storage, facts = encode(lines, piece, remembered)
    words = list(read_words(storage.lines(WORDS)))
    assert [words[id_] for id_ in storage.view(IDS, np.uint32)] == [w for line in lines for w in line]
    assert facts.words == len(words)
    if not facts.forgotten:
        assert len(set(words)) == len(words)


def test_the_rarest_words_make_room() -> None:
    """a and b come twice before there are five; when c comes again, it is new."""
    lines = [["a", "b"], ["b", "a"], ["c", "d", "e"], ["a", "c", "b"]]
    storage, facts = encode(lines, piece=1, remembered=4)
    assert storage.view(IDS, np.uint32).tolist() == [0, 1, 1, 0, 2, 3, 4, 0, 5, 1]
    assert list(read_words(storage.lines(WORDS))) == ["a", "b", "c", "d", "e", "c"]
    assert facts.forgotten


def test_a_text_of_nothing_but_different_words_is_refused() -> None:
    lines = [[f"x{number}"] for number in range(10)]
    assert encode(lines, different=10)[1].words == 10
    with pytest.raises(InputError, match=r"more than 9 different words.*another cleaning"):
        encode(lines, different=9)


@given(st.lists(st.binary(max_size=2)), st.integers(1, 9))
def test_a_line_that_was_there_before_is_marked(lines: list[bytes], piece: int) -> None:
    repeats = Repeats(Memory())
    for start in range(0, len(lines), piece):
        repeats.add(lines[start : start + piece])
    assert repeats.marks().tolist() == [line in lines[:at] for at, line in enumerate(lines)]
