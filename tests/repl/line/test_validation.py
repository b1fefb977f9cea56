import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.document import Document
from prompt_toolkit.validation import ValidationError

from core.errors import HeadlongError
from repl.commands import registry
from repl.line.validation import CommandValidator
from repl.registry import Command
from tests.repl.conftest import Screen, console


def complaint(session: Screen, typed: str) -> tuple[str, int] | None:
    try:
        CommandValidator(session, registry).validate(Document(typed))
    except ValidationError as error:
        return error.message, error.cursor_position
    return None


WRONG = (
    ":zzz",
    ":",
    ":lod tiny",
    ":load",
    ":load a b",
    ":load a --quiet",
    ":log",
    ":log x.svg --last",
    ":log x.svg --last one",
    ":log x.svg --replace=yes",
    ":why x",
    ":len x",
    ":len 0",
    ":length -1",
    ":temp 300",
    ":temperature hot",
    ":set top_k forty",
    ":set top-k=forty",
    ":set zzz 3",
    ":set top_k =",
    ":set top",
    ":s top_p 2",
    ":set ban ,",
    ":set temperature 0.5 0.6",
    ":sweep zzz 1..2",
    ":vs tiny",
    ":branch one senate",
    ":neuron x",
    ":heat \\",
)

RIGHT = (
    "",
    "   ",
    "chinna qqq",
    "::zzz",
    ":load tiny",
    ":l nosuchmodel",
    ":len",
    ":len auto",
    ":length 5",
    ":temp",
    ":temp 0.5",
    ":set",
    ":set top_k",
    ":set top-k 40",
    ":set top_k=40",
    ":set must trade war, china",
    ":set schedule 0.5, 1",
    ":set ensemble turns",
    ":sweep top-k 1,2 the",
    ":log it's.svg --last 2",
    ":score it's \\",
    ":train nothing.csv --set hidden_size=x",
    ":quit",
)


@pytest.mark.parametrize("typed", WRONG)
def test_what_is_wrong_is_said_as_running_it_would_say_it(session: Screen, typed: str) -> None:
    with pytest.raises(HeadlongError) as caught:
        registry.run(session, typed)
    assert complaint(session, typed) == (str(caught.value), len(typed))


@given(
    name=st.sampled_from(["set", "s", "len", "length", "temp", "set top_k", "set ban", "set schedule"]),
    rest=st.text(st.sampled_from(list("topk_=,-. 0129\"'\\aneuf")), max_size=10),
)
def test_the_same_is_wrong_before_and_after(name: str, rest: str) -> None:
    typed, session = f":{name} {rest}", Screen(console(), console())
    told = complaint(session, typed)
    try:
        registry.run(session, typed)
    except HeadlongError as error:
        assert told == (str(error), len(typed))
    else:
        assert told is None


@pytest.mark.parametrize("typed", RIGHT)
def test_what_may_be_right_passes(session: Screen, typed: str) -> None:
    assert complaint(session, typed) is None


@pytest.mark.parametrize("typed", [":temp 0.5", ":set top_k 40", ":quit", ":remove tiny --yes"])
def test_nothing_is_run(session: Screen, typed: str) -> None:
    before = session.settings
    assert complaint(session, typed) is None
    assert (session.settings, session.leaving) == (before, False)
    assert "tiny" in session.shelf.names()


def test_two_searches_at_once_are_refused(session: Screen) -> None:
    session.configure(beam=2)
    told = complaint(session, ":set contrastive 0.6")
    assert told is not None
    assert told[0].startswith("contrastive and beam are two different searches")


def test_what_an_earlier_line_sets_right_is_not_refused(session: Screen) -> None:
    session.configure(beam=2)
    assert complaint(session, ":set beam off\n:set contrastive 0.6") is None
    assert complaint(session, ":set beam off\n:set contrastive 6") is not None


def test_of_several_pasted_lines_the_wrong_one_is_shown(session: Screen) -> None:
    told = complaint(session, "china\n :len x\n:zzz")
    assert told is not None
    assert told == ("length must be a whole number from 1 to 10,000, or auto, not 'x'", 13)


def test_nothing_of_a_line_reaches_the_terminal_raw(session: Screen) -> None:
    told = complaint(session, ":\x1b[2Jx")
    assert told is not None
    assert told[0].isprintable()


def test_a_sentence_is_shortened_between_words(session: Screen) -> None:
    with pytest.raises(ValidationError) as caught:
        CommandValidator(session, registry, lambda: 40).validate(Document(":set top_k forty"))
    assert caught.value.message == "top_k must be a whole number from 1 to …"


def test_a_fault_lets_the_line_pass(
    session: Screen, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Command, text: str) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(Command, "bind", broken)
    assert complaint(session, ":len 5") is None
    assert "could not be checked" in caplog.text


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (":set theme light", None),
        (":set ghost=off", None),
        (":set theme purple", "theme must be one of auto, light, dark, plain, not 'purple'"),
        (":sweep theme light", "there is no setting 'theme'"),
    ],
)
def test_settings_of_the_prompt_are_checked_where_they_can_be_set(
    session: Screen, line: str, told: str | None
) -> None:
    found = complaint(session, line)
    assert found is None if told is None else told in str(found)


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (80, "there is no command :lod; did you mean :load?"),
        (40, "did you mean :load?"),
        (12, "there is …"),
    ],
)
def test_where_it_is_narrow_what_was_meant_is_told(session: Screen, room: int, expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CommandValidator(session, registry, lambda: room).validate(Document(":lod x"))
    assert caught.value.message == expected
