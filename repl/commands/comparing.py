"""Commands that set lines side by side, or models: a setting's values, two models, a text."""

from pathlib import Path

from rich.console import Group, RenderableType

from core.decoding.generator import Generator
from core.errors import InputError
from core.setting import find_setting, settings_of
from core.settings import SamplingSettings
from repl import choices, labels, phrases, views
from repl.arguments import NOTHING, Rest
from repl.options import Column, Drop, Encoding, Label
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
    or off,10,40 or on,off); values of several words have ; between them, and :sweep label all goes
    through the labels of the model. The perplexity is that of the
    new words alone, where :heat and :score count the seed's, too.
    """
    from core.insight import sweeping
    from repl.pictures.sweep import picture

    generator = session.require_generator()
    setting = find_setting(name.replace("-", "_"), settings_of(SamplingSettings))
    read = generator.read_seed(_seed(session, seed))
    wanted = labels.swept(generator, setting, values)
    rows = list(sweeping.sweep(generator, read, setting.name, wanted))
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
    drawn = picture(first, second, versus(first, second, text))
    notices = [each for one in (first, second) for each in phrases.notices(one, [phrases.LABEL])]
    return Group(*notices, drawn) if notices else drawn


@registry.command("eval", example=":eval unseen.csv --column headline", needs="model")
def evaluate(
    session: Session,
    *files: Path,
    column: Column = None,
    drop: Drop = (),
    encoding: Encoding = None,
    label: Label = None,
) -> RenderableType:
    """Measure the loaded model on a text.

    It should be one that the model has not seen. Repeated lines count once; every word is guessed, and
    the end of each line. Beside the perplexity stand the share of words that the model does not know,
    which make guessing easy, and bits per character, which can be compared between models; spelt out,
    those count the letters of the unknown words too. With --label a model that knows labels reads a
    line's before it. headlong eval sets several models side by side.
    """
    from core.insight import evaluation
    from core.text.corpus import Source
    from repl.pictures import evaluation as pictures

    if not files:
        raise InputError("there is no file; type :eval and the name of one")
    corpora = evaluation.Corpora(Source(files, column, drop, encoding, label))
    model = session.require_generator().model
    found = pictures.picture([evaluation.measure(model, corpora.of(model))])
    guessed = [views.guessed_column(text) for text in corpora.texts if text.guessed]
    return Group(*guessed, found)


def _seed(session: Session, typed: str) -> str:
    return typed or session.turns.require().line.seed.text
