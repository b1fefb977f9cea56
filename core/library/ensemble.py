"""Several models in memory that speak as one: their joined words, and which word is whose.

How they speak is `core.decoding.ensemble`; how they are named, `mixture`.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.library.mixture import Part, write
from core.library.model import Model
from core.text.cleaning import Cleaning
from core.text.labels import is_label
from core.text.levels import nouns
from core.text.vocabulary import END, SPECIALS, START, UNKNOWN, Vocabulary

Ids = NDArray[np.intp]

SKIPPED = -1
"""What a member reads where it knows neither the word nor has anything to read instead."""


@dataclass(frozen=True)
class Ensemble:
    """Models of one level and their weights, of which only the ratios matter.

    A model may be there more than once. Seeds are cleaned, and lines shown, as the first model does it.

    Raises:
        ModelError: one goes by words and another by characters, or by other pieces of words.
    """

    members: tuple[Model, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        first = self.members[0]
        for other in self.members:
            if other.level != first.level:
                raise ModelError(
                    f"{first.name} goes by {nouns(first.level)} and {other.name} by "
                    f"{nouns(other.level)}; only models of one level can speak as one"
                )
            if _pieces(other) != _pieces(first):
                raise ModelError(
                    f"{first.name} and {other.name} cut words in different pieces, so they cannot "
                    "speak as one; those of the same pieces can, such as one trained --from the other"
                )

    @property
    def name(self) -> str:
        """The members' names and weights, as `:load` takes them."""
        return write(Part(*pair) for pair in zip(self.weights, self._names(), strict=True))

    @property
    def level(self) -> str:
        """What one token is: a word, a character, or a piece of a word (bpe)."""
        return self.members[0].level

    @property
    def cleaning(self) -> Cleaning:
        """How a seed becomes words, and words a line: as with the first member."""
        return self.members[0].cleaning

    @property
    def shares(self) -> tuple[float, ...]:
        """The weights, adding up to 1."""
        total = sum(self.weights)
        return tuple(weight / total for weight in self.weights)

    @cached_property
    def sha256(self) -> str:
        """Identify what decides the words: the members in order, and their shares."""
        shares = [f"{share:.12g}" for share in self.shares]
        hashes = [member.sha256 for member in self.members]
        return hashlib.sha256(json.dumps([hashes, shares]).encode()).hexdigest()

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """All tokens: the specials that any member has, by role, then the words, member by member."""
        tokens = dict.fromkeys(token for member in self.members for token in _tokens(member.vocabulary))
        specials = [token for token in SPECIALS if token in tokens]
        words = (token for token in tokens if token not in SPECIALS)
        return Vocabulary((*specials, *words), by_pieces=self.level == "bpe")

    @cached_property
    def added(self) -> tuple[int, ...]:
        """How many tokens each member brings that none before it has; they add up to the vocabulary."""
        seen, counts = set[str](), []
        for member in self.members:
            before = len(seen)
            seen.update(_tokens(member.vocabulary))
            counts.append(len(seen) - before)
        return tuple(counts)

    @cached_property
    def said(self) -> tuple[Ids, ...]:
        """For each member, the joined id of each of its own: (its vocabulary,), no id twice."""
        ids = self.vocabulary.ids
        return tuple(
            np.array([ids[token] for token in _renamed(member.vocabulary)], np.intp)
            for member in self.members
        )

    @cached_property
    def read(self) -> tuple[Ids, ...]:
        """For each member, what it reads for each joined id: one of its own, or `SKIPPED`.

        What it does not know it reads as its unknown word, where it has one. A start or an end is no
        unknown word: a member without one skips it.
        """
        return tuple(self._read_by(member.vocabulary) for member in self.members)

    def _read_by(self, own: Vocabulary) -> Ids:
        roles = {START: own.start, END: own.end, UNKNOWN: own.unknown}
        ids = [
            roles[token] if token in roles else own.ids.get(token, _unknown(own, token))
            for token in self.vocabulary.tokens
        ]
        return np.array([SKIPPED if id_ is None else id_ for id_ in ids], np.intp)

    def _names(self) -> list[str]:
        return [member.name for member in self.members]


LanguageModel = Model | Ensemble
"""What a generator speaks with. Both have a name, a vocabulary, a cleaning, a level and an identity."""


def _pieces(model: Model) -> list[str]:
    """Return what a model cuts words in, if it does; signs and bytes are the same for all."""
    pieces = model.vocabulary.pieces
    return [] if pieces is None else pieces.tokens


def _tokens(own: Vocabulary) -> Iterator[str]:
    """Yield the joined tokens that a vocabulary has need of."""
    yield from _renamed(own)
    for token, id_ in ((UNKNOWN, own.unknown), (START, own.start), (END, own.end)):
        if id_ is not None:
            yield token


def _unknown(own: Vocabulary, token: str) -> int | None:
    """Return what a token is read as that is none of a vocabulary's; a label is no unknown word."""
    return None if is_label(token) else own.unknown


def _renamed(own: Vocabulary) -> Iterator[str]:
    """Yield the tokens, with the one that ends a text under its usual name; it trades places.

    What is said of textgenrnn's `<s>`, which begins a text and ends it, is said of the end: no text is
    ever begun again.
    """
    names = {own.end_token: END, END: own.end_token}
    yield from (names.get(token, token) for token in own.tokens)
