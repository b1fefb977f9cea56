"""The arrays of a Keras model as those of a network of ours, every layer as large as the largest."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.library.foreign.budget import Budget
from core.library.foreign.cudnn import from_cudnn
from core.library.foreign.keras_files import Layer
from core.library.foreign.keras_network import CELLS, CUDNN, Network
from core.library.foreign.padding import with_rows, with_units
from core.library.layout import GATES
from core.library.model import Weights
from core.settings import ModelSettings

Floats = NDArray[np.float32]

PARTS = ("kernel", "recurrent_kernel", "bias")


def read_weights(network: Network, budget: Budget) -> Weights:
    """Read every array, each checked against the sizes that its layer declares.

    Raises:
        ModelError: an array is not there or of another shape, or all of them together take more memory
            than `budget` allows.
    """
    shape, words = network.settings, network.words
    table: dict[str, Floats] = {}
    (table["embedding"],) = network.embedding.read([(words, shape.embedding_size)])
    inputs = shape.embedding_size
    for number, layer in enumerate(network.recurrent):
        arrays = _recurrent(layer, inputs, shape.reset_after, budget)
        rows = shape.hidden_size if number else inputs
        padded = _padded(arrays, shape, rows, layer.name, budget)
        names = (f"{shape.cell}_{number}.{part}" for part in PARTS)
        table |= dict(zip(names, padded, strict=True))
        inputs = layer.config["units"]
    kernel, bias = _plain(network.dense, [(inputs, words), (words,)])
    if inputs < shape.hidden_size:
        budget.take(4 * words * shape.hidden_size, f"padding {network.dense.name}")
    return table | {"output.kernel": with_rows(kernel, shape.hidden_size), "output.bias": bias}


def _recurrent(layer: Layer, inputs: int, reset_after: bool, budget: Budget) -> list[Floats]:
    """Read a recurrent layer's kernel, recurrent kernel and bias, in the order of plain layers."""
    cell, units = CELLS[layer.kind], layer.config["units"]
    columns = GATES[cell] * units
    if layer.kind in CUDNN:
        shapes = [(inputs, columns), (units, columns), (2 * columns,)]
        size = 4 * columns * (inputs + units)
        budget.take(size, f"converting {layer.name}")
        converted = from_cudnn(cell, *layer.read(shapes))
        budget.give_back(size)
        return list(converted)
    two_biases = cell == "gru" and reset_after
    bias = (2, columns) if two_biases else (columns,)
    return _plain(layer, [(inputs, columns), (units, columns), bias])


def _padded(
    arrays: Sequence[Floats], shape: ModelSettings, rows: int, name: str, budget: Budget
) -> Sequence[Floats]:
    """Pad a layer's arrays to the size of the largest layer, and its inputs to `rows`."""
    gates, units = GATES[shape.cell], shape.hidden_size
    kernel, recurrent, bias = arrays
    size, needed = kernel.nbytes + recurrent.nbytes, 4 * gates * units * (rows + units)
    if size == needed:
        return arrays
    budget.take(needed, f"padding {name}")
    kernel, recurrent, bias = (with_units(array, gates, units) for array in arrays)
    budget.give_back(size)
    return [with_rows(kernel, rows), with_rows(recurrent, units), bias]


def _plain(layer: Layer, shapes: Sequence[tuple[int, ...]]) -> list[Floats]:
    """Read a layer's arrays; one that was made without a bias gets a bias of zeros."""
    if layer.config.get("use_bias", True):
        return layer.read(shapes)
    return [*layer.read(shapes[:-1]), np.zeros(shapes[-1], np.float32)]
