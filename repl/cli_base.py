"""What every command of the command line shares: the app, its guard against errors, common options.

0 done, 1 a clear error, 2 usage, 130 interrupted.
"""

import functools
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.console import RenderableType

from core.errors import HeadlongError, InputError, TrainingStopped
from core.library.shelf import Shelf
from repl import views
from repl.session import DEFAULT_MODEL, make_console, print_error

app = typer.Typer(
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
)


WORDS, LOOKING, INSIDE = "Write and train", "See why", "Look inside"
MODELS, PROGRAM = "Models", "The program"
"""Under what headings commands stand in the help."""

ModelArgument = Annotated[str, typer.Argument(help="A model's name or path.")]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help=f"A model's name or path, or several as a+b; {DEFAULT_MODEL} if not given.",
    ),
]
TextsArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Texts, each an argument; lines on standard input if there is none."),
]
FileOption = Annotated[Path | None, typer.Option("--file", help="Read the texts, one a line.")]
LabelOption = Annotated[
    str | None,
    typer.Option(
        "--label",
        metavar="TEXT",
        help="The label that every text begins with, where the model knows labels (a text, or off).",
    ),
]
PictureOption = Annotated[
    Path | None,
    typer.Option("--picture", help="Write what is shown to a .svg, .html, .md or .txt file."),
]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="Replace a picture that is there already.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


@dataclass(frozen=True)
class Start:
    """What the options before a command say to it."""

    shelf: Shelf
    model: str
    asked: str | None
    """The model that was asked for; where none was, `model` is the usual one."""


def guarded(function: Callable[..., None]) -> Callable[..., None]:
    """Turn errors that are meant for the user into one sentence and an exit status."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except TrainingStopped as error:
            print_error(make_console(sys.stderr), str(error))
            raise typer.Exit(130) from None
        except HeadlongError as error:
            logging.getLogger(__name__).debug("", exc_info=True)
            print_error(make_console(sys.stderr), str(error))
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except OSError as error:  # a file, or: `| head` has read enough, or the disk is full
            if error.filename is not None:
                message = f"{error.filename}: {error.strerror or error}"
                print_error(make_console(sys.stderr), message)
                raise typer.Exit(1) from None
            if not isinstance(error, BrokenPipeError):
                message = f"the output cannot be written: {error.strerror or error}"
                print_error(make_console(sys.stderr), message)
            # Python would flush what is left into the same trouble when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:
            logging.getLogger(__name__).debug("", exc_info=True)
            make_console(sys.stderr).print(views.fault(error))
            raise typer.Exit(1) from None

    return wrapped


def print_json(record: dict[str, Any]) -> None:
    """Print one object as a line of its own, at once."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def standard_input() -> TextIO:
    """Return standard input as UTF-8 whatever stands in it; empty where it is closed."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    return sys.stdin or io.StringIO()


def texts(
    typed: list[str] | None, file: Path | None, command: str = "generate", *, blanks: bool = True
) -> Iterable[str]:
    """Return the texts that a command is about: typed, from a file, or lines on standard input.

    Args:
        typed: what stands on the command line.
        file: what --file names.
        command: what to type, up to the texts.
        blanks: whether a blank line is a text too.

    Raises:
        InputError: there is none, or the file cannot be read.
        typer.Exit: standard input holds none, which is told.
    """
    if typed and file is not None:
        raise typer.BadParameter("texts are either typed or in a --file")
    if typed:
        return typed
    if file is not None:
        from core.text.reading import read_lines

        return read_lines(file).rows
    lines = standard_input()
    if lines.isatty():
        raise InputError(f'there is no text; type headlong {command} "the beginning of a line"')
    return _piped(lines, command, blanks)


def _piped(lines: TextIO, command: str, blanks: bool) -> Iterator[str]:
    """Yield lines as they come; where none does, say so and leave as after a wrong use."""
    found = False
    for line in lines:
        found = found or blanks or not line.isspace()
        yield line.rstrip("\r\n")
    if not found:
        message = (
            "standard input held no text; pipe lines into it, name a --file, "
            f'or type headlong {command} "the beginning of a line"'
        )
        print_error(make_console(sys.stderr), message)
        raise typer.Exit(2)


def no_picture_of_json(picture: Path | None, as_json: bool) -> None:
    """Refuse to draw what is printed for programs; that is a wrong use, of exit status 2."""
    if as_json and picture is not None:
        raise typer.BadParameter("--json prints and --picture draws; choose one of them")


def present(shown: RenderableType, picture: Path | None, replace: bool) -> None:
    """Print what a command has to show, or write it to a picture and print where that is.

    Raises:
        InputError: the picture cannot be written.
    """
    out = make_console(sys.stdout)
    if picture is None:
        out.print(shown)
        return
    from repl.export import write_picture

    out.print(views.safe(str(write_picture(picture, [[shown]], replace))))
