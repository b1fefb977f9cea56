"""The session as a tree: its lines with their numbers, what continues them, and where one stands."""

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from repl.turns import ROOT, Turn, Turns
from repl.views import safe

SHOWN = 30
"""Lines begun anew that are drawn, the last ones."""


def picture(turns: Turns) -> RenderableType:
    """Draw the tree; a star marks the current line, and words that were given are as dim as a seed."""
    tree = Tree(Text("this session", style="muted"), guide_style="muted")
    begun = turns.children(ROOT)
    if len(begun) > SHOWN:
        tree.add(Text(f"… {len(begun) - SHOWN} earlier", style="muted"))
    for turn in begun[-SHOWN:]:
        _grow(tree, turns, turn)
    return tree


def label(turn: Turn, current: bool) -> Text:
    """Draw one line of the tree."""
    text = Text("* " if current else "", style="name")
    text.append(f"{turn.number} ", style="muted")
    shown = turn.line.text.removesuffix("".join(word.piece for word in turn.line.words))
    given = len(turn.forced)
    kept = "".join(word.piece for word in turn.line.words[:given])
    text.append(safe(shown + kept), style="seed")
    text.append(safe("".join(word.piece for word in turn.line.words[given:])), style="word")
    return text.append(f"  [{safe(turn.bookmark)}]" if turn.bookmark else "", style="notice")


def _grow(tree: Tree, turns: Turns, turn: Turn) -> None:
    branch = tree.add(label(turn, turns.current is not None and turn.number == turns.current.number))
    for child in turns.children(turn.number):
        _grow(branch, turns, child)
