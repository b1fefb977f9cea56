"""What was shown, as a file for people: SVG or HTML in colour, Markdown or plain text without."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console, RenderableType

from core.errors import InputError
from core.library.writing import check_destination, write_files
from repl.theme import THEME

WIDTH = 100
"""Columns of a picture, whatever the terminal has."""


def _svg(console: Console) -> str:
    return console.export_svg(title="Headlong")


def _html(console: Console) -> str:
    return console.export_html(inline_styles=True)


def _text(console: Console) -> str:
    lines = console.export_text().split("\n")
    return "\n".join(line.rstrip() for line in lines)


def _markdown(console: Console) -> str:
    return f"```\n{_text(console)}```\n"


ENDINGS: dict[str, Callable[[Console], str]] = {
    ".svg": _svg,
    ".html": _html,
    ".md": _markdown,
    ".txt": _text,
}

COLOURED = (".svg", ".html")


def write_picture(
    path: Path, entries: Sequence[Sequence[RenderableType]], replace: bool = False
) -> Path:
    """Write what was shown to `path`; its ending says how.

    An entry is something typed and its answer. In plain text a typed line is never broken, so that it
    can be run again.

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
        theme=THEME,
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
    write_files({path: draw(console).encode()})
    return path
