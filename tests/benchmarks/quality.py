"""How good the models are: two protocols on real headlines, every contender on the same tokens.

NYT: train on January to May 2017 and January and February 2018, test on March 2018; cleaned as the
tutorial has it. ABC: train on the first 45,000 lines, test on the last 2,500. Both without repeated
lines, without test lines that are in training, and with the words of the training lines that are there
twice; a twentieth of the training part tells when to stop, and is where mixtures get their weights.

Run with `python -m tests.benchmarks.quality`, by `make bench-quality`; names after it choose protocols
(nyt, abc) and rows (unigram, kn, tutorial, small ...), `--json` prints records.
"""

import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import HeadlongError
from core.insight.baselines import Trigrams, Unigram
from core.insight.comparison import TUTORIAL, Contender, Fitted, Split, TrainedNetwork, fit
from core.insight.evaluation import Evaluation, judged
from core.insight.likelihood import LogProbabilities
from core.settings import TextSettings
from core.text.corpus import Source

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
VALIDATION_SHARE = 0.05
MONTHS = ("Jan2017", "Feb2017", "March2017", "April2017", "May2017", "Jan2018", "Feb2018")
ABC_TRAIN, ABC_TEST = 45_000, 2_500
TURNS = 50

CONTENDERS = (
    Contender("unigram", "unigram", Unigram.fit),
    Contender("kn", "Kneser-Ney 3", Trigrams.fit),
    Contender("tutorial", "tutorial's recipe, best epoch", preset="tutorial", changes=TUTORIAL),
    Contender("small", "small"),
)
"""What is trained; a new preset is one more line."""

MIXTURES = (("small", "kn"),)
"""Pairs of the above that are measured together, too."""


@dataclass(frozen=True)
class Row:
    """One line of the table; `weight` is the first one's share in a mixture."""

    title: str
    evaluation: Evaluation
    parameters: int
    seconds: float
    epoch: int | None = None
    weight: float | None = None


@dataclass(frozen=True)
class Measured:
    """A contender with what it gives the tokens of both held-out parts."""

    row: Row
    validation: LogProbabilities
    test: LogProbabilities


def nyt(folder: Path) -> Split:
    """The tutorial's newspaper: other months than those that are learnt from."""
    text = TextSettings(cleaning="tutorial", min_count=2)
    months = tuple(DATA / "nyt" / f"Articles{month}.csv" for month in MONTHS)
    march = (DATA / "nyt" / "ArticlesMarch2018.csv",)
    sources = (Source(files, "headline", ("Unknown",)) for files in (months, march))
    return Split.of(next(sources), text, next(sources), VALIDATION_SHARE)


def abc(folder: Path) -> Split:
    """Many more lines, of which the last ones are the latest."""
    lines = (DATA / "abc" / "abcnews-date-text.csv").read_text(encoding="utf-8").splitlines()
    parts = {"train.csv": lines[1 : 1 + ABC_TRAIN], "test.csv": lines[-ABC_TEST:]}
    for name, part in parts.items():
        (folder / name).write_text("\n".join([lines[0], *part]) + "\n", encoding="utf-8")
    train, test = (Source((folder / name,), "headline_text") for name in parts)
    return Split.of(train, TextSettings(min_count=2), test, VALIDATION_SHARE)


PROTOCOLS: dict[str, Callable[[Path], Split]] = {"nyt": nyt, "abc": abc}


def weight(one: LogProbabilities, two: LogProbabilities, turns: int = TURNS) -> float:
    """Return the share of the first that makes the mixture of two likeliest (Dempster et al. 1977)."""
    share = 0.5
    for _ in range(turns):
        first, second = math.log(share) + one, math.log1p(-share) + two
        share = float(np.exp(first - np.logaddexp(first, second)).mean())
        share = min(max(share, 1e-6), 1 - 1e-6)
    return share


def mixture(one: Measured, two: Measured, split: Split) -> Row:
    """Measure two contenders as one, mixed by what is best on the validation lines."""
    share = weight(one.validation, two.validation)
    logs = np.logaddexp(math.log(share) + one.test, math.log1p(-share) + two.test)
    title = f"{one.row.title} + {two.row.title}"
    return Row(
        title,
        judged(title, split.test, split.vocabulary, logs),
        one.row.parameters + two.row.parameters,
        one.row.seconds + two.row.seconds,
        weight=share,
    )


def measured(contender: Contender, split: Split, folder: Path) -> Measured:
    """Fit a contender, and measure it on both held-out parts."""
    began = time.perf_counter()
    fitted: Fitted = fit(contender, split, folder)
    seconds = time.perf_counter() - began
    validation = fitted.log_probabilities(split.sequences(split.validation))
    test = fitted.log_probabilities(split.sequences(split.test.lines))
    evaluation = judged(contender.title, split.test, split.vocabulary, test)
    epoch = fitted.epoch if isinstance(fitted, TrainedNetwork) else None
    return Measured(
        Row(contender.title, evaluation, fitted.parameters, seconds, epoch), validation, test
    )


def rows(split: Split, folder: Path, keys: Sequence[str]) -> Iterator[Row]:
    """Yield the table's lines as they come."""
    found: dict[str, Measured] = {}
    for contender in CONTENDERS:
        if keys and contender.key not in keys:
            continue
        found[contender.key] = measured(contender, split, folder)
        yield found[contender.key].row
        for one, two in MIXTURES:
            if contender.key in (one, two) and found.keys() >= {one, two}:
                yield mixture(found[one], found[two], split)


def told(row: Row) -> str:
    """Write a row for people."""
    found = row.evaluation
    text = (
        f"{row.title:32}{found.perplexity:8.1f}{found.bits_per_character:8.3f}"
        f"{found.bits_per_character_spelt:8.3f}{row.parameters:12,}{row.seconds:8.0f} s"
    )
    text += "" if row.epoch is None else f"  epoch {row.epoch}"
    return text + ("" if row.weight is None else f"  weight {row.weight:.2f}")


def record(protocol: str, row: Row) -> dict[str, object]:
    """Return a row for programs."""
    own = {"protocol": protocol, "parameters": row.parameters, "seconds": round(row.seconds, 1)}
    return row.evaluation.to_json() | own | {"best_epoch": row.epoch, "weight": row.weight}


def main(arguments: Sequence[str]) -> None:
    """Run the protocols that are named, or both."""
    as_json = "--json" in arguments
    names = [name for name in PROTOCOLS if name in arguments] or list(PROTOCOLS)
    keys = [each.key for each in CONTENDERS if each.key in arguments]
    if unknown := set(arguments) - {"--json", *PROTOCOLS, *(each.key for each in CONTENDERS)}:
        sys.exit(f"there is no {', '.join(sorted(unknown))} to measure")
    for name in names:
        with tempfile.TemporaryDirectory(prefix="headlong-") as directory:
            try:
                split = PROTOCOLS[name](Path(directory))
            except (OSError, HeadlongError) as error:
                sys.exit(f"{name}: {error}")
            if not as_json:
                print(heading(name, split), flush=True)
            for row in rows(split, Path(directory), keys):
                print(json.dumps(record(name, row)) if as_json else told(row), flush=True)


def heading(name: str, split: Split) -> str:
    """Say what is measured, with the unknown words that every perplexity below stands beside."""
    words = [word for line in split.test.lines for word in line]
    unknown, tokens = (
        sum(not split.vocabulary.knows(w) for w in words),
        len(words) + len(split.test.lines),
    )
    return (
        f"\n{name.upper()}: {len(split.training):,} lines to learn from, {len(split.validation):,} to "
        f"stop by, {len(split.test.lines):,} to measure on, of {tokens:,} tokens\n"
        f"vocabulary {len(split.vocabulary):,}; unknown: {unknown / len(words):.1%} of the words, "
        f"{unknown / tokens:.1%} of the tokens with </s>\n"
        f"{'':32}{'perpl.':>8}{'bits/c':>8}{'spelt':>8}{'parameters':>12}{'training':>10}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
