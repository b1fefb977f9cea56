"""How lines are drawn as they are generated: seed and words apart, or words by how likely they were."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from core.decoding.generator import Continuation, Generator, Seed, Word
from core.insight.line import read_line
from core.insight.scoring import score, score_of
from repl import views
from repl.session import Session


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished line, and what is told below it."""

    line: RenderableType
    below: RenderableType | None = None

    @property
    def whole(self) -> RenderableType:
        """Both, one below the other."""
        return self.line if self.below is None else Group(self.line, self.below)


def finished(session: Session, generator: Generator, lines: Sequence[Continuation]) -> list[Drawn]:
    """Draw finished lines."""
    if session.heat is None:
        return [Drawn(views.line(line, generator)) for line in lines]
    from repl.pictures import heat

    scores = [score_of(generator, line) for line in lines]
    return [Drawn(heat.line(each, session.heat), heat.summary(each)) for each in scores]


def legend(session: Session) -> RenderableType | None:
    """Say what the colours of the lines mean, if they have any."""
    if session.heat is None:
        return None
    from repl.pictures.heat import Legend

    return Legend(session.heat)


def beginning(session: Session, generator: Generator, seed: Seed) -> Text:
    """Draw a seed whose continuation is about to come."""
    if session.heat is None or not seed.ids:
        return Text(views.safe(generator.model.cleaning.show(seed.text)), "seed")
    from repl.pictures import heat

    scored = score(generator, read_line(generator, seed.text))
    return heat.line(scored, session.heat).text(heat.Palette.of(session.console, session.heat))


def coming(session: Session, word: Word) -> Text:
    """Draw a word as it comes."""
    if session.heat is None:
        return Text(views.safe(word.piece), "word")
    from repl.pictures.heat import Palette

    text = Text()
    Palette.of(session.console, session.heat).add(text, word, new=True)
    return text
