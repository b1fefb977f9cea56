"""The commands of the shell that look inside the network: gates, neuron, neurons, memory.

With --json a line is the object of a text, of a unit, or of a model; see inside_json.py.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from core.decoding.generator import Generator, Seed
from repl import views
from repl.cli import ColumnOption, DropOption, EncodingOption, FilesArgument
from repl.cli_base import (
    INSIDE,
    FileOption,
    JsonOption,
    LabelOption,
    ModelOption,
    PictureOption,
    ReplaceOption,
    TextsArgument,
    app,
    guarded,
    no_picture_of_json,
    present,
    print_json,
    texts,
)
from repl.cli_sampling import label_value, labelled_generator
from repl.session import make_console

if TYPE_CHECKING:  # what only these commands need is imported when they run
    from core.insight.line import Line

Told = TypeVar("Told")

LayerOption = Annotated[
    int | None, typer.Option("--layer", help="The layer, counted from 1; the last if not given.")
]


@app.command(rich_help_panel=INSIDE)
@guarded
def gates(
    context: typer.Context,
    text: TextsArgument = None,
    file: FileOption = None,
    model: ModelOption = None,
    label: LabelOption = None,
    as_json: JsonOption = False,
    picture: PictureOption = None,
    replace: ReplaceOption = False,
) -> None:
    """Show how much each layer forgot, wrote and showed at each word of a text."""
    from core.insight.gates import read_gates
    from repl import inside_json
    from repl.pictures.gates import GatesView

    generator = _load(context, model, label)
    told = (
        read_gates(generator, line)
        for line in _lines(generator, texts(text, file, "gates", blanks=False))
    )
    level = generator.model.level
    _output(told, inside_json.gates, lambda one: GatesView(one, level), as_json, picture, replace)


@app.command(rich_help_panel=INSIDE)
@guarded
def neuron(
    context: typer.Context,
    unit: Annotated[int, typer.Argument(help="The unit, counted from 1.")],
    text: TextsArgument = None,
    file: FileOption = None,
    model: ModelOption = None,
    label: LabelOption = None,
    layer: LayerOption = None,
    as_json: JsonOption = False,
    picture: PictureOption = None,
    replace: ReplaceOption = False,
) -> None:
    """Colour a text by the activation of one unit: blue is negative, red is positive."""
    from core.insight.neurons import read_unit
    from repl import inside_json
    from repl.pictures.neurons import UnitView

    generator = _load(context, model, label)
    letters = generator.model.level == "character"
    lines = _lines(generator, texts(text, file, f"neuron {unit}", blanks=False))
    told = (read_unit(generator, line, unit, layer) for line in lines)
    _output(told, inside_json.unit, lambda one: UnitView(one, letters), as_json, picture, replace)


@app.command(rich_help_panel=INSIDE)
@guarded
def neurons(
    context: typer.Context,
    files: FilesArgument = None,
    column: ColumnOption = None,
    drop: DropOption = None,
    encoding: EncodingOption = None,
    model: ModelOption = None,
    label: LabelOption = None,
    layer: LayerOption = None,
    least: Annotated[
        int, typer.Option("--least", help="How often a word must come to count.", min=1)
    ] = 5,
    top: Annotated[int, typer.Option("--top", help="How many units to tell of.", min=1)] = 8,
    as_json: JsonOption = False,
    picture: PictureOption = None,
    replace: ReplaceOption = False,
) -> None:
    """Find the units that fire most selectively over a corpus, and the words at which they do."""
    from repl import inside, inside_json
    from repl.pictures.neurons import SurveyView

    no_picture_of_json(picture, as_json)
    generator = _load(context, model, label)
    corpus = inside.Corpus(files or (), column, drop or (), encoding, make_console(sys.stderr).print)
    told, total = inside.survey_corpus(generator, corpus, layer, least, top)
    if not as_json:
        present(SurveyView(told, total, generator.model.level), picture, replace)
    for unit in told.units if as_json else ():
        print_json(inside_json.selective(told, unit))


@app.command(rich_help_panel=INSIDE)
@guarded
def memory(
    context: typer.Context,
    text: TextsArgument = None,
    file: FileOption = None,
    model: ModelOption = None,
    label: LabelOption = None,
    vs: Annotated[
        list[str] | None,
        typer.Option(
            "--vs",
            metavar="MODEL",
            help="Compare models on the same lines: texts, a --file or the headlines that come along. "
            "May be repeated; of one alone, with --model.",
        ),
    ] = None,
    column: ColumnOption = None,
    drop: DropOption = None,
    encoding: EncodingOption = None,
    as_json: JsonOption = False,
    picture: PictureOption = None,
    replace: ReplaceOption = False,
) -> None:
    """Show how much each earlier word still matters, in bits: leave it out, and see what changes."""
    from core.insight.memory import remember
    from repl import inside, inside_json
    from repl.pictures.memory import ComparisonView, MemoryView

    no_picture_of_json(picture, as_json)
    if not vs:
        generator = _load(context, model, label)
        lines = _lines(generator, texts(text, file, "memory", blanks=False))
        told = (remember(generator, line) for line in lines)
        _output(told, inside_json.line_memory, MemoryView, as_json, picture, replace)
        return
    names = inside.named(vs)
    generators = [
        _load(context, name, label) for name in (names if len(names) > 1 else [model, *names])
    ]
    files = () if file is None else (file,)
    corpus = inside.Corpus(files, column, drop or (), encoding, make_console(sys.stderr).print)
    memories = inside.compare(generators, text or (), corpus)
    if not as_json:
        present(ComparisonView(memories), picture, replace)
    for one in memories if as_json else ():
        print_json(inside_json.memory(one))


def _load(context: typer.Context, model: str | None, label: str | None) -> Generator:
    loaded = context.obj.shelf.load(model or context.obj.model)
    return labelled_generator(loaded, label_value(label))


def _lines(generator: Generator, given: Iterable[str]) -> Iterator["Line"]:
    """Read texts as they come; what the model does not know is said on standard error."""
    from core.insight.line import read_line

    messages = make_console(sys.stderr)
    for text in given:
        if text.strip():
            line = read_line(generator, text)
            if notice := views.unknown_words(Seed("", line.unknown, line.ids), generator):
                messages.print(notice)
            yield line


def _output(
    told: Iterable[Told],
    record: Callable[[Told], dict[str, Any]],
    draw: Callable[[Told], RenderableType],
    as_json: bool,
    picture: Path | None,
    replace: bool,
) -> None:
    """Show one thing after the other as they come, or draw them all as one picture."""
    no_picture_of_json(picture, as_json)
    if as_json:
        for one in told:
            print_json(record(one))
        return
    drawn: list[RenderableType] = []
    for one in told:
        shown = Group(Text(), draw(one)) if drawn else draw(one)
        drawn.append(shown)
        if picture is None:
            present(shown, None, replace)
    if picture is not None:
        present(Group(*drawn), picture, replace)
