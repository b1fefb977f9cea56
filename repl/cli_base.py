"""What every command of the command line shares: the app, its guard against errors, common options.

0 done, 1 a clear error, 2 usage, 130 interrupted.
"""

import functools
import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from core.errors import HeadlongError, TrainingStopped
from core.library.shelf import Shelf
from repl import views
from repl.session import make_console, print_error

app = typer.Typer(
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
)


ModelArgument = Annotated[str, typer.Argument(help="A model's name or path.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


@dataclass(frozen=True)
class Start:
    """What the options before a command say to it."""

    shelf: Shelf
    model: str


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
