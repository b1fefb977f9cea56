"""Several workers that train one network: who takes which rows, what they add up, what they agree on.

Every worker makes the same batches from the same text and seed, and computes the gradients of its own
rows. The sums of all of them change every worker's weights alike, so that these stay equal. How numbers
get from one to another is an Exchange's affair. Numpy only.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.training.batches import Batch

Array = NDArray[Any]


class Exchange(Protocol):
    """A connection between workers, of which number 0 is the chief."""

    index: int
    size: int

    def sum(self, array: Array) -> Array:
        """Return the sum over all workers of what each of them gives, the same to the last bit.

        Args:
            array: of the same shape and kind everywhere.

        Raises:
            WorkerLost: one of them is gone.
        """
        ...


class Team:
    """The workers of one training, as each of them sees it; also one worker alone."""

    def __init__(self, stopping: Callable[[], bool], exchange: Exchange | None = None) -> None:
        """Join.

        Args:
            stopping: whether somebody asked this worker to stop.
            exchange: the connection to the others; None for a worker alone.
        """
        self._asked, self._exchange, self._agreed = stopping, exchange, False
        self.index, self.size = (exchange.index, exchange.size) if exchange else (0, 1)

    def stopping(self) -> bool:
        """Say whether to stop; all workers say the same, as of the last step."""
        return self._agreed if self._exchange else self._asked()

    def rows(self, batch: Batch) -> Batch:
        """Return this worker's rows, as many as every other's; those that are too many are padding."""
        if self.size == 1:
            return batch
        inputs, targets = (self._share(array) for array in batch)
        return inputs, targets

    def _share(self, array: NDArray[np.int32]) -> NDArray[np.int32]:
        count = -(-len(array) // self.size)
        own = array[self.index * count : (self.index + 1) * count]
        return np.pad(own, [(0, count - len(own)), *[(0, 0)] * (array.ndim - 1)])

    def step(self, arrays: Sequence[Array]) -> list[Array]:
        """Return the sums of some float32 arrays, and agree on whether to stop after this step."""
        if self._exchange is None:
            return list(arrays)
        asked = np.array([self._asked()], np.float32)
        flat = self._exchange.sum(np.concatenate([asked, *(array.ravel() for array in arrays)]))
        self._agreed = bool(flat[0])
        ends = np.cumsum([1, *(array.size for array in arrays)])
        parts = zip(arrays, ends[:-1], ends[1:], strict=True)
        return [flat[begin:end].reshape(array.shape) for array, begin, end in parts]

    def gather(self, array: Array) -> Array:
        """Return the rows of all workers, one after the other; each may give another number of them."""
        if self._exchange is None:
            return array
        counts = np.zeros(self.size, np.int64)
        counts[self.index] = len(array)
        counts = self._exchange.sum(counts)
        begin = counts[: self.index].sum()
        everything = np.zeros((counts.sum(), *array.shape[1:]), array.dtype)
        everything[begin : begin + len(array)] = array
        return self._exchange.sum(everything)

    def total(self, number: float) -> float:
        """Return the sum of all workers' numbers."""
        return float(self._exchange.sum(np.array([number]))[0]) if self._exchange else number

    def broadcast(self, content: bytes) -> bytes:
        """Return what the chief gives; the others give nothing."""
        if self._exchange is None:
            return content
        length = int(self._exchange.sum(np.array([len(content)]))[0])
        if not length:
            return b""
        # Of an array of zeros and one other, the other is the sum.
        padded = np.zeros(-(-length // 4) * 4, np.uint8)
        padded[: len(content)] = np.frombuffer(content, np.uint8)
        return self._exchange.sum(padded.view(np.int32)).tobytes()[:length]

    def agree(self, fault: str | None) -> None:
        """Go on where no worker has found a fault.

        Raises:
            TrainingError: one has; the text is the first one's, on all workers.
        """
        line = (fault or "").replace("\n", " ").encode() + b"\n"
        faults = self.gather(np.frombuffer(line, np.uint8).astype(np.int32))
        told = [line for line in faults.astype(np.uint8).tobytes().decode().split("\n") if line]
        if told:
            raise TrainingError(told[0])


ALONE = Team(lambda: False)
"""One worker that nobody stops."""
