"""A contender that has read more: its network begins on summaries of the articles, then on headlines.

The tables of the NYT protocol hold, beside each headline, the article's summary in a sentence or two. A
model of the summaries, of the same months and in the headlines' words, is what `--from` starts from. No
test line is among them, and the words stay the protocol's: others stand for `<unk>`, so perplexities
can be compared.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.decoding.cells import Ids
from core.insight.comparison import COLUMN, Contender, Split, TrainedNetwork
from core.insight.likelihood import LogProbabilities
from core.library import bundle
from core.recipe import Recipe, preset
from core.text.cleaning import cleaning
from core.text.corpus import Line, Source
from core.text.reading import read
from core.training.base import Base, recipe_from
from core.training.client import Trainer
from core.training.events import Done
from core.training.job import plan

LONGEST = 40
"""Words of a summary that are read."""


@dataclass(frozen=True)
class WellRead(Contender):
    """A contender whose network begins on the summaries in some tables."""

    tables: tuple[Path, ...] = ()

    def fit(self, split: Split, folder: Path) -> "Renumbered":
        """Train on the summaries, then on the headlines."""
        summaries, headlines = folder / "summaries.txt", folder / "headlines.jsonl"
        summaries.write_text("\n".join(known(self._summaries(split), split)), encoding="utf-8")
        headlines.write_text(
            "".join(json.dumps({COLUMN: row}) + "\n" for row in split.rows), encoding="utf-8"
        )
        first = preset(self.preset).change(
            cleaning=split.text.cleaning, validation_share=split.share, ngram=False, **self.changes
        )
        _train(Source((summaries,)), first, "well-read", folder)
        base, model = Base.of(folder / "well-read")
        then = recipe_from(model, min_count=2, validation_share=split.share, ngram=False)
        done = _train(Source((headlines,), COLUMN), then, self.key, folder, base)
        network = TrainedNetwork(bundle.load(Path(done.path)), done.best_epoch)
        return Renumbered(network, split)

    def _summaries(self, split: Split) -> Iterator[Line]:
        cut = cleaning(split.text.cleaning).split
        tested = set(split.test.lines)
        for table in self.tables:
            lines = (tuple(cut(row)) for row in read(table, "snippet").rows)
            yield from (line[:LONGEST] for line in lines if line and line not in tested)


def known(lines: Iterable[Line], split: Split) -> Iterator[str]:
    """Yield lines with a word of its own for every word that is not the protocol's.

    As such words come once, a vocabulary of words that come twice reads each as `<unk>`.
    """
    others = 0
    for line in lines:
        words = []
        for word in line:
            others += not split.vocabulary.knows(word)
            words.append(word if split.vocabulary.knows(word) else f"unknown{others}th")
        yield " ".join(words)


def _train(text: Source, recipe: Recipe, name: str, folder: Path, base: Base | None = None) -> Done:
    with Trainer(plan(text, recipe, name, directory=folder, base=base)) as trainer:
        (done,) = (event for event in trainer.events() if isinstance(event, Done))
    return done


class Renumbered:
    """A network of a split's words in another order, asked with the split's ids."""

    def __init__(self, network: TrainedNetwork, split: Split) -> None:
        ids = network.model.vocabulary.ids
        assert ids.keys() == set(split.vocabulary.tokens), "the words are the protocol's"
        self._network = network
        self._ids = np.array([ids[token] for token in split.vocabulary.tokens], np.intp)
        self.parameters, self.epoch = network.parameters, network.epoch

    def log_probabilities(self, sequences: Sequence[Ids]) -> LogProbabilities:
        """See Fitted."""
        return self._network.log_probabilities([self._ids[ids] for ids in sequences])
