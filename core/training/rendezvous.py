"""Waits until all hosts of a cluster are there, in a way that can be stopped. No TensorFlow here.

TensorFlow waits for them too, but lets nothing else run meanwhile.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress

from core.errors import TrainingError, TrainingStopped
from core.training.cluster import VARIABLE, Cluster
from core.training.events import STOPPED_EARLY

PATIENCE, PAUSE = 1.0, 0.1
"""Seconds to wait for an answer, and before asking again."""


def meet(cluster: Cluster, stopping: Callable[[], bool]) -> None:
    """Return when every other worker's port can be reached; this one's can be until then.

    A worker that has met all others leaves its port to TensorFlow's server, which answers as well.

    Raises:
        TrainingStopped: somebody asked to stop meanwhile.
        TrainingError: this worker's port is taken.
    """
    missing = [each for index, each in enumerate(cluster.addresses) if index != cluster.index]
    with _listening(cluster.addresses[cluster.index]):
        while missing:
            if stopping():
                raise TrainingStopped(STOPPED_EARLY)
            if _answers(missing[0]):
                missing.pop(0)
            else:
                time.sleep(PAUSE)


def _listening(address: str) -> socket.socket:
    port = int(address.rpartition(":")[2])
    try:
        if socket.has_dualstack_ipv6():
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        return socket.create_server(("", port))
    except OSError as error:
        raise TrainingError(
            f"port {port}, which {VARIABLE} gives this worker, cannot be used: "
            f"{error.strerror or error}; end what uses it, or give all hosts a {VARIABLE} with another"
        ) from error


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with suppress(OSError), socket.create_connection((host.strip("[]"), int(port)), PATIENCE):
        return True
    return False
