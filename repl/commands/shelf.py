"""Commands that keep the shelf in order: rename, copy, remove, verify."""

from core.library import keeping
from repl import views
from repl.commands.models import model_names
from repl.registry import Confirmation, registry
from repl.session import Session


@registry.command("rename", example=":rename headlines news", choices=model_names)
def rename(session: Session, model: str, name: str) -> Confirmation:
    """Give a model another name."""
    return Confirmation(views.moved(name, keeping.rename(session.shelf.find(model), name)))


@registry.command("copy", example=":copy tutorial mine", choices=model_names)
def copy(session: Session, model: str, name: str) -> Confirmation:
    """Copy a model to your own, under another name."""
    return Confirmation(views.moved(name, keeping.copy(session.shelf.find(model), name)))


@registry.command("remove", example=":remove news", choices=model_names)
def remove(session: Session, model: str, *, yes: bool = False) -> None:
    """Remove a model for good, after a question.

    With --yes there is no question. What is loaded stays loaded.
    """
    path = session.shelf.find(model)
    if yes or session.ask(f"Remove {views.safe(str(path))} for good?"):
        keeping.remove(path)


@registry.command("verify", example=":verify news", choices=model_names)
def verify(session: Session, model: str) -> Confirmation:
    """Check every hash of a model."""
    return Confirmation(views.sound(keeping.verify(session.shelf.find(model))))
