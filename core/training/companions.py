"""Starts the other workers of this machine; none outlives the chief. No TensorFlow here."""

import contextlib
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from types import TracebackType
from typing import Self

from core.errors import TrainingError, TrainingStopped, WorkerLost
from core.training.events import STOPPED_EARLY
from core.training.job import Job
from core.training.loopback import ADDRESS, KEY_BYTES, Loopback

POLL_SECONDS = 0.1

PATIENCE = 10.0
"""Seconds that a companion has to end by itself when the training is over."""


class Companions:
    """Workers 2 to N; a context manager that leaves no process behind.

    A companion learns port and key from its standard input, and that the chief is gone from its end.
    """

    def __init__(self, job: Job) -> None:
        """Start them.

        Raises:
            TrainingError: they cannot be started.
        """
        self._size, key = job.workers, secrets.token_bytes(KEY_BYTES)
        self._connections: dict[int, Connection] = {}
        self._loopback: Loopback | None = None
        self._processes: list[subprocess.Popen[str]] = []
        try:
            self._listener = Listener((ADDRESS, 0), backlog=job.workers, authkey=key)
            for index in range(1, job.workers):
                self._processes.append(self._start(index, key, job))
        except OSError as error:
            self._end(0.0)
            raise TrainingError(f"a worker cannot be started: {error.strerror or error}") from error

    def connect(self, stopping: Callable[[], bool]) -> Loopback:
        """Wait until all of them are there.

        Raises:
            WorkerLost: one has ended before.
            TrainingStopped: somebody asked to stop meanwhile.
        """
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(POLL_SECONDS)
            self._look_after_them()
            if stopping():
                raise TrainingStopped(STOPPED_EARLY)
        others = [self._connections[index] for index in range(1, self._size)]
        self._loopback = Loopback(0, self._size, others)
        return self._loopback

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end(PATIENCE if kind is None else 0.0)

    def _start(self, index: int, key: bytes, job: Job) -> subprocess.Popen[str]:
        port = self._listener.address[1]
        place = [str(number) for number in (port, index, self._size)]
        process = subprocess.Popen(
            # -P: see core.training.client.
            [sys.executable, "-P", "-m", "core.training.companion", *place],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={name: value for name, value in os.environ.items() if name != "TF_CONFIG"},
        )
        assert process.stdin is not None
        process.stdin.write(f"{key.hex()}\n{replace(job, resume=False).to_json()}\n")
        process.stdin.flush()
        return process

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed under our hands
            while len(self._connections) < self._size - 1:
                with contextlib.suppress(AuthenticationError, EOFError, ConnectionError):
                    connection = self._listener.accept()
                    self._connections[int(connection.recv_bytes(10))] = connection

    def _look_after_them(self) -> None:
        for number, process in enumerate(self._processes, start=2):
            if process.poll() is not None:
                raise WorkerLost(f"worker {number} of {self._size} has ended")

    def _end(self, patience: float) -> None:
        if self._loopback is not None:
            self._loopback.close()
        if hasattr(self, "_listener"):
            self._listener.close()
        for process in self._processes:
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
            assert process.stdin is not None
            process.stdin.close()
            process.wait()
