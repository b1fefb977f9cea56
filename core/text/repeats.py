"""Which lines were there before, found without holding them all.

Of each line a digest of 128 bits is kept, in one of 64 buckets by its first bits; a bucket is sorted
when all lines are there. Two different lines of ten billion have one digest with a chance of 10^-19.
"""

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from core.text.storage import Storage

BUCKETS = 64
DIGEST = 16
"""Bytes of a digest."""

_SHIFT = np.uint64(64 - 6)


class Repeats:
    """Takes lines in their order, and tells at the end which of them repeat an earlier one."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._names = [f"digests-{number:02}" for number in range(BUCKETS)]
        self._files = [storage.create(name) for name in self._names]
        self._lines = 0

    def add(self, lines: Sequence[bytes]) -> None:
        """Take the next lines."""
        digests = b"".join(hashlib.blake2b(line, digest_size=DIGEST).digest() for line in lines)
        rows = np.empty((len(lines), 3), np.uint64)
        rows[:, 0] = np.arange(self._lines, self._lines + len(lines))
        rows[:, 1:] = np.frombuffer(digests, np.uint64).reshape(-1, 2)
        self._lines += len(lines)
        buckets = rows[:, 1] >> _SHIFT
        order = np.argsort(buckets, kind="stable")
        ends = np.searchsorted(buckets[order], np.arange(1, BUCKETS + 1))
        for file, some in zip(self._files, np.split(rows[order], ends[:-1]), strict=True):
            file.write(some.tobytes())

    def close(self) -> None:
        """Close the buckets."""
        with ExitStack() as stack:  # goes on where one cannot be closed, as on a full disk
            for file in self._files:
                stack.callback(file.close)

    def marks(self) -> NDArray[np.bool_]:
        """Return for each line whether it was there before; afterwards the buckets are gone."""
        self.close()
        marks = np.zeros(self._lines, np.bool_)
        for name in self._names:
            marks[self._repeated(name)] = True
            self._storage.remove(name)
        return marks

    def _repeated(self, name: str) -> NDArray[np.int64]:
        rows = self._storage.view(name, np.uint64).reshape(-1, 3)
        order = np.lexsort((rows[:, 2], rows[:, 1]))  # stable: equal lines stay in their order
        ordered = rows[order]
        same = np.all(ordered[1:, 1:] == ordered[:-1, 1:], axis=1)
        return ordered[1:, 0][same].astype(np.int64)
