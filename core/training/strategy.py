"""The exchange between the hosts of a cluster: TensorFlow's own, under MultiWorkerMirroredStrategy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf  # noqa: TID253
from numpy.typing import NDArray

from core.errors import TrainingError, WorkerLost
from core.training.cluster import Cluster
from core.training.rendezvous import meet

HEALTH_SECONDS = 10
"""How often TensorFlow asks whether a host is there; three answers that take 10 s each are too late."""


class Strategy:
    """One replica a worker. Variables are each one's own: what is summed keeps them equal."""

    def __init__(self, cluster: Cluster, stopping: Callable[[], bool]) -> None:
        """Wait until all workers are there.

        Raises:
            TrainingStopped: somebody asked to stop meanwhile.
            TrainingError: TensorFlow cannot connect them.
        """
        self.index, self.size = cluster.index, cluster.size
        meet(cluster, stopping)
        try:
            self._strategy = tf.distribute.MultiWorkerMirroredStrategy()
        except (tf.errors.OpError, RuntimeError) as error:
            raise TrainingError(
                f"the workers cannot be connected: {' '.join(str(error).split())[:200]}; "
                "check the addresses in TF_CONFIG, and that all hosts can reach them"
            ) from error
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


def _rounded_up(size: int) -> int:
    """Return the next of few sizes, an eighth more at most: for each a graph is made."""
    step = 1 << max((size - 1).bit_length() - 4, 0)
    return -(-size // step) * step
