"""The ghost on the screen: dim, after what is typed, and no longer than there is room."""

from prompt_toolkit.application import get_app
from prompt_toolkit.filters import is_searching
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.utils import get_cwidth

from repl.line.ghost import Ghost
from repl.script import MARK

ROWS = 3
"""Rows of the screen that a line and its ghost take together, unless the line alone is as long."""


class GhostProcessor(Processor):
    """Draws the ghost after the text, in the same frame as the key that changed it.

    Not by prompt_toolkit's suggestions: those come a moment later, and only when something is added.
    """

    def __init__(self, ghost: Ghost) -> None:
        self.after: str | None = None
        """The text that a ghost stands after on the screen, if one does."""

        self._ghost = ghost

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Append the ghost to the last line, if the cursor stands at its end."""
        document, fragments = transformation_input.document, transformation_input.fragments
        if get_app().is_done or transformation_input.lineno < document.line_count - 1:
            return Transformation(fragments)
        self.after = None
        if is_searching() or not document.is_cursor_at_the_end:
            return Transformation(fragments)
        ghost = fitted(self._ghost.of(document.text), document.text, transformation_input.width)
        if not ghost:
            return Transformation(fragments)
        self.after = document.text
        return Transformation([*fragments, ("class:ghost", ghost)])


def fitted(ghost: str, text: str, width: int) -> str:
    """Return as much of a ghost as has room after a text, with an ellipsis where it goes on."""
    used = get_cwidth(MARK) + get_cwidth(text)
    room = max(ROWS * width, (used // width + 1) * width) - used - 1 if width else 0
    if get_cwidth(ghost) <= room:
        return ghost
    cut, cells = "", 1
    for character in ghost:
        cells += get_cwidth(character)
        if cells > room:
            break
        cut += character
    return f"{cut}…"
