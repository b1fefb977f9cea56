"""The commands of the shell that are about models: import, export, list, show and keep in order."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import InputError
from core.library import epochs, keeping
from core.library.bundle import load_manifest
from core.library.shelf import Entry, load, load_card, name_of
from repl import views
from repl.cli_base import MODELS, JsonOption, ModelArgument, app, guarded, print_json
from repl.session import make_console

NameArgument = Annotated[str, typer.Argument(help="The new name.")]


@app.command("import", rich_help_panel=MODELS)
@guarded
def import_(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A .keras or .h5 file, or textgenrnn's weights.")],
    tokenizer: Annotated[
        Path | None,
        typer.Option(
            "--tokenizer", help="tokenizer.to_json(), word_index, or textgenrnn's vocab.json."
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="textgenrnn's config.json, if it has one.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="The model's name; the file's if not given.")
    ] = None,
    window: Annotated[
        int | None, typer.Option("--window", min=1, help="Words it reads, if its file does not say.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a model that has the name already.")
    ] = False,
) -> None:
    """Import a model that Keras or textgenrnn saved; nothing in it is executed."""
    from core.library.foreign.importing import import_model

    model, folder = import_model(path, tokenizer, name, window, replace, config)
    hidden = context.obj.shelf.hidden_by(folder)
    make_console(sys.stdout).print(views.imported(model, folder, hidden))


@app.command(rich_help_panel=MODELS)
@guarded
def export(
    context: typer.Context,
    model: ModelArgument,
    path: Annotated[Path, typer.Argument(help="The file to write, ending in .keras, .onnx or .zip.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that is there.")] = False,
) -> None:
    """Write a model for others: .keras for Keras 3, .onnx for ONNX runtimes, .zip for Headlong."""
    from core.library.foreign.exporting import export_model

    out = make_console(sys.stdout)
    for written in export_model(load(context.obj.shelf.find(model)), path, replace):
        out.print(views.safe(str(written)))


@app.command(rich_help_panel=MODELS)
@guarded
def show(
    context: typer.Context,
    model: ModelArgument,
    history: Annotated[
        bool, typer.Option("--history", help="How its training went, epoch by epoch.")
    ] = False,
) -> None:
    """Print a model's card, or how its training went."""
    path, out = context.obj.shelf.find(model), make_console(sys.stdout)
    if history:
        from repl.pictures.history import HistoryView

        trained = epochs.model_of(path)
        out.print(HistoryView.of(name_of(trained), load_manifest(trained)))
    else:
        out.print(views.card(load_card(path)))


@app.command(rich_help_panel=MODELS)
@guarded
def verify(context: typer.Context, model: ModelArgument) -> None:
    """Check every hash of a model."""
    path = context.obj.shelf.find(model)
    make_console(sys.stdout).print(views.sound(keeping.verify(path)))


@app.command(rich_help_panel=MODELS)
@guarded
def rename(context: typer.Context, model: ModelArgument, name: NameArgument) -> None:
    """Give a model another name."""
    from core.training import shelving

    path = shelving.rename(context.obj.shelf.find(model), name)
    make_console(sys.stdout).print(views.moved(name, path, context.obj.shelf.hidden_by(path)))


@app.command(rich_help_panel=MODELS)
@guarded
def copy(
    context: typer.Context,
    model: ModelArgument,
    name: NameArgument,
    float16: Annotated[
        bool, typer.Option("--float16", help="Round the numbers: its file takes half the size.")
    ] = False,
) -> None:
    """Copy a model to your own, under another name."""
    path = keeping.copy(context.obj.shelf.find(model), name, float16)
    make_console(sys.stdout).print(views.moved(name, path, context.obj.shelf.hidden_by(path)))


@app.command(rich_help_panel=MODELS)
@guarded
def remove(
    context: typer.Context,
    model: ModelArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a model for good, with its epochs and its unfinished training, after a question."""
    from core.training import shelving

    path = context.obj.shelf.find(model)
    shelving.check(path)
    if not yes:
        if not sys.stdin.isatty():
            raise InputError(f"nobody is there to ask; remove {model} with --yes")
        typer.confirm(f"Remove {views.safe(str(path))} for good?", abort=True)
    shelving.remove(path)
    make_console(sys.stdout).print(views.removed(path))


@app.command(rich_help_panel=MODELS)
@guarded
def models(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the models there are."""
    entries = list(context.obj.shelf.entries())
    if not as_json:
        from repl.shelf_view import ShelfView

        make_console(sys.stdout).print(ShelfView(entries, (), date.today()))
    for entry in entries if as_json else ():
        print_json(_listed(entry))


def _listed(entry: Entry) -> dict[str, Any]:
    record: dict[str, Any] = {"name": entry.name, "path": str(entry.path)}
    if entry.manifest is None:
        return record | {"shipped": entry.shipped, "problem": entry.problem}
    return record | {
        "level": entry.manifest.level,
        "vocabulary": entry.manifest.words,
        "parameters": entry.manifest.parameters,
        "bytes": entry.bytes,
        "shipped": entry.shipped,
    }
