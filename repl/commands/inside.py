"""Commands that look inside the network: its gates, its units, its memory."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from core.decoding.generator import Generator, Seed
from core.errors import InputError
from core.insight.gates import read_gates
from core.insight.line import Line
from core.insight.memory import remember
from core.insight.neurons import LEAST, UNITS, read_unit
from core.settings import SamplingSettings
from repl import views
from repl.arguments import Option
from repl.options import Column, Drop, Encoding, Layer
from repl.registry import registry
from repl.session import Session

GROUP = "inside"

Least = Annotated[int, Option("how often a word has to come to count")]
Top = Annotated[int, Option("how many units to show")]
Vs = Annotated[tuple[str, ...], Option("a model to compare; may be repeated, or a,b", "MODEL")]
File = Annotated[Path | None, Option("lines to read instead of the current one")]
Headlines = Annotated[bool, Option("read headlines that come with the program")]

if TYPE_CHECKING:
    from repl.inside import Corpus


@registry.command("gates", example=":gates china says it wants a trade war", needs="model")
def gates(session: Session, *text: str) -> RenderableType:
    """Show what each layer forgot, wrote and showed.

    At each word of the current line, or of a text. An LSTM has forget, input and output gates, a GRU
    update and reset gates, a plain RNN none. The mean and the standard deviation are taken over a
    layer's units.
    """
    from repl.pictures.gates import GatesView  # tables take time to import

    generator, line = session.require_generator(), _line(session, text)
    return GatesView(read_gates(generator, line), generator.model.level)


@registry.command("neuron", example=":neuron 17 china says it wants a trade war", needs="model")
def neuron(session: Session, unit: int, *text: str, layer: Layer = None) -> RenderableType:
    """Colour a line by the activation of one unit.

    Blue is negative, red is positive. Units and layers are counted from 1; without --layer it is a unit
    of the last one. :neurons finds those that are worth looking at.
    """
    from repl.pictures.neurons import UnitView

    generator, line = session.require_generator(), _line(session, text)
    return UnitView(read_unit(generator, line, unit, layer), generator.model.level == "character")


@registry.command("neurons", example=":neurons headlines.csv --layer 1", needs="model")
def neurons(
    session: Session,
    *files: Path,
    column: Column = None,
    drop: Drop = (),
    encoding: Encoding = None,
    layer: Layer = None,
    least: Least = LEAST,
    top: Top = UNITS,
) -> RenderableType:
    """Find the units that fire most selectively.

    And the words at which they do, over a corpus. Reads files, or the headlines that come with the
    program; of many lines 2,000, spread over all. A word counts if it comes --least times. --top says
    how many units to show.
    """
    from repl.inside import survey_corpus
    from repl.pictures.neurons import SurveyView

    generator = session.require_generator()
    corpus = _corpus(session, files, column, drop, encoding)
    told, total = survey_corpus(generator, corpus, layer, least, top)
    return SurveyView(told, total, generator.model.level)


@registry.command("memory", example=":memory --vs lstm,gru,rnn", needs="model")
def memory(
    session: Session,
    *text: str,
    vs: Vs = (),
    file: File = None,
    column: Column = None,
    drop: Drop = (),
    encoding: Encoding = None,
    headlines: Headlines = False,
) -> RenderableType:
    """Show how much each earlier word still matters.

    It is left out, to see what changes: the distribution of the next word after the line, in bits of
    Kullback-Leibler divergence. Then, averaged over the line, by how far back the word is.

    --vs MODEL,MODEL compares models, or one with the loaded one, each with itself, on the same lines:
    the current one, a text, the lines of --file, or with --headlines some hundred of the headlines that
    come with the program, which are also read where there is no line yet. One line says little of a
    model; a mean over many says more.
    """
    from repl.inside import compare, named
    from repl.pictures.memory import ComparisonView, MemoryView

    if not vs:
        if file is not None:
            raise InputError("--file is for --vs; without it the memory is that of one line")
        if headlines:
            raise InputError("--headlines is for --vs; without it the memory is that of one line")
        return MemoryView(remember(session.require_generator(), _line(session, text)))
    if headlines and (text or file is not None):
        raise InputError("the lines to compare on are typed, in a --file or the --headlines: take one")
    own = SamplingSettings(label=session.settings.label)
    generators = [Generator(session.shelf.load(name), own) for name in named(vs)]
    if len(generators) < 2:
        generators.insert(0, session.require_generator())
    corpus = _corpus(session, () if file is None else (file,), column, drop, encoding)
    typed = " ".join(text)
    if not (typed or headlines or file is not None) and session.turns.current is not None:
        typed = session.turns.current.line.text
    return ComparisonView(compare(generators, [typed] if typed else (), corpus))


def _line(session: Session, text: tuple[str, ...]) -> Line:
    """Return the line to look at, and say which of its words the model does not know.

    Raises:
        ModelNotFound: no model is loaded.
        InputError: there is no line with a word that it knows.
    """
    line, generator = session.line(" ".join(text)), session.require_generator()
    if not line.ids:
        raise InputError("there is no word in the line yet; type the beginning of one, or give a text")
    notice = views.unknown_words(Seed("", line.unknown, line.ids), generator)
    if notice is not None:
        _tell(session, notice)
    return line


def _tell(session: Session, notice: Text) -> None:
    session.messages.print(Padding.indent(notice, 2 if session.interactive else 0))


def _corpus(
    session: Session,
    files: tuple[Path, ...],
    column: str | None,
    drop: tuple[str, ...],
    encoding: str | None,
) -> "Corpus":
    from repl.inside import Corpus

    return Corpus(files, column, drop, encoding, functools.partial(_tell, session))
