"""Commands that set lines side by side: one setting at several values, two models."""

from rich.console import Group, RenderableType

from core.decoding.generator import Generator
from core.setting import find_setting, settings_of
from core.settings import SamplingSettings
from repl import choices, views
from repl.arguments import NOTHING, Rest
from repl.registry import registry
from repl.session import Session

GROUP = "looking"


@registry.command(
    "sweep",
    example=":sweep temperature 0.2..1.4 the senate",
    choices=(choices.setting_names, choices.setting_values),
    needs="model",
)
def sweep(session: Session, name: str, values: str, seed: Rest = NOTHING) -> RenderableType:
    """Go through the values of a setting.

    Continues one seed, your own or the current line's, under each of them. Every value is given the
    same random numbers, so what differs is due to the setting, and is marked: whatever is not as in
    the row above. Values are a range (0.2..1.4, or 0.2..1.4..0.1 with its step) or a list (0.2,0.5,1
    or off,10,40 or on,off); values of several words have ; between them. The perplexity is that of the
    new words alone, where :heat and :score count the seed's, too.
    """
    from core.insight import sweeping
    from core.insight.values import read_values
    from repl.pictures.sweep import picture

    generator = session.require_generator()
    setting = find_setting(name.replace("-", "_"), settings_of(SamplingSettings))
    read = generator.read_seed(_seed(session, seed))
    rows = list(sweeping.sweep(generator, read, setting.name, read_values(setting, values)))
    drawn = picture(generator, read, setting, rows)
    notice = views.unknown_words(read, generator)
    return Group(notice, drawn) if notice else drawn


@registry.command(
    "vs", example=":vs tutorial mine the senate", choices=(choices.models, choices.models)
)
def vs(session: Session, one: str, two: str, seed: Rest = NOTHING) -> RenderableType:
    """Give two models the same seed.

    Your own or the current line's, with the same settings and random numbers. Words that differ are
    marked. Each word stands with its probability under the model that wrote it, and under the other
    one, if that knows it. A perplexity is that of the new words alone, without the seed's. What is
    loaded stays loaded.
    """
    from core.insight.versus import versus
    from repl.pictures.versus import picture

    text = _seed(session, seed)
    first, second = (Generator(session.shelf.load(name), session.settings) for name in (one, two))
    return picture(first, second, versus(first, second, text))


def _seed(session: Session, typed: str) -> str:
    return typed or session.turns.require().line.seed.text
