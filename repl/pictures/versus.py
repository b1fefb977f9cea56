"""Two models' lines side by side, word by word, each with what both models think of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from core.decoding.generator import Generator
from core.insight.versus import Judged, Pair, Side
from core.text.levels import nouns
from repl import views
from repl.pictures.bars import percent
from repl.pictures.heat import ROWS, shown
from repl.pictures.marks import Legend, Marked, common_sampling, joined
from repl.views import columns, safe

SIDE_BY_SIDE = 72
"""Columns from which on two tables of words stand side by side."""

LONGEST_NAME = 12
"""Letters of a model's name over a column."""


def picture(first: Generator, second: Generator, pairs: Sequence[Pair]) -> RenderableType:
    """Draw what two models made of one seed."""
    names = _names(first, second)
    drawn: list[RenderableType] = _levels(first, second)
    for number, pair in enumerate(pairs):
        if number:
            drawn.append(Text())
        else:
            drawn += _knowledge(pair, names)
        comparable = first.model.level == second.model.level
        drawn += [*_lines(pair, names, comparable), Words(pair, names)]
    if any(each.differs for pair in pairs for side in pair for each in side.words):
        drawn.append(Legend("(≠) is not as in the other line"))
    return Group(*drawn, _status(first, second))


def _names(first: Generator, second: Generator) -> tuple[str, str]:
    one, two = safe(first.model.name), safe(second.model.name)
    return (one, two) if one != two else (f"{one} (1)", f"{two} (2)")


def _levels(first: Generator, second: Generator) -> list[RenderableType]:
    one, two = first.model.level, second.model.level
    if one == two:
        return []
    reads = f"one model reads {nouns(one)} and the other {nouns(two)}"
    told = f"{reads}, so neither can judge what the other wrote"
    return [Text(told, "notice")]


def _knowledge(pair: Pair, names: tuple[str, str]) -> Iterator[Text]:
    """Say which of the seed's words each model knows."""
    if not any(side.line.seed.unknown for side in pair):
        return
    for side, name in zip(pair, names, strict=True):
        known, unknown = (", ".join(map(safe, words)) for words in (side.known, side.line.seed.unknown))
        told = f"{name} knows {known or 'no word of the seed'}"
        yield Text(f"{told}; it does not know {unknown}" if unknown and known else told, "notice")


def _lines(pair: Pair, names: tuple[str, str], comparable: bool) -> Iterator[RenderableType]:
    """Draw both lines, each with its perplexity under both models where they can judge each other."""
    for side, name, other in zip(pair, names, reversed(names), strict=True):
        yield Text(name, "name")
        seed = side.line.text.removesuffix("".join(each.word.piece for each in side.words))
        pieces = [(each.word.piece, each.differs) for each in side.words]
        yield Marked([(seed, False), *pieces] if seed else pieces)
        yield _perplexities(side, other if comparable else None)


def _perplexities(side: Side, other: str | None) -> Text:
    told = []
    if side.perplexity is not None:
        told.append(
            Text(views.perplexed(side.perplexity), "value").append(" without the seed", "muted")
        )
    if other is None:
        return joined(*told)
    if side.other_perplexity is None or side.shared_perplexity is None:
        told.append(Text(f"{other} knows none of these words", "muted"))
    elif not side.not_shared:
        told.append(Text(f"{_bare(side.other_perplexity)} under {other}", "muted"))
    else:
        both = f"{_bare(side.shared_perplexity)} against {_bare(side.other_perplexity)} under {other}"
        unknown = ", ".join(map(safe, side.not_shared))
        told.append(Text(f"without {unknown}, which {other} does not know: {both}", "muted"))
    return joined(*told)


def _bare(perplexity: float) -> str:
    return views.perplexed(perplexity).removeprefix("perplexity ")


def _status(first: Generator, second: Generator) -> Text:
    common = common_sampling([first, second])
    return Text(" · ".join(["the same settings and random numbers", *common]), "status")


@dataclass(frozen=True)
class Words:
    """A row for each place in the lines; one model's words below the other's where room is short."""

    pair: Pair
    names: tuple[str, str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw what fits."""
        if options.max_width >= SIDE_BY_SIDE:
            yield self._together()
        else:
            yield self._alone(0)
            yield self._alone(1)
        more = max(len(side.words) for side in self.pair) - ROWS
        if more > 0:
            yield Text(f"… {more:,} more words", style="muted")

    def _together(self) -> RenderableType:
        left, right = self._headings(0), self._headings(1)
        table = columns("", *left, "", *right)
        for column in (0, 2, 3, 6, 7):
            table.columns[column].justify = "right"
        words = [side.words[:ROWS] for side in self.pair]
        for number, (one, two) in enumerate(zip_longest(*words), start=1):
            table.add_row(Text(str(number), "muted"), *_cells(one), _sign(one, two), *_cells(two))
        return table

    def _alone(self, place: int) -> RenderableType:
        table = columns("", "", *self._headings(place))
        for column in (0, 3, 4):
            table.columns[column].justify = "right"
        for column in (0, 1):  # where there is too little room it is the words that fold
            table.columns[column].no_wrap = True
        words, others = (self.pair[at].words[:ROWS] for at in (place, 1 - place))
        for number, (own, other) in enumerate(zip_longest(words, others), start=1):
            if own is not None:
                table.add_row(Text(str(number), "muted"), _sign(own, other), *_cells(own))
        return table

    def _headings(self, place: int) -> tuple[str, str, str]:
        own, other = (_short(self.names[at]) for at in (place, 1 - place))
        return f"{own} says", own, other


def _sign(one: Judged | None, two: Judged | None) -> Text:
    same = one is not None and two is not None and not one.differs
    return Text("=" if same else "≠", "muted")


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _cells(judged: Judged | None) -> tuple[Text, str, str]:
    """Draw a word, its probability under its own model, and under the other."""
    if judged is None:
        return Text(), "", ""
    word = judged.word
    text = Text(shown(word.piece), "differs" if judged.differs else "")
    other = "–" if judged.other_share is None else percent(judged.other_share)
    return text, percent(word.probability), other
