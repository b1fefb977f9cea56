"""One text, many models: a split that is the same for all, and what each of them makes of it.

The vocabulary is that of the lines that are learnt from, validation lines and test lines aside, and
every model guesses the same tokens of the test lines. Networks are trained in child processes and
stop by the validation lines; the test lines are touched once, at the end.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.decoding.cells import Ids
from core.decoding.stepper import stepper
from core.errors import HeadlongError, InputError, SettingError
from core.insight.baselines import Baseline, HiddenMarkov, Trigrams, Unigram
from core.insight.evaluation import Evaluation, HeldOut, judged
from core.insight.likelihood import LogProbabilities, log_probabilities, rows_at_once, sequence
from core.library import bundle
from core.library.model import Model
from core.recipe import Recipe, preset
from core.setting import Value
from core.settings import TextSettings
from core.text.corpus import Corpus, Line, Source
from core.text.labels import is_label, label_name, label_of, label_token, words_of
from core.text.reading import RawText, read
from core.text.vocabulary import Vocabulary
from core.training.client import Trainer
from core.training.events import Done, Event
from core.training.job import plan
from core.training.merges import learnt
from core.training.selection import parted

TEST_SHARE = 0.1
VALIDATION_SHARE = 0.1
COLUMN, LABEL = "text", "label"
"""What the lines, and their labels, are called in the file that trainers read."""

OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class Split:
    """Lines to learn from, lines that say when to stop, and lines to measure on; none stands twice.

    `rows` are the raw rows of the training and validation lines, in their order: what trainers read,
    which split them in the same way. `seen` test lines were left out because they stand there too.
    """

    training: tuple[Line, ...]
    validation: tuple[Line, ...]
    test: HeldOut
    rows: tuple[str, ...]
    text: TextSettings
    share: float = VALIDATION_SHARE
    seen: int = 0
    texts: tuple[RawText, ...] = ()
    """What the files held."""

    labels: tuple[str, ...] = ()
    """The rows' labels, where the text has some."""

    @classmethod
    def of(
        cls,
        source: Source,
        text: TextSettings,
        test: Source | None = None,
        share: float = VALIDATION_SHARE,
    ) -> "Split":
        """Read, clean and split.

        Args:
            source: the text.
            text: how it is read; repeated lines are always left out.
            test: what to measure on; None takes a tenth of the lines, evenly over the file.
            share: of the other lines, those that say when to stop.

        Raises:
            InputError: a file cannot be used, or too little is left.
        """
        corpus = Corpus.load(source, text.cleaning)
        rows, texts = _rows(corpus, source), corpus.texts
        lines = list(rows)
        if test is None:
            learnt, kept = parted(lines, TEST_SHARE)
            seen, repeated = 0, 0
        else:
            corpus = Corpus.load(test, text.cleaning)
            texts += corpus.texts
            found, learnt = corpus.unique_lines(), lines
            kept = [line for line in found if line not in rows]
            seen, repeated = len(found) - len(kept), len(corpus.lines) - len(found)
        training, validation = parted(learnt, share)
        if not (kept and validation):
            raise InputError(
                f"{len(learnt)} different lines to learn from and {len(kept)} others to measure on are "
                "too few; give a longer text"
            )
        return cls(
            tuple(training),
            tuple(validation),
            HeldOut(tuple(kept), text.cleaning, repeated),
            tuple(rows[line] for line in learnt),
            text,
            share,
            seen,
            texts,
            tuple(map(_label, learnt)) if source.label is not None else (),
        )

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the training lines, or the pieces of them, with all signs and labels."""
        labels = Counter(line[0] for line in self.training if is_label(line[0]))
        lines = map(words_of, self.training)
        if self.text.level == "bpe":
            counts = Counter(word for line in lines for word in line)
            found = learnt(counts, self.text.pieces, self.text.min_count)
        else:
            found = Vocabulary.build(lines, self.text.min_count)
        return found.with_labels([label for label, _ in labels.most_common()])

    def sequences(self, lines: Sequence[Line], labelled: bool = False) -> list[Ids]:
        """Return lines as ids with the signs around them, and with their labels or without."""
        read = lines if labelled else map(words_of, lines)
        return [sequence(self.vocabulary, line) for line in read]


def _rows(corpus: Corpus, source: Source) -> dict[Line, str]:
    """Return the different lines in order of first appearance, each with a raw row that gives it."""
    unwanted, rows = frozenset(source.drop), dict[Line, str]()
    for path in source.files:
        text = read(path, source.column, source.encoding, source.label)
        for row, cell in zip(text.rows, text.labels or repeat(""), strict=False):
            words, label = tuple(corpus.cleaning.split(row)), label_of(cell)
            if words and row.strip() not in unwanted:
                rows.setdefault((label_token(label), *words) if label else words, row)
    return rows


def _label(line: Line) -> str:
    return label_name(line[0]) if is_label(line[0]) else ""


class Fitted(Protocol):
    """What a contender has become."""

    @property
    def parameters(self) -> int:
        """How many numbers it consists of."""
        ...

    def log_probabilities(self, sequences: Sequence[Ids]) -> LogProbabilities:
        """Return log p of every id after the first, sequence by sequence, in nats: (targets,)."""
        ...


@dataclass(frozen=True)
class TrainedNetwork:
    """A network that a trainer has saved, at its best epoch; whatever stands beside it is left out."""

    model: Model
    epoch: int

    @property
    def parameters(self) -> int:
        """See Fitted."""
        return self.model.manifest.parameters

    def log_probabilities(self, sequences: Sequence[Ids]) -> LogProbabilities:
        """See Fitted."""
        logs = log_probabilities(stepper(self.model), sequences, rows_at_once(self.model))
        targets = np.concatenate([each[1:] for each in sequences])
        return logs[np.isin(targets, list(self.model.vocabulary.label_ids), invert=True)]


@dataclass(frozen=True)
class Contender:
    """One row of the panel: fitted here, or a recipe for a trainer.

    `changes` are those of a preset, made after the text's own settings.
    """

    key: str
    title: str
    baseline: Callable[[Sequence[Ids], Vocabulary], Baseline] | None = None
    preset: str = "small"
    changes: Mapping[str, Value] = field(default_factory=dict)

    def recipe(self, split: Split, epochs: int | None = None) -> Recipe:
        """Return what a trainer is told: the text settings and the split are those of the others."""
        changed = preset(self.preset).change(
            level=split.text.level,
            cleaning=split.text.cleaning,
            min_count=split.text.min_count,
            pieces=split.text.pieces,
            deduplicate=True,
            validation_share=split.share,
        )
        return changed.change(**self.changes, **({"epochs": epochs} if epochs else {}))


TUTORIAL: Mapping[str, Value] = {"context": "stream", "patience": 5, "batch_size": 4}
"""The tutorial's network and optimizer as they guess the same tokens as the others: whole lines with
their ends and `<unk>`, instead of beginnings of them. Four headlines are asked for about as many words
as its 32 beginnings; with 32 of them it does worse (185.7, not 176.5, on the NYT protocol of `make
bench-quality`). It stops when validation is past its best."""

CONTENDERS = (
    Contender("unigram", "unigram", Unigram.fit),
    Contender("kn", "Kneser-Ney 3-gram", Trigrams.fit),
    Contender("hmm", "HMM, 30 states", HiddenMarkov.fit),
    Contender("rnn", "plain RNN", changes={"cell": "rnn"}),
    Contender("gru", "GRU", changes={"cell": "gru"}),
    Contender("tutorial", "LSTM (tutorial)", preset="tutorial", changes=TUTORIAL),
    Contender("lstm", "LSTM (ours)"),
)
"""The panel, the quick ones first. Cells are compared under one recipe, that of the preset small."""


@dataclass(frozen=True)
class Result:
    """One row: what a contender is worth and what it took; or what kept it from running."""

    contender: Contender
    evaluation: Evaluation | None = None
    parameters: int = 0
    seconds: float = 0.0
    epoch: int | None = None
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the record that `headlong compare --json` prints."""
        own = {"contender": self.contender.key, "title": self.contender.title}
        if self.evaluation is None:
            return own | {"problem": self.problem}
        figures = self.evaluation.to_json()
        for name in ("model", "trained_on"):
            del figures[name]
        taken = {
            "parameters": self.parameters,
            "seconds": round(self.seconds, 2),
            "best_epoch": self.epoch,
        }
        return own | figures | taken


def chosen(keys: Sequence[str]) -> tuple[Contender, ...]:
    """Return the contenders of some keys, in the order of the panel; all, where there are no keys.

    Raises:
        SettingError: there is none of a key.
    """
    known = {contender.key: contender for contender in CONTENDERS}
    for key in keys:
        if key not in known:
            raise SettingError(f"there is no {key!r} to compare; there are {', '.join(known)}")
    return tuple(each for each in CONTENDERS if not keys or each.key in keys)


def compare(
    split: Split,
    contenders: Sequence[Contender],
    folder: Path,
    on_event: OnEvent = lambda event: None,
    epochs: int | None = None,
) -> Iterator[Result]:
    """Yield a row for each contender as it comes; what one cannot do leaves the others alone.

    Args:
        split: the text.
        contenders: the rows.
        folder: an empty one, to train in.
        on_event: told what trainers report.
        epochs: of each network, at most; None is as its recipe has it.
    """
    for contender in contenders:
        began = time.perf_counter()
        try:
            fitted = fit(contender, split, folder, on_event, epochs)
        except HeadlongError as error:
            yield Result(contender, problem=str(error))
            continue
        seconds = time.perf_counter() - began
        reads_labels = isinstance(fitted, TrainedNetwork)
        logs = fitted.log_probabilities(split.sequences(split.test.lines, reads_labels))
        evaluation = judged(contender.key, split.test, split.vocabulary, logs, split.text.level)
        epoch = fitted.epoch if isinstance(fitted, TrainedNetwork) else None
        yield Result(contender, evaluation, fitted.parameters, seconds, epoch)


def fit(
    contender: Contender,
    split: Split,
    folder: Path,
    on_event: OnEvent = lambda event: None,
    epochs: int | None = None,
) -> Fitted:
    """Make a contender what it can be; see `compare`.

    Raises:
        HeadlongError: something it needs is missing, or the trainer failed.
    """
    if contender.baseline is not None:
        # Without labels, which are the last ids, so that these have no share in what is left over.
        tokens = split.vocabulary.tokens[: len(split.vocabulary) - len(split.vocabulary.labels)]
        return contender.baseline(split.sequences(split.training), Vocabulary(tokens))
    file = folder / "training.jsonl"
    if not file.exists():
        rows = [{COLUMN: row} for row in split.rows]
        for row, label in zip(rows, split.labels, strict=False):
            row[LABEL] = label
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = contender.recipe(split, epochs)
    text = Source((file,), COLUMN, label=LABEL if split.labels else None)
    job = plan(text, recipe, contender.key, directory=folder)
    with Trainer(job) as trainer:
        for event in trainer.events():
            on_event(event)
            if isinstance(event, Done):
                done = event
    model = bundle.load(Path(done.path))
    assert model.vocabulary.tokens == split.vocabulary.tokens, "a trainer splits as `Split.of` does"
    return TrainedNetwork(model, done.best_epoch)
