"""A model of pieces reads any text, says no byte, and puts words together as its cleaning does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decoding.generator import Generator
from core.decoding.phrases import WAYS, all_ways, own_way
from core.errors import SettingError
from core.insight.why import explain
from core.settings import SamplingSettings
from tests.chinese import LINES, by_pieces
from tests.conftest import model_of_pieces

ENGLISH = (
    "the senate says war",
    "the senators say trade",
    "the war and the trade",
    "a senator of trade says no",
)
MODEL = model_of_pieces(ENGLISH)
TOKENS = MODEL.vocabulary.tokens


def generator(**settings: object) -> Generator:
    return Generator(MODEL, SamplingSettings(**settings))  # type: ignore[arg-type]


@given(st.text())
def test_any_seed_is_read_and_only_what_the_cleaning_drops_is_unknown(text: str) -> None:
    seed = generator().read_seed(text)
    words = MODEL.cleaning.split(seed.text)
    assert MODEL.vocabulary.decode(seed.ids) == words
    assert not set(seed.unknown) & set(words)


def test_a_seed_may_end_within_a_word() -> None:
    says = generator(length=40, samples=20, ranked=False, temperature=1.5)
    lines = says.generate(says.read_seed("sen"))
    assert any(line.text[3:4].isalpha() for line in lines)
    assert {line.text[:3] for line in lines} == {"sen"}


@pytest.mark.parametrize("seed", ["", "sen ", "sen, ", "sen —", "龍 "])
@pytest.mark.parametrize("settings", [{}, {"temperature": 0.0}, {"beam": 4}, {"contrastive": 0.6}])
def test_after_a_blank_a_word_begins(seed: str, settings: dict[str, object]) -> None:
    many = {} if settings else {"samples": 30, "ranked": False, "temperature": 2.0}
    says = generator(length=2, **settings, **many)
    for line in says.generate(says.read_seed(seed)):
        assert line.words[0].text.startswith("▁")
    read = says.read_seed(seed)
    word = says.generate(read)[0].words[0]
    choice = next(explain(says, read, [word.id], top=len(TOKENS)))
    inside = [each for each in choice.candidates if not each.text.startswith("▁")]
    assert inside
    assert all(each.cut_by == "ban" for each in inside)


def test_where_no_piece_begins_a_word_a_line_goes_on_as_it_can() -> None:
    begin = [token for token in TOKENS if token.startswith("▁")]
    banned = generator(length=2, ban=tuple(token[1:] for token in begin if len(token) > 1))
    line = banned.generate(banned.read_seed("sen "))[0]
    assert len(line.words) == 2


def test_bytes_are_never_said() -> None:
    says = generator(length=50, samples=20, ranked=False, temperature=5.0)
    for line in says.generate(says.read_seed("the")):
        assert not any(word.text.startswith("<") for word in line.words)


def test_the_pieces_of_a_stream_make_its_line() -> None:
    says = generator(length=30)
    seed = says.read_seed("the senate")
    line = says.finish(seed, list(says.stream(seed)))
    words = "".join(MODEL.vocabulary.decode([*seed.ids, *(word.id for word in line.words)]))
    assert line.text == words.replace("▁", " ").lstrip()


def test_capitals_stand_at_the_beginnings_of_words() -> None:
    titled = Generator(model_of_pieces(ENGLISH, cleaned="tutorial"), SamplingSettings(length=30))
    text = titled.generate(titled.read_seed("the senate"))[0].text
    assert text == text.title()
    assert text.startswith("The Senate")


def test_a_banned_word_is_not_said_in_any_pieces() -> None:
    free = generator(length=40, samples=40, ranked=False, temperature=1.5)
    banned = free.under(free.settings.change(ban=("the",)))
    assert any("the" in line.text.split() for line in free.generate(free.read_seed("a")))
    for line in banned.generate(banned.read_seed("a")):
        assert not any(word.startswith("the") for word in line.text.split())


def test_there_are_bounds_to_the_ways_of_a_phrase() -> None:
    assert len(all_ways(MODEL, "senators senators")) == WAYS
    assert len(all_ways(MODEL, "s" * 10_000)) == 1
    assert all_ways(MODEL, "") == []
    (ids,) = all_ways(MODEL, "the 龍")
    assert MODEL.vocabulary.decode(ids.tolist())[-1] == "<0x8D>"


def test_a_required_word_is_said() -> None:
    says = generator(length=12, must=("trade", "no"))
    text = says.generate(says.read_seed("the senate"))[0].text
    assert "trade" in text
    assert " no" in text


def test_what_has_no_piece_cannot_be_required() -> None:
    with pytest.raises(SettingError, match="pieces has no piece for a character of '龍', so it can"):
        says = generator(must=("龍",))
        says.generate(says.read_seed("the"))


def test_a_phrase_in_chinese_may_stand_within_a_word() -> None:
    model = by_pieces()
    ids = own_way(model, "图书馆").tolist()
    assert "".join(model.vocabulary.decode(ids)) == "图书馆"
    ways = {"".join(model.vocabulary.decode(way.tolist())) for way in all_ways(model, "图书馆")}
    assert {"图书馆", "▁图书馆"} <= ways
    assert all("图书馆" in way for way in ways)
    settings = SamplingSettings(length=40, samples=20, ranked=False, ban=("图书馆明",))
    says = Generator(model, settings)
    for line in says.generate(says.read_seed("上海")):
        assert not any("图书馆明" in word.text for word in line.words)


def test_how_long_a_line_gets_is_told_in_pieces() -> None:
    assert generator().length == 100
    assert Generator(model_of_pieces(ENGLISH, "window")).length == 15


def test_a_chinese_line_has_no_blanks() -> None:
    model = by_pieces()
    says = Generator(model, SamplingSettings(length=30, temperature=0.0))
    seed = says.read_seed(LINES[0][:2])
    inside = [word for word in says.stream(seed) if not word.text.startswith("▁")]
    assert inside
    assert all(word.piece == word.text for word in inside)


def test_ids_of_forced_pieces_are_kept() -> None:
    says = generator(length=5)
    seed = says.read_seed("the ")
    inside = [id_ for id_ in range(260, len(TOKENS)) if not TOKENS[id_].startswith("▁")][:1]
    line = says.generate(seed, forced=inside)[0]
    assert np.array_equal([word.id for word in line.words[:1]], inside)
