"""Recurrent layers of different sizes as layers of one size, which answer the same.

A unit whose weights are all zero stays at zero: its candidate is tanh(0), so an LSTM's memory and a
GRU's or plain RNN's state never leave zero, whatever the gates are; and nobody hears it.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def with_rows(array: Floats, rows: int) -> Floats:
    """Return a matrix with rows of zeros added up to `rows`: inputs that are not listened to."""
    if len(array) == rows:
        return array
    padded = np.zeros((rows, *array.shape[1:]), np.float32)
    padded[: len(array)] = array
    return padded


def with_units(array: Floats, gates: int, units: int) -> Floats:
    """Return a kernel or bias with units of zeros added at the end of each gate's block of columns."""
    blocks = array.reshape(*array.shape[:-1], gates, -1)
    if blocks.shape[-1] == units:
        return array
    padded = np.zeros((*blocks.shape[:-1], units), np.float32)
    padded[..., : blocks.shape[-1]] = blocks
    return padded.reshape(*array.shape[:-1], gates * units)
