"""Every key of our own, pressed at a screen in memory."""

import pytest

from core.decoding.generator import Generator
from repl import ghost as module
from repl.ghost import Ghost
from repl.history import LineHistory
from repl.keys import first_word, key_bindings, mended
from repl.prompt import GhostProcessor, make_prompt, run_prompt
from tests.repl.conftest import Screen
from tests.repl.typist import (
    ALT_F,
    ALT_N,
    ALT_P,
    ALT_S,
    CTRL_C,
    CTRL_D,
    CTRL_E,
    CTRL_F,
    CTRL_RIGHT,
    CTRL_SPACE,
    END,
    ENTER,
    ESCAPE,
    HOME,
    LEFT,
    RIGHT,
    TAB,
    Frame,
    paste,
    typing,
)

KNOWN = {"chima": "china", "wer": "war"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no ghost be late because this machine is busy."""
    monkeypatch.setattr(module, "BUDGET", 60.0)
    monkeypatch.setattr(module, "WHOLE_BUDGET", 60.0)


def press(session: Screen, *keys: str) -> list[Frame]:
    """Press keys; return what was on the screen after each of them."""
    session.configure(length=3)
    with typing([*keys, CTRL_C, CTRL_D]) as typist:
        run_prompt(session)
    return typist.frames[1:-1]


@pytest.mark.parametrize("key", [RIGHT, CTRL_E, CTRL_F, END])
def test_the_whole_ghost_is_taken_at_the_end_of_the_line(session: Screen, key: str) -> None:
    before, after = press(session, "war", key)
    assert after.typed == before.typed + before.ghost
    assert after.ghost not in ("", before.ghost), "and the longer line has one of its own"


@pytest.mark.parametrize("key", [ALT_F, CTRL_RIGHT])
def test_one_word_of_it_is_taken(session: Screen, key: str) -> None:
    before, after = press(session, "war", key)
    assert after.typed == f"war {before.ghost.split()[0]}"


def test_inside_the_line_the_cursor_moves_as_ever(session: Screen) -> None:
    frames = press(session, "war vote", LEFT, RIGHT, HOME, ALT_F, HOME, END)
    assert [frame.typed for frame in frames] == [
        "war vote",
        "war vot",
        "war vote",
        "",
        "war",
        "",
        "war vote",
    ]


def test_other_draws_and_back(session: Screen) -> None:
    first, second, third, again, before = press(session, "war", ALT_N, ALT_N, ALT_P, ALT_P)
    assert len({first.ghost, second.ghost, third.ghost}) == 3
    assert again.ghost == second.ghost
    assert before.ghost == first.ghost
    assert session.settings.rng == 0


@pytest.mark.parametrize(
    ("text", "word"), [(" on it", " on"), ("on", "on"), ("  on it", "  on"), ("  ", "  "), ("", "")]
)
def test_the_first_word_has_the_blanks_before_it(text: str, word: str) -> None:
    assert first_word(text) == word


# --- completion ---------------------------------------------------------------------------------


def test_enter_in_the_menu_takes_the_item_and_does_not_run_it(session: Screen) -> None:
    frames = press(session, ":s", TAB, TAB, ENTER)
    assert frames[-1].typed == frames[-2].typed != ":s"
    assert session.shown() == session.told() == ""


def test_the_second_enter_runs_it(session: Screen) -> None:
    press(session, ":s", TAB, TAB, ENTER, CTRL_E, ENTER)
    assert session.shown() + session.told() != ""


def test_escape_closes_the_menu_and_keeps_the_line(session: Screen) -> None:
    frames = press(session, ":m", TAB, ESCAPE)
    assert frames[-1].typed == ":m"
    assert session.shown() == ""


def test_ctrl_space_opens_the_menu_and_selects_no_text(session: Screen) -> None:
    frames = press(session, ":hel", CTRL_SPACE, CTRL_SPACE, "x")
    assert [frame.typed for frame in frames[-2:]] == [":help", ":helpx"]


# --- pasting ------------------------------------------------------------------------------------


def test_a_copied_line_with_its_end_is_one_line(session: Screen) -> None:
    (frame,) = press(session, paste("\r\nwar\r\n"))
    assert frame.typed == "war"
    assert frame.ghost != ""


# --- mending ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("the chima says", "the china says"),
        ("Chima and wer", "china and wer"),
        ("zebra wer", "zebra war"),
        ("werwer wer", "werwer war"),
        ("::wer", "::war"),
        (":wer", ":wer"),
        ("war", "war"),
        ("", ""),
    ],
)
def test_the_first_unknown_word_that_resembles_a_known_one_is_replaced(
    session: Screen, text: str, better: str
) -> None:
    assert mended(text, session.require_generator(), KNOWN.get) == better


def test_alt_s_mends_and_leaves_the_cursor_where_it_was(session: Screen) -> None:
    ghost = Ghost(session)
    with typing(["the wer says", *5 * [LEFT], ALT_S, "!", ENTER]) as typist:
        prompt = make_prompt(session, ghost, GhostProcessor(ghost), LineHistory(None))
        prompt.key_bindings = key_bindings(session, ghost, KNOWN.get)
        assert prompt.prompt() == "the war! says"
    assert typist.frames[-1].typed == "the war!"


def test_without_a_model_nothing_is_mended(session: Screen) -> None:
    session.generator = None
    ghost = Ghost(session)
    with typing(["wer", ALT_S, ENTER]):
        prompt = make_prompt(session, ghost, GhostProcessor(ghost), LineHistory(None))
        prompt.key_bindings = key_bindings(session, ghost, KNOWN.get)
        assert prompt.prompt() == "wer"


def test_a_model_of_the_tutorial_is_mended_in_its_own_spelling(session: Screen) -> None:
    session.load("window")
    assert isinstance(session.generator, Generator)
    assert mended("The WER Says", session.generator, KNOWN.get) == "The war Says"
