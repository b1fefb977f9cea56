"""Words that stand out of a line: by a style, or by signs where there are no colours."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.text import Text

from core.decoding.generator import Generator
from repl import views
from repl.views import safe

Piece = tuple[str, bool]
"""What to print of a word, after its space, and whether it stands out."""


def coloured(console: Console) -> bool:
    """Say whether what is drawn on a console has colours."""
    return console.color_system is not None and not console.no_color


def apart(piece: str) -> tuple[str, str]:
    """Cut a piece into the space before a word, if there is one, and the word; made safe to show."""
    word = piece.lstrip() or piece  # a blank may be a token of its own
    return safe(piece[: len(piece) - len(word)]), safe(word)


@dataclass(frozen=True)
class Marked:
    """A line in which some words stand out; in [brackets] where there are no colours."""

    pieces: Sequence[Piece]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it as one text."""
        yield self.text(coloured(console))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Take as much room as the text."""
        return Measurement.get(console, options, self.text(coloured(console)))

    def text(self, colours: bool) -> Text:
        """Return the line with its marks."""
        text, inside = Text(), False
        for piece, stands_out in self.pieces:
            space, word = apart(piece)
            if inside and not stands_out and not colours:
                text.append("]")
            text.append(space)
            if stands_out and not inside and not colours:
                text.append("[")
            text.append(word, "differs" if stands_out else "")
            inside = stands_out
        if inside and not colours:
            text.append("]")
        return text


@dataclass(frozen=True)
class Legend:
    """What it means that a word stands out."""

    meaning: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it in one line, with a word that stands out as those above do."""
        shown = Marked([("like this", True)]).text(coloured(console))
        yield shown.append(f" {self.meaning}", "muted")


def joined(*told: RenderableType | str, style: str = "muted") -> Text:
    """Put short facts in one line, with dots between them; what says nothing is left out."""
    texts = [Text(fact) if isinstance(fact, str) else fact for fact in told]
    kept = [text for text in texts if isinstance(text, Text) and text.plain]
    return Text.assemble((" · ", style)).join(kept)


def common_sampling(generators: Sequence[Generator]) -> list[str]:
    """Say how words are drawn, as far as it is the same for all generators and lines are not ranked."""
    told = [views.sampling(generator) for generator in generators]
    return [part for part in told[0] if part != "ranked off" and all(part in each for each in told)]
