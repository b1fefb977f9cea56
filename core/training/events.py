"""What a trainer reports while it runs: one JSON object a line on its standard output."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from core.training import history

STOPPED = "stopped"
"""The reason of an end that somebody asked for."""

STOPPED_EARLY = "training was stopped before it began; nothing is saved"


@dataclass(frozen=True, slots=True)
class Reading:
    """Some way through reading a large text: rows so far, and the share of the files, from 0 to 1."""

    name: ClassVar = "reading"
    rows: int
    share: float


@dataclass(frozen=True, slots=True)
class Started:
    """The text is read and a network stands; training begins, or goes on after `history`."""

    name: ClassVar = "start"
    model: str
    lines: int
    validation_lines: int
    vocabulary: int
    unknown_rate: float
    parameters: int
    epochs: int
    steps: int
    history: Mapping[str, Any] = field(default_factory=dict)
    """The figures of the epochs before, as core.training.history writes them."""

    network: int = 1
    """Which of the model's networks is trained; there is such an event for each."""

    networks: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """Some way through an epoch; `loss` is the mean since its beginning, in nats a token."""

    name: ClassVar = "progress"
    epoch: int
    step: int
    steps: int
    loss: float
    tokens_per_second: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch has ended; `saved_as` names the model that its weights, if the best, were saved as.

    The figures are those of `core.training.history.Epoch`.
    """

    name: ClassVar = "epoch"
    epoch: int
    loss: float
    validation_perplexity: float | None
    bits_per_character: float | None
    tokens_per_second: float
    seconds: float
    learning_rate: float
    best: bool
    saved_as: str | None = None
    probes: Mapping[str, str] = field(default_factory=dict)
    """Seeds, and what the network of this epoch makes of them."""

    network: int = 1
    """Which of the model's networks it is an epoch of."""


def epochs_before(started: Started) -> tuple[EpochDone, ...]:
    """Return what was told of the epochs that a resumed run has behind it."""
    done, best = [], math.inf
    for epoch in history.from_json(started.history):
        measured = epoch.validation_perplexity
        improved = measured is None or measured < best
        best = best if measured is None else min(best, measured)
        done.append(EpochDone(**asdict(epoch), best=improved, network=started.network))
    return tuple(done)


@dataclass(frozen=True, slots=True)
class Paused:
    """The run waits between two steps; what it has learnt is in a checkpoint."""

    name: ClassVar = "paused"
    epoch: int
    step: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """The run goes on after a pause of so many seconds."""

    name: ClassVar = "resumed"
    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """The model is saved. `reason` says why training ended; epoch 0 is an unfinished first one.

    `start` says that no epoch was better than the model that training began with, so that is kept.
    `elsewhere` is the address of the worker of a cluster that saved it, where that was another one.
    `bits_per_character_spelt` counts unknown words letter by letter, see core.training.spelling.
    Of several networks the figures are those of their average, and the epoch is the last one's.
    """

    name: ClassVar = "done"
    model: str
    path: str
    seconds: float
    best_epoch: int
    validation_perplexity: float | None
    reason: str
    bits_per_character: float | None = None
    start: bool = False
    elsewhere: str | None = None
    bits_per_character_spelt: float | None = None
    networks: int = 1


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know, such as which column was taken."""

    name: ClassVar = "notice"
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Training could not start or go on; the text is meant for the user.

    `stopped` says that somebody asked for it, before there was anything to keep.
    """

    name: ClassVar = "error"
    text: str
    stopped: bool = False


Event = Reading | Started | Progress | EpochDone | Paused | Resumed | Done | Notice | Failed

_KINDS: dict[str, type[Event]] = {
    kind.name: kind
    for kind in (Reading, Started, Progress, EpochDone, Paused, Resumed, Done, Notice, Failed)
}


def to_json(event: Event) -> dict[str, Any]:
    """Return an event as the JSON object that is printed, its kind under `event`."""
    return {"event": event.name, **asdict(event)}


def parse(line: str) -> Event | None:
    """Read one line of a trainer's output; a line that is no event gives None."""
    try:
        record = json.loads(line)
        return _KINDS[record.pop("event")](**record)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
