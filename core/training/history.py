"""What a run has achieved: the figures of its epochs, and the best weights. No TensorFlow here."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
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
    probes: Mapping[str, str] = field(default_factory=dict)
    """Seeds, and the lines that the network made of them after this epoch."""


PROBES = "probes"
COLUMNS = tuple(each.name for each in fields(Epoch) if each.name != PROBES)
LONGEST_LINE = 1000
"""Letters of a seed or a line that are read at the most."""

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


def to_json(epochs: Sequence[Epoch], best: int = 0) -> dict[str, Any]:
    """Return the figures of a run by column; of very many epochs some, the `best` among them.

    The lines of its probes are columns too, by their seeds, where there are any.
    """
    kept = _thinned(epochs, best)
    table: dict[str, Any] = {name: [_short(getattr(each, name)) for each in kept] for name in COLUMNS}
    seeds = dict.fromkeys(seed for each in kept for seed in each.probes)
    probes = {seed: [each.probes.get(seed) for each in kept] for seed in seeds}
    return table | {PROBES: probes} if probes else table


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
    if not all(map(_is_sound, rows)):
        return ()
    probes = _probes(record.get(PROBES), len(rows))
    return tuple(
        Epoch(**dict(zip(COLUMNS, row, strict=True)), probes=lines)
        for row, lines in zip(rows, probes, strict=True)
    )


def _probes(record: object, count: int) -> list[dict[str, str]]:
    """Return the lines of each epoch by their seeds; what is no table of lines gives none."""
    lines: list[dict[str, str]] = [{} for _ in range(count)]
    for seed, column in record.items() if isinstance(record, Mapping) else ():
        if isinstance(column, list) and len(column) == count and _is_line(seed):
            for each, line in zip(lines, column, strict=True):
                if _is_line(line):
                    each[seed] = line
    return lines


def _is_line(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_LINE


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
