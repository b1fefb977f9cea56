"""The tree of likely continuations, drawn with lines."""

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from core.insight.tree import Node
from core.text.pieces import BEGINS
from repl.pictures.bars import percent
from repl.views import safe


def picture(root: Node) -> RenderableType:
    """Draw what may come, each word with its own probability and that of the path that leads to it."""
    tree = Tree(Text(safe(root.piece) or "(the beginning)", style="seed"), guide_style="muted")
    _grow(tree, root, top=True)
    return tree


def _grow(tree: Tree, node: Node, top: bool) -> None:
    for child in node.children:
        label = Text("(end of line)" if child.ends else _told(child))
        label.stylize("muted" if child.ends else "word")
        label.append(f"  {percent(child.probability)}", style="value")
        if not top:
            label.append(f"  path {percent(child.path)}", style="muted")
        _grow(tree.add(label), child, top=False)
    if node.children and node.rest > 0:
        tree.add(Text(f"… {percent(node.rest)} not shown", style="muted"))


def _told(node: Node) -> str:
    """Return a word as it is shown; of a piece of one it is told whether it begins a word."""
    begins = BEGINS if node.text.startswith(BEGINS) else ""
    return begins + safe(node.piece).strip() or "␣"
