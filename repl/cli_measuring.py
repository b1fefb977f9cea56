"""The commands of the shell that measure models on a text that they have not seen: eval, compare."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from repl import views
from repl.cli import ColumnOption, DropOption, EncodingOption
from repl.cli_base import (
    LOOKING,
    JsonOption,
    PictureOption,
    ReplaceOption,
    app,
    guarded,
    no_picture_of_json,
    present,
    print_json,
)
from repl.session import make_console

if TYPE_CHECKING:
    from core.text.reading import RawText

TextFiles = Annotated[
    list[Path],
    typer.Argument(help="CSV, TSV, JSONL, Parquet or plain text that the model has not seen."),
]


@app.command("eval", rich_help_panel=LOOKING)
@guarded
def evaluate(
    context: typer.Context,
    files: TextFiles,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="A model's name or path; may be repeated, to compare."),
    ] = None,
    column: ColumnOption = None,
    drop: DropOption = None,
    encoding: EncodingOption = None,
    picture: PictureOption = None,
    replace: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure models on a text: perplexity, unknown words, bits per character.

    Repeated lines count once. Every word is guessed, and the end of each line. Of several models the
    best by bits per character stands first.
    """
    from core.insight import evaluation
    from core.text.corpus import Source
    from repl.pictures import evaluation as pictures

    no_picture_of_json(picture, as_json)
    models = [context.obj.shelf.load(name) for name in model or [context.obj.model]]
    corpora = evaluation.Corpora(Source(tuple(files), column, tuple(drop or ()), encoding))
    corpora.of(models[0])
    _tell_columns(corpora.texts)
    found = []
    for each in models:
        found.append(evaluation.measure(each, corpora.of(each)))
        if as_json:
            print_json(found[-1].to_json())
    if not as_json:
        present(pictures.picture(found), picture, replace)


def _tell_columns(texts: "Sequence[RawText]") -> None:
    messages = make_console(sys.stderr)
    for text in texts:
        if text.guessed:
            messages.print(views.guessed_column(text))
