"""What keys do at the prompt, beyond what readline has them do."""

import re

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, completion_is_selected, has_completions, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from repl.line.ghost import Ghost
from repl.line.unknown import suggestion
from repl.session import Session

_FIRST_WORD = re.compile(r"\s*\S+")
_AT_PROMPT = has_focus(DEFAULT_BUFFER)


def key_bindings(session: Session, ghost: Ghost) -> KeyBindings:
    """Return all of the prompt's own keys."""
    keys = KeyBindings()
    _take_the_ghost(keys, ghost)
    _draw_another(keys, ghost)
    _complete(keys)
    _paste(keys)
    _mend(keys, session)
    return keys


def at_end(buffer: Buffer) -> bool:
    """Say whether the cursor stands where a ghost would be."""
    return buffer.document.is_cursor_at_the_end


def first_word(text: str) -> str:
    """Return the first word of a text with the blanks before it; blanks alone are taken whole."""
    match = _FIRST_WORD.match(text)
    return match[0] if match else text


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
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None  # the item stands in the line, which is not run yet

    @keys.add("escape", filter=_AT_PROMPT & has_completions)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.cancel_completion()  # the line is as it was typed

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


def _mend(keys: KeyBindings, session: Session) -> None:
    @keys.add("escape", "s", filter=_AT_PROMPT)
    def _(event: KeyPressEvent) -> None:
        buffer, generator = event.current_buffer, session.generator
        better = suggestion(generator, buffer.text) if generator is not None else None
        if better is not None:
            after = len(buffer.text) - buffer.cursor_position
            buffer.text = buffer.text[: better.start] + better.text + buffer.text[better.end :]
            buffer.cursor_position = max(0, len(buffer.text) - after)
