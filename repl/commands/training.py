"""The command that trains."""

from pathlib import Path
from typing import Annotated

from rich.console import Group

from repl import views
from repl.registry import Confirmation, registry
from repl.session import Session

GROUP = "shelf"


@registry.command("train", "t", example=":train headlines.csv --drop Unknown --name mine")
def train(
    session: Session,
    *files: Path,
    column: str | None = None,
    drop: Annotated[tuple[str, ...], "CELL"] = (),
    encoding: str | None = None,
    from_: Annotated[str | None, "MODEL"] = None,
    preset: Annotated[str | None, "small|tutorial"] = None,
    cleaning: str | None = None,
    min_count: Annotated[str | None, "N"] = None,
    epochs: Annotated[str | None, "N"] = None,
    name: str | None = None,
    replace: bool = False,
    set: Annotated[tuple[str, ...], "NAME=VALUE"] = (),
) -> Confirmation:
    """Train a model, and load it.

    Learns from files, or from the headlines that come with the program. Reads CSV, TSV, JSONL,
    Parquet and plain text. The presets are small (every line once, stops by itself) and tutorial
    (the tutorial's model and recipe). --set changes any other setting, for example
    --set hidden_size=128. A text of a hundred lines or fewer is learned better by --preset tutorial.
    Ctrl-C stops and keeps the best weights.

    --from MODEL starts from a model that is there, also an imported one, and learns the text's new
    words. Its network and its cleaning stay as they are, so there is no preset then.
    """
    from repl.training import Request, done_line, watch  # only this command needs them

    options = {"cleaning": cleaning, "min_count": min_count, "epochs": epochs}
    request = Request(files, column, drop, encoding, preset, name, replace, from_, session.shelf)
    request = request.change(options, set)
    done = watch(
        request.job(), session.console, session.messages, indent=2 if session.interactive else 0
    )
    loaded = session.load(done.path)
    return Confirmation(Group(done_line(done), views.loaded(loaded)))
