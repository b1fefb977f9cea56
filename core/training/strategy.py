"""The exchange between the hosts of a cluster: TensorFlow's own, under MultiWorkerMirroredStrategy."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf  # noqa: TID253
from numpy.typing import NDArray

from core.errors import TrainingError, TrainingStopped, WorkerLost
from core.training.cluster import Cluster
from core.training.events import STOPPED_EARLY

HEALTH_SECONDS = 10
"""How often TensorFlow asks whether a host is there; three answers that take 10 s each are too late."""

POLL_SECONDS = 0.2


class Strategy:
    """One replica a host. Variables are every worker's own: what is summed keeps them equal."""

    def __init__(self, cluster: Cluster, stopping: Callable[[], bool]) -> None:
        """Wait until all workers are there.

        Raises:
            TrainingStopped: somebody asked to stop meanwhile.
            TrainingError: TensorFlow cannot connect them.
        """
        self.index, self.size = cluster.index, cluster.size
        self._strategy = _joined(stopping)
        # Its own pace finds a host without power after 60 s and more.
        self._strategy.extended._check_health_interval = HEALTH_SECONDS
        self._summed = tf.function(self._run)

    def sum(self, array: NDArray[Any]) -> NDArray[Any]:
        """See Exchange."""
        flat = array.reshape(-1)
        padding = _rounded_up(len(flat)) - len(flat)
        try:
            total = self._summed(tf.constant(np.pad(flat, (0, padding))))
        except tf.errors.OpError as error:
            told = f"another of the {self.size} workers has ended, or cannot be reached any more"
            raise WorkerLost(told) from error
        answer: NDArray[Any] = total.numpy()[: len(flat)].reshape(array.shape)
        return answer

    def _run(self, array: tf.Tensor) -> tf.Tensor:
        return self._strategy.run(_all_reduce, (array,))


def _all_reduce(array: tf.Tensor) -> tf.Tensor:
    # The copy is on the replica's device, which the strategy must know.
    own = tf.identity(array)
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, own)


def _joined(stopping: Callable[[], bool]) -> tf.distribute.MultiWorkerMirroredStrategy:
    """Connect, in a thread of its own, because TensorFlow waits for the others without an end."""
    answers: list[tf.distribute.MultiWorkerMirroredStrategy | Exception] = []

    def join() -> None:
        try:
            answers.append(tf.distribute.MultiWorkerMirroredStrategy())
        except Exception as error:  # it is raised where somebody waits for it
            answers.append(error)

    thread = threading.Thread(target=join, daemon=True)
    thread.start()
    while not answers:
        thread.join(POLL_SECONDS)
        if stopping():
            raise TrainingStopped(STOPPED_EARLY)
    if isinstance(answers[0], Exception):
        raise TrainingError(
            f"the workers cannot be connected: {' '.join(str(answers[0]).split())[:200]}; "
            "check the addresses in TF_CONFIG, and that this one is free on this host"
        ) from answers[0]
    return answers[0]


def _rounded_up(size: int) -> int:
    """Return the next of few sizes, an eighth more at most: for each a graph is made."""
    step = 1 << max((size - 1).bit_length() - 4, 0)
    return -(-size // step) * step
