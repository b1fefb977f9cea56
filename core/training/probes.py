"""Seeds that are continued after every epoch, so that one watches sentences improve. No TensorFlow."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from core.errors import SettingError
from core.library.model import Model
from core.text.cleaning import is_wide
from core.text.labels import is_label
from core.text.pieces import BEGINS, is_byte
from core.text.vocabulary import Vocabulary
from core.training.batches import Batches
from core.training.dataset import Dataset

Speak = Callable[[Model, Sequence[str]], Sequence[str]]
"""Continues seeds with a model, greedily; `core.trainer` has it, as training knows no decoding."""

OWN = 3
"""Seeds that are taken from the text where nobody names any."""

MOST = 4
"""Seeds of one's own at most: their lines are kept with the model, epoch by epoch."""

LONGEST = 80
"""Letters of a line that are kept."""

LOOKED_AT = 50
"""Batches whose lines are looked at for seeds."""

WORDS, WIDE = 2, 4
"""Words of a line that a seed takes; or wide letters, of lines without blanks."""


def check(seeds: Sequence[str]) -> tuple[str, ...]:
    """Return seeds that somebody named, each once.

    Raises:
        SettingError: there are too many, or one is too long.
    """
    seeds = tuple(dict.fromkeys(seeds))
    if len(seeds) > MOST:
        raise SettingError(f"at most {MOST} probes are continued after every epoch, not {len(seeds)}")
    for seed in seeds:
        if len(seed) > LONGEST:
            raise SettingError(
                f"a probe has at most {LONGEST} letters, and {seed[:20]!r}... has {len(seed)}"
            )
    return seeds


def taken_from(dataset: Dataset) -> tuple[str, ...]:
    """Return the first words of some lines, evenly spread, all of them known to the model.

    The lines are held out where any are: what the network makes of these it has not read anywhere.
    """
    lines = dataset.validation or dataset.training
    level = dataset.recipe.text.level
    found = list(dict.fromkeys(_beginnings(lines, dataset.vocabulary, level)))
    wanted = min(OWN, len(found))
    return tuple(found[(2 * number + 1) * len(found) // (2 * wanted)] for number in range(wanted))


def _beginnings(batches: Batches, vocabulary: Vocabulary, level: str) -> Iterator[str]:
    for inputs, targets in islice(batches.epoch(None), LOOKED_AT):
        for row, target in zip(inputs.tolist(), targets.tolist(), strict=True):
            ids = [id_ for id_ in row if id_ > 0]
            begun = vocabulary.start is not None and ids[:1] == [vocabulary.start]
            if not begun and len(ids) == len(row):
                continue  # a window that is full may begin anywhere in its line
            if begun:
                del ids[: 2 if ids[1:2] and is_label(vocabulary.tokens[ids[1]]) else 1]
            if isinstance(target, int):  # a prefix of the line, and the word after it
                ids.append(target)
            yield from _beginning([vocabulary.tokens[id_] for id_ in ids], vocabulary, level)


def _beginning(tokens: Sequence[str], vocabulary: Vocabulary, level: str) -> Iterator[str]:
    if level == "character":
        yield from _first_words("".join(tokens).split(" "))
    elif vocabulary.by_pieces:
        if not any(map(is_byte, tokens)):
            yield from _first_words("".join(tokens).split(BEGINS)[1:])
    elif len(tokens) >= WORDS and all(map(vocabulary.knows, tokens[:WORDS])):
        yield " ".join(tokens[:WORDS])


def _first_words(words: Sequence[str]) -> Iterator[str]:
    if len(words) > WORDS:
        yield " ".join(words[:WORDS])
    elif words and is_wide(words[0][:1]) and len(words[0]) > 2 * WIDE:
        yield words[0][:WIDE]  # such as Chinese, whose words have no blanks between them


def shortened(line: str) -> str:
    """Cut off what is not kept of a line."""
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def spoken(speak: Speak, model: Model, seeds: Sequence[str]) -> Mapping[str, str]:
    """Return each seed's line."""
    return {seed: shortened(line) for seed, line in zip(seeds, speak(model, seeds), strict=True)}
