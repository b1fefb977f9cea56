"""What a network makes of one seed, epoch after epoch; words that are new in a row are marked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from repl.pictures.marks import Marked, Piece, coloured
from repl.views import columns, safe

ROWS = 12
"""Different lines of a seed at the most; of more, some spread evenly, from the first to the last."""


@dataclass(frozen=True, slots=True)
class Said:
    """A line, and the epochs that said it one after another; a star marks the best of all."""

    first: int
    last: int
    line: str
    starred: bool = False
    note: str = ""

    @property
    def epochs(self) -> str:
        """The epochs as they are written: `*3` or `4-6`."""
        numbers = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"*{numbers}" if self.starred else numbers


def runs(said: Iterable[Said]) -> list[Said]:
    """Put neighbours that say the same into one; the note of the last one stays."""
    found: list[Said] = []
    for each in said:
        if found and found[-1].line == each.line:
            starred = found[-1].starred or each.starred
            found[-1] = replace(found[-1], last=each.last, starred=starred, note=each.note)
        else:
            found.append(each)
    return found


def some(said: Sequence[Said], most: int = ROWS) -> list[Said]:
    """Return at most so many, evenly spread."""
    if len(said) <= most:
        return list(said)
    last = len(said) - 1
    return [said[number * last // (most - 1)] for number in range(most)]


@dataclass(frozen=True)
class Lines:
    """A row for each line, after its epochs; what is not as in the row above is marked.

    `cut` draws each in one line of the terminal, whatever is lost of it.
    """

    seed: str
    said: Sequence[Said]
    heading: str = ""
    """Of the notes."""

    cut: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw what fits."""
        headings = ("epoch", "", self.heading) if self.heading else ("", "")
        table = columns(*headings, right=[self.heading] if self.heading else [])
        table.show_header = bool(self.heading)
        table.columns[0].justify = "right"
        table.columns[0].no_wrap = True
        table.columns[-1].no_wrap |= bool(self.heading)
        if self.cut:
            table.columns[1].no_wrap, table.columns[1].overflow = True, "ellipsis"
        colours, above = coloured(console), None
        for each in self.said:
            line = _marked(self.seed, each.line, above, colours)
            notes = [each.note] if self.heading else []
            table.add_row(Text(each.epochs, "muted"), line, *notes)
            above = each.line
        yield table


def continued(seed: str, line: str) -> Text:
    """Draw a line, the seed that it begins with dim."""
    return _marked(seed, line, None, colours=True)


def _marked(seed: str, line: str, above: str | None, colours: bool) -> Text:
    begins = line.casefold().startswith(seed.casefold())
    rest = line[len(seed) :] if begins else line
    before = above[len(seed) :] if begins and above is not None else above
    text = Marked(pieces(rest, before)).text(colours)
    return Text.assemble((safe(line[: len(seed)]), "seed"), text) if begins else text


def pieces(line: str, above: str | None) -> list[Piece]:
    """Return the words of a line, each with its space, and whether the row above lacks it there."""
    words, before = line.split(), (above or "").split()
    same = set[int]()
    for block in SequenceMatcher(None, before, words, autojunk=False).get_matching_blocks():
        same |= set(range(block.b, block.b + block.size))
    space = " " if line[:1].isspace() else ""
    return [
        ((" " if number else space) + word, above is not None and number not in same)
        for number, word in enumerate(words)
    ]
