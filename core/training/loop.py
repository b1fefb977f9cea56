"""The compiled step and the epochs around it: early stopping, best weights, progress.

Knows nothing of files or processes: what it finds out it yields as events.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from core.errors import TrainingError, TrainingStopped
from core.library.model import Weights
from core.training.batches import Batches
from core.training.dataset import Dataset
from core.training.events import STOPPED, STOPPED_EARLY, EpochDone, Progress
from core.training.network import Network

PROGRESS_SECONDS = 0.2


class Step:
    """One compiled optimizer step, and one compiled evaluation, for batches of any shape.

    The loss is the mean cross-entropy, in nats, over real targets only: the padding's positions are
    taken out before the softmax, which is most of the work, and not after it.
    """

    def __init__(self, network: Network, dataset: Dataset) -> None:
        training = dataset.recipe.training
        self._network = network
        self._word_dropout = dataset.recipe.model.word_dropout
        self._unknown, self._start = dataset.vocabulary.unknown, dataset.vocabulary.start
        self._optimizer = keras.optimizers.Adam(
            training.learning_rate, global_clipnorm=training.clip_norm
        )
        self._variables = list(network.variables.values())
        self._optimizer.build(self._variables)
        targets = [None] if network.settings.context == "window" else [None, None]
        signature = (tf.TensorSpec([None, None], tf.int32), tf.TensorSpec(targets, tf.int32))
        self.train = tf.function(self._train, input_signature=signature)
        self.evaluate = tf.function(self._evaluate, input_signature=signature)

    def slow_down(self) -> None:
        """Halve the learning rate: smaller steps find what larger ones jump over."""
        self._optimizer.learning_rate.assign(self._optimizer.learning_rate * 0.5)

    def _train(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Take one step; return the batch's mean loss before it."""
        if self._word_dropout and self._unknown is not None:
            inputs = self._drop_words(inputs)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self._losses(inputs, targets, training=True))
        gradients = tape.gradient(loss, self._variables)
        self._optimizer.apply(gradients, self._variables)
        return loss

    def _evaluate(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Return the batch's summed loss."""
        return tf.reduce_sum(self._losses(inputs, targets, training=False))

    def _losses(self, inputs: tf.Tensor, targets: tf.Tensor, training: bool) -> tf.Tensor:
        hidden = self._network.hidden(inputs, training=training)
        if targets.shape.rank == 2:
            real = targets > 0
            hidden, targets = tf.boolean_mask(hidden, real), tf.boolean_mask(targets, real)
        logits = self._network.logits(hidden)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)

    def _drop_words(self, inputs: tf.Tensor) -> tf.Tensor:
        """Replace some words by <unk>, so that it has a meaning (word dropout, Bowman et al. 2016)."""
        chosen = tf.random.uniform(tf.shape(inputs)) < self._word_dropout
        words = (inputs > 0) & (inputs != self._start)
        return tf.where(chosen & words, self._unknown, inputs)


@dataclass(frozen=True, slots=True)
class Best:
    """The weights worth keeping so far, and how good they are.

    `epoch` counts from 1; 0 are the weights of a first epoch that was not finished.
    """

    weights: Weights
    epoch: int
    loss: float
    perplexity: float | None


class Loop:
    """Trains a network on a dataset, epoch by epoch, and remembers the best weights."""

    def __init__(self, dataset: Dataset, stopping: Callable[[], bool]) -> None:
        """Build the network, with the weights of the dataset's base where it has one.

        Args:
            dataset: what to train on.
            stopping: asked between steps whether to stop.
        """
        self.settings = dataset.recipe.training
        self.dataset = dataset
        self._stopping = stopping
        self._random = np.random.default_rng(self.settings.seed)
        self.network = Network(
            dataset.recipe.model, len(dataset.vocabulary), dataset.unigram, self.settings.seed
        )
        if dataset.base is not None:
            self.network.set_weights(dataset.base.weights)
        self._step = Step(self.network, dataset)
        self._clock = 0.0
        self.best: Best | None = None
        self.reason = ""

    def run(self) -> Iterator[Progress | EpochDone]:
        """Yield progress until training ends; `best` and `reason` tell the outcome.

        Raises:
            TrainingError: the loss is no longer a number; `best` still holds what was good.
        """
        self._clock = time.perf_counter()
        for epoch in range(1, self.settings.epochs + 1):
            began = time.perf_counter()
            loss = yield from self._train(epoch)
            if self.reason:
                self._keep_unfinished(loss)
                return
            speed = self.dataset.training.tokens / (time.perf_counter() - began)
            perplexity = self.perplexity()
            improved = self._improves(perplexity)
            if improved:
                self.best = Best(self.network.weights(), epoch, loss, perplexity)
            else:
                self._step.slow_down()
            yield EpochDone(epoch, loss, perplexity, speed, improved)
            assert self.best is not None
            if self.settings.patience and epoch - self.best.epoch >= self.settings.patience:
                self.reason = f"no better validation for {self.settings.patience} epochs"
                return
        self.reason = f"all {self.settings.epochs} epochs done"

    def perplexity(self) -> float | None:
        """Measure the network as it is on the held-out lines; None where there are none."""
        held_out: Batches | None = self.dataset.validation
        if held_out is None:
            return None
        nats = sum(float(self._step.evaluate(*batch)) for batch in held_out.epoch(None))
        return math.exp(min(nats / held_out.tokens, 700.0))

    def _train(self, epoch: int) -> Generator[Progress, None, float]:
        """Train for an epoch, or until stopped; return the mean loss."""
        total, tokens, shown = 0.0, 0, 0.0
        began = time.perf_counter()
        for number, (inputs, targets) in enumerate(self.dataset.training.epoch(self._random), 1):
            if self._stopping():
                self.reason = STOPPED
                break
            loss = float(self._step.train(inputs, targets))
            if not math.isfinite(loss):
                raise TrainingError(
                    f"the loss is {loss} in epoch {epoch}; "
                    f"try a learning_rate below {self.settings.learning_rate:g}"
                )
            count = int(np.count_nonzero(targets))
            total, tokens = total + loss * count, tokens + count
            now = time.perf_counter()
            if now - shown >= PROGRESS_SECONDS:
                shown = now
                yield self._progress(epoch, number, total / tokens, tokens / (now - began))
        return total / max(tokens, 1)

    def _progress(self, epoch: int, step: int, loss: float, speed: float) -> Progress:
        steps = self.dataset.training.steps
        elapsed = time.perf_counter() - self._clock
        done = (epoch - 1) * steps + step
        left = elapsed / done * (self.settings.epochs * steps - done)
        return Progress(epoch, step, steps, loss, speed, left)

    def _improves(self, perplexity: float | None) -> bool:
        """Without held-out text nothing can be compared, and the latest weights are kept."""
        if self.best is None or self.best.perplexity is None or perplexity is None:
            return True
        return perplexity < self.best.perplexity

    def _keep_unfinished(self, loss: float) -> None:
        """Stopped in the first epoch: half an epoch's weights are better than nothing."""
        if self.best is None:
            if not loss:
                raise TrainingStopped(STOPPED_EARLY)
            self.best = Best(self.network.weights(), 0, loss, None)
