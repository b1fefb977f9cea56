"""Lines of ids in a list, for tests and benchmarks that make their own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.text.vocabulary import Vocabulary
from core.training.selection import BLOCK, Ragged


@dataclass(frozen=True)
class Listed:
    """Lines in blocks of `size`, see core.training.selection.Lines."""

    lines: Sequence[Sequence[int]]
    size: int

    @property
    def blocks(self) -> int:
        return -(-len(self.lines) // self.size)

    @property
    def tokens(self) -> int:
        return sum(map(len, self.lines))

    def read(self, blocks: Iterable[int]) -> Ragged:
        lines = [line for at in blocks for line in self.lines[at * self.size : (at + 1) * self.size]]
        ids = np.array([id_ for line in lines for id_ in line], np.int32)
        return Ragged(ids, np.array([len(line) for line in lines], np.int64))


def encoded(lines: Sequence[Sequence[str]], vocabulary: Vocabulary, size: int = BLOCK) -> Listed:
    return Listed([vocabulary.encode(line) for line in lines], size)
