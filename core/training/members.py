"""The networks of one model that are trained, and how well their average guesses. No TensorFlow here.

p = 1/N (p_1 + .. + p_N), of each held-out word, see `core.decoding.averaging`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.library.model import Weights
from core.training.checkpoints import Checkpoint, Place, WrongCheckpoint
from core.training.dataset import Dataset
from core.training.history import Best, Epoch
from core.training.mixing import short

Losses = NDArray[np.float64]

LOSSES = "losses"
"""Under which name the losses stand in the file of a network that is trained."""


@dataclass(frozen=True)
class Member:
    """A network that is trained: its best weights, and -log p of each held-out word, in nats."""

    best: Best
    losses: Losses | None
    history: Sequence[Epoch] = ()

    def stored(self, run: Checkpoint) -> Checkpoint:
        """Return it as a checkpoint of its run, which has the rest from `run`."""
        # They were computed in float32, so nothing is lost.
        losses = {} if self.losses is None else {LOSSES: self.losses.astype(np.float32)}
        place, history = Place(len(self.history)), tuple(self.history)
        return replace(
            run, weights=self.best.weights, state=losses, place=place, best=self.best, history=history
        )

    @classmethod
    def of(cls, stored: Checkpoint, dataset: Dataset) -> "Member":
        """Read what `stored` returned.

        Raises:
            WrongCheckpoint: it is of another text, or no network that is trained.
        """
        losses, words = stored.state.get(LOSSES), _held_out(dataset)
        if stored.best is None or stored.fingerprint != dataset.fingerprint:
            raise WrongCheckpoint("it is no network of this training")
        if words != (0 if losses is None else losses.size):
            raise WrongCheckpoint("it is not of these held-out words")
        known = None if losses is None else losses.astype(np.float64)
        return cls(stored.best, known, stored.history)


def _held_out(dataset: Dataset) -> int:
    return 0 if dataset.validation is None else dataset.validation.tokens


@dataclass(frozen=True)
class Members:
    """Networks that are trained, in their order, and the text that they were trained on."""

    dataset: Dataset
    networks: tuple[Member, ...] = ()

    def __len__(self) -> int:
        """How many they are."""
        return len(self.networks)

    def joined_by(self, member: Member) -> "Members":
        """Return these and one more."""
        return replace(self, networks=(*self.networks, member))

    def dataset_of(self, number: int) -> Dataset:
        """Return what network `number`, counted from 1, is trained on: the same text, its own seed."""
        if number == 1:
            return self.dataset
        recipe = self.dataset.recipe
        seed = (recipe.training.seed + number - 1) % 2**32
        return replace(self.dataset, recipe=recipe.change(seed=seed))

    def losses(self) -> Losses | None:
        """Return the average's -log p of each held-out word: (words,); None without any."""
        each = [member.losses for member in self.networks if member.losses is not None]
        if not each:
            return None
        total = -each[0]
        for losses in each[1:]:
            total = np.logaddexp(total, -losses)
        return np.asarray(math.log(len(each)) - total)

    def best(self) -> Best:
        """Return the first one's weights with the figures of the average.

        Its loss is the mean of all networks', and its epoch the last one's, whose history is kept.
        """
        first, *others = (member.best for member in self.networks)
        if not others:
            return first
        last, losses = others[-1], self.losses()
        each = [best.loss for best in (first, *others) if best.loss is not None]
        loss = sum(each) / len(each) if each else None
        start = all(best.start for best in (first, *others))
        averaged = replace(first, epoch=last.epoch, start=start, loss=loss)
        if losses is None:
            return replace(averaged, perplexity=None, bits_per_character=None)
        characters = self.dataset.validation_characters
        bits = float(losses.sum()) / math.log(2) / characters if characters else None
        perplexity = math.exp(min(float(losses.mean()), 700.0))
        return replace(averaged, perplexity=perplexity, bits_per_character=bits)

    @property
    def others(self) -> tuple[Weights, ...]:
        """The weights of all but the first."""
        return tuple(member.best.weights for member in self.networks[1:])

    @property
    def history(self) -> Sequence[Epoch]:
        """The figures of the last one's epochs."""
        return self.networks[-1].history

    @property
    def perplexities(self) -> list[float | None]:
        """How well each guesses held-out text by itself."""
        return [member.best.perplexity for member in self.networks]

    def describe(self) -> str | None:
        """Say what averaging brings; None where there is one network, or no held-out text."""
        average, each = self.best().perplexity, [one for one in self.perplexities if one is not None]
        if len(self) == 1 or average is None or len(each) < len(self):
            return None
        alone, best = ", ".join(map(short, each)), min(each)
        text = (
            f"held-out perplexity of {len(self)} networks, averaged: {short(average)}; alone: {alone}"
        )
        if average < best:
            return text
        return f"{text}; network {each.index(best) + 1} alone is no worse, and all are kept"
