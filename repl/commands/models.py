"""Commands about models: load one, list them all."""

from collections.abc import Iterable

from rich.console import RenderableType

from repl import views
from repl.registry import Confirmation, registry
from repl.session import Session


def model_names(session: Session) -> Iterable[str]:
    """Offer the models on the shelf."""
    return session.shelf.names()


@registry.command("load", "l", example=":load tutorial", choices=model_names)
def load(session: Session, model: str) -> Confirmation:
    """Load a model by name or by path.

    The settings stay as they are. If the model cannot be loaded, the one before it stays.
    """
    return Confirmation(views.loaded(session.load(model)))


@registry.command("models", "m", example=":models")
def models(session: Session) -> RenderableType:
    """List the models there are.

    A star marks the loaded one. Where two have one name, the first on the search path counts.
    """
    return views.models(list(session.shelf.entries()), session.path)
