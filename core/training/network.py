"""Settings to layers; weights in and out under the names of core.library.layout."""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.library import layout
from core.library.model import Weights
from core.settings import ModelSettings
from core.training.randomness import Randomness
from core.training.recurrence import LayerWeights, Recurrence
from core.training.softmax import (
    cross_entropy,
    look_up,
    sampled_cross_entropy,
    smoothing,
    worst_case,
)

INPUT, OUTPUT, CANDIDATES = 0, 1, 3
BETWEEN, RECURRENT = 8, 16
"""What random numbers are used for: of a layer, these and its number. See `noising` for the others."""

_KINDS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}


_NOTHING = ModelSettings(
    dropout=0.0, input_dropout=0.0, layer_dropout=0.0, weight_dropout=0.0, word_dropout=0.0
)
"""What is dropped when a network is not trained."""


class Outputs(NamedTuple):
    """The last layer's outputs with some dropped, and whole; the embedding as `look_up` gives it."""

    dropped: tf.Tensor
    whole: tf.Tensor
    embedding: tf.Tensor


class Network:
    """Embedding, recurrent layers, output. Not a keras.Model: Step is all that runs it.

    Keras's layers hold the weights and initialise them; what is computed with them is our own.
    A window network answers for the last position only, a stream network for every one.
    """

    def __init__(
        self, settings: ModelSettings, words: int, unigram: NDArray[np.float32], seed: int
    ) -> None:
        """Build and initialise.

        Args:
            settings: the shape.
            words: size of the vocabulary.
            unigram: (words,) counts; a tied network's output bias begins as their log share, which
                spares the first epochs the work of learning word frequencies.
            seed: start of the random numbers of initialisation and dropout.
        """
        keras.utils.set_random_seed(seed)
        self.settings = settings
        self.randomness = Randomness(seed)
        # Keras's Adam squares the parts of a row's gradient apart where they come as a list of rows.
        # Streams do better with their sum; a window is the tutorial's, and learns what it did there.
        self.sparse = settings.context == "window"
        self._recurrence = Recurrence(settings)
        self.embedding = keras.layers.Embedding(words, settings.embedding_size)
        self.embedding.build()
        options = {"reset_after": settings.reset_after} if settings.cell == "gru" else {}
        self.cells = []
        width = settings.embedding_size
        for _ in range(settings.layers):
            self.cells.append(_KINDS[settings.cell](settings.hidden_size, **options))
            self.cells[-1].build((None, None, width))
            width = settings.hidden_size
        if settings.attention:
            width = settings.embedding_size + settings.layers * settings.hidden_size
        self.attention = _dense(1, width, use_bias=False) if settings.attention else None
        self.output = None if settings.tied else _dense(words, width)
        projects = settings.tied and settings.hidden_size != settings.embedding_size
        self.projection = _dense(settings.embedding_size, width, use_bias=False) if projects else None
        shares = (unigram / unigram.sum()).astype(np.float32)
        self._shares = tf.constant(shares)
        self.bias = tf.Variable(np.log(shares), name="output_bias") if settings.tied else None

    def hidden(self, ids: tf.Tensor, training: bool) -> tf.Tensor:
        """Return the last layer's outputs: (rows, steps, hidden), or (rows, hidden) for a window.

        Args:
            ids: (rows, steps), a shape known when this is traced.
            training: whether to drop.
        """
        return self.outputs(ids, training).dropped

    def outputs(self, ids: tf.Tensor, training: bool, shift: tf.Tensor | None = None) -> Outputs:
        """Return what `hidden` does, and what goes with it.

        Padding on the right costs no mask: what is computed there has no influence on what is before.
        Steps come first in here, so that each is one piece of memory.

        Args:
            ids: (rows, steps), a shape known when this is traced.
            training: whether to drop.
            shift: (rows, steps, embedding) to be added to what the words are embedded as.
        """
        ids = tf.transpose(ids)
        embedding = tf.convert_to_tensor(self.embedding.embeddings)
        if self.sparse:
            values = tf.gather(embedding, ids)
        else:
            values, embedding = look_up(embedding, ids)
        if shift is not None:
            values += tf.transpose(shift, [1, 0, 2])
        rates = self.settings if training else _NOTHING
        whole = self._layers(self._locked(values, rates.input_dropout, INPUT), ids, rates)
        dropped = self._locked(whole, rates.dropout, OUTPUT)
        return Outputs(_rows_first(dropped), _rows_first(whole), embedding)

    def _layers(self, values: tf.Tensor, ids: tf.Tensor, rates: ModelSettings) -> tf.Tensor:
        """Return the last layer's outputs, (steps, rows, hidden), or (rows, hidden) for a window."""
        mask = (ids > 0)[..., None] if self.settings.masked else None
        outputs = [values]
        for number, layer in enumerate(self.cells):
            if number:
                values = self._locked(values, rates.layer_dropout, BETWEEN + number)
            values = self._recurrence(values, self._weights(number, layer.cell, rates), mask)
            outputs.append(values)
        if self.attention:
            return self._attend(tf.concat(outputs, -1))
        return values if self.settings.context == "stream" else values[-1]

    def _weights(self, number: int, cell: Any, rates: ModelSettings) -> LayerWeights:
        """Return a layer's arrays, some recurrent weights dropped (Merity, Keskar and Socher 2017)."""
        arrays = (cell.kernel, cell.recurrent_kernel, cell.bias)
        kernel, recurrent, bias = map(tf.convert_to_tensor, arrays)
        rate, use = rates.weight_dropout, RECURRENT + number
        recurrent = self.randomness.dropped(recurrent, rate, tf.shape(recurrent), use, shared=True)
        return LayerWeights(kernel, recurrent, bias)

    def _locked(self, values: tf.Tensor, rate: float, use: int) -> tf.Tensor:
        """Drop with one mask a line, the same at every word (Gal and Ghahramani 2016)."""
        shape = tf.shape(values)
        if values.shape.rank == 3:
            shape = tf.stack([1, shape[1], shape[2]])
        return self.randomness.dropped(values, rate, shape, use)

    def _attend(self, outputs: tf.Tensor) -> tf.Tensor:
        """Average (steps, rows, width) over the steps, by weights that the network has learnt."""
        assert self.attention is not None
        return tf.reduce_sum(outputs * tf.nn.softmax(self.attention(outputs), axis=0), axis=0)

    def logits(self, hidden: tf.Tensor) -> tf.Tensor:
        """Return logits (..., words) of outputs (..., hidden)."""
        if self.output is not None:
            return self.output(hidden)
        kernel = self.embedding.embeddings
        return tf.matmul(self._projected(hidden), kernel, transpose_b=True) + self.bias

    def losses(
        self, hidden: tf.Tensor, targets: tf.Tensor, embedding: tf.Tensor, samples: int = 0
    ) -> tf.Tensor:
        """Return -log p of each target, in nats.

        Args:
            hidden: (rows, hidden).
            targets: (rows,).
            embedding: from `outputs`.
            samples: how many words to draw and tell the target from, for training only; 0 for all.
        """
        hidden, (kernel, bias) = self._projected(hidden), self._output(embedding)
        if samples:
            uniform = self.randomness.uniform([samples], CANDIDATES, shared=True)
            return sampled_cross_entropy(hidden, kernel, bias, targets, uniform)
        return cross_entropy(hidden, kernel, bias, targets)

    def worst_case(
        self,
        losses: tf.Tensor,
        hidden: tf.Tensor,
        targets: tf.Tensor,
        embedding: tf.Tensor,
        size: float,
    ) -> tf.Tensor:
        """Return these losses where the targets' vectors are moved to the worst, see softmax."""
        kernel, _ = self._output(embedding)
        return worst_case(losses, self._projected(hidden), kernel, targets, size)

    def smoothing(self, hidden: tf.Tensor, targets: tf.Tensor, embedding: tf.Tensor) -> tf.Tensor:
        """Return what label smoothing adds to each of these losses, for a weight of 1."""
        output = self._output(embedding)
        return smoothing(self._projected(hidden), *output, targets, self._shares)

    def _output(self, embedding: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the output's kernel (words, width) and bias (words,)."""
        if self.output is None:
            return embedding, self.bias
        return tf.transpose(self.output.kernel), tf.convert_to_tensor(self.output.bias)

    def _projected(self, hidden: tf.Tensor) -> tf.Tensor:
        return hidden if self.projection is None else self.projection(hidden)

    @property
    def variables(self) -> dict[str, tf.Variable]:
        """Return every trainable array under its name in the model file."""
        table = {"embedding": self.embedding.embeddings}
        for layer, cell in enumerate(self.cells):
            name = f"{self.settings.cell}_{layer}"
            table[f"{name}.kernel"] = cell.cell.kernel
            table[f"{name}.recurrent_kernel"] = cell.cell.recurrent_kernel
            table[f"{name}.bias"] = cell.cell.bias
        if self.attention is not None:
            table["attention.kernel"] = self.attention.kernel
        if self.output is not None:
            table["output.kernel"] = self.output.kernel
            table["output.bias"] = self.output.bias
        else:
            table["output.bias"] = self.bias
        if self.projection is not None:
            table["projection.kernel"] = self.projection.kernel
        return table

    def weights(self) -> Weights:
        """Return a copy of all arrays; their names and shapes are those of the file format."""
        arrays = {name: np.array(variable) for name, variable in self.variables.items()}
        words = arrays["embedding"].shape[0]
        assert {k: v.shape for k, v in arrays.items()} == layout.shapes(self.settings, words)
        return arrays

    def set_weights(self, weights: Weights) -> None:
        """Set all arrays from `weights`, as `weights` returns them."""
        for name, variable in self.variables.items():
            variable.assign(weights[name])


def _rows_first(values: tf.Tensor) -> tf.Tensor:
    return tf.transpose(values, [1, 0, 2]) if values.shape.rank == 3 else values


def _dense(units: int, width: int, **options: Any) -> keras.layers.Dense:
    layer = keras.layers.Dense(units, **options)
    layer.build((None, width))
    return layer
