from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.document import Document

from core.decoding.generator import Generator
from core.library.model import Model
from repl.commands import registry
from repl.line.lexer import PromptLexer, spans
from repl.line.typed import typed_lines
from repl.line.validation import problem
from repl.registry import Choice, Registry
from repl.session import Session
from tests.conftest import random_model
from tests.repl.conftest import Screen, console


def looks(session: Screen, typed: str) -> list[tuple[str, str]]:
    found = spans(session, registry, PromptLexer(session, registry).offered, typed)
    return [(typed[span.start : span.end], span.style) for span in found]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("China says", []),
        ("Chinna says", [("Chinna", "unknown")]),
        ("::Chinna", [("Chinna", "unknown")]),
        (
            "x\n::x\n:len\n\nx",
            [("x", "unknown"), ("x", "unknown"), (":len", "command"), ("x", "unknown")],
        ),
    ],
)
def test_unknown_words_stand_out(session: Screen, typed: str, expected: list[tuple[str, str]]) -> None:
    assert looks(session, typed) == expected


def test_without_a_model_no_word_is_unknown(session: Screen) -> None:
    session.generator = None
    assert looks(session, "Chinna") == []


@pytest.mark.parametrize(
    ("typed", "style"),
    [
        (":load", "command"),
        (":l", "command"),  # an alias
        (":", None),
        (":loa", None),  # may become :load
        (":temper", None),  # may become :temperature
        (":loa ", "bad"),
        (":zzz", "bad"),
    ],
)
def test_a_command_is_known_or_not_or_begun(session: Screen, typed: str, style: str | None) -> None:
    assert looks(session, typed) == ([(typed.rstrip(), style)] if style else [])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        # options
        ("log x.svg --last 2", [("--last", "option"), ("2", "value")]),
        ("log x.svg --last two", [("--last", "option"), ("two", "bad")]),
        (
            "log x.svg --last=2 --replace",
            [("--last=", "option"), ("2", "value"), ("--replace", "option")],
        ),
        ("log x.svg --replace=yes", [("--replace=yes", "bad")]),
        ("log x.svg --rep", []),
        ("log x.svg --rep ", [("--rep", "bad")]),
        ("log x.svg --quiet", [("--quiet", "bad")]),
        (
            "train --min-count 2 --drop x --from y",
            [("--min-count", "option"), ("--drop", "option"), ("--from", "option"), ("y", "bad")],
        ),
        ("train --min-c", []),
        # arguments
        ("load a b", [("a", "bad"), ("b", "bad")]),
        ("neuron 17 china", [("17", "value")]),
        ("neuron x china", [("x", "bad")]),
        ("sibling -", []),
        ("sibling -1", [("-1", "value")]),
        ("help len", [("len", "value")]),
        ("heat on", [("on", "value")]),
        ("score --it's so", [("--it's", "bad")]),
        ("score it's -- --so", []),
        ("score -- it's --so", [("--", "option")]),
        ("score it's so --well -- --yes", [("--well", "bad")]),
        ("gates -- --china", [("--", "option")]),
        ("vs tiny window it's", [("tiny", "value"), ("window", "value")]),
        # settings
        ("set top_k 40", [("top_k", "option"), ("40", "value")]),
        ("set top-k=40", [("top-k", "option"), ("40", "value")]),
        ("set top_k forty", [("top_k", "option"), ("forty", "bad")]),
        ("set top_k", [("top_k", "option")]),
        ("set top_k=", [("top_k", "option")]),
        ("set top_k of", [("top_k", "option")]),
        ("set top_k of ", [("top_k", "option"), ("of", "bad")]),
        ("set until_end o", [("until_end", "option")]),
        ("set ensemble tur", [("ensemble", "option")]),
        ("set must trade war, china", [("must", "option"), ("trade war, china", "value")]),
        ("set temperature 0.5 x", [("temperature", "option"), ("0.5 x", "bad")]),
        ("set top", []),
        ("set top 4", [("top", "bad")]),
        ("set", []),
        ("sweep top_k 1,2 the", [("top_k", "option")]),
        ("sweep zzz 1,2 the", [("zzz", "bad")]),
        ("len 5", [("5", "value")]),
        ("length auto", [("auto", "value")]),
        ("len x", [("x", "bad")]),
        ("temp 300", [("300", "bad")]),
        ("temp 0.5", [("0.5", "value")]),
        # models
        ("load tiny", [("tiny", "value")]),
        ("load ti", []),
        ("load ti ", [("ti", "bad")]),
        ("load nosuchmodel", [("nosuchmodel", "bad")]),
        ("load ./nosuchmodel", []),
        ("load 0.7*tiny+window", [("0.7*tiny+window", "value")]),
        ("load tiny+wi", []),
        ("load tiny+", []),
        ("load tiny+ ", [("tiny+", "bad")]),
        ("load tiny+zzz", [("tiny+zzz", "bad")]),
        ("export tiny+window x", [("tiny+window", "bad")]),
        ("load 'tiny'", [("'tiny'", "value")]),
        ("load tiny \\", [("tiny", "value")]),
    ],
)
def test_arguments_are_coloured_by_what_the_command_takes(
    session: Screen, typed: str, expected: list[tuple[str, str]]
) -> None:
    name = f":{typed.partition(' ')[0]}"
    if "\\" in typed:
        expected = []  # what follows a backslash is not typed yet
    assert looks(session, f":{typed}") == [(name, "command"), *expected]


@pytest.mark.parametrize("typed", [f"{command.example} " for command in registry.commands.values()])
def test_no_example_looks_wrong(session: Screen, typed: str) -> None:
    wrong = [text for text, style in looks(session, typed) if style == "bad"]
    missing_models = {"tutorial", "headlines", "news", "mine"}  # the examples' own
    assert set(wrong) <= missing_models


CHARACTERS = st.text(st.sampled_from(list("setlnadopk_=,-. :0129\"'\\\n\tCÉ中\x1b\u200f")), max_size=16)
BEGUN = st.sampled_from(["", ":", ":set ", ":log ", ":load ", ":temp "])
TYPED = st.builds(str.__add__, BEGUN, CHARACTERS) | st.text(max_size=40)


def small_session() -> Screen:
    session = Screen(console(), console())
    session.shelf.directories = []
    model = random_model()
    assert isinstance(model, Model)
    session.generator = Generator(replace(model))
    return session


@given(TYPED)
def test_every_character_is_drawn_once_in_its_place(typed: str) -> None:
    session = small_session()
    document = Document(typed)
    line_of = PromptLexer(session, registry).lex_document(document)
    drawn = ["".join(text for _, text, *_ in line_of(i)) for i in range(document.line_count)]
    assert drawn == document.lines
    assert line_of(document.line_count) == []


@given(TYPED)
def test_what_looks_wrong_is_wrong(typed: str) -> None:
    session = small_session()
    found = spans(session, registry, PromptLexer(session, registry).offered, typed)
    for line in typed_lines(typed):
        end = line.start + len(line.text)
        if any(line.start <= span.start < end and span.style == "bad" for span in found):
            assert problem(session, registry, line)


def test_the_disk_is_read_once_a_line(session: Screen) -> None:
    asked: list[str] = []

    def names(session: Session, before: Sequence[str]) -> Iterable[Choice]:
        asked.append("once")
        return [Choice("one")]

    table = Registry()

    @table.command("take", example=":take one", choices=names)
    def take(session: Session, what: str) -> None:
        """Take it."""

    lexer = PromptLexer(session, table)
    for typed in (":take o", ":take on", ":take one"):
        lexer.lex_document(Document(typed))
    assert asked == ["once"]
    before = lexer.invalidation_hash()
    lexer.refresh()
    assert lexer.invalidation_hash() != before
    lexer.lex_document(Document(":take one"))
    assert asked == ["once", "once"]


def test_a_fault_leaves_the_line_plain(session: Screen, caplog: pytest.LogCaptureFixture) -> None:
    def names(session: Session, before: Sequence[str]) -> Iterable[Choice]:
        raise OSError("the disk is gone")

    table = Registry()

    @table.command("take", example=":take one", choices=names)
    def take(session: Session, what: str) -> None:
        """Take it."""

    line_of = PromptLexer(session, table).lex_document(Document("one\n:take one"))
    assert [line_of(0), line_of(1)] == [[("", "one")], [("", ":take one")]]
    assert "the disk is gone" in caplog.text
