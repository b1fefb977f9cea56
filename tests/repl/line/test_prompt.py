"""The prompt with keys pressed at a screen in memory; a real terminal is in end_to_end/."""

import re
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from core.decoding.generator import Generator
from core.library.shelf import Shelf
from core.setting import Value
from repl.line import ghost as module
from repl.line.ghost import seed_of
from repl.line.ghost_view import fitted
from repl.line.history import history_path, open_history
from repl.line.prompt import MANY, run_prompt
from tests.conftest import random_model
from tests.repl.conftest import Screen, console
from tests.repl.line.typist import (
    ALT_F,
    ALT_N,
    ALT_P,
    BACKSPACE,
    CTRL_C,
    CTRL_D,
    CTRL_SPACE,
    CTRL_U,
    ENTER,
    HOME,
    LEFT,
    RIGHT,
    UP,
    Frame,
    paste,
    typing,
)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no ghost be late because this machine is busy."""
    monkeypatch.setattr(module, "BUDGET", 60.0)
    monkeypatch.setattr(module, "WHOLE_BUDGET", 60.0)


def use(session: Screen, *keys: str, columns: int = 80) -> list[Frame]:
    """Press keys and leave; return what was on the screen after each, the empty prompt before."""
    with typing([*keys, CTRL_C, CTRL_D], columns=columns) as typist:
        run_prompt(session)
    return typist.frames


# --- lines --------------------------------------------------------------------------------------


def test_lines_are_run_until_ctrl_d(session: Screen) -> None:
    use(session, ":len 2", ENTER, "china", ENTER)
    assert session.shown().startswith("china ")


def test_ctrl_c_abandons_the_line_and_not_the_session(session: Screen) -> None:
    use(session, "war", CTRL_C, ":quit", ENTER)
    assert session.shown() == ""
    assert session.leaving


def test_ctrl_c_when_a_line_is_done_costs_no_session(session: Screen) -> None:
    def interrupted(_: object) -> None:
        session.after_line = None
        raise KeyboardInterrupt

    session.after_line = interrupted
    use(session, ":len 2", ENTER, "china", ENTER)
    assert session.shown().startswith("china ")


def test_typed_lines_are_kept(session: Screen) -> None:
    use(session, "china", ENTER, "war", ENTER, "china", ENTER)
    assert open_history(history_path(), console()).get_strings() == ["war", "china"]


def test_a_line_that_is_run_leaves_no_ghost_behind(session: Screen) -> None:
    with typing(["china", ENTER, CTRL_D]) as typist:
        run_prompt(session)
    assert [row.rstrip() for row in typist.screen.display][:2] == ["› china", "›"]


# --- the ghost on the screen --------------------------------------------------------------------


def test_every_frame_has_a_ghost(session: Screen) -> None:
    frames = use(session, *"new york", BACKSPACE, BACKSPACE, CTRL_U, "w", HOME, RIGHT)
    assert [frame.typed for frame in frames][:4] == ["", "n", "ne", "new"]
    without = [frame.typed for frame in frames if not frame.ghost]
    assert without == [""], "where the cursor is before the text"


def test_a_line_from_the_history_has_a_ghost(session: Screen) -> None:
    frames = use(session, "china", ENTER, UP)
    before, after = (frame for frame in frames if frame.typed == "china")
    assert before.ghost == after.ghost != ""


def test_switched_off_no_frame_has_one(session: Screen) -> None:
    session.program = session.program.change(ghost=False)
    assert not any(frame.ghost for frame in use(session, *"war", BACKSPACE))


def test_a_long_ghost_ends_in_an_ellipsis_after_three_rows(session: Screen) -> None:
    session.configure(length=40)
    frames = use(session, "war", RIGHT, columns=40)
    assert len("› war" + frames[1].ghost) == 3 * 40 - 1, "one cell is the cursor's"
    assert frames[1].ghost.endswith("…")


@pytest.mark.parametrize(
    ("ghost", "text", "shown"),
    [
        ("", "war", ""),
        (" on", "war", " on"),
        ("x" * 22, "war", "x" * 22),  # 3 rows of 10 less the mark, the text, and the cursor's cell
        ("x" * 25, "war", "x" * 23 + "…"),
        ("xxxx", "w" * 34, "xx…"),  # the row of the cursor, where the text alone is as long
        ("今天今天今天今天今天今天今天", "今天", "今天今天今天今天今天今…"),
    ],
)
def test_what_fits_is_shown(ghost: str, text: str, shown: str) -> None:
    assert fitted(ghost, text, 10) == shown


# --- an empty line ------------------------------------------------------------------------------


def test_enter_on_an_empty_line_prints_its_ghost(session: Screen) -> None:
    session.configure(length=4)
    session.interactive = True
    ghost = use(session, ENTER)[0].ghost
    assert session.shown().split("\n")[0] == f"  {ghost}"
    assert len(list(session.transcript)) == 1


def test_enter_on_an_empty_line_without_a_ghost_does_nothing(session: Screen) -> None:
    session.program = session.program.change(ghost=False)
    use(session, ENTER, "  ", ENTER)
    assert session.shown() == session.told() == ""


def test_enter_that_was_typed_ahead_of_the_ghost_does_nothing(session: Screen) -> None:
    use(session, ENTER + ENTER + ENTER)
    assert len(list(session.transcript)) == 1, "only the first was pressed at a ghost"


# --- several lines ------------------------------------------------------------------------------


class Asked(Screen):
    """A session whose user has made up his mind."""

    answer = False
    questions = ()

    def ask(self, question: str) -> bool:
        """Answer."""
        self.questions = (*self.questions, question)
        return self.answer


@pytest.fixture
def asked(session: Screen) -> Asked:
    asked = Asked(console(), console(), shelf=session.shelf)
    asked.load("tiny")
    asked.configure(length=1)
    return asked


def test_pasted_lines_are_run_one_by_one(session: Screen) -> None:
    use(session, paste(":len 1\r\nchina\n\n:quit"), ENTER)
    assert len(session.shown().split()) == 2
    assert session.leaving


def test_pasted_lines_wait_for_enter(session: Screen) -> None:
    use(session, paste("china\nwar"), CTRL_C)
    assert session.shown() == ""


def test_the_end_of_a_pasted_line_is_no_second_line(session: Screen) -> None:
    assert use(session, paste("china\n"))[1].ghost != ""


def test_up_to_five_lines_are_run_without_a_question(asked: Asked) -> None:
    use(asked, paste("china\n" * MANY), ENTER)
    assert asked.questions == ()
    assert len(asked.shown().splitlines()) == MANY


def test_more_lines_are_run_after_a_question(asked: Asked) -> None:
    asked.answer = True
    use(asked, paste("china\n\n" * (MANY + 1)), ENTER)
    assert asked.questions == ("run 6 pasted lines?",)
    assert len(asked.shown().splitlines()) == MANY + 1


def test_lines_that_are_not_wanted_are_not_lost(asked: Asked) -> None:
    lines = "\n".join(f"war {number}" for number in range(12))
    frames = use(asked, paste(lines), ENTER, UP)
    assert asked.shown() == ""
    assert "Up brings the lines back" in asked.told()
    assert re.search(r"war 11 *$", frames[-2].typed)


def test_ctrl_c_answers_the_question_too(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(_: object, question: str) -> bool:
        signal.raise_signal(signal.SIGINT)
        return True

    monkeypatch.setattr(Asked, "ask", ask)
    asked.interactive = True
    use(asked, paste("china\n" * (MANY + 1)), ENTER)
    assert asked.shown() == ""
    assert "nothing was run" in asked.told()


def test_ctrl_c_stops_the_lines_that_are_left(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run(session: Screen, line: str, blank_means_seed: bool) -> None:
        ran.append(line)
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:  # what runs keeps what it has, and says so
            return

    monkeypatch.setattr("repl.line.prompt.run_line", run)
    use(asked, paste("china\nwar\nvote"), ENTER)
    assert ran == ["china"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# --- ghost equals result ------------------------------------------------------------------------

MODELS = {
    "stream": random_model(),
    "window": random_model("window"),
    "gru": random_model(cell="gru", layers=2),
    "attention": random_model("window", attention=True),
}
SAMPLERS: list[dict[str, Value]] = [
    {},
    {"temperature": 0.0},
    {"top_p": 0.5},
    {"beam": 2},
    {"samples": 3},
]
KEYS = st.lists(
    st.sampled_from(("new", "war ", "x", " ", ":", BACKSPACE, LEFT, RIGHT, ALT_F, ALT_N, ALT_P)),
    max_size=8,
)


@given(
    KEYS,
    st.sampled_from(sorted(MODELS)),
    st.sampled_from(SAMPLERS),
    st.integers(1, 4),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_enter_prints_what_was_on_the_screen(
    keys: list[str], model: str, sampler: dict[str, Value], length: int, rng: int
) -> None:
    screen = Screen(console(1000), console(1000), interactive=True, shelf=Shelf([]))
    screen.configure(length=length, rng=rng, **sampler)
    screen.generator = Generator(MODELS[model], screen.settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BUDGET", 60.0)
        patch.setattr(module, "WHOLE_BUDGET", 60.0)
        with typing([*keys, ENTER, CTRL_C, CTRL_D], 250, 8) as typist:
            run_prompt(screen)
    frame = typist.frames[len(keys)]
    seed = seed_of(frame.typed)
    if seed is None or not frame.ghost:
        return
    line = screen.shown().split("\n")[0].removeprefix("  ")
    if screen.settings.samples > 1:
        line = line.removeprefix("1 ").removeprefix(" ")
    assert line.rstrip() == MODELS[model].cleaning.show(seed) + frame.ghost


# --- whatever is pressed ------------------------------------------------------------------------

OTHER_KEYS = ("\t", "\x12", "\x0b", "\x19", "\x1f", "\x14", "\x1bd", "\x1b3", "\x1bu", "\x1b[B")
TEXT = ("china ", "今天", "e\u0301", ":", "::", ":set length 3", ":s", ":load window", "\u202e")
ANYTHING = (
    *(ALT_F, ALT_N, ALT_P, BACKSPACE, CTRL_C, CTRL_SPACE, CTRL_U, ENTER, HOME, LEFT, RIGHT, UP),
    *OTHER_KEYS,
    *TEXT,
    *(paste("war\nvote\n:set beam 2"), paste("x\n" * 9), "\x1b[31m"),
)


@given(st.lists(st.sampled_from(ANYTHING), max_size=40))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_keys_are_a_fault(shelf_directory: Path, keys: list[str]) -> None:
    asked = Asked(console(), console(), shelf=Shelf([shelf_directory]))
    asked.load("tiny")
    asked.configure(length=3)
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text("".join(keys))
        pipe.close()  # as if the terminal was closed, which ends the prompt wherever it is
        run_prompt(asked)
    assert "a fault of the program" not in asked.told()
