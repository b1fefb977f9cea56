"""Commands that move in the session's tree of lines, and add to it."""

from typing import Annotated

from rich.console import Group, RenderableType
from rich.text import Text

from core.decoding.generator import Seed
from core.errors import InputError
from core.text.levels import nouns
from repl import choices, views
from repl.arguments import Option
from repl.registry import Confirmation, Continue, Result, registry
from repl.session import Session
from repl.turns import LONGEST, Turn

GROUP = "lines"

Whole = Annotated[bool, Option("the whole line, and not the seed alone")]


@registry.command("again", example=":again", needs="line")
def again(session: Session) -> Continue:
    """Draw the current line's seed anew.

    With the next random numbers: rng goes up by one, and stays there for the lines that follow, until
    :rng says otherwise. The line becomes a sibling of the current one. Where nothing is drawn, as when
    greedy, the words would be the same. If the line is of another model than is loaded now, that one
    goes on from its seed, with the random numbers as they are.
    """
    turn, generator = session.turns.require(), session.require_generator()
    if not turn.is_of(generator.model):
        return Continue(generator.read_seed(turn.line.seed.text), (), turn.parent)
    if not session.settings.draws:
        raise InputError("nothing is drawn with these settings, so it would be the same")
    drawn = max(sibling.settings.rng for sibling in session.turns.siblings(turn))
    session.configure(rng=(drawn + 1) % 2**64)
    return Continue(turn.line.seed, turn.forced, turn.parent)


@registry.command("more", example=":more", needs="line")
def more(session: Session) -> Continue:
    """Go on from the end of the current line.

    What comes is its child in the tree of lines. A line of 5,000 words is as long as it gets.
    """
    turn = session.turns.require()
    generator, line = session.require_generator(), session.line()
    if len(line.ids) >= LONGEST:
        raise InputError(
            f"line {turn.number} has {len(line.ids):,} {nouns(generator.model.level)}, and only lines "
            f"of less than {LONGEST:,} are gone on from; type the beginning of a new one"
        )
    if not turn.is_of(generator.model):
        return Continue(generator.read_seed(turn.line.text), (), turn.number)
    return Continue(Seed(turn.line.text, (), line.ids), (), turn.number)


@registry.command("edit", "e", example=":edit", needs="line")
def edit(session: Session, *, whole: Whole = False) -> Result:
    """Edit the seed of the current line.

    It stands at the prompt again, with the cursor at its end; with --whole the line does. Where the
    terminal is to get nothing but text, it is shown.
    """
    line = session.turns.require().line
    text = line.text if whole else line.seed.text
    typed = f":{text}" if text.startswith(":") else text
    if not session.interactive or session.plain:
        return Text(views.safe(typed))
    session.pending = typed
    return None


@registry.command("undo", "u", example=":undo")
def undo(session: Session) -> Confirmation:
    """Take back what the last line changed.

    The settings, the loaded model and the lines of this session are as they were before it; again goes
    further back. A script that :run ran is one line. What was written to files, and the new name of a
    model, stays.
    """
    line = session.past.take_back(session)
    return Confirmation(Text(f"taken back: {views.safe(line) or 'Enter alone'}"))


@registry.command("turns", example=":turns")
def turns(session: Session) -> RenderableType:
    """Show the lines of this session as a tree.

    With their numbers and bookmarks. A line's children go on from its end (:more); its siblings begin
    as it does and say something else (:again, :branch, several samples).
    """
    from repl.pictures.turns import picture

    return picture(session.turns)


@registry.command("parent", example=":parent", needs="line")
def parent(session: Session) -> RenderableType:
    """Go to the line that this one went on from."""
    return _shown(session.turns.parent())


@registry.command("child", example=":child 2", needs="line")
def child(session: Session, place: int = 1) -> RenderableType:
    """Go to a line that goes on from this one.

    The first, or the one at that place.
    """
    return _shown(session.turns.child(place))


@registry.command("sibling", example=":sibling", needs="line")
def sibling(session: Session, step: int = 1) -> RenderableType:
    """Go to the next line with the same beginning.

    Round and round; -1 goes back.
    """
    return _shown(session.turns.sibling(step))


@registry.command("go", example=":go 3", choices=choices.lines)
def go(session: Session, line: str) -> RenderableType:
    """Go to a line by its number or bookmark."""
    return _shown(session.turns.go(line))


@registry.command("bookmark", example=":bookmark best", needs="line")
def bookmark(session: Session, name: str) -> RenderableType:
    """Give the current line a name, to :go back to."""
    return _shown(session.turns.bookmark(name))


@registry.command("prune", example=":prune 3", choices=choices.lines, needs="line")
def prune(session: Session, line: str = "") -> Confirmation:
    """Remove a line and all that goes on from it.

    The current one, if you name none.
    """
    removed = session.turns.prune(line)
    lines = "line" if len(removed) == 1 else "lines"
    told, current = f"{len(removed)} {lines} removed", session.turns.current
    return Confirmation(Text(f"{told}; line {current.number} is the current one" if current else told))


@registry.command("replay", example=":replay 3", choices=choices.lines, needs="line")
def replay(session: Session, line: str = "") -> RenderableType:
    """Generate a line again, and compare.

    From its own settings and random numbers. The model is loaded from where it stood if another one is
    loaded now; that one stays.
    """
    turn = session.turns.find(line)
    generator = session.generator_of(turn)
    made = generator.again(turn.line, turn.forced)
    same = made.text == turn.line.text
    told = "the same words again" if same else "this is the whole of it: the line was cut short before"
    return Group(views.line(made, generator), Text(told, "status" if same else "notice"))


def _shown(turn: Turn) -> RenderableType:
    from repl.pictures.turns import Standing

    return Standing(turn)
