"""Many models of one text: the split, a row each, and what they say of one another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from core.insight.comparison import CONTENDERS, Result, Split
from core.text.labels import words_of
from core.text.levels import nouns
from repl.pictures.evaluation import stacked
from repl.views import perplexed, safe

COLUMNS = ("perplexity", "bits/char", "spelt out", "parameters", "seconds", "epoch")
SPACE = 2
NAME = max(len(each.title) for each in CONTENDERS)
WIDE = NAME + sum(SPACE + len(name) for name in COLUMNS)
"""Columns of the terminal from which on a row is one line."""


def heading(split: Split) -> Text:
    """Say what is learnt from and what is measured on."""
    words = [word for line in split.test.lines for word in words_of(line)]
    unknown = sum(not split.vocabulary.reads(word) for word in words) / len(words)
    level, size = split.text.level, len(split.vocabulary) - len(split.vocabulary.labels)
    told = (
        f"{len(split.training):,} lines to learn from, {len(split.validation):,} to tell when to stop, "
        f"{len(split.test.lines):,} to measure on · {size:,} {nouns(level)}, "
        f"{unknown:.1%} of those measured on unknown"
    )
    if split.labels:
        told += (
            f" · {len(split.vocabulary.labels):,} labels, which networks read and the others do without"
        )
    if split.seen:
        told += f" · {split.seen:,} test lines left out that are learnt from, too"
    return Text(told, "muted")


@dataclass(frozen=True)
class Rows:
    """Rows that are drawn before the ones after them are known, so their columns are fixed."""

    width: int

    @property
    def wide(self) -> bool:
        """Whether a row is one line."""
        return self.width >= WIDE

    def headings(self) -> Text:
        """Draw the first line."""
        return Text("model".ljust(NAME) + _right(COLUMNS), "bold")

    def row(self, result: Result) -> RenderableType:
        """Draw one row."""
        title = result.contender.title
        if result.evaluation is None:
            return Text.assemble((title.ljust(NAME), "name"), (f"  {safe(result.problem)}", "notice"))
        cells = dict(zip(COLUMNS, _cells(result), strict=True))
        if not self.wide:
            return stacked(title, cells)
        return Text.assemble((title.ljust(NAME), "name"), _right(tuple(cells.values())))


def _cells(result: Result) -> tuple[str, ...]:
    found = result.evaluation
    assert found is not None
    bits, spelt = found.bits_per_character, found.bits_per_character_spelt
    return (
        perplexed(found.perplexity).removeprefix("perplexity "),
        "" if bits is None else f"{bits:.3f}",
        "" if spelt is None else f"{spelt:.3f}",
        f"{result.parameters:,}",
        f"{result.seconds:.1f}",
        "" if result.epoch is None else str(result.epoch),
    )


def _right(cells: Sequence[str]) -> str:
    return "".join(
        " " * SPACE + cell.rjust(len(name)) for cell, name in zip(cells, COLUMNS, strict=True)
    )


def notes(found: Sequence[Result], epochs: int | None = None) -> Iterator[Text]:
    """Say which was the best, and what the figures count."""
    measured = [(each.evaluation, each) for each in found if each.evaluation is not None]
    if not measured:
        return
    tokens = measured[0][0].tokens
    told = f"{tokens:,} tokens are guessed by each, ends of lines and unknown words included"
    if len(measured) > 1:
        _, best = min(measured, key=lambda pair: pair[0].perplexity)
        told = f"best: {best.contender.title} · {told}"
    yield Text(told, "muted")
    cut = [each.contender.title for each in found if epochs and each.epoch == epochs]
    if cut:
        yield Text(f"best in the last of {epochs} epochs, so not yet done: {', '.join(cut)}", "notice")
