"""What keys do at the prompt, beyond what readline has them do."""

import re
from collections.abc import Callable

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, completion_is_selected, has_completions, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from core.decoding.generator import Generator
from repl.ghost import Ghost, seed_of
from repl.session import Session

Nearest = Callable[[str], str | None]
"""From a word that the model does not know to the nearest one that it knows, if any is near."""

_FIRST_WORD = re.compile(r"\s*\S+")
_AT_PROMPT = has_focus(DEFAULT_BUFFER)


def key_bindings(session: Session, ghost: Ghost, nearest: Nearest | None = None) -> KeyBindings:
    """Return all of the prompt's own keys; without `nearest` no key mends words."""
    keys = KeyBindings()
    _take_the_ghost(keys, ghost)
    _draw_another(keys, ghost)
    _complete(keys)
    _paste(keys)
    if nearest is not None:
        _mend(keys, session, nearest)
    return keys


def at_end(buffer: Buffer) -> bool:
    """Say whether the cursor stands where a ghost would be."""
    return buffer.document.is_cursor_at_the_end


def first_word(text: str) -> str:
    """Return the first word of a text with the blanks before it; blanks alone are taken whole."""
    match = _FIRST_WORD.match(text)
    return match[0] if match else text


def mended(text: str, generator: Generator, nearest: Nearest) -> str:
    """Return a seed with its first unknown word that resembles a known one replaced by that."""
    seed = seed_of(text)
    for word in generator.read_seed(seed).unknown if seed else ():
        known = nearest(word)
        place = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)
        if known is not None and place is not None:
            return text[: place.start()] + known + text[place.end() :]
    return text


def _take_the_ghost(keys: KeyBindings, ghost: Ghost) -> None:
    @Condition
    def shown() -> bool:
        buffer = get_app().current_buffer
        return at_end(buffer) and ghost.of(buffer.text) != ""

    @keys.add("right", filter=_AT_PROMPT & shown)
    @keys.add("c-e", filter=_AT_PROMPT & shown)
    @keys.add("c-f", filter=_AT_PROMPT & shown)
    @keys.add("end", filter=_AT_PROMPT & shown)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(ghost.of(event.current_buffer.text))

    @keys.add("escape", "f", filter=_AT_PROMPT & shown)
    @keys.add("c-right", filter=_AT_PROMPT & shown)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(first_word(ghost.of(event.current_buffer.text)))


def _draw_another(keys: KeyBindings, ghost: Ghost) -> None:
    @keys.add("escape", "n", filter=_AT_PROMPT)
    def _(event: KeyPressEvent) -> None:
        ghost.draw(event.current_buffer.text, 1)

    @keys.add("escape", "p", filter=_AT_PROMPT)
    def _(event: KeyPressEvent) -> None:
        ghost.draw(event.current_buffer.text, -1)


def _complete(keys: KeyBindings) -> None:
    @keys.add("enter", filter=_AT_PROMPT & completion_is_selected)
    @keys.add("escape", filter=_AT_PROMPT & has_completions)
    def _(event: KeyPressEvent) -> None:
        # The item stands in the line already, if one is chosen. What it is part of is not run.
        event.current_buffer.complete_state = None

    @keys.add("c-space", filter=_AT_PROMPT)  # selects by default, in which all keys seem dead
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state is None:
            buffer.start_completion(select_first=False)
        else:
            buffer.complete_next()


def _paste(keys: KeyBindings) -> None:
    @keys.add(Keys.BracketedPaste, filter=_AT_PROMPT)
    def _(event: KeyPressEvent) -> None:
        lines = event.data.replace("\r\n", "\n").replace("\r", "\n")
        event.current_buffer.insert_text(lines.strip("\n"))  # a copied line often has its end

    @keys.add(Keys.Vt100MouseEvent)  # the mouse is off, and a pasted colour code is taken for it
    def _(event: KeyPressEvent) -> None:
        pass


def _mend(keys: KeyBindings, session: Session, nearest: Nearest) -> None:
    @keys.add("escape", "s", filter=_AT_PROMPT)
    def _(event: KeyPressEvent) -> None:
        buffer, generator = event.current_buffer, session.generator
        if generator is not None:
            after = len(buffer.text) - buffer.cursor_position
            buffer.text = mended(buffer.text, generator, nearest)
            buffer.cursor_position = max(0, len(buffer.text) - after)
