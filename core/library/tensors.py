"""weights.safetensors to arrays, where they lie.

The safetensors library copies every array, so that a file would take twice its size before anything
in it is known to be wrong. The format is a length, a JSON header and the numbers; here the header is
checked against what the model's architecture needs, and the arrays are views of the bytes.
"""

import json
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.library.limits import HEADER, Content
from core.library.model import Weights

Shapes = Mapping[str, tuple[int, ...]]
Array = NDArray[np.floating]
Arrays = Mapping[str, Array]

TYPES: Mapping[str, np.dtype[np.floating]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}
"""What numbers may be, the lowest byte first."""

LENGTH = 8
"""Bytes of the number that says how long the header is, the lowest byte first."""


class WrongTensors(ValueError):
    """What a file of weights holds is not what it must hold."""


def write(weights: Arrays) -> bytes:
    """Return arrays, float32 or float16, as the content of a safetensors file."""
    import safetensors.numpy

    content: bytes = safetensors.numpy.save({n: np.ascontiguousarray(a) for n, a in weights.items()})
    return content


def read(content: Content, shapes: Shapes) -> Weights:
    """Return the arrays of a safetensors file, as float32.

    Raises:
        WrongTensors: it is none, or its arrays are not finite float32 or float16 numbers of `shapes`.
    """
    header, start = _header(content)
    entries = {name: _entry(name, header[name]) for name in header if name != "__metadata__"}
    found = {name: entry.shape for name, entry in entries.items()}
    if found != shapes:
        wrong = sorted(found.items() ^ shapes.items())[0][0]
        raise WrongTensors(
            f"it holds {wrong:.60} as {found.get(wrong, 'nothing')}, "
            f"its architecture needs {shapes.get(wrong, 'none')}"
        )
    _check_tiling(list(entries.values()), len(content) - start)
    arrays = {name: _view(content, start, entry) for name, entry in entries.items()}
    for name, array in arrays.items():
        # A minimum is not a number where any element is none, and needs no second array to find out.
        if not (np.isfinite(array.min()) and np.isfinite(array.max())):
            raise WrongTensors(f"{name} must be finite float32 or float16 numbers")
    return {name: np.require(array, np.float32, "A") for name, array in arrays.items()}


def _header(content: Content) -> tuple[dict[str, Any], int]:
    """Return the header, and where the numbers begin."""
    start = LENGTH + int.from_bytes(content[:LENGTH], "little")
    if not LENGTH < start <= min(len(content), LENGTH + HEADER):
        raise WrongTensors("it is not a safetensors file (its header's length cannot be right)")
    try:
        header = json.loads(content[LENGTH:start])
    except (ValueError, RecursionError) as error:
        raise WrongTensors(f"it is not a safetensors file ({error})") from error
    if not isinstance(header, dict):
        raise WrongTensors("it is not a safetensors file (its header is no JSON object)")
    return header, start


class _Entry(NamedTuple):
    """One array as the header describes it."""

    kind: np.dtype[np.floating]
    shape: tuple[int, ...]
    begin: int
    end: int


def _entry(name: str, record: Any) -> _Entry:
    described = record if isinstance(record, dict) else {}
    kind = TYPES.get(str(described.get("dtype")))
    shape, span = _naturals(described.get("shape")), _naturals(described.get("data_offsets"))
    if kind is None:
        raise WrongTensors(f"{name:.60} must be finite float32 or float16 numbers")
    if not shape or len(span) != 2:
        raise WrongTensors(f"{name:.60} has no shape or no place")
    if span[1] - span[0] != math.prod(shape) * kind.itemsize:
        raise WrongTensors(f"{name:.60} has not the bytes that its shape needs")
    return _Entry(kind, shape, *span)


def _naturals(value: Any) -> tuple[int, ...]:
    """Return one or two numbers that may be a shape or a place; nothing, where they cannot be."""
    if not isinstance(value, list) or len(value) > 2:
        return ()
    sound = all(type(number) is int and 0 <= number < 1 << 40 for number in value)
    return tuple(value) if sound else ()


def _view(content: Content, start: int, entry: _Entry) -> Array:
    flat: Array = np.frombuffer(content, entry.kind, math.prod(entry.shape), start + entry.begin)
    flat.flags.writeable = False  # a bytearray's are, and a model is never changed in place
    return flat.reshape(entry.shape)


def _check_tiling(entries: list[_Entry], size: int) -> None:
    """See that the arrays lie one after the other and fill the file, so that no byte is said twice."""
    ordered = sorted(entries, key=lambda entry: entry.begin)
    edges = [0, *(edge for entry in ordered for edge in (entry.begin, entry.end)), size]
    if any(left != right for left, right in list(pairwise(edges))[::2]):
        raise WrongTensors("its arrays overlap, leave gaps or go beyond its end")
