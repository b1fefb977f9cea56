"""Rows times a matrix, where the time goes: small products alone, large ones by as many as are free.

OpenBLAS splits a product among threads and waits for the last of them. Two cores read the weights of a
large model nearly twice as fast as one. But a thread whose core another program holds - a training,
say - is waited for until that program's time slice is over, which can cost ten times what it saves. So
large products are timed, each kind for itself: where threads did not pay, it does without for a while.
"""

import ctypes
import itertools
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LARGE = 1 << 20
"""Multiplications from which a product may be shared out; below, telling the threads costs as much."""

MOST_THREADS = 4
"""What reads a large matrix once is as fast as the memory, and more threads are more to wait for."""

FIRST_REST, LONGEST_REST = 0.05, 2.0
"""Seconds without threads once they made a product slower; twice as long each time, to the longest."""


def product(rows: Floats, matrix: Floats) -> Floats:
    """Return rows @ matrix."""
    if len(rows) * matrix.size < LARGE or (library := _library()) is None:
        result: Floats = rows.dot(matrix)
        return result
    return _MACHINE.product(rows, matrix, library)


class Library(NamedTuple):
    """numpy's OpenBLAS, as far as its threads go; and a clock."""

    set_threads: Callable[[int], None]
    usual: int
    """How many threads products have that nobody asks about."""

    clock: Callable[[], float] = perf_counter


@dataclass
class _Record:
    """What is known of products of one kind: of the same matrix shape, and of about as many rows."""

    alone: float = inf
    """Seconds a row with one thread, on average of late; infinite until one has run that was warm."""

    together: float = 0.0
    """The same with threads since the last rest, and so at first too little: they have to wake up."""

    rest: float = FIRST_REST
    resting_until: float = 0.0

    def learn(self, together: bool, seconds: float, now: float) -> None:
        if not together:
            self.alone = seconds if self.alone == inf else _nearer(self.alone, seconds)
            return
        self.together = _nearer(self.together, seconds)
        if self.together > self.alone:
            self.together, self.resting_until = 0.0, now + self.rest
            self.rest = min(2 * self.rest, LONGEST_REST)
        else:
            self.rest = max(self.rest / 2, FIRST_REST)


def _nearer(average: float, value: float) -> float:
    return average + 0.2 * (value - average)


class Machine:
    """Shares large products out, and learns whether that pays at the moment."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._records: dict[tuple[int, ...], _Record] = {}

    def product(self, rows: Floats, matrix: Floats, library: Library) -> Floats:
        """Return rows @ matrix, with as many threads as paid last time."""
        kind = (len(rows).bit_length(), *matrix.shape)
        record = self._records.get(kind)
        if record is None:  # the first is cold, and tells nothing
            self._records[kind] = _Record()
            return _with(1, library, rows, matrix)
        began = library.clock()
        together = record.alone < inf and began >= record.resting_until
        result = _with(self._threads if together else 1, library, rows, matrix)
        ended = library.clock()
        record.learn(together, (ended - began) / len(rows), ended)
        return result


def _with(threads: int, library: Library, rows: Floats, matrix: Floats) -> Floats:
    library.set_threads(threads)
    try:
        result: Floats = rows.dot(matrix)
    finally:
        library.set_threads(library.usual)
    return result


def _cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_MACHINE = Machine(min(_cores(), MOST_THREADS))


@cache
def _library() -> Library | None:
    """Return the OpenBLAS that numpy's own packages carry.

    None where numpy has another library, where there is one core, or where the user has set how many
    threads there are to be: products then run as that has it.
    """
    if _cores() == 1 or "OPENBLAS_NUM_THREADS" in os.environ:
        return None
    package = Path(np.__file__).parent
    files = [*package.parent.glob("numpy.libs/*openblas*"), *package.glob(".dylibs/*openblas*")]
    for file, suffix in itertools.product(files, ("64_", "")):
        with suppress(OSError, AttributeError):  # it is not to be had, or calls them otherwise
            handle = ctypes.CDLL(str(file))
            usual = handle[f"scipy_openblas_get_num_threads{suffix}"]()
            return Library(handle[f"scipy_openblas_set_num_threads{suffix}"], usual)
    return None
