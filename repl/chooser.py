"""A line opened under the cursor: arrow keys choose a word and a rival, Enter takes the rival."""

from collections.abc import Sequence

from prompt_toolkit.application import Application, get_app
from prompt_toolkit.formatted_text import ANSI, AnyFormattedText
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.output import Output
from prompt_toolkit.shortcuts import print_formatted_text
from rich.console import Console, Group
from rich.padding import Padding
from rich.text import Text
from rich.theme import Theme

from core.insight.why import Candidate, Choice
from repl.pictures.why import word_table
from repl.theme import THEME
from repl.views import safe

HINT = "left, right: a word · up, down: a rival · Enter: take › · Esc: leave"
OTHERS = "any other word: :branch {number} WORD"

Taken = tuple[int, int]
"""The number of a word, and the id to take in its place."""


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
    pieces: Sequence[str],
    choices: Sequence[Choice],
    input: Input | None = None,
    output: Output | None = None,
    theme: Theme = THEME,
) -> Taken | None:
    """Let the user choose at the terminal; return what was taken, or None if it was left.

    Args:
        seed: the beginning of the line as it is shown.
        pieces: the words that follow, each with the space that belongs before it.
        choices: the same words with their candidates.
        input: where keys come from, if not from the terminal.
        output: where it is drawn, if not on the terminal.
        theme: the styles it is drawn with.
    """
    chooser = Chooser(choices)

    def drawn(hint: str = "") -> AnyFormattedText:
        width = (output or get_app().output).get_size().columns
        return ANSI(_rendered(_line(seed, pieces, chooser), chooser, hint, width, theme))

    application: Application[Taken | None] = Application(
        layout=Layout(
            Window(
                FormattedTextControl(lambda: drawn(_hint(chooser)), show_cursor=False),
                dont_extend_height=True,
            )
        ),
        key_bindings=_keys(chooser),
        erase_when_done=True,
        input=input,
        output=output,
    )
    application.ttimeoutlen = 0.05  # so that Esc does not wait for the rest of an arrow key
    taken = application.run()
    output = application.output
    print_formatted_text(drawn(), end="\n\n", output=output)
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


def _line(seed: str, pieces: Sequence[str], chooser: Chooser) -> Text:
    line = Text(safe(seed), style="seed")
    for number, piece in enumerate(pieces, start=1):
        shown = safe(piece)
        line.append(" " * (len(shown) - len(shown.lstrip())))
        here = number == chooser.choice.number
        line.append(shown.lstrip() or "␣", style="reverse bold" if here else "not dim bold")
    return line


def _rendered(line: Text, chooser: Chooser, hint: str, width: int, theme: Theme) -> str:
    """Draw with Rich, as everywhere else, into text with colours."""
    console = Console(theme=theme, width=width, force_terminal=True, highlight=False, markup=False)
    picture = Group(line, word_table(chooser.choice, chooser.place), Text(hint, style="muted"))
    with console.capture() as capture:
        console.print(Padding.indent(picture, 2))
    # Rich fills lines with blanks, and a full one would make the terminal begin another.
    return "\n".join(text.rstrip() for text in capture.get().rstrip().split("\n"))


def _hint(chooser: Chooser) -> str:
    return f"{HINT}\n{OTHERS.format(number=chooser.choice.number)}"


def _may_be_said(candidate: Candidate) -> bool:
    return candidate.cut_by != "ban"
