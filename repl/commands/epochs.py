"""Commands that go back in time: to an epoch of a training, or through all of them with one seed."""

from pathlib import Path
from typing import Annotated

from rich.console import Group, RenderableType

from core.errors import SettingError
from core.library import epochs
from core.library.bundle import load_manifest
from core.library.shelf import Place, name_of
from repl import choices, views
from repl.arguments import NOTHING, Rest
from repl.registry import Confirmation, Result, registry
from repl.session import Session

GROUP = "shelf"


@registry.command("epoch", example=":epoch 3", choices=choices.epochs, needs="model")
def epoch(session: Session, number: Annotated[str, "N|latest|best"] = "") -> Result:
    """Go back to an epoch of the model's training.

    Alone it lists the epochs that are kept. :epoch 3 loads one of them, as :load NAME@3 does; :epoch
    latest loads the last one, also while the model is being trained, and :epoch best the model itself.
    The weights of many epochs are kept beside a model, 200 MB at most; old ones make room for new ones.
    To have one as a model of its own, :copy NAME@3 OTHER.
    """
    model = _trained(session)
    if not number:
        return _epochs(session, model)
    if not (number.isdecimal() or number in (epochs.LATEST, epochs.BEST)):
        raise SettingError(f"an epoch is a number, latest or best, not {number!r}")
    session.put([Place(1.0, epochs.find(model, number))])
    return Confirmation(views.loaded(session.require_generator()))


def _epochs(session: Session, model: Path) -> RenderableType:
    from repl.pictures.epochs import table

    there = epochs.require(model)
    loaded = next((number for number, path in there.items() if path == session.path), None)
    manifests = {number: load_manifest(path) for number, path in there.items()}
    return table(name_of(model), manifests, epochs.best(model), loaded)


@registry.command("epochs", example=":epochs The senate", needs="model")
def epochs_(session: Session, seed: Rest = NOTHING) -> RenderableType:
    """See what each epoch makes of a seed.

    Your own or the current line's, under the same settings and random numbers, so what differs is what
    was learnt between them. Words that are not as in the row above are marked. Epochs that say the same
    stand in one row; of very many epochs some are asked. What is loaded stays loaded.
    """
    from core.insight.evolution import evolution
    from repl.pictures.epochs import Evolution

    model, generator = _trained(session), session.require_generator()
    text = seed or session.turns.require().line.seed.text
    best = epochs.best(model)
    spoken = list(evolution(epochs.require(model), text, session.settings, best))
    one = generator.under(session.settings.change(samples=1))
    picture = Evolution(name_of(model), text, spoken, best, views.sampling(one))
    notice = views.unknown_words(generator.read_seed(text), generator)
    return Group(notice, picture) if notice else picture


def _trained(session: Session) -> Path:
    """Return the model whose epochs are meant: the loaded one, or that of which it is an epoch."""
    if session.path is None:
        name = session.require_generator().model.name
        raise SettingError(f"{name} is several models, each with its epochs; load one of them")
    return epochs.model_of(session.path)
