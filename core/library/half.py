"""Weights in half precision: a model's file in half the size, its numbers rounded to eleven bits."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.library.model import Weights

LARGEST = float(np.finfo(np.float16).max)

Half = NDArray[np.float16]


def halved(weights: Weights) -> Mapping[str, Half]:
    """Return a model's weights as float16.

    Raises:
        ModelError: a number is too large for that, or all numbers of an array are too small.
    """
    return {name: _rounded(name, array) for name, array in weights.items()}


def _rounded(name: str, array: NDArray[np.float32]) -> Half:
    largest = float(np.abs(array).max())
    with np.errstate(over="ignore"):
        rounded = array.astype(np.float16)
    if np.isfinite(rounded).all() and (largest == 0 or rounded.any()):
        return rounded
    wrong = "goes up" if largest > 1 else "goes down"
    limit = LARGEST if largest > 1 else float(np.finfo(np.float16).smallest_subnormal)
    raise ModelError(
        f"the model cannot be stored in half precision: its {name} goes up to {largest:g}, and float16 "
        f"{wrong} to {limit:g}; copy it without --float16"
    )
