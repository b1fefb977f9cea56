"""The arrays that a network of given settings consists of: their names and shapes.

One table, so that the trainer, the file format and the stepper cannot disagree.
"""

import math

from core.settings import ModelSettings

GATES = {"lstm": 4, "gru": 3, "rnn": 1}
"""Blocks of columns in a cell's kernels, in Keras's order: i f c o, z r g, and the one."""


def shapes(settings: ModelSettings, words: int) -> dict[str, tuple[int, ...]]:
    """Return every array's shape by name.

    The names are those of Keras, one group a layer: `lstm_0.kernel`. A GRU with `reset_after` has two
    biases, of the input and of the state. A tied network has no output kernel: its logits are
    `(hidden @ projection) @ embedding.T + output.bias`, and the projection is there only where the
    hidden size is not the embedding's. With attention the output reads the embedding and every layer.
    """
    hidden, embedding = settings.hidden_size, settings.embedding_size
    columns = GATES[settings.cell] * hidden
    two_biases = settings.cell == "gru" and settings.reset_after
    table: dict[str, tuple[int, ...]] = {"embedding": (words, embedding)}
    size = embedding
    for layer in range(settings.layers):
        name = f"{settings.cell}_{layer}"
        table[f"{name}.kernel"] = (size, columns)
        table[f"{name}.recurrent_kernel"] = (hidden, columns)
        table[f"{name}.bias"] = (2, columns) if two_biases else (columns,)
        size = hidden
    if settings.attention:
        hidden = embedding + settings.layers * hidden
        table["attention.kernel"] = (hidden, 1)
    if not settings.tied:
        table["output.kernel"] = (hidden, words)
    elif hidden != embedding:
        table["projection.kernel"] = (hidden, embedding)
    table["output.bias"] = (words,)
    return table


def parameters(settings: ModelSettings, words: int) -> int:
    """Return how many numbers the network consists of."""
    return sum(math.prod(shape) for shape in shapes(settings, words).values())
