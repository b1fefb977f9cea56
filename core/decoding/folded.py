"""The first layer's input product of every word, `E @ W + b`, so that a step need not compute it."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ids = NDArray[np.intp]

AT_ONCE = 16 << 20
"""Bytes of a table that is made whole; of a larger one, the blocks of words that are read."""

ROWS = 64
"""Words in a block: always the same ones, so the last bits of a product depend on no other words."""


class Folded:
    """A table of one row a word."""

    def __init__(self, embedding: Floats, kernel: Floats, bias: Floats) -> None:
        """Make the table, or only the room for it.

        Args:
            embedding: (words, embedding).
            kernel: (embedding, columns).
            bias: (columns,).
        """
        self._embedding, self._kernel, self._bias = embedding, kernel, bias
        words, columns = embedding.shape[0], kernel.shape[1]
        blocks = -(-words // ROWS)
        self._filled = np.zeros(blocks, np.bool_)
        self._is_whole = words * columns * 4 <= AT_ONCE
        if self._is_whole:
            self._table = embedding @ kernel + bias
        else:
            self._table = np.empty((words, columns), np.float32)

    def take(self, ids: Ids) -> Floats:
        """Return the rows of some words, (ids, columns); the caller may write into them."""
        if not self._is_whole:
            blocks = ids // ROWS
            if not self._filled.take(blocks).all():
                self._fill(blocks)
        return self._table.take(ids, axis=0)

    def _fill(self, blocks: Ids) -> None:
        for block in np.unique(blocks[~self._filled[blocks]]).tolist():
            rows = slice(block * ROWS, (block + 1) * ROWS)
            self._table[rows] = self._embedding[rows] @ self._kernel + self._bias
            self._filled[block] = True  # after its numbers, as another thread may read them
        self._is_whole = bool(self._filled.all())
