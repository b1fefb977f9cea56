"""Commands that keep a session in a file and bring it back."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from rich.text import Text

from core.errors import InputError
from repl import views
from repl.arguments import NameOrPath
from repl.options import Replace
from repl.registry import Choice, Confirmation, registry
from repl.session import Session

GROUP = "session"

NOWHERE = NameOrPath("")


def saved_sessions(session: Session, before: Sequence[str]) -> Iterator[Choice]:
    """Offer all saved sessions: those with names, then those that saved themselves."""
    from repl.saving.files import is_automatic

    for path, when in _found():
        yield Choice(path.stem, f"saved {'itself ' if is_automatic(path) else ''}{when}")


def names(session: Session, before: Sequence[str]) -> Iterator[Choice]:
    """Offer the names that sessions were saved by."""
    from repl.saving.files import is_automatic

    for path, when in _found():
        if not is_automatic(path):
            yield Choice(path.stem, f"saved {when}; --replace writes over it")


def _found() -> Iterator[tuple[Path, str]]:
    from repl.saving import files

    for path, written in files.saved_sessions():
        yield path, datetime.fromtimestamp(written).strftime("%Y-%m-%d %H:%M")


@registry.command("save", example=":save monday", choices=names)
def save(session: Session, file: NameOrPath = NOWHERE, *, replace: Replace = False) -> Confirmation:
    """Save this session to a file.

    Its lines, settings and model, and what was typed. A name goes to your own directory of
    sessions, a path with a slash anywhere. Without either it is saved where it was saved before, or
    opened from. The file is JSON that you can read; the model in it is a place, not a copy.
    """
    from repl.saving import files as keeping

    path = keeping.path_of(file) if file else session.file
    if path is None:
        raise InputError("this session has no file yet; give it a name, such as :save monday")
    keeping.save(session, path, replace)
    return Confirmation(Text("saved to ").append(views.safe(str(path)), "name"))


@registry.command("open", example=":open monday", choices=saved_sessions)
def open_(session: Session, file: NameOrPath) -> Confirmation:
    """Open a saved session in place of this one.

    Its lines, settings and model come back as they were. If that fails, this one stays as it is. What
    was here before is kept under a name that is told, if this is a terminal.
    """
    from repl.saving import files as keeping

    return Confirmation(keeping.open_(session, keeping.path_of(file)))
