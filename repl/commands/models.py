"""Commands about models: load one, list them all."""

from datetime import date
from pathlib import Path
from typing import Annotated

from rich.console import Group, RenderableType

from core.errors import SettingError
from core.library import epochs
from core.library.bundle import load_manifest
from core.library.shelf import Place, load_card, name_of
from core.library.shelf import load as load_model
from repl import choices, phrases, views
from repl.arguments import NOTHING, NameOrPath, Option, Rest
from repl.options import Name, Replace
from repl.registry import Confirmation, Result, registry
from repl.session import Session

GROUP = "shelf"

Tokenizer = Annotated[Path | None, Option("its words: tokenizer.to_json(), or a word_index as JSON")]
Window = Annotated[int | None, Option("how many words it reads, where its file does not say")]
Config = Annotated[Path | None, Option("textgenrnn's config.json")]


@registry.command("load", "l", example=":load tutorial", choices=choices.models, several="+*")
def load(session: Session, model: NameOrPath) -> Confirmation:
    """Load a model by name or by path, or several.

    The settings stay as they are. If the model cannot be loaded, the one before it stays.

    :load NAME@latest takes the last epoch of a model that is being trained, NAME@3 its third, which
    :epoch lists.

    :load a+b makes models speak as one: what they would say next is mixed, in equal parts, or as
    :load 0.7*a+0.3*b says; with :set ensemble turns they have a word each in turn. Seeds are read as
    the first one reads them.
    """
    generator = session.load(model)
    told, notices = views.loaded(generator), phrases.notices(generator)
    return Confirmation(Group(told, *notices) if notices else told)


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


@registry.command("import", example=":import news.keras --tokenizer tokenizer.json --name news")
def import_(
    session: Session,
    path: Path,
    *,
    tokenizer: Tokenizer = None,
    name: Name = None,
    window: Window = None,
    config: Config = None,
    replace: Replace = False,
) -> Confirmation:
    """Import another program's model, and load it.

    Takes .keras and .h5 files of Embedding - LSTM, GRU or SimpleRNN - Dropout - Dense, with their
    tokenizer as JSON, and textgenrnn's weights with its vocab.json as tokenizer and its config.json.
    Nothing in them is executed. --window says how many words a model reads, where its file does not.
    """
    from core.library.foreign.importing import import_model

    model, folder = import_model(path, tokenizer, name, window, replace, config)
    loaded = views.loaded(session.load(str(folder)))
    return Confirmation(Group(views.imported(model, folder, session.shelf.hidden_by(folder)), loaded))


@registry.command("export", example=":export mine mine.keras", choices=choices.models)
def export(session: Session, model: str, path: Path, *, replace: Replace = False) -> Confirmation:
    """Write a model for other programs.

    The ending of the path says how: .keras for Keras 3, .onnx for any ONNX runtime, both with the words
    as a JSON beside them, or .zip for Headlong elsewhere. If it fails, what was there is unchanged.
    """
    from core.library.foreign.exporting import export_model

    written = export_model(load_model(session.shelf.find(model)), path, replace)
    return Confirmation(views.card("\n".join(map(str, written))))


@registry.command("card", example=":card tutorial", choices=choices.models)
def card(session: Session, model: str = "") -> RenderableType:
    """Show the card of a model, or of the loaded one.

    It says what the model was trained on, how, and what was measured.
    """
    if model:
        return views.card(load_card(session.shelf.find(model)))
    generator = session.require_generator()
    if session.path is None:
        name = generator.model.name
        raise SettingError(f"{name} is several models, each with its card; name one: :card MODEL")
    return views.card(load_card(session.path))


@registry.command("models", "m", example=":models")
def models(session: Session) -> RenderableType:
    """List the models there are.

    Each with what one of its tokens is, how many it knows, and how well it did on lines that were held
    out. A star marks what is loaded. Where two have one name, the first on the search path counts.
    """
    from repl.shelf_view import ShelfView  # rich.table takes time to import, and only this needs it

    loaded = [place.path for place in session.places]
    return ShelfView(list(session.shelf.entries()), loaded, date.today())
