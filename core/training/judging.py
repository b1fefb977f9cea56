"""What a network thinks of each single word of held-out text."""

import numpy as np
import tensorflow as tf  # noqa: TID253
from numpy.typing import NDArray

from core.training.batches import Batches
from core.training.network import Network
from core.training.step import in_bucket


def target_losses(network: Network, batches: Batches, batch_size: int) -> NDArray[np.float64]:
    """Return -log p of every target, in nats: row by row, batch by batch."""

    def losses(inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        real = targets > 0
        outputs = network.outputs(inputs, training=False)
        return network.losses(
            tf.boolean_mask(outputs.whole, real), tf.boolean_mask(targets, real), outputs.embedding
        )

    judged = tf.function(losses)
    parts = [np.array(judged(*in_bucket(*batch, batch_size))) for batch in batches.epoch(None)]
    return np.concatenate(parts).astype(np.float64)
