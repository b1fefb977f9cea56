import io
from collections import Counter

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.text.pieces import BYTES, Pieces
from core.text.vocabulary import PADDING, SPECIALS, Vocabulary
from core.training import merges
from core.training.merges import learnt
from tests.chinese import LINES

ENGLISH = Counter(("the senate says the trade war is the last war of the senate's " * 3).split())
CHINESE = Counter(LINES)
MIXED = ENGLISH + CHINESE


def pieces_of(vocabulary: Vocabulary, specials: int = len(SPECIALS)) -> tuple[str, ...]:
    return vocabulary.tokens[specials + 256 :]


def test_signs_and_bytes_come_first_then_joins_then_characters() -> None:
    found = learnt(ENGLISH, 40, 2)
    assert found.tokens[:260] == (*SPECIALS, *BYTES)
    lengths = [len(piece) for piece in pieces_of(found)]
    assert len(lengths) == 40
    assert lengths == sorted(lengths, key=lambda length: length == 1)
    assert found.by_pieces
    assert learnt(ENGLISH, 40, 2, (PADDING,)).tokens[:2] == (PADDING, "<0x00>")


def test_the_order_of_the_words_does_not_matter() -> None:
    assert learnt(dict(reversed(MIXED.items())), 80, 2) == learnt(MIXED, 80, 2)


def test_a_small_text_gives_as_many_as_it_has() -> None:
    assert set(pieces_of(learnt({"aa": 3}, 4000, 2))) == {"aa", "▁aa", "a", "▁"}


def test_what_comes_seldom_is_no_piece() -> None:
    found = pieces_of(learnt({"ab": 2, "cd": 1, "c": 1}, 100, 2))
    assert "▁ab" in found
    assert "cd" not in found
    assert "c" in found  # twice in two words
    assert "d" not in found


def test_too_few_pieces_for_all_characters_leave_out_the_rarest() -> None:
    found = learnt({"aaabbc": 5}, 3, 1)
    assert set(pieces_of(found)) == {"▁", "a", "b"}
    assert found.spell(["ac"]) == ["▁", "a", "<0x63>"]


def test_the_rarest_characters_are_bytes() -> None:
    found = learnt({"a": 9000, "b": 10, "c": 2}, 100, 1)
    assert "c" not in pieces_of(found)
    assert "b" in pieces_of(found)


def test_a_text_whose_characters_come_too_seldom_is_refused() -> None:
    with pytest.raises(InputError, match="no character of the text comes 3 times"):
        learnt({"ab": 1, "c": 2}, 100, 3)


@pytest.mark.parametrize("sign", ["\t", "\n", " ", "▁", "▅", "\0", "\r"])
def test_signs_of_sentencepiece_are_bytes(sign: str) -> None:
    found = learnt({f"ab{sign}cd": 5, sign: 9}, 100, 2)
    assert not any(sign in piece.removeprefix("▁") for piece in pieces_of(found))
    assert {"▁ab", "cd"} <= set(pieces_of(found))
    assert all(map(found.knows, found.spell([f"ab{sign}"])))


def test_words_that_look_like_signs_become_no_signs() -> None:
    found = learnt({"a<s>": 9, "<0x41>": 9, "x<0x41>": 9, "<unk>": 9}, 100, 2)
    assert found.spell(["a<s>"])[0].startswith("▁a")
    assert len(set(found.tokens)) == len(found.tokens)
    assert found.special_ids == list(range(260))


def test_a_word_beyond_all_bounds_teaches_nothing() -> None:
    assert learnt({"ab" * 100_000: 5, "cd": 5}, 100, 2) == learnt({"cd": 5}, 100, 2)


def processor() -> sentencepiece.SentencePieceProcessor:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([f"▁{word}\t{count}" for word, count in MIXED.items()]),
        model_writer=model,
        input_format="tsv",
        model_type="bpe",
        vocab_size=400,
        hard_vocab_limit=False,
        byte_fallback=True,
        character_coverage=1.0,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        bos_id=-1,
        eos_id=-1,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


THEIRS = processor()
OURS = Pieces({THEIRS.id_to_piece(id_): id_ for id_ in range(1 + 256, THEIRS.get_piece_size())})


def test_words_are_cut_as_sentencepiece_cuts_them() -> None:
    for word in MIXED:
        assert list(OURS.spell(word)) == THEIRS.encode(f"▁{word}", out_type=str)


@given(st.text(st.one_of(st.sampled_from("thesnawr上海北京"), st.characters(codec="utf-8"))))
def test_any_word_is_cut_as_sentencepiece_cuts_it(word: str) -> None:
    word = word.translate(dict.fromkeys(map(ord, merges._SIGNS)))
    assert list(OURS.spell(word)) == THEIRS.encode(f"▁{word}", out_type=str)
