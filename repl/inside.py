"""What the commands that look inside share, at the prompt and in the shell: corpora and comparisons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from core.decoding.generator import Generator, Seed
from core.errors import InputError
from core.insight import memory
from core.insight.line import Line
from core.insight.memory import Memory
from core.insight.neurons import Survey, affordable, survey
from core.insight.sample import LINES, MEMORY_LINES, Sample, readable, sample, spread
from core.training.job import source
from repl import views

Tell = Callable[[Text], None]


@dataclass(frozen=True)
class Corpus:
    """Files of lines, or the headlines that come with the program; `tell` shows a notice."""

    files: Sequence[Path]
    column: str | None
    drop: Sequence[str]
    encoding: str | None
    tell: Tell

    def sample(self, most: int) -> Sample:
        """Read at most so many lines, spread over the whole; say which column was guessed.

        Raises:
            InputError: a file cannot be used, or holds no line.
        """
        some = sample(source(self.files, self.column, self.drop, self.encoding), most)
        for text in some.texts:
            if text.guessed:
                self.tell(views.guessed_column(text))
        return some


def survey_corpus(
    generator: Generator, corpus: Corpus, layer: int | None, least: int, units: int
) -> tuple[Survey, int]:
    """Return the most selective units over a corpus, and how many lines it has.

    Raises:
        InputError: the corpus cannot be used, or is too small.
        SettingError: there is no such layer.
    """
    some = corpus.sample(LINES)
    lines = affordable(generator, readable(generator, some.lines))
    return survey(generator, lines, layer, least, units), some.total


def compare(generators: Sequence[Generator], texts: Sequence[str], corpus: Corpus) -> list[Memory]:
    """Return what each model remembers of the same texts, or of a corpus where there are none.

    Raises:
        InputError: the corpus cannot be used, or a model knows no word of it.
    """
    if texts and corpus.files:
        raise InputError("the lines to compare on are either typed or in a --file")
    lines = texts or corpus.sample(MEMORY_LINES).lines
    if not texts:
        read = ((generator, readable(generator, lines)) for generator in generators)
        lines = spread(lines, min(memory.affordable(*pair) for pair in read))
    return [memory.decay(generator, _read(generator, lines, texts, corpus)) for generator in generators]


def _read(
    generator: Generator, lines: Sequence[str], typed: Sequence[str], corpus: Corpus
) -> list[Line]:
    """Read lines; of those that were typed, and not of a whole corpus, say which words are unknown."""
    read = readable(generator, lines)
    for line in read if typed else ():
        if notice := views.unknown_words(Seed("", line.unknown, line.ids), generator):
            corpus.tell(notice)
    return read


def named(given: Sequence[str]) -> list[str]:
    """Return the models of one or more lists with commas, each once.

    Raises:
        InputError: there is none.
    """
    names = (name.strip() for part in given for name in part.split(","))
    if models := list(dict.fromkeys(name for name in names if name)):
        return models
    raise InputError(
        f"--vs takes the names of models with commas between them, not {','.join(given)!r}"
    )
