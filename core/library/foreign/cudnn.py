"""The weights of Keras 2's layers for graphics cards, CuDNNLSTM and CuDNNGRU, as LSTM's and GRU's."""

import numpy as np
from numpy.typing import NDArray

from core.library.layout import GATES

Floats = NDArray[np.float32]


def from_cudnn(
    cell: str, kernel: Floats, recurrent: Floats, bias: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return a cuDNN layer's arrays in Keras's layout, gate by gate.

    Input kernels are transposed and read back in Fortran order, recurrent kernels transposed. Of the
    two halves of the bias an LSTM has the sum, a GRU (`reset_after`) both: as Keras converts them.

    Args:
        cell: `lstm` or `gru`.
        kernel: (inputs, gates x units), in the order of Keras's gates.
        recurrent: (units, gates x units).
        bias: (2 x gates x units,).
    """
    gates = GATES[cell]
    kernels = [gate.T.reshape(gate.shape, order="F") for gate in np.split(kernel, gates, axis=1)]
    recurrents = [gate.T for gate in np.split(recurrent, gates, axis=1)]
    halves = bias.reshape(2, -1)
    return np.hstack(kernels), np.hstack(recurrents), halves if cell == "gru" else halves.sum(axis=0)
