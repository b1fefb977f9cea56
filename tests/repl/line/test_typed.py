import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repl.arguments import NOTHING, CommandError, Rest, unquoted
from repl.line.typed import Line, arguments_of, name_of, typed_lines
from repl.registry import Registry
from repl.session import Session
from tests.repl.conftest import console

ANYTHING = st.text(st.sampled_from(list("ab:-= \t\"'\\\u00a0\x1c中")), max_size=20)


def line(text: str) -> Line:
    (only,) = typed_lines(text)
    return only


def test_lines_are_cut_where_a_paste_has_them() -> None:
    typed = "one\n  :two\n\n::three \n:"
    assert list(typed_lines(typed)) == [
        Line("one", 0, False),
        Line(":two", 6, True),
        Line(":three ", 13, False),
        Line(":", 21, True),
    ]


def test_what_no_paste_cuts_is_one_line() -> None:
    assert list(typed_lines("a\u2028:b\x0c:c")) == [Line("a\u2028:b\x0c:c", 0, False)]


@given(st.text(st.sampled_from(list("a: \t\n\r\x1c\u2028中")), max_size=30))
def test_a_line_stands_where_it_says(typed: str) -> None:
    for found in typed_lines(typed):
        assert typed.startswith(found.text, found.start)
    read = [text.lstrip() for text in typed.split("\n") if text.strip()]
    assert [found.text for found in typed_lines(typed)] == [
        text[text.startswith("::") :] for text in read
    ]


@pytest.mark.parametrize(
    ("typed", "name", "words"),
    [
        (":load a", ("load", 1, 5), [("a", 6, 7)]),
        ("  :  x   a  b ", ("x", 5, 6), [("a", 9, 10), ("b", 12, 13)]),
        (":x 'a b' c\"d\"", ("x", 1, 2), [("a b", 3, 8), ("cd", 9, 13)]),
        (":x a\\  b", ("x", 1, 2), [("a ", 3, 6), ("b", 7, 8)]),
        (":x it's b", ("x", 1, 2), [("it's", 3, 7), ("b", 8, 9)]),
        (":", ("", 1, 1), []),
        (":x\ta b", ("x\ta", 1, 4), [("b", 5, 6)]),
    ],
)
def test_a_command_is_taken_apart(
    typed: str, name: tuple[str, int, int], words: list[tuple[str, int, int]]
) -> None:
    found = name_of(line(typed))
    assert found == name
    assert arguments_of(line(typed), found) == words


def test_words_without_quotes_are_as_many_as_there_are_to_be() -> None:
    typed = line(":vs a b it's  so")
    assert [word.text for word in arguments_of(typed, name_of(typed), 2)] == ["a", "b", "it's  so"]
    typed = line(":vs 'a b' -- -- it's  --so")
    words = arguments_of(typed, name_of(typed), 2)
    assert [word.text for word in words] == ["a b", "--", "--", "it's  --so"]


@given(ANYTHING)
def test_words_are_those_that_the_registry_reads(rest: str) -> None:
    table = Registry()
    seen: list[tuple[str, ...]] = []

    @table.command("plain", example=":plain")
    def plain(session: Session, *words: str) -> None:
        """Take words."""
        seen.append(words)

    @table.command("verbatim", example=":verbatim")
    def verbatim(session: Session, one: str = "absent", two: Rest = NOTHING) -> None:
        """Take words as they are."""
        seen.append((one, two) if two else (one,) if one != "absent" else ())

    for name, before in (("plain", None), ("verbatim", 1)):
        typed = line(f":{name} {rest}".replace("\x1c", " "))
        if "--" in re.sub(r"[\\\"']", "", typed.text):
            continue  # options are another matter
        try:
            table.run(Session(console(), console()), typed.text)
        except CommandError:
            with pytest.raises(ValueError, match="escaped"):
                arguments_of(typed, name_of(typed), before)
            continue
        found = arguments_of(typed, name_of(typed), before)
        assert tuple(word.text for word in found) == seen[-1]
        for word in found:
            as_typed = typed.text[word.start : word.end]
            unquote = shlex.split if before is None else lambda text: [unquoted(text)]
            assert as_typed == word.text or unquote(as_typed) == [word.text]
