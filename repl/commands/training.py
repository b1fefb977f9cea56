"""The command that trains."""

from pathlib import Path
from typing import Annotated

from rich.console import Group

from core.recipe import PRESETS
from core.text.cleaning import CLEANINGS
from repl import choices, views
from repl.arguments import Option
from repl.options import Column, Drop, Encoding, Name, Replace
from repl.registry import Confirmation, registry
from repl.session import Session

GROUP = "shelf"

From = Annotated[str | None, Option("a model to start from", "MODEL")]
Preset = Annotated[str | None, Option("small if not given, or the tutorial's", "small|tutorial")]
Cleaning = Annotated[str | None, Option("how lines are cleaned: tutorial, plain, cased ...")]
MinCount = Annotated[str | None, Option("words seen less often become <unk>", "N")]
Epochs = Annotated[str | None, Option("passes over the text, at most", "N")]
Resume = Annotated[bool, Option("go on with a training that was cut off; with --name, with that one")]
Set = Annotated[tuple[str, ...], Option("any other setting; may be repeated", "NAME=VALUE")]

_PRESETS = dict.fromkeys(PRESETS, "a recipe")
_CLEANINGS = dict.fromkeys(CLEANINGS, "a way to make words of lines")


@registry.command(
    "train",
    "t",
    example=":train headlines.csv --drop Unknown --name mine",
    values={
        "--from": choices.models,
        "--preset": choices.words(_PRESETS),
        "--cleaning": choices.words(_CLEANINGS),
    },
)
def train(
    session: Session,
    *files: Path,
    column: Column = None,
    drop: Drop = (),
    encoding: Encoding = None,
    from_: From = None,
    preset: Preset = None,
    cleaning: Cleaning = None,
    min_count: MinCount = None,
    epochs: Epochs = None,
    name: Name = None,
    replace: Replace = False,
    resume: Resume = False,
    set: Set = (),
) -> Confirmation:
    """Train a model, and load it.

    Learns from files, or from the headlines that come with the program. Reads CSV, TSV, JSONL,
    Parquet and plain text. The presets are small (every line once, stops by itself) and tutorial
    (the tutorial's model and recipe). --set changes any other setting, for example
    --set hidden_size=128. A text of a hundred lines or fewer is learned better by --preset tutorial.
    Ctrl-C stops and keeps the best weights.

    --from MODEL starts from a model that is there, also an imported one, and learns the text's new
    words. Its network and its cleaning stay as they are, so there is no preset then.

    --resume goes on with what was stopped or cut off, and needs no other options; --epochs may ask for
    more.
    """
    from repl.training import Request, done_line, watch  # only this command needs them

    options = {"cleaning": cleaning, "min_count": min_count, "epochs": epochs}
    request = Request(
        files, column, drop, encoding, preset, name, replace, from_, session.shelf, resume
    )
    request = request.change(options, set)
    done = watch(
        request.job(), session.console, session.messages, indent=2 if session.interactive else 0
    )
    loaded = session.load(done.path)
    return Confirmation(Group(done_line(done), views.loaded(loaded)))
