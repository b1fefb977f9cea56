"""Why it was that word, drawn: one word with all that it beat, or a line with a row a word."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from core.insight.why import Candidate, Choice
from core.text.vocabulary import END
from repl.pictures.bars import bar, percent
from repl.views import columns, safe

BEATEN = 3
"""Rivals that a word's row in the table of a line names."""

LEAVES = {"ban": "bans"}


def line_table(choices: Sequence[Choice]) -> RenderableType:
    """Draw a row a word: how likely it was before and after the filters, and its strongest rivals."""
    turns = any(choice.speaker is not None for choice in choices)
    who = ("whose turn",) if turns else ()
    headings = ("", "word", *who, "before", "after", "rank", "rather than")
    table = columns(*headings, right=("", "before", "after", "rank"))
    table.columns[-1].overflow = "ellipsis"
    table.columns[-1].no_wrap = True
    for choice in choices:
        chosen = choice.chosen
        table.add_row(
            Text(str(choice.number), style="muted"),
            Text(word(chosen), style="word"),
            *([Text(safe(choice.speaker or ""), "name")] if turns else []),
            percent(chosen.before),
            percent(chosen.after),
            f"{chosen.rank:,}",
            _rivals(choice),
        )
    return table


def word_table(choice: Choice, marked: int | None = None) -> RenderableType:
    """Draw one word's candidates; `marked` is the place of the one that would be taken instead."""
    table = columns("", "word", "before", "after", "", right=("before", "after"))
    for place, candidate in enumerate(choice.candidates):
        own = "*" if candidate.id == choice.chosen.id else ""
        here = "" if marked is None else "›" if place == marked else " "
        _candidate_row(table, candidate, here + own, bool(own))
    heading = Text(f"word {choice.number}  ", style="muted")
    heading.append(word(choice.chosen), style="word")
    if choice.speaker is not None:
        heading.append(f"  the turn of {safe(choice.speaker)}", "muted")
    return Group(heading, table, stages(choice))


def stages(choice: Choice) -> Text:
    """Say what the star is, which filters were on, and how many words each one left."""
    left = [f"{stage.left:,} after {LEAVES.get(stage.name, stage.name)}" for stage in choice.stages]
    if left:
        count, *_ = choice.stages
        left[0] = f"{count.left:,} words left after {LEAVES.get(count.name, count.name)}"
    own = "* the line's own word"
    if choice.ngrams is not None:
        own += f", {percent(choice.ngrams)} of it from n-grams"
    return Text(" · ".join([own, *left]), style="muted")


def word(candidate: Candidate) -> str:
    """Return a candidate as it is shown; a blank would not be seen."""
    if candidate.text == END:
        return "(end of line)"
    return "␣" if candidate.text == " " else safe(candidate.text)


def _candidate_row(table: Table, candidate: Candidate, mark: str, chosen: bool) -> None:
    cut = candidate.cut_by is not None
    style = "word" if chosen else "muted" if cut else ""
    how = (
        Text(f"cut by {candidate.cut_by}", "muted")
        if cut
        else Text(bar(candidate.after, 10).rstrip(), "value")
    )
    table.add_row(
        Text(mark, style="name"),
        Text(word(candidate), style=style),
        percent(candidate.before),
        "" if cut else percent(candidate.after),
        how,
    )


def _rivals(choice: Choice) -> Text:
    rivals = [c for c in choice.candidates if c.id != choice.chosen.id and c.cut_by != "ban"]
    told = Text()
    for rival in rivals[:BEATEN]:
        told.append(f"{'  ' if told else ''}{word(rival)} ")
        told.append(percent(rival.before), style="muted")
    return told
