"""The command line: flags to a session, or to a request.

With --json, standard output holds one JSON object a line and nothing else. The commands about models
are in cli_shelf.py, exit statuses in cli_base.py.
"""

import gc
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from core import __version__
from core.decoding.generator import Continuation, Generator
from core.library.shelf import Shelf
from core.recipe import Recipe
from core.setting import settings_of
from core.settings import SamplingSettings
from repl import views
from repl.cli_base import (
    WORDS,
    FileOption,
    JsonOption,
    ModelOption,
    PictureOption,
    ReplaceOption,
    Start,
    TextsArgument,
    app,
    guarded,
    no_picture_of_json,
    present,
    print_json,
    texts,
)
from repl.cli_sampling import sampling_generator, sampling_options
from repl.session import DEFAULT_MODEL, make_console
from repl.text_options import text_settings

LONGEST = 24
"""Letters of the choices that stand beside an option; the help names them anyway."""


def option(name: str) -> Any:
    """Return the option of a setting; its text is checked against the table of settings, not here."""
    setting = (settings_of(SamplingSettings) | Recipe.table())[name]
    choices = "|".join(setting.choices) or "N"
    return typer.Option(
        "--" + name.replace("_", "-"),
        help=f"{setting.help[0].upper()}{setting.help[1:]} ({setting.describe()}).",
        metavar=choices if len(choices) <= LONGEST else "NAME",
        show_default=False,
    )


ModelsOption = Annotated[
    list[Path] | None,
    typer.Option("--models", help="A directory of models to look in first; may be repeated."),
]
FilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        help="CSV, TSV, JSONL, Parquet or plain text; the headlines that come along if none is named."
    ),
]
ColumnOption = Annotated[
    str | None, typer.Option("--column", help="The column of the text; guessed where it is obvious.")
]
DropOption = Annotated[
    list[str] | None, typer.Option("--drop", help="A cell to leave out; may be repeated.")
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="The files' encoding; UTF-8 if not given.")
]
LabelColumnOption = Annotated[
    str | None,
    typer.Option("--label", metavar="COLUMN", help="The column of the lines' labels, as their desk."),
]
CleaningOption = Annotated[str | None, option("cleaning")]
Text = str | None


@app.callback(invoke_without_command=True)
@guarded
def prompt(
    context: typer.Context,
    model: ModelOption = None,
    models: ModelsOption = None,
    theme: Annotated[
        str | None,
        typer.Option("--theme", metavar="auto|light|dark|plain", help="The colours of the prompt."),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="A prompt of nothing but text, as for screen readers.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--continue", "-c", help="Go on with the last session of the prompt.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of faults.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Type the beginning of a headline; a small recurrent language model writes the rest.

    Without a command this opens the prompt. Lines piped into it run as if they were typed.
    """
    if version:
        sys.stdout.write(f"headlong {__version__}\n")
        raise typer.Exit
    if debug:
        logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
        for package in ("core", "repl"):
            logging.getLogger(package).setLevel(logging.DEBUG)
    context.obj = Start(Shelf(models or ()), model or DEFAULT_MODEL, model)
    if context.invoked_subcommand is not None:
        of_the_prompt = {"--continue": resume, "--plain": plain, "--theme": theme}
        if given := next((name for name, value in of_the_prompt.items() if value), None):
            raise typer.BadParameter(f"{given} is for the prompt, which a command does not open")
        gc.enable()
        return
    from repl.opening import Wanted, open_prompt

    if open_prompt(Wanted(context.obj.shelf, model, theme, plain, resume)):
        raise typer.Exit(1)


@app.command(rich_help_panel=WORDS)
@guarded
@sampling_options
def generate(
    context: typer.Context,
    text: TextsArgument = None,
    file: FileOption = None,
    model: ModelOption = None,
    *,
    settings: SamplingSettings,
    picture: PictureOption = None,
    replace: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Continue seeds, and print the whole lines.

    In a picture the words are coloured by their ranks, as by :heat on.
    """
    no_picture_of_json(picture, as_json)
    generator = sampling_generator(context.obj.shelf.load(model or context.obj.model), settings)
    lines: list[Continuation] = []
    out, messages = make_console(sys.stdout), make_console(sys.stderr)
    for line in texts(text, file):
        began = time.perf_counter()
        seed = generator.read_seed(line)
        if notice := views.unknown_words(seed, generator):
            messages.print(notice)
        continuations = generator.generate(seed)
        milliseconds = 1000 * (time.perf_counter() - began)
        if notice := views.fewer(generator, len(continuations)):
            messages.print(notice)
        for continuation in continuations:
            if as_json:
                print_json(_generated(generator, continuation, milliseconds))
            elif picture is None:
                out.print(views.line(continuation, generator))
            else:
                lines.append(continuation)
    if picture is not None:
        present(_coloured(generator, lines), picture, replace)


def _coloured(generator: Generator, lines: Sequence[Continuation]) -> RenderableType:
    from core.insight.scoring import score_of
    from repl.pictures.heat import Legend, told

    drawn = [told(score_of(generator, line), "rank") for line in lines]
    return Group(*drawn, Legend("rank"))


def _generated(generator: Generator, continuation: Continuation, milliseconds: float) -> dict[str, Any]:
    words = continuation.words
    return {
        "model": generator.model.name,
        "sha256": generator.model.sha256,
        "seed": continuation.seed.text,
        "text": continuation.text,
        "continuation": continuation.continuation,
        "words": [
            {"text": word.text, "probability": word.probability, "rank": word.rank} for word in words
        ],
        "options": generator.settings.to_json(),
        "rng": generator.settings.rng,
        "milliseconds": round(milliseconds, 3),
    }


@app.command(rich_help_panel=WORDS)
@guarded
def train(
    context: typer.Context,
    files: FilesArgument = None,
    column: ColumnOption = None,
    drop: DropOption = None,
    encoding: EncodingOption = None,
    label: LabelColumnOption = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="A model to start from, also an imported one; its network and cleaning stay.",
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            metavar="small|medium|awd|tutorial",
            help="small if not given; or larger, or the tutorial's model and recipe; not with --from.",
        ),
    ] = None,
    level: Annotated[Text, option("level")] = None,
    cleaning: CleaningOption = None,
    min_count: Annotated[Text, option("min_count")] = None,
    epochs: Annotated[Text, option("epochs")] = None,
    patience: Annotated[Text, option("patience")] = None,
    ensemble: Annotated[
        Text,
        typer.Option(
            "--ensemble", metavar="N", help="Networks to train in turn, each with its own seed."
        ),
    ] = None,
    adversarial: Annotated[Text, option("adversarial")] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any other setting as name=value; may be repeated."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="The model's name; made from the file's if not given.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a model that has the name already.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with a training that was cut off; with --name, with that."
        ),
    ] = False,
    workers: Annotated[
        Text,
        typer.Option(
            "--workers", metavar="N", help="Processes on this machine that train it together."
        ),
    ] = None,
    probe: Annotated[
        list[str] | None,
        typer.Option(
            "--probe",
            metavar="TEXT",
            help="A seed to continue after every epoch, may be repeated; some lines' words if none.",
        ),
    ] = None,
    tensorboard: Annotated[
        Path | None,
        typer.Option("--tensorboard", metavar="DIR", help="Write files for TensorBoard there."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model and save it; Ctrl-C stops and keeps the best weights.

    What was stopped or cut off goes on with --resume, which needs no other options; --epochs may ask
    for more.

    On a cluster, start the same command on every host with TF_CONFIG set; the first worker saves.
    """
    from core.training.events import STOPPED
    from repl.training import Request, done_line
    from repl.watching import follow, watch

    options = {"level": level, "cleaning": cleaning, "min_count": min_count}
    options |= {"epochs": epochs, "patience": patience, "networks": ensemble}
    options |= {"adversarial": adversarial}
    text = (tuple(files or ()), column, tuple(drop or ()), encoding)
    request = Request(
        *text,
        preset,
        name,
        replace,
        from_,
        context.obj.shelf,
        workers,
        resume,
        probes=tuple(probe or ()),
        tensorboard=tensorboard,
        label=label,
    )
    request = request.change(options, change or ())
    out, messages = make_console(sys.stdout), make_console(sys.stderr)
    if as_json:
        done = follow(request.job(), print_json, messages)
    else:
        done = watch(request.job(), out, messages)
        out.print(done_line(done))
    if done.reason == STOPPED:  # by Ctrl-C: a script should not go on, though the model is saved
        raise typer.Exit(130)


@app.command(rich_help_panel=WORDS)
@guarded
def corpus(
    files: FilesArgument = None,
    column: ColumnOption = None,
    drop: DropOption = None,
    encoding: EncodingOption = None,
    label: LabelColumnOption = None,
    level: Annotated[Text, option("level")] = None,
    cleaning: CleaningOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count what a text would be to a model: lines, words, samples, what would be unknown."""
    from core.text.corpus import Corpus, count
    from core.training.job import source
    from core.training.merges import of_text

    text = text_settings(level=level, cleaning=cleaning)
    loaded = Corpus.load(source(files or (), column, drop or (), encoding, label), text.cleaning)
    counts = count(loaded)
    pieces = of_text(loaded, text) if text.level == "bpe" else None
    messages = make_console(sys.stderr)
    for taken in loaded.texts:
        if taken.guessed:
            messages.print(views.guessed_column(taken))
    if as_json:
        print_json(views.corpus_record(counts, pieces))
    else:
        make_console(sys.stdout).print(views.corpus_counts(counts, pieces))


@app.command()
@guarded
def run(
    context: typer.Context,
    script: Annotated[Path, typer.Argument(help="Lines as they are typed at the prompt.")],
) -> None:
    """Run a file of lines, seeds and commands, up to the first that fails.

    A transcript that :log wrote as text or Markdown is run by what was typed.
    """
    from repl.opening import Wanted, open_prompt

    if open_prompt(Wanted(context.obj.shelf, context.obj.asked, script=script)):
        raise typer.Exit(1)
