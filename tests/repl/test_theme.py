"""The looks: what each ground gets, that it can be read there, and that a look changes at once."""

import io
import re

import pytest
from rich.color import Color
from rich.console import Console

from repl.loop import run_line
from repl.pictures.marks import coloured
from repl.program import ProgramSettings
from repl.session import make_console
from repl.theme import ANY, DARK, LIGHT, THEME, THEMES, Ink, Name, prompt_style, resolve, use
from tests.repl.conftest import Screen


@pytest.mark.parametrize(
    ("name", "environment", "resolved"),
    [
        ("auto", {}, "auto"),
        ("auto", {"COLORFGBG": "15;0"}, "dark"),
        ("auto", {"COLORFGBG": "0;15"}, "light"),
        ("auto", {"COLORFGBG": "0;default;7"}, "light"),
        ("auto", {"COLORFGBG": "12;8"}, "dark"),
        ("auto", {"COLORFGBG": "default;default"}, "auto"),
        ("auto", {"COLORFGBG": "1;231"}, "auto"),
        ("light", {"COLORFGBG": "15;0"}, "light"),
        ("dark", {"NO_COLOR": "1"}, "plain"),
        ("dark", {"NO_COLOR": ""}, "dark"),
        ("auto", {"TERM": "dumb", "COLORFGBG": "15;0"}, "plain"),
        ("plain", {"TERM": "xterm"}, "plain"),
    ],
)
def test_what_a_name_means_where_the_environment_is(
    name: Name, environment: dict[str, str], resolved: Name
) -> None:
    assert resolve(name, environment) == resolved


def luminance(colour: str) -> float:
    parts = [part / 255 for part in Color.parse(colour).get_truecolor()]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it, from 1 to 21."""
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [(ANY, "#ffffff", 3.8), (ANY, "#000000", 3.8), (LIGHT, "#ffffff", 4.5), (DARK, "#000000", 4.5)],
)
def test_every_ink_can_be_read_on_its_ground(ink: Ink, ground: str, least: float) -> None:
    letters = ink._asdict()
    del letters["ground"], letters["shade"]
    for name, colour in letters.items():
        assert colour == "dim" or contrast(colour, ground) >= least, name
    assert contrast(ink.ground, ink.blue) >= 4.5
    assert contrast(ink.ground, ink.red) >= 4.5
    assert contrast("#000000" if ink is LIGHT else "#ffffff", ink.shade) >= 4.5


def test_every_theme_has_every_style() -> None:
    assert all(theme.styles.keys() == THEME.styles.keys() for theme in THEMES.values())
    assert len({theme.styles["name"] for theme in THEMES.values()}) == 4


def test_the_plain_theme_has_no_colours_and_keeps_what_is_bold() -> None:
    plain = THEMES["plain"].styles
    assert all(style.color is None and style.bgcolor is None for style in plain.values())
    assert plain["word"].bold


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", theme=THEME)


def drawn(console: Console, style: str) -> str:
    with console.capture() as capture:
        console.print("x", style=style)
    return capture.get()


def test_a_theme_is_used_at_once_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    console, names = terminal(), ("dark", "light", "plain", "auto")
    first, again = [], []
    for seen in (first, again):
        for name in names:
            use(console, name)
            seen.append((drawn(console, "value"), coloured(console)))
    assert first == again
    assert [signs for _, signs in first] == [True, True, False, True]
    assert len({text for text, _ in first}) == 4
    assert "\x1b" not in first[2][0]


def test_the_theme_command(session: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    run_line(session, ":theme LIGHT")
    assert session.theme_name == "light"
    assert session.console.get_style("name") == THEMES["light"].styles["name"]
    assert "light" in session.told()
    run_line(session, ":theme blue")
    assert "theme must be one of auto, light, dark, plain, not 'blue'" in session.told()
    assert session.theme_name == "light"
    run_line(session, ":theme")
    assert re.match(r"theme +light", session.shown())


def test_who_wants_no_colour_gets_none_whatever_the_theme(
    session: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    run_line(session, ":theme dark")
    assert session.theme_name == "plain"
    assert "no colours are wanted here" in session.told()


def test_a_plain_session_stays_plain(session: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    session.plain = True
    session.use_program(ProgramSettings(theme="dark"))
    assert session.theme_name == "plain"


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_plain_console_sends_nothing_but_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = Tty()
    console = make_console(shown, plain=True)
    console.print("x", style="error")
    assert shown.getvalue() == "x\n"
    assert not console.is_terminal


@pytest.mark.parametrize("name", THEMES)
def test_the_line_that_is_typed_has_styles_in_every_theme(name: Name) -> None:
    style = prompt_style(name)
    default = style.get_attrs_for_style_str("")
    parts = ["prompt", "ghost", "auto-suggestion", "unknown", "command", "bad", "toolbar.name"]
    for part in parts:
        attributes = style.get_attrs_for_style_str(f"class:{part}")
        assert attributes != default, part
        assert name != "plain" or not attributes.color
