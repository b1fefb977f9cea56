"""Rows times a matrix, where the time goes: large products get threads of their own, small ones none.

Two cores read the weights of a large model nearly twice as fast as one, but telling them takes as long
as a small product. So small ones are left to numpy as it was started, which the `headlong` command does
with one thread. How many a product gets depends on its size, and never on what else the machine does:
threads add up in another order, and the same settings are to give the same words.
"""

import ctypes
import itertools
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LARGE = 1 << 22
"""Multiplications from which a product is shared out: 0.2 ms of one core, reading at 90 GB/s."""

CHOSEN = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
"""The variables with which a user tells OpenBLAS how many threads there are to be."""

MOST_THREADS = 4
"""What reads a large matrix once is as fast as the memory, and more threads are more to wait for."""


class Library(NamedTuple):
    """numpy's OpenBLAS, as far as its threads go."""

    set_threads: Callable[[int], None]
    usual: int
    """How many threads products have that nobody asks about."""


def product(rows: Floats, matrix: Floats) -> Floats:
    """Return rows @ matrix."""
    library = _library() if len(rows) * matrix.size >= LARGE else None
    if library is None:
        result: Floats = rows.dot(matrix)
        return result
    library.set_threads(min(_cores(), MOST_THREADS))
    try:
        result = rows.dot(matrix)
    finally:
        library.set_threads(library.usual)
    return result


@cache
def _cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _library() -> Library | None:
    """Return the OpenBLAS that numpy's own packages carry.

    None where numpy has another library, where there is one core, or where the user has set how many
    threads there are to be: products then run as that has it.
    """
    if _cores() == 1 or any(name in os.environ for name in CHOSEN):
        return None
    package = Path(np.__file__).parent
    files = [*package.parent.glob("numpy.libs/*openblas*"), *package.glob(".dylibs/*openblas*")]
    for file, suffix in itertools.product(files, ("64_", "")):
        with suppress(OSError, AttributeError):  # it is not to be had, or calls them otherwise
            handle = ctypes.CDLL(str(file))
            usual = handle[f"scipy_openblas_get_num_threads{suffix}"]()
            return Library(handle[f"scipy_openblas_set_num_threads{suffix}"], usual)
    return None
