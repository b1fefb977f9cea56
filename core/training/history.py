"""What a run has achieved: the figures of its epochs, and the best weights. No TensorFlow here."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from core.library.model import Weights

MOST_EPOCHS = 500
"""Epochs whose figures a model keeps; of more, so many spread evenly."""

DIGITS = 6
"""Digits of a figure that a model keeps."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """The figures of one epoch; `loss` is in nats a token, and what was not measured is None."""

    epoch: int
    loss: float
    validation_perplexity: float | None
    bits_per_character: float | None
    tokens_per_second: float
    seconds: float
    learning_rate: float


COLUMNS = tuple(field.name for field in fields(Epoch))
MEASURED = ("validation_perplexity", "bits_per_character")
"""Figures that are missing where no text was held out."""


@dataclass(frozen=True, slots=True)
class Best:
    """The weights worth keeping so far, and how good they are.

    `epoch` counts from 1; 0 are the weights of a first epoch that was not finished or, with `start`,
    those that training began with.
    """

    weights: Weights
    epoch: int
    loss: float | None
    perplexity: float | None
    bits_per_character: float | None = None
    start: bool = False


def to_json(epochs: Sequence[Epoch], best: int = 0) -> dict[str, list[int | float | None]]:
    """Return the figures of a run by column; of very many epochs some, the `best` among them."""
    rows = [astuple(epoch) for epoch in _thinned(epochs, best)]
    columns = zip(*rows, strict=True) if rows else ((),) * len(COLUMNS)
    return {name: [_short(v) for v in column] for name, column in zip(COLUMNS, columns, strict=True)}


def from_json(record: object) -> tuple[Epoch, ...]:
    """Read what `to_json` wrote; a model may hold anything, and what is no history gives none."""
    if not isinstance(record, Mapping):
        return ()
    columns = [record.get(name) for name in COLUMNS]
    if not all(isinstance(column, list) and len(column) <= MOST_EPOCHS + 2 for column in columns):
        return ()
    try:
        rows = list(zip(*columns, strict=True))
    except ValueError:
        return ()
    return tuple(Epoch(*row) for row in rows) if all(map(_is_sound, rows)) else ()


def _thinned(epochs: Sequence[Epoch], best: int) -> Sequence[Epoch]:
    if len(epochs) <= MOST_EPOCHS:
        return epochs
    last = len(epochs) - 1
    kept = {index * last // (MOST_EPOCHS - 1) for index in range(MOST_EPOCHS)}
    return [each for index, each in enumerate(epochs) if index in kept or each.epoch == best]


def _short(value: Any) -> int | float | None:
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _is_sound(row: tuple[Any, ...]) -> bool:
    named = dict(zip(COLUMNS, row, strict=True))
    if type(named["epoch"]) is not int or not 0 < named["epoch"] < 1_000_000:
        return False
    return all(
        _is_figure(value) or (value is None and name in MEASURED) for name, value in named.items()
    )


def _is_figure(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= 1e308 and math.isfinite(value) and value >= 0
