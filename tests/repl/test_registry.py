from pathlib import Path
from typing import Annotated

import pytest
from rich.console import RenderableType

from repl.arguments import NOTHING, CommandError, Option, Rest
from repl.commands import registry
from repl.registry import Registry
from repl.session import Session
from tests.repl.conftest import console


@pytest.fixture
def table() -> Registry:
    """A table of one command whose arguments come back as text."""
    table = Registry()

    @table.command("mix", "x", example=":mix a")
    def mix(
        session: Session,
        first: str,
        second: int = 2,
        *rest: Path,
        ratio: float | None = None,
        drop: tuple[str, ...] = (),
        loud: bool = False,
        from_: str | None = None,
    ) -> RenderableType:
        """Mix things.

        Twice over,
        if need be.
        """
        words = (first, second, [str(path) for path in rest], ratio, drop, loud)
        return repr(words if from_ is None else (*words, from_))

    return table


@pytest.fixture
def session() -> Session:
    return Session(console(), console())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (":mix a", "('a', 2, [], None, (), False)"),
        (":x a", "('a', 2, [], None, (), False)"),
        (":  mix   a   3", "('a', 3, [], None, (), False)"),
        (":mix a 3 f.csv 'g h.csv'", "('a', 3, ['f.csv', 'g h.csv'], None, (), False)"),
        (":mix --loud a --ratio 1.5", "('a', 2, [], 1.5, (), True)"),
        (":mix a --ratio=2 --drop x --drop=y", "('a', 2, [], 2.0, ('x', 'y'), False)"),
        (":mix a --drop '' --drop x", "('a', 2, [], None, ('', 'x'), False)"),
        (":mix a --from b", "('a', 2, [], None, (), False, 'b')"),
        (":mix it's", '("it\'s", 2, [], None, (), False)'),
        (":mix --loud -- --a 3 --b", "('--a', 3, ['--b'], None, (), True)"),
    ],
)
def test_arguments_are_bound_by_the_signature(
    table: Registry, session: Session, line: str, expected: str
) -> None:
    assert table.run(session, line) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":mix", "FIRST is missing; type :mix FIRST [SECOND] [REST ...]"),
        (":mix a b", "second must be a whole number, not 'b'"),
        (":mix a --ratio x", "ratio must be a number, not 'x'"),
        (":mix a --ratio", "--ratio needs a value"),
        (":mix a --drop", "--drop needs a value"),
        (":mix a --from ''", "--from needs a value"),
        (":mix a --quiet", "there is no option --quiet; there are --ratio, --drop, --loud, --from"),
        (":mixx a", "there is no command :mixx; did you mean :mix?"),
        (":mix a --ratoi 1", "there is no option --ratoi; did you mean --ratio?"),
        (":zzz", "there is no command :zzz; :help lists them, and :: begins a seed with a colon"),
        (":", "there is no command :;"),
    ],
)
def test_what_cannot_be_bound_is_said_in_one_sentence(
    table: Registry, session: Session, line: str, message: str
) -> None:
    with pytest.raises(CommandError) as caught:
        table.run(session, line)
    assert message in str(caught.value)


def test_one_word_too_many_is_refused(session: Session) -> None:
    with pytest.raises(CommandError, match="'b' is one word too many; type :load MODEL"):
        registry.run(session, ":load a b")


@pytest.fixture
def saying() -> Registry:
    """A table of one command that takes a text as it was typed."""
    table = Registry()

    @table.command("say", example=":say")
    def say(session: Session, times: str, text: Rest = NOTHING) -> str:
        """Say something."""
        return f"{times}|{text}"

    return table


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (""":say 2 don't  "stop" this isn't""", """2|don't  "stop" this isn't"""),
        (":say 3", "3|"),
        (":say 2 -- --stop  it", "2|--stop  it"),
        (":say -- --2 --stop", "--2|--stop"),
        (":say 2 senate -- war --now", "2|senate -- war --now"),
        (":say 2 a --3 - b", "2|a --3 - b"),
        (""":say "two times;three" it's""", "two times;three|it's"),
        (""":say war;'new york' it""", "war;new york|it"),
        (""":say don't 'stop' """, "don't|'stop'"),
        (""":say "two times""", '"two|times'),
    ],
)
def test_a_rest_is_taken_as_it_was_typed(
    saying: Registry, session: Session, line: str, expected: str
) -> None:
    assert saying.run(session, line) == expected


@pytest.mark.parametrize("line", [":say --loud 2 it", ":say 2 --loud it", ":say 2 it --loud"])
def test_an_option_is_not_taken_for_text(saying: Registry, session: Session, line: str) -> None:
    message = "there is no option --loud; if that is text, type -- before it; type :say TIMES"
    with pytest.raises(CommandError, match=message):
        saying.run(session, line)


def test_what_goes_before_a_rest_may_be_missing(saying: Registry, session: Session) -> None:
    assert saying.find("say").usage == ":say TIMES [TEXT]"
    with pytest.raises(CommandError, match="TIMES is missing"):
        saying.run(session, ":say")


def test_the_usage_says_what_an_option_takes(session: Session) -> None:
    table = Registry()

    @table.command("look", example=":look")
    def look(
        session: Session,
        *,
        vs: Annotated[tuple[str, ...], Option("models to compare", "MODEL")] = (),
        file: Path | None = None,
        top: int = 8,
        ratio: float | None = None,
        min_count: str | None = None,
    ) -> str:
        """Look."""
        return f"{vs} {file} {top}"

    usage = ":look [--vs MODEL] [--file FILE] [--top N] [--ratio NUMBER] [--min-count MIN-COUNT]"
    assert table.find("look").usage == usage
    with pytest.raises(CommandError) as caught:
        table.run(session, ":look it")
    assert str(caught.value) == f"'it' is one word too many; type {usage}"
    assert table.run(session, ":look --vs a --vs b --file c --top 1") == "('a', 'b') c 1"


def test_help_is_the_docstring_a_paragraph_a_line(table: Registry) -> None:
    command = table.find("mix")
    assert command.summary == "Mix things."
    assert command.help == "Mix things.\nTwice over, if need be."


def test_an_underscore_that_python_needs_is_not_typed(table: Registry) -> None:
    command = table.find("mix")
    assert list(command.options)[-1] == "--from"
    assert command.usage.endswith("[--loud] [--from FROM]")


def test_words_to_choose_from_stand_in_the_usage() -> None:
    assert registry.find("history").usage == ":history [on|off|clear]"
    assert registry.find("ghost").short_usage == ":ghost [on|off]"


def test_every_command_of_the_program_explains_itself() -> None:
    for command in registry.commands.values():
        assert command.help
        assert command.example.startswith(f":{command.name}")
        assert len(command.summary) <= 50, "a summary has to fit beside the usage in 80 columns"


def test_the_commands_are_there() -> None:
    names = (
        "load import export models card rename copy remove verify train len temp greedy label set show "
        "again more turns parent child sibling go bookmark prune replay why branch tree log help quit "
        "heat score sweep vs eval gates neuron neurons memory edit undo samples rng run "
        "save open config theme ghost history jobs pause resume stop epoch "
        "epochs"
    )
    assert set(registry.commands) == set(names.split())


def test_a_flag_takes_no_value(table: Registry) -> None:
    with pytest.raises(CommandError, match="--loud takes no value"):
        table.find("mix").run(None, "a --loud=no")  # type: ignore[arg-type]


def test_every_option_of_the_program_says_what_it_means() -> None:
    for command in registry.commands.values():
        for name, meaning in command.options.items():
            assert meaning, f":{command.name} {name}"
