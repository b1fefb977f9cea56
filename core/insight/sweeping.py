"""One seed continued under several values of one setting, with the same random numbers for each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.decoding.generator import Continuation, Generator, Seed
from core.errors import SettingError
from core.insight.scoring import nats, perplexity
from core.insight.versus import differing
from core.setting import Value
from core.settings import SamplingSettings

SORTING = ("samples", "ranked")
"""Settings that decide which lines are kept, and not which words come."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one value gave: a line for each sample.

    `differs` says, line by line and word by word, what is not as in the row above; nothing differs in
    the first row. `same_as` is the number of the first row, counted from 0, that has the same lines.
    """

    value: Value
    settings: SamplingSettings
    lines: tuple[Continuation, ...]
    differs: tuple[tuple[bool, ...], ...]
    same_as: int | None = None

    @property
    def perplexity(self) -> float | None:
        """The model's own perplexity of the row's generated words, before any filter."""
        return perplexity_of(self.lines)


def sweep(generator: Generator, seed: Seed, name: str, values: Sequence[Value]) -> Iterator[Row]:
    """Yield a row for each value of the setting called `name`.

    Rows are paired: word n of sample i is drawn with the same random number in each of them, so that
    nothing is ranked, and what differs is due to the setting.

    Raises:
        SettingError: a value that does not go with the other settings, or leaves the model nothing to
            say; a setting that only sorts lines.
    """
    rows: list[Row] = []
    for settings in _settings(generator, name, values):
        lines = tuple(generator.under(settings).generate(seed))
        above = rows[-1].lines if rows else lines
        said = [line.text for line in lines]
        same = [number for number, row in enumerate(rows) if [r.text for r in row.lines] == said]
        value = getattr(settings, name)
        rows.append(Row(value, settings, lines, _differs(lines, above), same[0] if same else None))
        yield rows[-1]


def perplexity_of(lines: Iterable[Continuation]) -> float | None:
    """Return a model's perplexity of the words that it generated; None where there are none."""
    logs = [nats(word.probability) for line in lines for word in line.words]
    return perplexity(logs) if logs else None


def _settings(generator: Generator, name: str, values: Sequence[Value]) -> list[SamplingSettings]:
    if name in SORTING:
        raise SettingError(
            f"{name} decides which lines are kept and not which words come; sweep another setting"
        )
    paired = generator.settings.change(ranked=False)
    return [paired.change(**{name: value}) for value in values]


def _differs(
    lines: Sequence[Continuation], above: Sequence[Continuation]
) -> tuple[tuple[bool, ...], ...]:
    others = [line.words for line in above]
    others += [()] * (len(lines) - len(others))  # a search may find fewer than it was asked for
    return tuple(
        tuple(differing(line.words, other)) for line, other in zip(lines, others, strict=False)
    )
