"""The commands of the shell that show what else could have come: why, tree."""

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from core.decoding.generator import Continuation, Generator
from core.insight import tree as trees
from core.insight.why import TOP, Choice, explain
from core.settings import SamplingSettings
from repl import views
from repl.cli_base import (
    LOOKING,
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
from repl.cli_sampling import label_value, labelled_generator, sampling_generator, sampling_options
from repl.session import make_console


@app.command(rich_help_panel=LOOKING)
@guarded
@sampling_options
def why(
    context: typer.Context,
    text: TextsArgument = None,
    file: FileOption = None,
    model: ModelOption = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Rivals to tell of.")] = TOP,
    *,
    settings: SamplingSettings,
    picture: PictureOption = None,
    replace: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Continue seeds, and show what each new word beat, before and after the filters."""
    from repl.pictures.why import line_table

    no_picture_of_json(picture, as_json)
    generator = sampling_generator(context.obj.shelf.load(model or context.obj.model), settings)
    messages = make_console(sys.stderr)
    shown: list[Any] = []
    for typed in texts(text, file, "why"):
        seed = generator.read_seed(typed)
        if notice := views.unknown_words(seed, generator):
            messages.print(notice)
        for line in generator.generate(seed):
            choices = list(explain(generator, seed, [word.id for word in line.words], top))
            if as_json:
                print_json(_explained(generator, line, choices))
            else:
                shown += [views.line(line, generator), line_table(choices), Text()]
    if shown:
        present(Group(*shown[:-1]), picture, replace)


def _explained(generator: Generator, line: Continuation, choices: list[Choice]) -> dict[str, Any]:
    return {
        "model": generator.model.name,
        "seed": line.seed.text,
        "text": line.text,
        "words": [asdict(choice) for choice in choices],
        "options": generator.settings.to_json(),
    }


@app.command(rich_help_panel=LOOKING)
@guarded
def tree(
    context: typer.Context,
    text: TextsArgument = None,
    file: FileOption = None,
    model: ModelOption = None,
    label: LabelOption = None,
    depth: Annotated[int, typer.Option("--depth", help="Words that follow one another.")] = 3,
    width: Annotated[int, typer.Option("--width", help="Words side by side.")] = 2,
    picture: PictureOption = None,
    replace: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show the tree of likely continuations, with the probability of every path."""
    from repl.pictures.tree import picture as drawn

    no_picture_of_json(picture, as_json)
    loaded = context.obj.shelf.load(model or context.obj.model)
    generator = labelled_generator(loaded, label_value(label))
    messages = make_console(sys.stderr)
    shown: list[Any] = []
    for typed in texts(text, file, "tree"):
        seed = generator.read_seed(typed)
        if notice := views.unknown_words(seed, generator):
            messages.print(notice)
        root = trees.grow(generator, seed, (), depth, width)
        if as_json:
            print_json({"model": generator.model.name, "seed": seed.text, "tree": asdict(root)})
        else:
            shown.append(drawn(root))
    if shown:
        present(Group(*shown), picture, replace)
