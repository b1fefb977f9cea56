import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.cleaning import cleaning
from core.text.pieces import BYTES, Pieces, in_pieces, words_of
from core.text.vocabulary import SPECIALS, Vocabulary

LIST = ("he", "▁t", "▁the", "in", "▁i", "▁", "t", "h", "e", "i", "n", "s", ",", "国")
VOCABULARY = Vocabulary((*SPECIALS, *BYTES, *LIST), by_pieces=True)
PIECES = VOCABULARY.pieces
assert PIECES is not None


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("the", ["▁the"]),
        ("then", ["▁the", "n"]),
        ("thin", ["▁t", "h", "in"]),  # the join that stands first is made first
        ("in", ["▁", "in"]),  # so the beginning is left over: `in` stands before `▁i`
        ("国", ["▁", "国"]),
        ("é", ["▁", "<0xC3>", "<0xA9>"]),
        ("the龍", ["▁the", "<0xE9>", "<0xBE>", "<0x8D>"]),
        ("", ["▁"]),
    ],
)
def test_a_word_is_joined_in_the_order_of_the_list(word: str, expected: list[str]) -> None:
    assert VOCABULARY.spell([word]) == expected


def test_of_two_places_the_first_is_joined() -> None:
    assert Pieces({"aa": 0, "a": 1, "▁": 2}).spell("aaa") == ("▁", "aa", "a")


def test_the_sign_of_a_beginning_is_bytes_where_it_is_written() -> None:
    sign = ["<0xE2>", "<0x96>", "<0x81>"]
    assert VOCABULARY.spell(["t▁the"]) == ["▁t", *sign, "t", "he"]
    assert VOCABULARY.spell(["▁"]) == ["▁", *sign]


@given(st.text(st.characters(codec="utf-8")))
def test_the_pieces_of_a_word_are_that_word(word: str) -> None:
    first, *others = PIECES.spell(word)
    content = b"".join(
        bytes([int(token[3:5], 16)]) if token in BYTES else token.encode() for token in (first, *others)
    )
    assert content.decode() == f"▁{word}"
    assert all(map(VOCABULARY.knows, (first, *others)))


def test_specials_are_no_pieces() -> None:
    assert VOCABULARY.spell(["<s>"]) == ["▁", "<0x3C>", "s", "<0x3E>"]
    assert VOCABULARY.spell(["<0x00>"]) == ["▁", *(BYTES[byte] for byte in b"<0x00>")]


def test_half_a_character_is_read_as_a_question() -> None:
    assert VOCABULARY.spell(["t\ud800"]) == ["▁t", "<0x3F>"]


def test_bytes_are_read_and_never_said() -> None:
    bytes_ = range(len(SPECIALS), len(SPECIALS) + 256)
    assert VOCABULARY.special_ids == [*range(len(SPECIALS)), *bytes_]
    assert VOCABULARY.encode(["<0x00>", "<0xFF>"]) == [4, 259]
    assert VOCABULARY.reads("any 龍")


def test_a_byte_of_another_level_is_a_word() -> None:
    words = Vocabulary((*SPECIALS, "<0x00>", "the"))
    assert words.special_ids == [0, 1, 2, 3]
    assert words.spell(["the"]) == ["the"]
    assert not words.reads("龍")


def test_lines_are_put_together_as_their_cleaning_does_it() -> None:
    cased = in_pieces(cleaning("cased"), PIECES)
    tokens = cased.split("the thin, in")
    assert tokens == ["▁the", "▁t", "h", "in", "▁", ",", "▁", "in"]
    plain = in_pieces(cleaning("plain"), PIECES)
    assert plain.join("", plain.split("The thin,  国!")) == "the thin 国"
    assert plain.join("the", ["n", "▁t"]) == "then t"
    assert plain.join("the ", ["▁", "in"]) == "the in"
    marked = in_pieces(cleaning("cased"), Pieces({"▁,": 0, "▁": 1, ",": 2, "t": 3}))
    assert marked.join("", marked.split("t, t")) == "t, t"


def test_capitals_stand_where_words_begin() -> None:
    tutorial = in_pieces(cleaning("tutorial"), PIECES)
    text, shown = "the", ""
    for token in ["n", "▁t", "h", "in"]:
        piece = tutorial.piece(text, token)
        shown += tutorial.show_after(text, piece)
        text += piece
    assert (text, shown) == ("then thin", "n Thin")


def test_the_pieces_of_each_word_are_told_apart() -> None:
    assert words_of(["▁the", "n", "▁", "in"]) == [["▁the", "n"], ["▁", "in"]]


def test_all_ways_to_put_a_word_together_begin_with_its_own() -> None:
    ways = PIECES.ways("the", 100)
    assert ways[0] == ("▁the",)
    assert set(ways) == {
        ("▁the",),
        ("▁t", "he"),
        ("▁t", "h", "e"),
        ("▁", "t", "he"),
        ("▁", "t", "h", "e"),
    }
    assert len(PIECES.ways("the", 2)) == 2
    assert PIECES.ways("é", 100) == [("▁", "<0xC3>", "<0xA9>")]


def test_a_word_without_an_end_is_read_in_steps_that_its_length_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each join asks for two pieces at most, and there are fewer joins than characters."""

    class Counting(dict[str, int]):
        asked = 0

        def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
            Counting.asked += 1
            return super().get(key, default)  # type: ignore[arg-type]

    pieces = Pieces(Counting({"a" * (1 << power): 20 - power for power in range(20)}))
    size = 100_000
    assert "".join(pieces.spell("a" * size)[3:]) == "a" * size
    assert Counting.asked <= 3 * size
