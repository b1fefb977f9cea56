import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingError
from core.text.cleaning import CLEANINGS, cleaning


def the_tutorials_clean_text(text: str) -> str:
    """What the tutorial does, spelt as its three steps."""
    text = "".join(character for character in text if character not in string.punctuation).lower()
    return text.encode("utf8").decode("ascii", "ignore")


@given(st.text())
def test_tutorial_is_the_tutorials_clean_text(line: str) -> None:
    assert cleaning("tutorial").split(line) == the_tutorials_clean_text(line).split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("N.F.L. vs. Politics", ["nfl", "vs", "politics"]),
        ("Trump’s Curse", ["trumps", "curse"]),
        ("Café — “Naïve”", ["caf", "nave"]),
    ],
)
def test_tutorial_by_example(line: str, words: list[str]) -> None:
    assert cleaning("tutorial").split(line) == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Trump’s “Big” Plan: Don’t", ["trump's", "big", "plan", "don't"]),
        ("U.S. Adds 1,200 Jobs, Up 2.5%", ["u.s", "adds", "1,200", "jobs", "up", "2.5"]),
        ("So-so", ["so", "so"]),
        ("São Paulo — 中国 हिन्दी", ["são", "paulo", "中国", "हिन्दी"]),
        ("ﬁne", ["fine"]),
        ("I ❤️ NY 👨‍👩‍👧", ["i", "ny"]),
        ("co\u00adoperate", ["cooperate"]),
        ("Workers’ ‘Best’ Friends'", ["workers", "best", "friends"]),
        ("?!… ", []),
    ],
)
def test_plain_by_example(line: str, words: list[str]) -> None:
    assert cleaning("plain").split(line) == words


@given(st.text())
def test_plain_words_are_what_a_seed_of_them_gives_back(line: str) -> None:
    words = cleaning("plain").split(line)
    assert cleaning("plain").split(" ".join(words)) == words


@pytest.mark.parametrize(
    ("line", "tokens"),
    [
        ("“Yes,” He Said", ["“", "Yes", ",", "”", "He", "Said"]),
        ('Is It "Over"?', ["Is", "It", "“", "Over", "”", "?"]),
        ("‘Best Friends’ Say", ["‘", "Best", "Friends", "’", "Say"]),
        ("Workers’ Rights in the ’90s", ["Workers'", "Rights", "in", "the", "'90s"]),
        ("I ❤️ C# and/or 👨‍👩‍👧", ["I", "❤️", "C#", "and/or", "👨‍👩‍👧"]),
        ("U.S. (Still) Owes $5.20...", ["U.S", ".", "(", "Still", ")", "Owes", "$", "5.20", "..."]),
    ],
)
def test_cased_by_example(line: str, tokens: list[str]) -> None:
    assert cleaning("cased").split(line) == tokens


@pytest.mark.parametrize(
    "line",
    [
        "‘The Governor’s Parrot’ Has Wit, Feathers and No Third Act".replace("r’s", "r's"),
        "“I Only Fixed the Piano”: Lorenzo Batticuore, Tuner to Virtuosos, Dies at 94",
        "Is 5% “Enough”? A&P's Owner Won't Say (Yet)",
        "How a $9 Gadget Cut My Heating Bill in Half...",
        "Is 5 € Now (or $6) #1 for C# Users I ❤️?",
    ],
)
def test_cased_puts_a_readable_line_together_again(line: str) -> None:
    method = cleaning("cased")
    assert method.join("", method.split(line)) == line


def test_joining_continues_the_seed_as_it_was_typed() -> None:
    assert cleaning("plain").join("the Senate ", ["votes"]) == "the Senate votes"
    assert cleaning("tutorial").join("don't stop", ["the", "war"]) == "Don'T Stop The War"
    assert cleaning("plain").join("", ["a", "b"]) == "a b"


@pytest.mark.parametrize("name", CLEANINGS)
@given(seed=st.text("aB’'“\" -.é1"), line=st.text("aB’'“\" -.é1中"))
def test_pieces_shown_one_by_one_make_the_joined_line(name: str, seed: str, line: str) -> None:
    """What is streamed is what stands there in the end."""
    method = cleaning(name)
    words = method.split(line)
    text, shown = seed, method.show(seed)
    for word in words:
        piece = method.piece(text, word)
        text, shown = text + piece, shown + method.show(piece)
    if method.title_case and seed and words and not seed[-1].isspace():
        assert shown.startswith(method.show(seed) + " ")
    assert shown == method.join(seed, words)


def test_an_unknown_cleaning_is_named_with_those_there_are() -> None:
    with pytest.raises(SettingError, match="no cleaning 'clean'; there are tutorial, "):
        cleaning("clean")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("上海：地铁今天开通，免费！", ["上海", "：", "地铁今天开通", "，", "免费", "！"]),
        ("《红楼梦》上映（图）", ["《", "红楼梦", "》", "上映", "（", "图", "）"]),
        ('北京"老城"公园', ["北京", "“", "老城", "”", "公园"]),
        ("“你好”，他说：“好”", ["“", "你好", "”", "，", "他说", "：", "“", "好", "”"]),
        ("iPhone 发布会：增长5%", ["iPhone", "发布会", "：", "增长5", "%"]),
    ],
)
def test_cased_chinese_has_no_blanks_beside_its_marks(line: str, words: list[str]) -> None:
    cased = cleaning("cased")
    assert cased.split(line) == words
    assert cased.join("", words) == re.sub('"(.+)"', "“\\1”", line)


def test_a_piece_is_shown_by_what_stands_before_it() -> None:
    tutorial = cleaning("tutorial")
    assert tutorial.show_after("the sen", "ate") == "ate"
    assert tutorial.show_after("the", " senate") == " Senate"
    assert tutorial.show_after("", "senate") == "Senate"
    assert cleaning("plain").show_after("the", " senate") == " senate"
