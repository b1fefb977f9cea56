"""A model in memory: its manifest, its vocabulary and its weights."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.library import layout
from core.settings import ModelSettings
from core.text.cleaning import Cleaning, cleaning
from core.text.kneser_ney import KneserNey, NGrams
from core.text.pieces import in_pieces
from core.text.vocabulary import END, UNKNOWN, Vocabulary

_PLAIN = {"gate": "sigmoid", "reset_after": True, "masked": False, "attention": False}

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Manifest:
    """What model.json says: enough, with the vocabulary and the weights, to run the model anywhere.

    `training`, `corpus` and `metrics` are for people and are kept as they were written.
    """

    name: str
    cleaning: str
    architecture: ModelSettings
    vocabulary: int
    level: str = "word"
    training: Mapping[str, Any] = field(default_factory=dict)
    corpus: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    ngram_weight: float | None = None
    """How much the model's n-grams count beside its network, from 0 to 1; None where it has none."""

    networks: int = 1
    """How many networks of that shape speak as one, each counting the same."""

    @property
    def words(self) -> int:
        """How many tokens the vocabulary has, labels aside, as far as the manifest tells these."""
        labels = self.corpus.get("labels")
        if isinstance(labels, int) and 0 <= labels < self.vocabulary:  # it may say anything
            return self.vocabulary - labels
        return self.vocabulary

    @property
    def parameters(self) -> int:
        """How many numbers the network consists of, or all networks together."""
        return self.networks * layout.parameters(self.architecture, self.vocabulary)


@dataclass(frozen=True)
class Model:
    """A trained network, or several of one shape, with their words; nothing in it changes."""

    manifest: Manifest
    vocabulary: Vocabulary
    weights: Weights
    ngrams: NGrams | None = None
    """Those of its training lines, where they are to have a say beside the network."""

    others: tuple[Weights, ...] = ()
    """The weights of its second network, and those after that, where it has several."""

    @property
    def all_weights(self) -> tuple[Weights, ...]:
        """The weights of each of its networks, of which most models have one."""
        return (self.weights, *self.others)

    @property
    def name(self) -> str:
        """The name it was saved under."""
        return self.manifest.name

    @property
    def level(self) -> str:
        """What one token is: a word, a character, or a piece of a word (bpe)."""
        return self.manifest.level

    @cached_property
    def cleaning(self) -> Cleaning:
        """How a seed becomes this model's tokens, and these a line."""
        words, pieces = cleaning(self.manifest.cleaning), self.vocabulary.pieces
        return words if pieces is None else in_pieces(words, pieces)

    @cached_property
    def kneser_ney(self) -> KneserNey | None:
        """The model of its n-grams, where it has some."""
        if self.ngrams is None:
            return None
        assert self.vocabulary.start is not None, "the loader sees to it"
        return KneserNey.of(self.ngrams, len(self.vocabulary), self.vocabulary.start)

    @cached_property
    def sha256(self) -> str:
        """Identify what decides its words: architecture, cleaning, vocabulary, weights and n-grams.

        The name and the card may change; the identity stays.
        """
        digest = hashlib.sha256()
        shape = self.manifest.architecture
        names = ["cell", "layers", "tied", "context", "window"]
        # These came later, and models that do without them keep the identity they had.
        names += [name for name, plain in _PLAIN.items() if getattr(shape, name) != plain]
        facts: dict[str, Any] = {
            "architecture": {name: getattr(shape, name) for name in names},
            "cleaning": self.manifest.cleaning,
            "tokens": self.vocabulary.tokens,
        }
        if (self.vocabulary.end_token, self.vocabulary.unknown_token) != (END, UNKNOWN):
            facts["roles"] = [self.vocabulary.end_token, self.vocabulary.unknown_token]
        if self.vocabulary.by_pieces:
            facts["level"] = self.level
        if self.ngrams is not None:
            facts["ngram_weight"] = self.manifest.ngram_weight
        if self.others:
            facts["networks"] = 1 + len(self.others)
        digest.update(json.dumps(facts, sort_keys=True).encode())
        for weights in self.all_weights:
            for name in sorted(weights):
                digest.update(name.encode())
                digest.update(np.ascontiguousarray(weights[name], dtype="<f4").tobytes())
        for integers in self.ngrams or ():
            digest.update(np.ascontiguousarray(integers, dtype="<i8").tobytes())
        return digest.hexdigest()
