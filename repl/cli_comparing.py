"""The commands of the shell that measure and compare: score, sweep, vs."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from core.decoding.generator import Generator
from core.errors import InputError
from core.insight import scoring, sweeping, versus
from core.insight.line import read_line
from core.setting import find_setting, settings_of
from core.settings import SamplingSettings
from repl import labels, phrases, views
from repl.cli_base import (
    LOOKING,
    FileOption,
    JsonOption,
    LabelOption,
    ModelArgument,
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
from repl.session import make_console, print_error

Scored = tuple[str, scoring.Score]


@app.command(rich_help_panel=LOOKING)
@guarded
def score(
    context: typer.Context,
    text: TextsArgument = None,
    file: FileOption = None,
    model: ModelOption = None,
    label: LabelOption = None,
    by: Annotated[
        str, typer.Option("--by", metavar="rank|probability", help="What the colours tell.")
    ] = "rank",
    picture: PictureOption = None,
    replace: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Score texts: each word's probability, rank and entropy (nats), and the perplexity.

    The end of a line is not counted. A text without a word that the model knows is an error, and the
    others are scored all the same.
    """
    from repl.pictures.heat import measure

    no_picture_of_json(picture, as_json)
    colours = measure(by)
    loaded = context.obj.shelf.load(model or context.obj.model)
    generator = labelled_generator(loaded, label_value(label))
    failed: list[str] = []
    found = _scores(generator, _filled(texts(text, file, "score", blanks=False), bool(text)), failed)
    if as_json:
        for line, judged in found:
            print_json(_score_record(generator, line, judged))
    else:
        _present_each(_score_pictures(found, colours, table=bool(text)), picture, replace)
    if failed:
        raise typer.Exit(1)


def _filled(lines: Iterable[str], typed: bool) -> Iterator[str]:
    """Leave out the blank lines of a file; a blank text that was typed is a mistake."""
    return (line for line in lines if typed or line.strip())


def _scores(generator: Generator, lines: Iterable[str], failed: list[str]) -> Iterator[Scored]:
    for line in lines:
        try:
            yield line, scoring.score(generator, read_line(generator, line))
        except InputError as error:
            print_error(make_console(sys.stderr), str(error))
            failed.append(line)


def _score_pictures(
    found: Iterable[Scored], by: scoring.Measure, table: bool
) -> Iterator[RenderableType]:
    from repl.pictures.heat import Legend, told

    drawn = False
    for _, judged in found:
        drawn = True
        yield told(judged, by, table)
    if drawn:
        yield Legend(by)


def _present_each(shown: Iterable[RenderableType], picture: Path | None, replace: bool) -> None:
    """Print what there is to show as it comes, or all of it to one picture."""
    if picture is None:
        out = make_console(sys.stdout)
        for each in shown:
            out.print(each)
    elif gathered := list(shown):
        present(Group(*gathered), picture, replace)


def _score_record(generator: Generator, text: str, judged: scoring.Score) -> dict[str, Any]:
    words = [
        {
            "text": word.text,
            "probability": word.probability,
            "rank": word.rank,
            "entropy": word.entropy,
            **({"unknown": True} if word.unknown else {}),
        }
        for word in judged.words
    ]
    return {
        "model": generator.model.name,
        "text": text,
        "words": words,
        "perplexity": judged.perplexity,
        "unknown_rate": judged.unknown_rate,
        "skipped": judged.skipped,
    }


@app.command(rich_help_panel=LOOKING)
@guarded
@sampling_options
def sweep(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A setting, such as temperature.")],
    values: Annotated[
        str,
        typer.Argument(
            help="0.2..1.4, 0.2..1.4..0.1, or 0.2,0.5,1; after -- where it begins with a minus."
        ),
    ],
    text: TextsArgument = None,
    file: FileOption = None,
    model: ModelOption = None,
    *,
    settings: SamplingSettings,
    picture: PictureOption = None,
    replace: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Continue seeds under several values of one setting, with the same random numbers for each."""
    from repl.pictures.sweep import picture as drawn

    no_picture_of_json(picture, as_json)
    setting = find_setting(name.replace("-", "_"), settings_of(SamplingSettings))
    generator = sampling_generator(context.obj.shelf.load(model or context.obj.model), settings)
    wanted = labels.swept(generator, setting, values)
    messages = make_console(sys.stderr)

    def pictures() -> Iterator[RenderableType]:
        for line in texts(text, file, f"sweep {name} {values}"):
            seed = generator.read_seed(line)
            if notice := views.unknown_words(seed, generator):
                messages.print(notice)
            rows = sweeping.sweep(generator, seed, setting.name, wanted)
            if as_json:
                for number, row in enumerate(rows):
                    print_json(_row_record(generator, line, setting.name, number, row))
            else:
                yield drawn(generator, seed, setting, list(rows))

    _present_each(pictures(), picture, replace)


def _row_record(
    generator: Generator, seed: str, name: str, number: int, row: sweeping.Row
) -> dict[str, Any]:
    lines = [
        {
            "text": line.text,
            "continuation": line.continuation,
            "words": [
                {
                    "text": word.text,
                    "probability": word.probability,
                    "rank": word.rank,
                    "differs": differs,
                }
                for word, differs in zip(line.words, changed, strict=True)
            ],
            "perplexity": sweeping.perplexity_of([line]),
        }
        for line, changed in zip(row.lines, row.differs, strict=True)
    ]
    return {
        "model": generator.model.name,
        "sha256": generator.model.sha256,
        "seed": seed,
        "row": number,
        "setting": name,
        "value": row.value,
        "lines": lines,
        "perplexity": row.perplexity,
        "same_as": row.same_as,
        "options": row.settings.to_json(),
        "rng": row.settings.rng,
    }


@app.command(rich_help_panel=LOOKING)
@guarded
@sampling_options
def vs(
    context: typer.Context,
    one: ModelArgument,
    two: ModelArgument,
    text: TextsArgument = None,
    file: FileOption = None,
    *,
    settings: SamplingSettings,
    picture: PictureOption = None,
    replace: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Continue seeds with two models, and let each judge the other's words."""
    from repl.pictures.versus import picture as drawn

    no_picture_of_json(picture, as_json)
    models = [context.obj.shelf.load(name) for name in (one, two)]
    first, second = (Generator(model, settings) for model in models)
    for each in (first, second):
        for notice in phrases.notices(each, ["ban", phrases.LABEL]):
            make_console(sys.stderr).print(notice)

    def pictures() -> Iterator[RenderableType]:
        for line in texts(text, file, f"vs {one} {two}"):
            pairs = versus.versus(first, second, line)
            if as_json:
                for pair in pairs:
                    print_json(_pair_record(line, settings, pair))
            else:
                yield drawn(first, second, pairs)

    _present_each(pictures(), picture, replace)


def _pair_record(seed: str, settings: SamplingSettings, pair: versus.Pair) -> dict[str, Any]:
    return {
        "seed": seed,
        "models": [_side_record(side) for side in pair],
        "options": settings.to_json(),
        "rng": settings.rng,
    }


def _side_record(side: versus.Side) -> dict[str, Any]:
    words = [
        {
            "text": each.word.text,
            "probability": each.word.probability,
            "rank": each.word.rank,
            "other_probability": each.other_share,
            "differs": each.differs,
        }
        for each in side.words
    ]
    return {
        "model": side.model,
        "sha256": side.sha256,
        "known": side.known,
        "unknown": side.line.seed.unknown,
        "text": side.line.text,
        "continuation": side.line.continuation,
        "words": words,
        "perplexity": side.perplexity,
        "shared_perplexity": side.shared_perplexity,
        "other_perplexity": side.other_perplexity,
    }
