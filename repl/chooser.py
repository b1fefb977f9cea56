"""A line opened under the cursor: arrow keys choose a word and a rival, Enter takes the rival."""

from collections.abc import Sequence

from prompt_toolkit.application import Application
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples, to_formatted_text
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.output import Output
from prompt_toolkit.shortcuts import print_formatted_text
from prompt_toolkit.styles import Style
from rich.console import Console

from core.insight.why import Candidate, Choice
from repl.pictures.why import word, word_table
from repl.theme import THEME
from repl.views import safe

HINT = "left, right: a word · up, down: a rival · Enter: take it · Esc: leave"

Taken = tuple[int, int]
"""The number of a word, and the id to take in its place."""

_STYLE = Style.from_dict(
    {"seed": "ansibrightblack", "chosen": "reverse bold", "hint": "ansibrightblack"}
)


class Chooser:
    """What is chosen: a word of the line, and a rival of it. Knows no terminal."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        self._choices = choices
        self._word = 0
        self._rival = 0
        self._rest()

    @property
    def choice(self) -> Choice:
        """The chosen word."""
        return self._choices[self._word]

    @property
    def place(self) -> int:
        """The place of the chosen rival among the candidates."""
        return self._rival

    @property
    def taken(self) -> Taken | None:
        """What Enter takes; nothing where the rival is the word itself, or may not be said."""
        rival = self.choice.candidates[self._rival]
        if rival.id == self.choice.chosen.id or not _may_be_said(rival):
            return None
        return self.choice.number, rival.id

    def move(self, step: int) -> None:
        """Choose another word; at either end nothing happens."""
        self._word = min(max(self._word + step, 0), len(self._choices) - 1)
        self._rest()

    def turn(self, step: int) -> None:
        """Choose another rival, passing over what is never said."""
        places = [p for p, c in enumerate(self.choice.candidates) if _may_be_said(c)]
        if self._rival in places:
            self._rival = places[(places.index(self._rival) + step) % len(places)]

    def _rest(self) -> None:
        self._rival = self.choice.candidates.index(self.choice.chosen)


def choose(
    seed: str,
    choices: Sequence[Choice],
    input: Input | None = None,
    output: Output | None = None,
) -> Taken | None:
    """Let the user choose at the terminal; return what was taken, or None if it was left.

    Args:
        seed: the beginning of the line as it is shown.
        choices: the words that follow, with their candidates.
        input: where keys come from, if not from the terminal.
        output: where it is drawn, if not on the terminal.
    """
    chooser = Chooser(choices)
    application: Application[Taken | None] = Application(
        layout=Layout(
            Window(
                FormattedTextControl(
                    lambda: [*_drawn(seed, choices, chooser), ("class:hint", f"  {HINT}")],
                    show_cursor=False,
                ),
                wrap_lines=True,
                dont_extend_height=True,
            )
        ),
        key_bindings=_keys(chooser),
        style=_STYLE,
        erase_when_done=True,
        input=input,
        output=output,
    )
    application.ttimeoutlen = 0.05  # so that Esc does not wait for the rest of an arrow key
    taken = application.run()
    print_formatted_text(to_formatted_text(_drawn(seed, choices, chooser)), style=_STYLE, output=output)
    return taken


def _keys(chooser: Chooser) -> KeyBindings:
    keys = KeyBindings()
    moves = {"left": (chooser.move, -1), "right": (chooser.move, 1)}
    moves |= {"up": (chooser.turn, -1), "down": (chooser.turn, 1)}
    for key, (act, step) in moves.items():

        @keys.add(key)
        def _(event: KeyPressEvent, act=act, step=step) -> None:  # type: ignore[no-untyped-def]
            act(step)

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        if chooser.taken is not None:
            event.app.exit(result=chooser.taken)

    @keys.add("escape", eager=True)
    @keys.add("q")
    @keys.add("c-c")
    @keys.add("c-d")
    def _(event: KeyPressEvent) -> None:
        event.app.exit(result=None)

    return keys


def _drawn(seed: str, choices: Sequence[Choice], chooser: Chooser) -> StyleAndTextTuples:
    line: StyleAndTextTuples = [("class:seed", f"  {safe(seed)}")]
    for choice in choices:
        here = choice is chooser.choice
        line += [("", " "), ("class:chosen" if here else "bold", word(choice.chosen))]
    table = to_formatted_text(ANSI(_rendered(chooser)))
    return [*line, ("", "\n"), *table]


def _rendered(chooser: Chooser) -> str:
    """Draw the table with Rich, as everywhere else, into text with colours."""
    from prompt_toolkit.application import get_app_or_none
    from rich.padding import Padding

    application = get_app_or_none()
    width = application.output.get_size().columns if application else 80
    console = Console(theme=THEME, width=width, force_terminal=True, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(Padding.indent(word_table(chooser.choice, chooser.place), 2))
    return capture.get()


def _may_be_said(candidate: Candidate) -> bool:
    return candidate.cut_by != "ban"
