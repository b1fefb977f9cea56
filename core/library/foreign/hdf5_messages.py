"""The messages of which an HDF5 object's header consists: their bytes to what they say.

Only what Keras writes is understood; the numbers and layouts are those of the "HDF5 File Format
Specification", version 3.0.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

NOWHERE = 2**64 - 1

DATASPACE, LINK_INFO, DATATYPE, LINK, EXTERNAL, LAYOUT = 0x01, 0x02, 0x03, 0x06, 0x07, 0x08
FILTERS = 0x0B
ATTRIBUTE, CONTINUATION, SYMBOL_TABLE = 0x0C, 0x10, 0x11
SHARED = 2
"""The flag of a message whose content is kept elsewhere."""


class FormatError(ValueError):
    """What is wrong with a file, as the end of a sentence about a place in it."""


class Message(NamedTuple):
    """One of the messages that an object's header consists of."""

    kind: int
    flags: int
    body: bytes


def split_messages(block: bytes) -> Iterator[Message]:
    """Yield the messages that stand in a row in a block of a header."""
    position = 0
    while position + 8 <= len(block):
        kind, length, flags = struct.unpack_from("<HHB", block, position)
        position += 8 + length
        if position > len(block):
            raise FormatError("has a damaged header")
        yield Message(kind, flags, block[position - length : position])


def is_dense(body: bytes) -> bool:
    """Say whether a group keeps its links outside of its header, as only large newer ones do."""
    (heap,) = struct.unpack_from("<Q", body, 10 if body[1] & 1 else 2)
    return bool(heap != NOWHERE)


def read_link(body: bytes) -> tuple[str, int | None]:
    """Return a link message's name and address, None unless it is a hard link.

    Groups have such messages where one of their names is not ASCII.
    """
    flags, position = body[1], 2
    kind = body[position] if flags & 8 else 0
    for flag, width in ((8, 1), (4, 8), (16, 1)):  # kind, order of creation, character set
        position += width if flags & flag else 0
    start = position + (1 << (flags & 3))
    end = start + int.from_bytes(body[position:start], "little")
    address = None if kind else struct.unpack_from("<Q", body, end)[0]
    return body[start:end].decode("utf-8", "replace"), address


def read_shape(body: bytes) -> tuple[int, ...]:
    """Return the dimensions of a dataspace message; version 2 has one that holds nothing at all."""
    version, rank, kind = body[0], body[1], body[3]
    if version not in (1, 2) or rank > 32:
        raise FormatError("has a shape that cannot be read")
    if version == 2 and kind == 2:
        return (0,)
    return struct.unpack_from(f"<{rank}Q", body, 8 if version == 1 else 4)


def _ieee(big: bool, size: int, exponent: int, mantissa: int) -> bytes:
    """Return the datatype message of a float of IEEE 754: its class, order, fields and bias."""
    bits = 8 * size
    head = struct.pack("<3BI", 0x20 | big, bits - 1, 0, size)
    fields = struct.pack("<HHBBBB", 0, bits, mantissa, exponent, 0, mantissa)
    return head + fields + struct.pack("<I", 2 ** (exponent - 1) - 1)


FLOATS = {
    _ieee(order == ">", size, *fields): np.dtype(f"{order}f{size}")
    for order in "<>"
    for size, fields in {2: (5, 10), 4: (8, 23), 8: (11, 52)}.items()
}


def read_float_type(body: bytes) -> "np.dtype[np.floating]":
    """Return the type of an array's numbers, out of its datatype message."""
    if body[0] & 0x0F != 1:
        raise FormatError("does not hold floating-point numbers")
    if body[1:20] not in FLOATS:
        raise FormatError("holds floating-point numbers of a kind that Keras does not write")
    return FLOATS[body[1:20]]


def read_contiguous(body: bytes) -> tuple[int, int]:
    """Return where an array's bytes are and how many, out of its layout message."""
    version, kind = body[0], body[1]
    if version == 4 and kind == 3:
        raise FormatError("takes its numbers from another file")
    if version != 3 or kind != 1:
        raise FormatError("is not kept in one piece, as Keras does it")
    address, size = struct.unpack_from("<QQ", body, 2)
    return address, size


class Attribute(NamedTuple):
    """An attribute message: its name, the messages of its type and shape, and its bytes."""

    name: str
    type: bytes
    space: bytes
    data: bytes

    @classmethod
    def of(cls, body: bytes) -> "Attribute":
        """Cut an attribute message into its parts; only the first version pads them."""
        version = body[0]
        if version not in (1, 2, 3) or (version > 1 and body[1]):
            raise FormatError("is of a newer kind than Keras writes")
        sizes: Sequence[int] = struct.unpack_from("<3H", body, 2)
        position, parts = 9 if version == 3 else 8, []
        for size in sizes:
            parts.append(body[position : position + size])
            position += padded(size) if version == 1 else size
        name = parts[0].partition(b"\0")[0].decode("utf-8", "replace")
        return cls(name, parts[1], parts[2], body[position:])


def padded(size: int) -> int:
    """Return a size rounded up to a multiple of eight, as HDF5 aligns most things."""
    return -(-size // 8) * 8
