"""Every key of our own, pressed at a screen in memory."""

import pytest

from repl.line import ghost as module
from repl.line.keys import first_word
from repl.line.prompt import run_prompt
from tests.repl.conftest import Screen
from tests.repl.line.typist import (
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
    # Two presses choose the item, or go round to what was typed if the menu was open already.
    assert frames[-1].typed in (":helx", ":helpx")


# --- pasting ------------------------------------------------------------------------------------


def test_a_copied_line_with_its_end_is_one_line(session: Screen) -> None:
    (frame,) = press(session, paste("\r\nwar\r\n"))
    assert frame.typed == "war"
    assert frame.ghost != ""


# --- mending ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "better"),
    [
        ("chnia says", "china says"),
        ("zebra tarde", "zebra trade"),
        ("::chnia", "::china"),
        (":chnia", ":chnia"),
        ("war", "war"),
    ],
)
def test_alt_s_takes_the_nearest_known_word(session: Screen, typed: str, better: str) -> None:
    (frame,) = press(session, typed, ALT_S)[-1:]
    assert frame.typed == better


def test_alt_s_leaves_the_cursor_where_it_was(session: Screen) -> None:
    (frame,) = press(session, "the chnia says", *5 * [LEFT], ALT_S, "!")[-1:]
    assert frame.typed == "the china!", "and the rest stands behind it"


def test_without_a_model_nothing_is_mended(session: Screen) -> None:
    session.generator = None
    (frame,) = press(session, "chnia", ALT_S)[-1:]
    assert frame.typed == "chnia"
