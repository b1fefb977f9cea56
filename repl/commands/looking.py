"""Commands that show how likely words were."""

from rich.console import RenderableType
from rich.text import Text

from core.errors import SettingError
from core.insight.scoring import Measure, Score, score, score_of
from repl.registry import NOTHING, Confirmation, Rest, Result, registry
from repl.session import Session

WAYS: dict[str, Measure | None] = {
    "on": "rank",
    "off": None,
    "rank": "rank",
    "probability": "probability",
}


@registry.command("heat", example=":heat on", choices=lambda session: WAYS)
def heat(session: Session, way: str = "") -> Result:
    """Colour words by how likely they were.

    With on (or rank) every line that follows is coloured by the rank of each word among all words: top
    10, 100, 1,000, or beyond; with probability by its share. Below a line stand its perplexity and its
    most surprising word. Where there are no colours, signs stand after the words. With off lines are
    plain again; alone it shows the current line.
    """
    from repl.pictures.heat import Legend, picture

    if not way:
        return picture(_current(session), session.heat or "rank")
    if way not in WAYS:
        raise SettingError(f"heat must be one of {', '.join(WAYS)}, not {way!r}")
    session.heat = WAYS[way]
    if session.heat is None:
        return Confirmation(Text("heat off"))
    return Confirmation(Legend(session.heat))


@registry.command("score", example=":score The senate votes on trade")
def score_(session: Session, text: Rest = NOTHING) -> RenderableType:
    """Score a text, word by word.

    How likely the loaded model finds each word after those before it: probability, rank, and the
    entropy (in nats) of what could have come; the perplexity of them all, and the most surprising one.
    The end of the line is not counted. Without a text it is about the current line.

    A model that has no sign for the beginning of a line, as the tutorial's, never learned how one
    begins: it guesses the first word, which counts in the perplexity all the same.
    """
    from repl.pictures.heat import picture

    scored = score(session.require_generator(), session.line(text)) if text else _current(session)
    return picture(scored, session.heat or "rank", table=True)


def _current(session: Session) -> Score:
    generator, line, turn = session.require_generator(), session.line(), session.turns.current
    if turn is not None and turn.is_of(generator.model):
        return score_of(generator, turn.line)
    return score(generator, line)
