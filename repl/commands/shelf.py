"""Commands that keep the shelf in order: rename, copy, remove, verify."""

from typing import Annotated

from rich.text import Text

from core.library import epochs, keeping
from repl import choices, views
from repl.arguments import Option
from repl.registry import Confirmation, registry
from repl.session import Session

GROUP = "shelf"

Float16 = Annotated[bool, Option("in half the size, its numbers rounded")]
Yes = Annotated[bool, Option("without a question")]


@registry.command("rename", example=":rename headlines news", choices=choices.models)
def rename(session: Session, model: str, name: str) -> Confirmation:
    """Give a model another name.

    A loaded model stays loaded, under its new name; its epochs and an unfinished training go along.
    What came with the program can only be copied, and what is being trained has to be stopped first.
    """
    from core.training import shelving

    old = session.shelf.find(model)
    before = epochs.kept(old)
    new = shelving.rename(old, name)
    session.follow(old, new)
    for epoch in before.values():
        session.follow(epoch, epochs.followed(epoch, new))
    return Confirmation(views.moved(name, new, session.shelf.hidden_by(new)))


@registry.command("copy", example=":copy tutorial mine", choices=choices.models)
def copy(session: Session, model: str, name: str, *, float16: Float16 = False) -> Confirmation:
    """Copy a model to your own, under another name.

    Kept epochs and an unfinished training stay with the original. With --float16 the copy's numbers are
    rounded and its file takes half the size.
    """
    path = keeping.copy(session.shelf.find(model), name, float16)
    return Confirmation(views.moved(name, path, session.shelf.hidden_by(path)))


@registry.command("remove", example=":remove news", choices=choices.models)
def remove(session: Session, model: str, *, yes: Yes = False) -> Confirmation:
    """Remove a model for good, after a question.

    Its epochs and an unfinished training are removed, too. With --yes there is no question. What is
    loaded goes on in memory, and is gone with the session.
    """
    from core.training import shelving

    path = session.shelf.find(model)
    shelving.check(path)
    if not (yes or session.ask(f"Remove {views.safe(str(path))} for good?")):
        return Confirmation(Text("nothing is removed", style="notice"))
    shelving.remove(path)
    return Confirmation(views.removed(path))


@registry.command("verify", example=":verify news", choices=choices.models)
def verify(session: Session, model: str) -> Confirmation:
    """Check every hash of a model."""
    return Confirmation(views.sound(keeping.verify(session.shelf.find(model))))
