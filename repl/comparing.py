"""Comparing models as the terminal does it: what is being trained, and a row for each as it comes."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.text import Text

from core.insight.comparison import Contender, Result, Split, compare
from core.training.events import EpochDone, Event
from repl.pictures.comparison import Rows, heading, notes
from repl.views import perplexed


def follow(
    split: Split,
    contenders: Sequence[Contender],
    folder: Path,
    messages: Console,
    epochs: int | None = None,
) -> Iterator[Result]:
    """Yield the rows as they come; meanwhile the terminal tells what is being trained.

    What is shown of it is gone before a row comes.
    """
    for contender in contenders:
        with messages.status(Text(contender.title, "muted")) as status:
            result = next(
                compare(split, [contender], folder, _Telling(contender.title, status), epochs)
            )
        yield result


class _Telling:
    """Shows how far a training is."""

    def __init__(self, title: str, status: Status) -> None:
        self._title, self._status = title, status

    def __call__(self, event: Event) -> None:
        if isinstance(event, EpochDone) and event.validation_perplexity is not None:
            told = f"{self._title}  epoch {event.epoch}  validation"
            self._status.update(Text(f"{told} {perplexed(event.validation_perplexity)}", "muted"))


def show(split: Split, rows: Iterable[Result], out: Console, epochs: int | None = None) -> None:
    """Print rows as they come, and at the end what they mean; `epochs` are what networks may take."""
    out.print(heading(split))
    table = Rows(out.width)
    if table.wide:
        out.print(table.headings())
    found = []
    for result in rows:
        out.print(table.row(result))
        found.append(result)
    for note in notes(found, epochs):
        out.print(note)
