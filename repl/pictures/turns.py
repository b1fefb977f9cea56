"""The session as a tree: its lines with their numbers, what continues them, and where one stands."""

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text
from rich.tree import Tree

from repl.turns import ROOT, Turn, Turns
from repl.views import grid, safe

SHOWN = 30
"""Lines begun anew that are drawn, the last ones."""

DEEPEST = 8
"""Lines that go on from one another, as far down as they are drawn."""


def picture(turns: Turns) -> RenderableType:
    """Draw the tree; a star marks the current line, and words that were given are as dim as a seed.

    Of a line that goes on from the one above it, only what is new is drawn.
    """
    tree = Tree(Text("this session", style="muted"), guide_style="muted")
    begun = turns.children(ROOT)
    if not len(turns):
        return Text("there is no line yet; type the beginning of one", style="notice")
    if len(begun) > SHOWN:
        tree.add(Text(f"… {len(begun) - SHOWN} earlier", style="muted"))
    for turn in begun[-SHOWN:]:
        _grow(tree, turns, turn, DEEPEST)
    return tree


@dataclass(frozen=True)
class Standing:
    """The current line with its number, beside which it wraps where a line may be broken."""

    turn: Turn

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it in columns, or as one text for a pipe."""
        text = label(self.turn, current=True)
        if options.no_wrap:
            yield text
            return
        table = grid(2)
        number, words = text.divide([len(f"* {self.turn.number}")])
        table.add_row(number, words[1:])
        yield table


def label(turn: Turn, current: bool, whole: bool = True) -> Text:
    """Draw one line of the tree, or what it adds to the line above it."""
    text = Text.assemble(("* " if current else "", "name"), (f"{turn.number} ", "muted"))
    words, given = turn.line.words, len(turn.forced)
    seed = turn.line.text.removesuffix("".join(word.piece for word in words))
    kept = "".join(word.piece for word in words[:given])
    text.append(safe((seed if whole else "…") + kept), style="seed")
    text.append(safe("".join(word.piece for word in words[given:])), style="word")
    return text.append(f"  [{safe(turn.bookmark)}]" if turn.bookmark else "", style="notice")


def _grow(tree: Tree, turns: Turns, turn: Turn, levels: int) -> None:
    current = turns.current is not None and turn.number == turns.current.number
    branch = tree.add(label(turn, current, whole=turn.parent == ROOT))
    children = turns.children(turn.number)
    if children and levels <= 1:
        branch.add(Text(f"… {len(turns.under(turn.number))} more below", style="muted"))
        return
    for child in children:
        _grow(branch, turns, child, levels - 1)
