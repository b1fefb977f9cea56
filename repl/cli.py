"""The command line: flags to a session, a request or a question, and exit statuses.

0 done, 1 a clear error, 2 usage, 130 interrupted. With --json, standard output holds one JSON object a
line and nothing else.
"""

import functools
import gc
import io
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from core import __version__
from core.decoding.generator import Continuation, Generator
from core.errors import HeadlongError, InputError, TrainingStopped
from core.library import keeping
from core.library.shelf import Entry, Shelf, load_card
from core.settings import Recipe, SamplingSettings, TextSettings, find_setting, settings_of
from repl import views
from repl.session import DEFAULT_MODEL, Session, make_console

app = typer.Typer(
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
)


def _option(name: str) -> Any:
    """Return the option of a setting; its text is checked against the table of settings, not here."""
    setting = (settings_of(SamplingSettings) | Recipe.table())[name]
    return typer.Option(
        "--" + name.replace("_", "-"),
        help=f"{setting.help[0].upper()}{setting.help[1:]} ({setting.describe()}).",
        metavar="|".join(setting.choices) or "N",
        show_default=False,
    )


ModelsOption = Annotated[
    list[Path] | None,
    typer.Option("--models", help="A directory of models to look in first; may be repeated."),
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", "-m", help=f"A model's name or path; {DEFAULT_MODEL} if not given."),
]
ModelArgument = Annotated[str, typer.Argument(help="A model's name or path.")]
NameArgument = Annotated[str, typer.Argument(help="The new name.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
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
CleaningOption = Annotated[str | None, _option("cleaning")]
Text = str | None


def _guarded(function: Callable[..., None]) -> Callable[..., None]:
    """Turn errors that are meant for the user into one sentence and an exit status."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except TrainingStopped as error:
            make_console(sys.stderr).print(views.error(str(error)))
            raise typer.Exit(130) from None
        except HeadlongError as error:
            logging.getLogger(__name__).debug("", exc_info=True)
            make_console(sys.stderr).print(views.error(str(error)))
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except OSError as error:  # a file, or: `| head` has read enough, or the disk is full
            if error.filename is not None:
                message = f"{error.filename}: {error.strerror or error}"
                make_console(sys.stderr).print(views.error(message))
                raise typer.Exit(1) from None
            if not isinstance(error, BrokenPipeError):
                message = f"the output cannot be written: {error.strerror or error}"
                make_console(sys.stderr).print(views.error(message))
            # Python would flush what is left into the same trouble when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:
            logging.getLogger(__name__).debug("", exc_info=True)
            make_console(sys.stderr).print(views.fault(error))
            raise typer.Exit(1) from None

    return guarded


def _standard_input() -> TextIO:
    """Return standard input as UTF-8 whatever stands in it; empty where it is closed."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    return sys.stdin or io.StringIO()


@app.callback(invoke_without_command=True)
@_guarded
def prompt(
    context: typer.Context,
    model: ModelOption = None,
    models: ModelsOption = None,
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
    context.obj = _Start(Shelf(models or ()), model or DEFAULT_MODEL)
    if context.invoked_subcommand is None:
        _open_session(context.obj)
    else:
        gc.enable()


@dataclass(frozen=True)
class _Start:
    """What the options before a command say to it."""

    shelf: Shelf
    model: str


def _open_session(start: _Start) -> None:
    from repl.loop import reporting, run_script

    lines = _standard_input()
    interactive = lines.isatty() and sys.stdout.isatty()
    out = make_console(sys.stdout)
    session = Session(out, out if interactive else make_console(sys.stderr), interactive, start.shelf)
    if interactive:
        out.print(views.greeting(__version__))
    with reporting(session):
        session.load(start.model)
        if interactive:
            out.print(views.loaded(session.require_generator()))
    if interactive:
        from repl.prompt import run_prompt

        gc.enable()
        run_prompt(session)
        return
    gc.enable()
    run_script(session, lines)
    if session.failed:
        raise typer.Exit(1)


@app.command()
@_guarded
def generate(
    context: typer.Context,
    text: Annotated[
        list[str] | None,
        typer.Argument(help="Seeds, each an argument; lines on standard input if there is none."),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read seeds, one a line.")] = None,
    model: ModelOption = None,
    greedy: Annotated[bool, typer.Option("--greedy", help="The same as --temperature 0.")] = False,
    length: Annotated[Text, _option("length")] = None,
    temperature: Annotated[Text, _option("temperature")] = None,
    top_k: Annotated[Text, _option("top_k")] = None,
    top_p: Annotated[Text, _option("top_p")] = None,
    samples: Annotated[Text, _option("samples")] = None,
    rng: Annotated[Text, _option("rng")] = None,
    until_end: Annotated[
        bool, typer.Option("--until-end", help="With --length: stop where the model ends the line.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Continue seeds, and print the whole lines."""
    given = {
        "length": length,
        "temperature": "0" if greedy else temperature,
        "top_k": top_k,
        "top_p": top_p,
        "samples": samples,
        "rng": rng,
        "until_end": "on" if until_end else None,
    }
    table = settings_of(SamplingSettings)
    changes = {name: table[name].parse(value) for name, value in given.items() if value is not None}
    generator = Generator(
        context.obj.shelf.load(model or context.obj.model), SamplingSettings().change(**changes)
    )
    out, messages = make_console(sys.stdout), make_console(sys.stderr)
    for line in _seeds(text, file):
        began = time.perf_counter()
        seed = generator.read_seed(line)
        if notice := views.unknown_words(seed, generator):
            messages.print(notice)
        continuations = generator.generate(seed)
        milliseconds = 1000 * (time.perf_counter() - began)
        for continuation in continuations:
            if as_json:
                _print_json(_generated(generator, continuation, milliseconds))
            else:
                out.print(views.line(continuation, generator))


def _seeds(text: list[str] | None, file: Path | None) -> Iterable[str]:
    if text and file is not None:
        raise typer.BadParameter("seeds are either typed or in a --file")
    if text:
        return text
    if file is not None:
        from core.text.reading import read_lines

        return read_lines(file).rows
    lines = _standard_input()
    if lines.isatty():
        raise InputError('there is no seed; type headlong generate "the beginning of a line"')
    return (line.rstrip("\r\n") for line in lines)


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


@app.command()
@_guarded
def train(
    context: typer.Context,
    files: FilesArgument = None,
    column: ColumnOption = None,
    drop: DropOption = None,
    encoding: EncodingOption = None,
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
            metavar="small|tutorial",
            help="small if not given; or the tutorial's model and recipe. Not with --from.",
        ),
    ] = None,
    cleaning: CleaningOption = None,
    min_count: Annotated[Text, _option("min_count")] = None,
    epochs: Annotated[Text, _option("epochs")] = None,
    patience: Annotated[Text, _option("patience")] = None,
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
    as_json: JsonOption = False,
) -> None:
    """Train a model and save it; Ctrl-C stops and keeps the best weights."""
    from core.training.events import STOPPED
    from repl.training import Request, done_line, follow, watch

    options = {"cleaning": cleaning, "min_count": min_count, "epochs": epochs, "patience": patience}
    text = (tuple(files or ()), column, tuple(drop or ()), encoding)
    request = Request(*text, preset, name, replace, from_, context.obj.shelf)
    request = request.change(options, change or ())
    out, messages = make_console(sys.stdout), make_console(sys.stderr)
    if as_json:
        done = follow(request.job(), _print_json, messages)
    else:
        done = watch(request.job(), out, messages)
        out.print(done_line(done))
    if done.reason == STOPPED:  # by Ctrl-C: a script should not go on, though the model is saved
        raise typer.Exit(130)


@app.command("import")
@_guarded
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


@app.command()
@_guarded
def export(
    context: typer.Context,
    model: ModelArgument,
    path: Annotated[Path, typer.Argument(help="The file to write, ending in .keras, .onnx or .zip.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that is there.")] = False,
) -> None:
    """Write a model for others: .keras for Keras 3, .onnx for ONNX runtimes, .zip for Headlong."""
    from core.library.foreign.exporting import export_model

    out = make_console(sys.stdout)
    for written in export_model(context.obj.shelf.load(model), path, replace):
        out.print(views.safe(str(written)))


@app.command()
@_guarded
def show(context: typer.Context, model: ModelArgument) -> None:
    """Print a model's card."""
    card = load_card(context.obj.shelf.find(model))
    make_console(sys.stdout).print(views.card(card))


@app.command()
@_guarded
def verify(context: typer.Context, model: ModelArgument) -> None:
    """Check every hash of a model."""
    path = context.obj.shelf.find(model)
    make_console(sys.stdout).print(views.sound(keeping.verify(path)))


@app.command()
@_guarded
def rename(context: typer.Context, model: ModelArgument, name: NameArgument) -> None:
    """Give a model another name."""
    path = keeping.rename(context.obj.shelf.find(model), name)
    make_console(sys.stdout).print(views.moved(name, path, context.obj.shelf.hidden_by(path)))


@app.command()
@_guarded
def copy(context: typer.Context, model: ModelArgument, name: NameArgument) -> None:
    """Copy a model to your own, under another name."""
    path = keeping.copy(context.obj.shelf.find(model), name)
    make_console(sys.stdout).print(views.moved(name, path, context.obj.shelf.hidden_by(path)))


@app.command()
@_guarded
def remove(
    context: typer.Context,
    model: ModelArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a model for good, after a question."""
    path = context.obj.shelf.find(model)
    keeping.check_removable(path)
    if not yes:
        if not sys.stdin.isatty():
            raise InputError(f"nobody is there to ask; remove {model} with --yes")
        typer.confirm(f"Remove {views.safe(str(path))} for good?", abort=True)
    keeping.remove(path)
    make_console(sys.stdout).print(views.removed(path))


@app.command()
@_guarded
def corpus(
    files: FilesArgument = None,
    column: ColumnOption = None,
    drop: DropOption = None,
    encoding: EncodingOption = None,
    cleaning: CleaningOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count what a text would be to a model: lines, words, samples, what would be unknown."""
    from core.text.corpus import Corpus, count
    from core.training.job import source

    text = TextSettings()
    if cleaning is not None:
        text = text.change(cleaning=find_setting("cleaning", Recipe.table()).parse(cleaning))
    loaded = Corpus.load(source(files or (), column, drop or (), encoding), text.cleaning)
    counts = count(loaded)
    messages = make_console(sys.stderr)
    for taken in loaded.texts:
        if taken.guessed:
            messages.print(views.guessed_column(taken))
    if as_json:
        _print_json(views.corpus_record(counts))
    else:
        make_console(sys.stdout).print(views.corpus_counts(counts))


@app.command()
@_guarded
def models(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the models there are."""
    entries = list(context.obj.shelf.entries())
    if not as_json:
        from repl.shelf_view import ShelfView

        make_console(sys.stdout).print(ShelfView(entries, None, date.today()))
    for entry in entries if as_json else ():
        _print_json(_listed(entry))


def _listed(entry: Entry) -> dict[str, Any]:
    record: dict[str, Any] = {"name": entry.name, "path": str(entry.path)}
    if entry.manifest is None:
        return record | {"shipped": entry.shipped, "problem": entry.problem}
    return record | {
        "level": entry.manifest.level,
        "vocabulary": entry.manifest.vocabulary,
        "parameters": entry.manifest.parameters,
        "bytes": entry.bytes,
        "shipped": entry.shipped,
    }


def _print_json(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()
