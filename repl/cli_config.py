"""The command line's word about the config file."""

import sys
from typing import Annotated

import typer

from repl import views
from repl.cli_base import PROGRAM, app, guarded
from repl.session import make_console


@app.command(rich_help_panel=PROGRAM)
@guarded
def config(
    write: Annotated[
        bool, typer.Option("--write", help="Write one that names every setting with its default.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the one that is there.")] = False,
) -> None:
    """Show the config file of the prompt: where it is, and what is set in it."""
    from repl.config import config_path, read_config, write_default
    from repl.config_view import picture

    path = config_path()
    out = make_console(sys.stdout)
    if write:
        write_default(path, replace)
        out.print(views.safe(str(path)))
        return
    out.print(picture(path, read_config(path)))
