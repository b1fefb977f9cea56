"""One training step, compiled for a few shapes of batches, and the same for evaluation."""

from contextlib import AbstractContextManager, nullcontext

import numpy as np
import tensorflow as tf  # noqa: TID253
from numpy.typing import NDArray

from core.errors import TrainingError
from core.training.adam import Adam
from core.training.averaging import Average
from core.training.batches import Batch
from core.training.checkpoints import Arrays
from core.training.dataset import Dataset
from core.training.network import Network
from core.training.noising import Noising
from core.training.objective import Objective, real
from core.training.softmax import samples
from core.training.team import ALONE, Team

Gradients = list[tf.Tensor | tf.IndexedSlices]


class Step:
    """One optimizer step, and one evaluation, for batches of any shape.

    The loss is the mean cross-entropy, in nats, over real targets only: the padding's positions are
    taken out before the softmax, which is most of the work, and not after it. Gradients and their use
    are compiled apart: the ones for each shape of batch, the other once. With very many words the loss
    of training is that among a sample of them; evaluation is always exact. A worker of several reads
    its rows of a batch; what comes out is the loss and the gradient of all of it, on every worker.
    """

    def __init__(self, network: Network, dataset: Dataset, team: Team = ALONE) -> None:
        recipe = dataset.recipe
        training = recipe.training
        self._network, self._team = network, team
        network.randomness.worker = team.index
        # One batch may be smaller than it is allowed to be by far.
        self._rows = training.batch_size if dataset.training.steps > 1 else 0
        self._noising = Noising(dataset, network.randomness)
        sampled = samples(training, network.settings, len(dataset.vocabulary))
        network.sparse |= bool(sampled)
        self._objective = Objective(network, training, sampled)
        self._optimizer = Adam(training.learning_rate, lazy=bool(sampled))
        self._learning_rate = training.learning_rate
        self._clip_norm, self._decay = training.clip_norm, training.weight_decay
        self._variables = list(network.variables.values())
        self._optimizer.build(self._variables)
        numbered = enumerate(self._optimizer.variables)
        self._state = {"steps": network.randomness.steps} | {f"optimizer.{n}": v for n, v in numbered}
        self._average = Average(self._variables, training.averaging) if training.averaging else None
        if self._average is not None:
            self._state |= {f"average.{n}": v for n, v in enumerate(self._average.values)}
        self._gradients = tf.function(self._differentiate)
        # Lists of rows have a length of their own each time, which is no reason for a graph of its own.
        self._apply_gradients = tf.function(self._apply, reduce_retracing=True)
        self._evaluate_batch = tf.function(self._evaluate)

    @property
    def learning_rate(self) -> float:
        """The optimizer's step size now."""
        return float(f"{float(self._optimizer.learning_rate):.6g}")  # float32 holds no more digits

    @property
    def traces(self) -> int:
        """How many graphs have been made for training steps so far."""
        functions = (self._gradients, self._apply_gradients)
        return sum(function.experimental_get_tracing_count() for function in functions)

    def slow_down(self) -> None:
        """Halve the learning rate: smaller steps find what larger ones jump over."""
        self._optimizer.learning_rate.assign(self._optimizer.learning_rate * 0.5)

    def anneal(self, left: float) -> None:
        """Set the learning rate to a share of what it is at first."""
        self._optimizer.learning_rate.assign(self._learning_rate * left)

    def averaged(self) -> AbstractContextManager[None]:
        """Put averaged weights in the network for a while, where weights are averaged."""
        return nullcontext() if self._average is None else self._average.instead()

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return a copy of all that the next step depends on beside the weights."""
        return {name: np.array(variable) for name, variable in self._state.items()}

    def set_state(self, state: Arrays) -> None:
        """Set what `state` returned.

        Raises:
            TrainingError: it is of another optimizer, or another network.
        """
        if {n: v.shape for n, v in state.items()} != {
            n: tuple(v.shape) for n, v in self._state.items()
        }:
            raise TrainingError("the checkpoint is of another version of Headlong; train anew")
        for name, variable in self._state.items():
            variable.assign(state[name])

    def train(self, inputs: NDArray[np.int32], targets: NDArray[np.int32]) -> float:
        """Take one step; return the batch's mean loss before it."""
        rows = self._team.rows(in_bucket(inputs, targets, self._rows))
        loss, *found = self._gradients(*rows, np.array(np.count_nonzero(targets), np.float32))
        if self._team.size > 1:
            loss, *found = self._summed([loss, *found])
        self._apply_gradients(found)
        return float(loss)

    def evaluate(self, inputs: NDArray[np.int32], targets: NDArray[np.int32]) -> float:
        """Return the summed loss of this worker's rows of the batch."""
        return float(self._evaluate_batch(*self._team.rows(in_bucket(inputs, targets, self._rows))))

    def _summed(self, found: Gradients) -> Gradients:
        """Return the sums of what all workers found; of lists of rows, one list of all their rows."""
        whole = [each for each in found if not isinstance(each, tf.IndexedSlices)]
        sums = iter(self._team.step([each.numpy() for each in whole]))
        return [
            self._gathered(each)
            if isinstance(each, tf.IndexedSlices)
            else tf.convert_to_tensor(next(sums))
            for each in found
        ]

    def _gathered(self, rows: tf.IndexedSlices) -> tf.IndexedSlices:
        values, indices = (self._team.gather(part.numpy()) for part in (rows.values, rows.indices))
        return tf.IndexedSlices(
            tf.convert_to_tensor(values), tf.convert_to_tensor(indices), rows.dense_shape
        )

    def _differentiate(
        self, inputs: tf.Tensor, targets: tf.Tensor, tokens: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Return the loss, summed and divided by `tokens`, and its gradient by each variable.

        Args:
            inputs: (rows, steps).
            targets: (rows, steps) or (rows,).
            tokens: real targets of the whole batch, of which these may be some rows.
        """
        inputs = self._noising(inputs)
        with tf.GradientTape() as tape:
            loss, objective = self._objective(inputs, targets, tokens)
        return (loss, *tape.gradient(objective, self._variables))

    def _apply(self, gradients: Gradients) -> None:
        if self._clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, self._clip_norm)
        self._optimizer.apply(gradients, self._variables)
        if self._decay:
            rest = 1 - self._decay * tf.cast(self._optimizer.learning_rate, tf.float32)
            for variable in self._variables:
                variable.assign(variable * rest)
        steps = self._network.randomness.steps.assign_add(1)
        if self._average is not None:
            self._average.update(steps)

    def _evaluate(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        outputs = self._network.outputs(inputs, training=False)
        losses = self._network.losses(*real(outputs.whole, targets), outputs.embedding)
        return tf.reduce_sum(losses)


def rounded_up(size: int) -> int:
    """Return the next size of a few: 2, 4, 6 ... 16, 20, 24, 28, 32, 40, 48 ..."""
    step = max(2, 1 << max((size - 1).bit_length() - 3, 0))
    return -(-size // step) * step


def in_bucket(inputs: NDArray[np.int32], targets: NDArray[np.int32], rows: int) -> Batch:
    """Pad a batch on the right, and below to so many rows, so that few shapes are to be compiled.

    Prefixes have one length already, and their last batch of an epoch always as many rows.
    """
    if targets.ndim == 1:
        return inputs, targets
    (found, steps), most = inputs.shape, max(rows, inputs.shape[0])
    widths = ((0, most - found), (0, rounded_up(steps) - steps))
    return np.pad(inputs, widths), np.pad(targets, widths)
