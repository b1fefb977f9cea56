"""A line as a model reads it, word by word: what everything that looks inside is asked about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.decoding.cells import Ids
from core.decoding.generator import Continuation, Generator, Seed
from core.errors import InputError, ModelError
from core.library.model import Model
from core.text.vocabulary import PADDING


@dataclass(frozen=True, slots=True)
class Line:
    """The words of a line with their ids.

    `words` are as they were written, also where the model reads `<unk>`; those that it cannot read
    at all are in `skipped`, each once, and `left_out` counts them; `unread` has them in their order,
    each with the number of `words` that stand before it. The first `given` words are the user's, the
    others the model's.
    """

    words: tuple[str, ...]
    ids: tuple[int, ...]
    given: int
    unknown: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    left_out: int = 0
    unread: tuple[tuple[int, str], ...] = ()


def read_line(generator: Generator, text: str) -> Line:
    """Read a text of the user's.

    Raises:
        InputError: no word of it can be read.
    """
    vocabulary = generator.vocabulary
    seed = generator.read_seed(text)
    words = generator.model.cleaning.split(seed.text)
    read = [word for word in words if vocabulary.knows(word) or vocabulary.unknown is not None]
    if not read or not seed.ids:
        raise InputError(f"{generator.model.name} knows no word of {text!r}; give it others")
    ids = tuple(vocabulary.encode(read))
    skipped = tuple(word for word in seed.unknown if word not in read)
    unread = tuple(_unread(generator, seed.text, words, skipped))
    return Line(tuple(read), ids, len(read), seed.unknown, skipped, len(unread), unread)


def _unread(
    generator: Generator, text: str, words: list[str], skipped: tuple[str, ...]
) -> Iterator[tuple[int, str]]:
    """Yield the words that are not read, each with the number of those before it that are."""
    parts = [(part, generator.model.cleaning.split(part)) for part in text.split()]
    if [word for _, own in parts for word in own] != words:  # a blank is a token too
        parts = [("", words), *(dropped for dropped in parts if not dropped[1])]
    read = 0
    for part, own in parts:
        for word in own or [part]:  # what the cleaning dropped whole is no word of its own
            if word in skipped:
                yield read, word
            elif own:
                read += 1


def line_of(generator: Generator, continuation: Continuation) -> Line:
    """Return a line that was generated, seed and all."""
    seed, words = continuation.seed, continuation.words
    given = read_line(generator, seed.text) if seed.ids else Line((), (), 0, seed.unknown)
    if given.ids != seed.ids:  # it goes on from a line, of which its text does not tell all
        tokens = tuple(generator.vocabulary.decode(seed.ids))
        given = Line(tokens, seed.ids, len(seed.ids), seed.unknown)
    return Line(
        (*given.words, *(word.text for word in words)),
        (*given.ids, *(word.id for word in words)),
        given.given,
        given.unknown,
        given.skipped,
        given.left_out,
        given.unread,
    )


def whole(line: Line) -> tuple[Seed, tuple[int, ...]]:
    """Return what makes a generator read the whole line as if it wrote it: no seed, forced ids."""
    return Seed("", (), ()), line.ids


def one_model(generator: Generator) -> Model:
    """Return the model of a generator, where it is one.

    Raises:
        ModelError: several models are loaded, so there is no one network to look into.
    """
    if not isinstance(generator.model, Model):
        raise ModelError("what is loaded is more than one network; load one of them to look inside it")
    return generator.model


def one_network(generator: Generator) -> Model:
    """Return the model of a generator, where it is one, and of one network.

    Raises:
        ModelError: there is no one network to look into.
    """
    model = one_model(generator)
    if model.others:
        raise ModelError(
            f"{model.name} is the average of {len(model.all_weights)} networks, and this looks inside "
            "one; load a model of one network"
        )
    return model


def contexts(generator: Generator, ids: Sequence[int]) -> list[Ids]:
    """Return what the network reads, from a zero state, to answer after each of `ids`, and before any.

    A stream reads `<s>`, the label where one is set, and all words so far; a window the last N, padded
    on the left.

    Raises:
        ModelError: several models are loaded, which read each in its own way.
    """
    vocabulary, shape = generator.vocabulary, one_model(generator).manifest.architecture
    start = generator.prefix
    if shape.context == "window":
        size = shape.window or 1
        padded = np.array([vocabulary.ids[PADDING]] * size + list(ids), np.intp)
        return [padded[end : end + size] for end in range(len(ids) + 1)]
    read = np.array([*start, *ids], np.intp)
    return [read[: len(start) + end] for end in range(len(ids) + 1)]
