"""How good the models are: two protocols on real headlines, every contender on the same tokens.

NYT: train on January to May 2017 and January and February 2018, test on March 2018; cleaned as the
tutorial has it. ABC: train on the first 45,000 lines, test on the last 2,500. Both without repeated
lines, without test lines that are in training, and with the words of the training lines that are there
twice; a twentieth of the training part tells when to stop, and is where mixtures get their weights.

Run with `python -m tests.benchmarks.quality`, by `make bench-quality`; names after it choose protocols
(nyt, abc) and rows (unigram, kn, tutorial, small ...), `--json` prints records.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from core.errors import HeadlongError
from core.insight.baselines import Trigrams, Unigram
from core.insight.comparison import TUTORIAL, Contender, Fitted, Split, TrainedNetwork, fit
from core.insight.evaluation import Evaluation, judged
from core.insight.likelihood import LogProbabilities
from core.setting import Value
from core.settings import TextSettings
from core.text.corpus import Source
from tests.benchmarks.summaries import Renumbered, WellRead

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
VALIDATION_SHARE = 0.05
MONTHS = ("Jan2017", "Feb2017", "March2017", "April2017", "May2017", "Jan2018", "Feb2018")
TABLES = tuple(DATA / "nyt" / f"Articles{month}.csv" for month in MONTHS)
ABC_TRAIN, ABC_TEST = 45_000, 2_500
TURNS = 50

ANNEALED: dict[str, Value] = {
    "annealing": "linear",
    "learning_rate": 0.003,
    "epochs": 20,
    "dropout": 0.6,
    "input_dropout": 0.4,
}

NEWS: dict[str, Value] = {"embedding_size": 224, "hidden_size": 400}
"""The shape of the shipped abc-news: as large as 8 MB allow in float16."""

SHORT: dict[str, Value] = {
    "annealing": "linear",
    "learning_rate": 0.003,
    "epochs": 8,
    "batch_size": 64,
}
"""For what is only to be compared, on the longer text."""

CALM = {"activation": 2.0, "slowness": 1.0}
NOT_CALM: dict[str, Value] = {"activation": 0.0, "slowness": 0.0, "noising": 0.0}

CONTENDERS = (
    Contender("unigram", "unigram", Unigram.fit),
    Contender("kn", "Kneser-Ney 3", Trigrams.fit),
    Contender("tutorial", "tutorial's recipe, best epoch", preset="tutorial", changes=TUTORIAL),
    Contender("dropout", "LSTM, tied, dropout alone", changes=NOT_CALM),
    Contender("calm", "... and AR, TAR", changes=NOT_CALM | CALM),
    Contender("small", "small: ... and noising"),
    Contender("advsoft", "small and AdvSoft", changes={"adversarial": "advsoft"}),
    Contender("fgm", "small and FGM", changes={"adversarial": "fgm", "adversarial_size": 1.0}),
    Contender("medium", "medium", preset="medium"),
    Contender("weights", "medium, weights dropped", preset="medium", changes={"weight_dropout": 0.3}),
    Contender(
        "averaged",
        "medium, weights averaged",
        preset="medium",
        changes={"averaging": 500, "patience": 6},
    ),
    Contender("gru", "medium as GRU", preset="medium", changes={"cell": "gru"}),
    Contender("awd", "awd", preset="awd"),
    Contender("medium1", "medium, seed 1", preset="medium", changes={"seed": 1}),
    Contender("gru1", "medium as GRU, seed 1", preset="medium", changes={"cell": "gru", "seed": 1}),
    WellRead("read", "medium, begun on summaries", preset="medium", tables=TABLES),
    WellRead(
        "read1",
        "... as GRU, begun on summaries",
        preset="medium",
        changes={"cell": "gru"},
        tables=TABLES,
    ),
)
"""What is trained; a new preset is one more line."""

ON_ABC = (
    *(each for each in CONTENDERS if each.baseline is not None),
    *(
        replace(each, title=f"{each.title}, 8 epochs", changes={**each.changes, **SHORT})
        for each in CONTENDERS
        if each.key in ("dropout", "calm", "small", "advsoft", "fgm")
    ),
    Contender("plateau", "224 and 400, rate halved", changes=NEWS),
    Contender("news", "abc-news: ... annealed", changes=NEWS | ANNEALED),
    Contender("less", "... less noising", changes={**NEWS, **ANNEALED, "noising": 0.1, "epochs": 16}),
)
"""The same on the longer text: what each step brings is told after a few epochs."""

MIXTURES = (
    ("small", "kn"),
    ("medium", "kn"),
    ("medium", "gru", "medium1", "gru1"),
    ("medium", "gru", "medium1", "gru1", "kn"),
    ("read", "kn"),
    ("read", "read1", "kn"),
    ("news", "kn"),
    ("news", "plateau", "kn"),
)
"""Some of the above that are measured together, too."""


@dataclass(frozen=True)
class Row:
    """One line of the table; `weights` are the shares in a mixture."""

    title: str
    evaluation: Evaluation
    parameters: int
    seconds: float
    epoch: int | None = None
    weights: tuple[float, ...] = ()


@dataclass(frozen=True)
class Measured:
    """A contender with what it gives the tokens of both held-out parts."""

    contender: Contender
    row: Row
    validation: LogProbabilities
    test: LogProbabilities


def nyt(folder: Path) -> Split:
    """The tutorial's newspaper: other months than those that are learnt from."""
    text = TextSettings(cleaning="tutorial", min_count=2)
    march = (DATA / "nyt" / "ArticlesMarch2018.csv",)
    sources = (Source(files, "headline", ("Unknown",)) for files in (TABLES, march))
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
BY_PROTOCOL = {"nyt": CONTENDERS, "abc": ON_ABC}
KEYS = {each.key for contenders in BY_PROTOCOL.values() for each in contenders}


def weights(models: Sequence[LogProbabilities], turns: int = TURNS) -> list[float]:
    """Return the shares that make the mixture of some models likeliest (Dempster et al. 1977)."""
    shares = np.full(len(models), 1 / len(models))
    for _ in range(turns):
        shares = np.exp(_weighed(models, shares) - _mixed(models, shares)).mean(axis=1)
        shares = np.maximum(shares, 1e-6) / np.maximum(shares, 1e-6).sum()
    return [float(share) for share in shares]


def _weighed(models: Sequence[LogProbabilities], shares: ArrayLike) -> LogProbabilities:
    return np.array(models) + np.log(shares)[:, None]


def _mixed(models: Sequence[LogProbabilities], shares: ArrayLike) -> LogProbabilities:
    return np.logaddexp.reduce(_weighed(models, shares), axis=0)


def mixture(parts: Sequence[Measured], split: Split) -> Row:
    """Measure some contenders as one, mixed by what is best on the validation lines."""
    shares = weights([part.validation for part in parts])
    logs = _mixed([part.test for part in parts], shares)
    title = " + ".join(part.contender.key for part in parts)
    return Row(
        title,
        judged(title, split.test, split.vocabulary, logs),
        sum(part.row.parameters for part in parts),
        sum(part.row.seconds for part in parts),
        weights=tuple(shares),
    )


def measured(contender: Contender, split: Split, folder: Path) -> Measured:
    """Fit a contender, and measure it on both held-out parts."""
    began = time.perf_counter()
    by_itself = isinstance(contender, WellRead)
    fitted: Fitted = contender.fit(split, folder) if by_itself else fit(contender, split, folder)
    seconds = time.perf_counter() - began
    validation = fitted.log_probabilities(split.sequences(split.validation))
    test = fitted.log_probabilities(split.sequences(split.test.lines))
    evaluation = judged(contender.title, split.test, split.vocabulary, test)
    epoch = fitted.epoch if isinstance(fitted, TrainedNetwork | Renumbered) else None
    row = Row(contender.title, evaluation, fitted.parameters, seconds, epoch)
    return Measured(contender, row, validation, test)


def rows(
    split: Split, folder: Path, keys: Sequence[str], contenders: Sequence[Contender] = CONTENDERS
) -> Iterator[Row]:
    """Yield the table's lines as they come; without keys all of them."""
    found: dict[str, Measured] = {}
    for contender in contenders:
        if keys and contender.key not in keys:
            continue
        found[contender.key] = measured(contender, split, folder)
        yield found[contender.key].row
        for parts in MIXTURES:
            if contender.key in parts and found.keys() >= set(parts):
                yield mixture([found[part] for part in parts], split)


def told(row: Row) -> str:
    """Write a row for people."""
    found = row.evaluation
    text = (
        f"{row.title:38}{found.perplexity:8.1f}{found.bits_per_character:8.3f}"
        f"{found.bits_per_character_spelt:8.3f}{row.parameters:12,}{row.seconds:8.0f} s"
    )
    text += "" if row.epoch is None else f"  epoch {row.epoch}"
    return text + "".join(f"  {weight:.2f}" for weight in row.weights)


def record(protocol: str, row: Row) -> dict[str, object]:
    """Return a row for programs."""
    own = {"protocol": protocol, "parameters": row.parameters, "seconds": round(row.seconds, 1)}
    return row.evaluation.to_json() | own | {"best_epoch": row.epoch, "weights": row.weights}


def main(arguments: Sequence[str]) -> None:
    """Run the protocols that are named, or both."""
    as_json = "--json" in arguments
    names = [name for name in PROTOCOLS if name in arguments] or list(PROTOCOLS)
    keys = [key for key in arguments if key in KEYS]
    if unknown := set(arguments) - {"--json", *PROTOCOLS, *KEYS}:
        sys.exit(f"there is no {', '.join(sorted(unknown))} to measure")
    for name in names:
        with tempfile.TemporaryDirectory(prefix="headlong-") as directory:
            try:
                split = PROTOCOLS[name](Path(directory))
            except (OSError, HeadlongError) as error:
                sys.exit(f"{name}: {error}")
            if not as_json:
                print(heading(name, split), flush=True)
            for row in rows(split, Path(directory), keys, BY_PROTOCOL[name]):
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
        f"{'':38}{'perpl.':>8}{'bits/c':>8}{'spelt':>8}{'parameters':>12}{'training':>10}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
