"""The arrays that a network of given settings consists of: their names and shapes.

One table, so that the trainer, the file format and the stepper cannot disagree.
"""

import math

from core.settings import ModelSettings

GATES = 4
"""An LSTM's input, forget, candidate and output gates; Keras keeps them in this order: i f c o."""


def shapes(settings: ModelSettings, words: int) -> dict[str, tuple[int, ...]]:
    """Return every array's shape by name.

    The names are those of Keras's LSTM, one group a layer. A tied network has no output kernel: its
    logits are `(hidden @ projection) @ embedding.T + output.bias`, and the projection is there only
    where the hidden size is not the embedding's.
    """
    hidden, embedding = settings.hidden_size, settings.embedding_size
    table: dict[str, tuple[int, ...]] = {"embedding": (words, embedding)}
    size = embedding
    for layer in range(settings.layers):
        table[f"lstm_{layer}.kernel"] = (size, GATES * hidden)
        table[f"lstm_{layer}.recurrent_kernel"] = (hidden, GATES * hidden)
        table[f"lstm_{layer}.bias"] = (GATES * hidden,)
        size = hidden
    if not settings.tied:
        table["output.kernel"] = (hidden, words)
    elif hidden != embedding:
        table["projection.kernel"] = (hidden, embedding)
    table["output.bias"] = (words,)
    return table


def parameters(settings: ModelSettings, words: int) -> int:
    """Return how many numbers the network consists of."""
    return sum(math.prod(shape) for shape in shapes(settings, words).values())
