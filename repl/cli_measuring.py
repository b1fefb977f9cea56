"""The commands of the shell that measure models on a text that they have not seen: eval, compare."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from repl import views
from repl.cli import (
    CleaningOption,
    ColumnOption,
    DropOption,
    EncodingOption,
    LabelColumnOption,
    option,
)
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
from repl.text_options import text_settings

if TYPE_CHECKING:
    from core.text.reading import RawText

QUICK = 8
"""Epochs of a quick comparison."""

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
    label: LabelColumnOption = None,
    picture: PictureOption = None,
    replace: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure models on a text: perplexity, unknown words, bits per character.

    Repeated lines count once. Every word is guessed, and the end of each line. Of several models the
    best by bits per character stands first. With --label, models that know labels read that of a line.
    """
    from core.insight import evaluation
    from core.text.corpus import Source
    from repl.pictures import evaluation as pictures

    no_picture_of_json(picture, as_json)
    models = [context.obj.shelf.load(name) for name in model or [context.obj.model]]
    corpora = evaluation.Corpora(Source(tuple(files), column, tuple(drop or ()), encoding, label))
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


@app.command(rich_help_panel=LOOKING)
@guarded
def compare(
    files: Annotated[list[Path], typer.Argument(help="The text to learn from.")],
    test: Annotated[
        list[Path] | None,
        typer.Option("--test", help="What to measure on; a tenth of the text if not given."),
    ] = None,
    column: ColumnOption = None,
    drop: DropOption = None,
    encoding: EncodingOption = None,
    label: LabelColumnOption = None,
    level: Annotated[str | None, option("level")] = None,
    cleaning: CleaningOption = None,
    min_count: Annotated[str | None, option("min_count")] = None,
    pieces: Annotated[str | None, option("pieces")] = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--only",
            metavar="NAMES",
            help="Some of unigram, kn, hmm, rnn, gru, tutorial and lstm, as in --only kn,lstm.",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help=f"Train networks for {QUICK} epochs at most.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Train several kinds of model on one text, and measure them on lines none of them has seen.

    Word frequencies, a Kneser-Ney 3-gram model, a hidden Markov model, a plain RNN, a GRU, the
    tutorial's LSTM and ours: all with the same words, asked for the same tokens. Nothing is saved.
    Rows are printed as they come; Ctrl-C stops and leaves those that are there.
    """
    import tempfile

    from core.insight import comparison
    from core.text.corpus import Source
    from repl.comparing import follow, show

    contenders = comparison.chosen([key.strip() for key in only.split(",")] if only else [])
    kept = (column, tuple(drop or ()), encoding, label)
    measured = Source(tuple(test), *kept) if test else None
    text = text_settings(level=level, cleaning=cleaning, min_count=min_count, pieces=pieces)
    split = comparison.Split.of(Source(tuple(files), *kept), text, measured)
    _tell_columns(split.texts)
    out, messages = make_console(sys.stdout), make_console(sys.stderr)
    epochs = QUICK if quick else None
    with tempfile.TemporaryDirectory(prefix="headlong-") as folder:
        rows = follow(split, contenders, Path(folder), messages, epochs)
        if as_json:
            for result in rows:
                print_json(result.to_json())
        else:
            show(split, rows, out, epochs)
