"""What was shown, as a file for people: SVG or HTML in colour, Markdown or plain text without."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme

from core.errors import InputError
from core.library.writing import check_destination, write_files
from repl.theme import THEMES, Name

WIDTH = 100
"""Columns of a picture, whatever the terminal has."""


def _svg(console: Console, theme: Name) -> str:
    return console.export_svg(title="Headlong", theme=_ground(theme, SVG_EXPORT_THEME))


def _html(console: Console, theme: Name) -> str:
    return console.export_html(inline_styles=True, theme=_ground(theme, DEFAULT_TERMINAL_THEME))


def _ground(theme: Name, usual: TerminalTheme) -> TerminalTheme:
    """Return what colours are seen on: as at the prompt, where that says so."""
    return {"light": DEFAULT_TERMINAL_THEME, "dark": SVG_EXPORT_THEME}.get(theme, usual)


def _text(console: Console, theme: Name) -> str:
    lines = console.export_text().split("\n")
    return "\n".join(line.rstrip() for line in lines)


def _markdown(console: Console, theme: Name) -> str:
    return f"```\n{_text(console, theme)}```\n"


ENDINGS: dict[str, Callable[[Console, Name], str]] = {
    ".svg": _svg,
    ".html": _html,
    ".md": _markdown,
    ".txt": _text,
}

COLOURED = (".svg", ".html")


def write_picture(
    path: Path,
    entries: Sequence[Sequence[RenderableType]],
    replace: bool = False,
    theme: Name = "auto",
) -> Path:
    """Write what was shown to `path`; its ending says how.

    An entry is something typed and its answer. In plain text a typed line is never broken, so that it
    can be run again. `theme` is the prompt's, whose colours a picture has.

    Raises:
        InputError: there is no such ending, a file is there already, or it cannot be written.
    """
    draw = ENDINGS.get(path.suffix.lower())
    if draw is None:
        raise InputError(f"{path} must end in one of {', '.join(ENDINGS)}")
    check_destination(path, replace)
    coloured = path.suffix.lower() in COLOURED
    console = Console(
        file=io.StringIO(),
        record=True,
        width=WIDTH,
        theme=THEMES[theme if coloured else "auto"],
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=True,
        color_system="truecolor" if coloured else None,  # without, signs stand for colours
        no_color=not coloured,
    )
    for number, (typed, *answer) in enumerate(entries):
        if number:
            console.print()
        console.print(typed, soft_wrap=not coloured)
        for renderable in answer:
            console.print(renderable)
    write_files({path: draw(console, theme).encode()})
    return path
