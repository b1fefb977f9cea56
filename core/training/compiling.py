"""When XLA takes over: it makes steps faster, and takes seconds to compile each shape of batch."""

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Arguments = tuple[NDArray[np.generic], ...]
"""A batch's inputs, and what else the function takes."""

START, SWITCH = 1000, 3000
"""Steps after which compiling begins, beside the training, and after which its fruits are used."""

WORTH = 20_000
"""Planned steps from which on it is worth the time."""


class Compiling:
    """Compiles a function for the shapes of batches that come, in a thread of its own.

    What runs when is counted in steps and not in seconds: rounding differs between the two, and the
    same job shall end with the same weights on a slow day, cut off and resumed, too.
    """

    def __init__(self, function: Callable[..., object], planned: int) -> None:
        self.steps = 0
        """Steps taken so far."""

        self._function = function
        self._worth = planned >= WORTH
        self._batches: dict[tuple[int, ...], Arguments] = {}
        self._thread: threading.Thread | None = None

    def ready(self, batch: Arguments) -> bool:
        """Count a step; tell whether the compiled function is the one to take it."""
        self.steps += 1
        if not self._worth:
            return False
        if self.steps < SWITCH:
            self._prepare(batch)
            return False
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        return True

    def _prepare(self, batch: Arguments) -> None:
        self._batches.setdefault(batch[0].shape, batch)
        if self.steps == START:
            # Called for nothing but the compiling: the gradients that come out are thrown away.
            batches = list(self._batches.values())
            self._thread = threading.Thread(target=self._compile, args=(batches,), daemon=True)
            self._thread.start()

    def _compile(self, batches: list[Arguments]) -> None:
        for batch in batches:
            self._function(*batch)
