"""Commands about models: load one, list them all."""

from datetime import date
from pathlib import Path
from typing import Annotated

from rich.console import Group, RenderableType

from core.errors import SettingError
from core.library.shelf import load as load_model
from core.library.shelf import load_card
from repl import choices, phrases, views
from repl.arguments import NameOrPath, Option
from repl.options import Name, Replace
from repl.registry import Confirmation, registry
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
