"""The named styles of everything that is drawn; change a look here and nowhere else.

What a style is for stands once, in `_STYLES` and `_PROMPT`; which colours it is made of, in an `Ink`
for each ground. Every ink is read on its ground at a contrast of 4.5 or more, or of 3.8 on both.
"""

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from rich.console import Console
from rich.theme import Theme, ThemeStackError

if TYPE_CHECKING:
    from prompt_toolkit.styles import BaseStyle

Name = Literal["auto", "light", "dark", "plain"]


class Ink(NamedTuple):
    """Colours for one ground; `quiet` is for what is said by the way, `grey` for what is not there yet.

    `ground` is for letters on red and blue, `shade` the ground of a menu.
    """

    quiet: str
    grey: str
    cyan: str
    yellow: str
    red: str
    green: str
    magenta: str
    blue: str
    ground: str
    shade: str


ANY = Ink(
    "dim",
    "#808080",
    "#0087af",
    "#af5f00",
    "#d70000",
    "#008700",
    "#af5faf",
    "#5f5fd7",
    "#ffffff",
    "#585858",
)
LIGHT = Ink(
    "#666666",
    "#707070",
    "#005f87",
    "#8a5a00",
    "#b00020",
    "#2a6a00",
    "#8a0f8a",
    "#1f4fbf",
    "#ffffff",
    "#dcdcdc",
)
DARK = Ink(
    "#949494",
    "#8a8a8a",
    "#6cc7e8",
    "#e5c07b",
    "#ff7b7b",
    "#98d37a",
    "#e38be3",
    "#8fb0ff",
    "#000000",
    "#3a3a3a",
)

_STYLES = {
    "seed": "{quiet}",
    "word": "bold",
    "status": "{quiet}",
    "notice": "{yellow}",
    "error": "bold {red}",
    "name": "bold {cyan}",
    "value": "{green}",
    "muted": "{quiet}",
    # With a ground of their own they can be read on any.
    "heat.10": "green",
    "heat.100": "color(16) on color(221)",
    "heat.1000": "color(231) on color(160)",
    "heat.rest": "color(231) on color(90)",
    "heat.unknown": "underline",
    "differs": "bold {magenta}",
    "gate": "{cyan}",
    "silent": "",
    "negative.1": "{blue}",
    "negative.2": "bold {blue}",
    "negative.3": "bold {ground} on {blue}",
    "positive.1": "{red}",
    "positive.2": "bold {red}",
    "positive.3": "bold {ground} on {red}",
    "series.0": "bold {cyan}",
    "series.1": "bold {magenta}",
    "series.2": "bold {yellow}",
    "series.3": "bold {green}",
    "series.4": "bold {blue}",
    "series.5": "bold {red}",
    "bar.complete": "{cyan}",
    "bar.finished": "{green}",
    "bar.pulse": "{cyan}",
}

_PROMPT = {
    "prompt": "bold {cyan}",
    "ghost": "{grey}",
    "auto-suggestion": "{grey}",
    "unknown": "underline",
    "command": "bold {cyan}",
    "option": "{magenta}",
    "value": "{green}",
    "bad": "underline {red}",
    "bottom-toolbar": "noreverse {grey}",
    "toolbar.name": "bold {cyan}",
    "toolbar.notice": "{yellow}",
    "toolbar.key": "bold",
    "validation-toolbar": "noreverse {red}",
    "completion-menu": "bg:{shade}",
    "completion-menu.completion": "bg:{shade} {letters}",
    "completion-menu.completion.current": "noreverse bold bg:{blue} {ground}",
    "completion-menu.meta.completion": "bg:{shade} {letters}",
    "completion-menu.meta.completion.current": "noreverse bg:{blue} {ground}",
}


def _theme(ink: Ink) -> Theme:
    return Theme({name: style.format_map(ink._asdict()) for name, style in _STYLES.items()})


THEME = _theme(ANY)
"""What can be read on any ground."""

THEMES: Mapping[Name, Theme] = {
    "auto": THEME,
    "light": _theme(LIGHT),
    "dark": _theme(DARK),
    "plain": Theme({name: style.without_color for name, style in THEME.styles.items()}),
}

_INKS: Mapping[Name, Ink] = {"auto": ANY, "light": LIGHT, "dark": DARK}


def resolve(name: Name, environment: Mapping[str, str]) -> Name:
    """Return the theme that a name means where this environment is.

    With NO_COLOR and in a terminal without colours that is always the plain one. Some terminals tell
    their colours in COLORFGBG, as `15;0` or `0;default;15`: numbers of the letters' and the ground's.
    """
    if environment.get("NO_COLOR") or environment.get("TERM") in ("dumb", "unknown"):
        return "plain"
    if name != "auto":
        return name
    ground = environment.get("COLORFGBG", "").rpartition(";")[2]
    if not ground.isdecimal() or int(ground) > 15:
        return "auto"
    return "light" if int(ground) in (7, *range(9, 16)) else "dark"


def use(console: Console, name: Name) -> None:
    """Draw with a theme from now on; a plain one has signs in place of colours."""
    with suppress(ThemeStackError):  # the first theme stays below all others
        console.pop_theme()
    console.push_theme(THEMES[name], inherit=False)
    console.no_color = name == "plain"


@lru_cache
def prompt_style(name: Name) -> "BaseStyle":
    """Return the styles of the line that is being typed, for prompt_toolkit.

    `ghost`, `unknown`, `command`, `option`, `value` and `bad` are for what stands in it;
    `toolbar.name`, `toolbar.notice` and `toolbar.key` for the toolbar.
    """
    from prompt_toolkit.styles import Style

    if name == "plain":
        return Style.from_dict(_PLAIN_PROMPT)
    ink = _INKS[name]
    letters = "#000000" if ink is LIGHT else "#ffffff"
    colours = ink._asdict() | {"letters": letters}
    return Style.from_dict({part: style.format_map(colours) for part, style in _PROMPT.items()})


_PLAIN_PROMPT = {
    "prompt": "bold",
    "ghost": "italic",
    "auto-suggestion": "italic",
    "unknown": "underline",
    "command": "bold",
    "bad": "underline bold",
    "bottom-toolbar": "noreverse",
    "toolbar.name": "bold",
    "toolbar.key": "bold",
    "completion-menu": "noinherit",
    "completion-menu.completion": "noinherit",
    "completion-menu.completion.current": "noinherit reverse",
    "completion-menu.meta.completion": "noinherit",
    "completion-menu.meta.completion.current": "noinherit reverse",
}
