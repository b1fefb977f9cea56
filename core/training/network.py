"""Settings to Keras layers; weights in and out under the names of core.library.layout."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.library import layout
from core.library.model import Weights
from core.settings import ModelSettings
from core.training.randomness import Randomness

INPUT, OUTPUT, WORDS = range(3)
"""What random numbers are used for."""

_GATES = {
    "sigmoid": "sigmoid",
    "hard_sigmoid": lambda x: tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0),  # Keras 2's
    "hard_sigmoid_6": "hard_sigmoid",
}


def _options(settings: ModelSettings) -> dict[str, Any]:
    """Return what a recurrent layer is told beyond its size."""
    if settings.cell == "rnn":
        return {}
    options: dict[str, Any] = {"recurrent_activation": _GATES[settings.gate]}
    return options | ({"reset_after": settings.reset_after} if settings.cell == "gru" else {})


class Network:
    """Embedding, recurrent layers, output. Not a keras.Model: the step in loop.py is all that runs it.

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
        sequences = settings.context == "stream" or settings.attention
        self.randomness = Randomness(seed)
        self.embedding = keras.layers.Embedding(words, settings.embedding_size)
        kinds = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}
        self.cells = [
            kinds[settings.cell](
                settings.hidden_size,
                return_sequences=sequences or layer < settings.layers - 1,
                **_options(settings),
            )
            for layer in range(settings.layers)
        ]
        self.attention = keras.layers.Dense(1, use_bias=False) if settings.attention else None
        self.projection: keras.layers.Dense | None = None
        self.output: keras.layers.Dense | None = None
        if not settings.tied:
            self.output = keras.layers.Dense(words)
        elif settings.hidden_size != settings.embedding_size:
            self.projection = keras.layers.Dense(settings.embedding_size, use_bias=False)
        log_share = np.log(unigram / unigram.sum()).astype(np.float32)
        self.bias = tf.Variable(log_share, name="output_bias") if settings.tied else None
        self.logits(self.hidden(tf.zeros((1, 2), tf.int32), training=False))  # builds every layer

    def hidden(self, ids: tf.Tensor, training: bool) -> tf.Tensor:
        """Return the last layer's outputs: (rows, steps, hidden), or (rows, hidden) for a window."""
        values = self.embedding(ids)
        if training:
            values = self._locked(values, self.settings.input_dropout, INPUT)
        mask = ids > 0 if self.settings.masked else None
        outputs = [values]
        for cell in self.cells:
            outputs.append(cell(outputs[-1], training=training, mask=mask))
        values = self._attend(tf.concat(outputs, -1)) if self.attention else outputs[-1]
        return self._locked(values, self.settings.dropout, OUTPUT) if training else values

    def _locked(self, values: tf.Tensor, rate: float, use: int) -> tf.Tensor:
        """Drop with one mask a line, the same at every word (Gal and Ghahramani 2016)."""
        shape = tf.shape(values)
        if values.shape.rank == 3:
            shape = tf.stack([shape[0], 1, shape[2]])
        return self.randomness.dropped(values, rate, shape, use)

    def _attend(self, outputs: tf.Tensor) -> tf.Tensor:
        """Average (rows, steps, width) over the steps, by weights that the network has learnt."""
        assert self.attention is not None
        return tf.reduce_sum(outputs * tf.nn.softmax(self.attention(outputs), axis=1), axis=1)

    def logits(self, hidden: tf.Tensor) -> tf.Tensor:
        """Return logits (..., words) of outputs (..., hidden)."""
        if self.output is not None:
            return self.output(hidden)
        if self.projection is not None:
            hidden = self.projection(hidden)
        return tf.matmul(hidden, self.embedding.embeddings, transpose_b=True) + self.bias

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
