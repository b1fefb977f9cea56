from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import _EscapeCodeCache
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth

from core.decoding.generator import Generator
from core.library.model import Model
from repl.line.toolbar import STYLES, TAKE_NEAREST, TIPS, tip, toolbar
from tests.conftest import random_model
from tests.repl.conftest import Screen, console


def shown(
    session: Screen,
    typed: str = "",
    width: int = 80,
    message: str = "",
    job: str | None = None,
    hint: str = "",
) -> str:
    return "".join(text for _, text, *_ in toolbar(session, typed, width, message, job, hint))


def test_it_says_what_is_loaded_and_set(session: Screen) -> None:
    assert shown(session) == "  tiny · to the end · temp 0.8 · rng 0"
    session.configure(length=5, top_k=40, samples=3, rng=7)
    assert shown(session) == "  tiny · 5 words · temp 0.8 · 3 samples · top-k 40 · rng 7"
    session.configure(temperature=0, top_k=None, samples=1)
    assert shown(session) == "  tiny · 5 words · greedy"


def test_without_a_model_it_says_how_to_load_one(session: Screen) -> None:
    session.generator = None
    assert shown(session, "chinna") == "  no model, :load NAME"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("china", ""),
        ("chinna", " · chinna? Alt-S china"),
        ("Chinna", " · chinna? Alt-S China"),
        ("tradde qqqqq", " · tradde? Alt-S trade +1"),
        ("qqqqq", " · qqqqq?"),
        (":load chinna", ""),
    ],
)
def test_the_nearest_word_stands_behind_an_unknown_one(
    session: Screen, typed: str, expected: str
) -> None:
    session.configure(temperature=0)
    assert shown(session, typed) == "  tiny · to the end · greedy" + expected


def test_a_job_and_a_message_are_told(session: Screen) -> None:
    session.configure(temperature=0)
    told = shown(session, message="Right takes\nthe grey words", job="training 40 %", width=90)
    assert told == "  tiny · to the end · greedy · training 40 % · Right takes the grey words"


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (80, "  tiny · to the end · temp 0.8 · top-k 40 · rng 0 · chinna? Alt-S china"),
        (70, "  tiny · to the end · temp 0.8 · top-k 40 · chinna? Alt-S china"),
        (60, "  tiny · to the end · temp 0.8 · chinna? Alt-S china"),
        (50, "  tiny · to the end · chinna? Alt-S china"),
        (40, "  tiny · chinna? Alt-S china"),
        (22, "  chinna? Alt-S china"),
        (10, "  tiny"),
        (3, ""),
        (0, ""),
    ],
)
def test_where_it_is_narrow_the_least_important_is_left_out(
    session: Screen, width: int, expected: str
) -> None:
    session.configure(top_k=40)
    assert shown(session, "chinna", width) == expected


def test_a_hint_gives_way_to_an_unknown_word(session: Screen) -> None:
    assert shown(session, "china", 40, hint=tip(0)) == "  tiny · Right takes the grey words"
    assert shown(session, "chinna", 40, hint=tip(0)) == "  tiny · chinna? Alt-S china"


def test_a_setting_is_not_told_where_one_before_it_had_no_room(session: Screen) -> None:
    session.configure(must=("a very long phrase of many words", "another"), temperature=0)
    assert shown(session, width=60) == "  tiny · to the end"


def test_a_message_is_shortened_between_words(session: Screen) -> None:
    assert shown(session, message="one two three", width=11) == "  one two …"
    assert shown(session, message="onetwothree", width=9) == "  tiny"


def test_wide_characters_take_two_cells(session: Screen) -> None:
    assert shown(session, message="中国 中国", width=11) == "  中国 中国"
    assert shown(session, message="中国 中国", width=10) == "  中国 …"


@given(
    typed=st.text(max_size=30),
    width=st.integers(-5, 100),
    message=st.text(max_size=30),
    job=st.none() | st.text(max_size=20),
    name=st.text(min_size=1, max_size=30),
    hint=st.text(max_size=20),
)
def test_it_is_one_line_that_fits_and_is_safe(
    typed: str, width: int, message: str, job: str | None, name: str, hint: str
) -> None:
    session, model = Screen(console(), console()), random_model()
    assert isinstance(model, Model)
    session.generator = Generator(replace(model, manifest=replace(model.manifest, name=name)))
    told = shown(session, typed, width, message, job, hint)
    assert get_cwidth(told) <= max(width, 0)
    assert not any(ord(sign) < 32 or sign in "\x7f\x9b\u200e\u202e\u2028" for sign in told)


def test_a_fault_leaves_it_empty(session: Screen, caplog: pytest.LogCaptureFixture) -> None:
    session.generator = "no generator"  # type: ignore[assignment]
    assert toolbar(session, "china", 80) == []
    assert "could not be drawn" in caplog.text


def test_tips_are_given_at_the_first_prompts_only() -> None:
    assert [tip(number) for number in range(len(TIPS))] == list(TIPS)
    assert [tip(-1), tip(len(TIPS)), tip(10**6)] == ["", "", ""]
    assert all(get_cwidth(text) <= 38 for text in TIPS)


def test_every_style_that_is_used_is_there(session: Screen) -> None:
    drawn = toolbar(session, "chinna", 200, "message", "job")
    assert TAKE_NEAREST in [text for _, text, *_ in drawn]
    used = {style.removeprefix("class:") for style, *_ in drawn if style}
    assert used <= set(STYLES)


def test_without_colours_lines_are_still_drawn_under_words() -> None:
    style = Style.from_dict(STYLES)
    codes = _EscapeCodeCache(ColorDepth.DEPTH_1_BIT)
    for name in ("unknown", "bad"):
        assert "4" in codes[style.get_attrs_for_style_str(f"class:{name}")].strip("\x1b[m").split(";")
    for name in STYLES:
        code = codes[style.get_attrs_for_style_str(f"class:{name}")].strip("\x1b[m").split(";")
        assert set(code) <= {"0", "1", "2", "4"}
