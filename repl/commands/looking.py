"""Commands that show how likely words were."""

from typing import Annotated

from rich.console import Group, RenderableType
from rich.text import Text

from core.errors import SettingError
from core.insight.scoring import Measure, Score, score, score_of
from repl import choices
from repl.arguments import NOTHING, Rest
from repl.registry import Confirmation, Result, registry
from repl.session import Session

GROUP = "looking"

WAYS: dict[str, Measure | None] = {
    "on": "rank",
    "off": None,
    "rank": "rank",
    "probability": "probability",
}

_EXPLAINED = {
    "on": "by rank",
    "rank": "top 10, 100, 1,000, or beyond",
    "probability": "by how likely a word was",
    "off": "lines are plain",
}


@registry.command("heat", example=":heat on", choices=choices.words(_EXPLAINED))
def heat(session: Session, way: Annotated[str, "on|off|probability"] = "") -> Result:
    """Colour words by how likely they were.

    With on (or rank) every line that follows is coloured by the rank of each word among all words: top
    10, 100, 1,000, or beyond; with probability by its share. Below a line stand its perplexity, which
    counts the seed's words too, and its most surprising word (:help score says which words are
    counted). Where there are no colours, signs stand after the words. With off lines are plain again;
    alone it shows the current line.
    """
    from repl.pictures.heat import Legend, picture

    if not way:
        return picture(_current(session), session.heat or "rank")
    if way not in WAYS:
        raise SettingError(f"heat must be one of {', '.join(WAYS)}, not {way!r}")
    session.heat = WAYS[way]
    if session.heat is None:
        return Confirmation(Text("heat off"))
    return Confirmation(Group(Text(f"heat {session.heat}"), Legend(session.heat)))


@registry.command("score", example=":score The senate votes on trade", needs="model")
def score_(session: Session, text: Rest = NOTHING) -> RenderableType:
    """Score a text, word by word.

    How likely the loaded model finds each word after those before it: probability, rank, and the
    entropy (in nats) of what could have come; the perplexity of them all, and the most surprising one.
    The end of the line is not counted. Without a text it is about the current line, seed and all. A
    word with ? is unknown; one that the model cannot read at all is not counted.

    A model that has no sign for the beginning of a line, as the tutorial's, never learned how one
    begins: before the first word there is nothing to predict it from. That word counts in the
    perplexity all the same, but it is passed over where the most surprising one is told.
    """
    from repl.pictures.heat import picture

    scored = score(session.require_generator(), session.line(text)) if text else _current(session)
    return picture(scored, session.heat or "rank", table=True)


def _current(session: Session) -> Score:
    generator, line, turn = session.require_generator(), session.line(), session.turns.current
    if turn is not None and turn.is_of(generator.model):
        return score_of(generator, turn.line)
    return score(generator, line)
