"""What models make of the same text: a row each, the best first, and what the figures cannot say."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from core.insight.evaluation import Evaluation
from core.text.levels import nouns
from repl.views import columns, perplexed, safe

WIDEST = 1000
MEASURES = ("perplexity", "unknown", "bits/character", "spelt out", "tokens")
"""What is told of a model; `spelt out` are bits per character with the unknown words' letters."""

ALIKE = 0.001
"""Unknown-word rates that differ by less do not change what a perplexity means."""

Cells = Mapping[str, str]


def picture(found: Sequence[Evaluation]) -> RenderableType:
    """Draw what was measured of at least one model."""
    rows = [(each.model, cells(each)) for each in sorted(found, key=_order)]
    return Group(text_line(found), Table("model", rows), *notes(found))


def _order(each: Evaluation) -> tuple[float, float]:
    """By bits per character with nothing for free; where they cannot be told, after the others."""
    bits = each.bits_per_character_spelt
    return (math.inf if bits is None else bits, each.perplexity)


def cells(each: Evaluation) -> Cells:
    """Write the measures of a model."""
    bits, spelt = each.bits_per_character, each.bits_per_character_spelt
    return {
        "perplexity": perplexed(each.perplexity).removeprefix("perplexity "),
        "unknown": f"{each.unknown_rate:.1%}",
        "bits/character": "" if bits is None else f"{bits:.3f}",
        "spelt out": "" if spelt is None else f"{spelt:.3f}",
        "tokens": f"{each.tokens:,}",
    }


def text_line(found: Sequence[Evaluation]) -> Text:
    """Say what was measured on."""
    lines, repeated = found[0].lines, found[0].duplicates
    told = f"{lines:,} different lines"
    if repeated:
        told += f", {repeated:,} {'repeats' if repeated > 1 else 'repeat'} left out"
    return Text(told, "muted")


@dataclass(frozen=True)
class Table:
    """A row a name, with its cells by heading; where they do not fit, one below the other."""

    heading: str
    rows: Sequence[tuple[str, Cells]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw what fits."""
        headings = list(self.rows[0][1])
        table = columns(self.heading, *headings, right=headings)
        for name, row in self.rows:
            table.add_row(Text(safe(name), "name"), *map(Text, row.values()))
        wanted = console.measure(table, options=options.update(max_width=WIDEST)).maximum
        if wanted <= options.max_width:
            yield table
            return
        for name, row in self.rows:
            yield stacked(name, row)


def stacked(name: str, row: Cells) -> Text:
    """Draw one row as a sentence."""
    told = " · ".join(f"{heading} {cell}" for heading, cell in row.items() if cell)
    return Text.assemble((safe(name), "name"), f"  {told}")


def notes(found: Sequence[Evaluation]) -> Iterator[Text]:
    """Say what keeps figures from being what they seem."""
    for each in found:
        if each.trained_on:
            yield _note(f"{each.model} was trained on this very text, so it says nothing of its worth")
        if each.characters is None:
            yield _note(
                f"{each.model} knows no beginning and end of a line: its first word and its end are "
                "not counted, so there are no bits per character"
            )
        if each.left_out:
            yield _note(f"{each.model} leaves unknown words out, and is not asked for them")
    yield from _comparing(found)


def _comparing(found: Sequence[Evaluation]) -> Iterator[Text]:
    rates = [each.unknown_rate for each in found]
    levels = dict.fromkeys(each.level for each in found)
    if len(levels) > 1:
        told = " and ".join(map(nouns, levels))
        yield _note(f"{told}: their perplexities cannot be compared, bits spelt out can")
    elif max(rates) - min(rates) > ALIKE:
        yield _note(
            "the models do not know the same words, so perplexities cannot be compared: the more is "
            "<unk>, the lower they are; compare bits per character with unknown words spelt out"
        )
    elif len({each.tokens for each in found}) > 1:
        yield _note("the models do not guess the same tokens, so perplexities cannot be compared")
    if len({each.cleaning for each in found}) > 1:
        names = ", ".join(dict.fromkeys(each.cleaning for each in found))
        yield _note(f"the text is cleaned in different ways ({names}), so it is not quite the same")


def _note(text: str) -> Text:
    return Text(safe(text), "notice")
