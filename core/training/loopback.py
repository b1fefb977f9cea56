"""The exchange between workers on one machine, through sockets that only this machine can reach.

TensorFlow's own listens at every address the machine has, and does what anybody says who gets through
to it. Here the chief adds up and hands out the sums; who connects must know a key. No TensorFlow here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import AuthenticationError, BufferTooShort
from multiprocessing.connection import Client, Connection
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import WorkerLost

ADDRESS = "127.0.0.1"

SILENCE = 300.0
"""Seconds without an answer after which a worker counts as lost; one that ends is seen at once."""

KEY_BYTES = 32


class Loopback:
    """One end: the chief's, with a connection to each of the others, or one of theirs."""

    def __init__(self, index: int, size: int, connections: list[Connection]) -> None:
        self.index, self.size = index, size
        self._connections = connections

    @classmethod
    def join(cls, index: int, size: int, port: int, key: bytes) -> Self:
        """Connect to the chief.

        Raises:
            WorkerLost: it is gone.
        """
        try:
            connection = Client((ADDRESS, port), authkey=key)
            connection.send_bytes(str(index).encode())
        except (OSError, EOFError, AuthenticationError) as error:
            raise WorkerLost(f"worker 1 of {size} has ended") from error
        return cls(index, size, [connection])

    def sum(self, array: NDArray[Any]) -> NDArray[Any]:
        """See Exchange."""
        array = np.ascontiguousarray(array)
        if self.index:
            self._send(0, array)
            return self._receive(0, array)
        total = array.copy()
        for other in range(len(self._connections)):
            total += self._receive(other, array)
        for other in range(len(self._connections)):
            self._send(other, total)
        return total

    def close(self) -> None:
        """Hang up."""
        for connection in self._connections:
            connection.close()

    def _send(self, other: int, array: NDArray[Any]) -> None:
        with self._watched(other):
            self._connections[other].send_bytes(array.reshape(-1).view(np.uint8).data)

    def _receive(self, other: int, like: NDArray[Any]) -> NDArray[Any]:
        received = np.empty_like(like)
        with self._watched(other):
            if not self._connections[other].poll(SILENCE):
                raise TimeoutError
            self._connections[other].recv_bytes_into(received.reshape(-1).view(np.uint8).data)
        return received

    @contextmanager
    def _watched(self, other: int) -> Iterator[None]:
        """Say who is gone, where somebody is."""
        try:
            yield
        except (OSError, EOFError, BufferTooShort) as error:
            number = other + 2 if self.index == 0 else 1
            how = f"was silent for {SILENCE:.0f} s" if isinstance(error, TimeoutError) else "has ended"
            raise WorkerLost(f"worker {number} of {self.size} {how}") from error
