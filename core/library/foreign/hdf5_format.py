"""The part of the HDF5 file format that Keras writes, read with bounds on every step.

Keras has written the format's first version for all its years: groups as symbol tables, arrays in one
piece, attributes as text. Everything else is refused: links that lead elsewhere, arrays in chunks,
packed, or in other files, types that are kept apart. A C library that knows all of HDF5 can be made to
take gigabytes for a text of which a file of 6 KB says that it is long, so none is used here.

Layouts are those of the "HDF5 File Format Specification", version 3.0, whose names are kept.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.library.foreign.hdf5_messages import (
    ATTRIBUTE,
    CONTINUATION,
    DATASPACE,
    DATATYPE,
    EXTERNAL,
    FILTERS,
    LAYOUT,
    LINK,
    LINK_INFO,
    NOWHERE,
    SHARED,
    SYMBOL_TABLE,
    Attribute,
    FormatError,
    Message,
    is_dense,
    padded,
    read_contiguous,
    read_float_type,
    read_link,
    read_shape,
    split_messages,
)

SIGNATURE = b"\x89HDF\r\n\x1a\n"

# Keras needs a few dozen of each; the limits keep a hostile file from being followed for long.
DEEPEST, MOST_MEMBERS, LONGEST_NAME = 64, 20_000, 1024
LARGEST_HEADER, MOST_MESSAGES = 1 << 20, 4096
LARGEST_TEXT, MOST_TEXTS, MOST_HEAP_OBJECTS = 1 << 20, 8, 4096
BLOCK = 1 << 20
"""Numbers that are converted at a time."""


@dataclass(frozen=True)
class Region:
    """A stretch of an open file, all of it or a member of an archive; offsets are from its start."""

    file: BinaryIO
    start: int
    size: int

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes.

        Raises:
            FormatError: they are not all in the region.
        """
        self._seek(offset, size)
        content = self.file.read(size)
        if len(content) != size:
            raise FormatError("ends too early")
        return content

    def read_floats(self, offset: int, array: NDArray[np.float32]) -> None:
        """Fill an array of the file's own type in place."""
        self._seek(offset, array.nbytes)
        flat, done = array.data.cast("B"), 0
        while done < len(flat):
            count = self.file.readinto(flat[done:])  # type: ignore[attr-defined]
            if not count:
                raise FormatError("ends too early")
            done += count

    def _seek(self, offset: int, size: int) -> None:
        if not 0 <= offset <= offset + size <= self.size:
            raise FormatError("points outside of the file")
        self.file.seek(self.start + offset)


@dataclass(frozen=True)
class Dataset:
    """An array as its header describes it; `size` is that of its bytes in the file."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.floating]
    address: int

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


class Hdf5:
    """An HDF5 file: places to addresses, addresses to arrays and texts.

    Every method raises FormatError, or struct.error where something is too short to be what it is.
    """

    def __init__(self, region: Region) -> None:
        self._region = region
        self._members: dict[int, dict[str, int | None]] = {}
        self._seen = 0
        self._root = _root(region)

    def find(self, place: str) -> int | None:
        """Return the address of the group or dataset at `place`; None where there is none."""
        address: int | None = self._root
        parts = [part for part in place.split("/") if part]
        if len(parts) > DEEPEST:
            raise FormatError("lies too deep")
        for part in parts:
            assert address is not None
            members = self._group(address)
            if part not in members:
                return None
            address = members[part]
            if address is None:
                raise FormatError("is a link that leads elsewhere")
        return address

    def dataset(self, address: int) -> Dataset | None:
        """Return what stands at `address`, if it is an array of floating-point numbers in one piece."""
        messages = {message.kind: message for message in self._messages(address)}
        if not {DATASPACE, DATATYPE, LAYOUT} <= messages.keys():
            return None
        if EXTERNAL in messages:
            raise FormatError("takes its numbers from another file")
        if any(messages[kind].flags & SHARED for kind in (DATASPACE, DATATYPE, LAYOUT)):
            raise FormatError("is described elsewhere in the file")
        if FILTERS in messages:
            raise FormatError("is packed, which Keras does not do")
        shape = read_shape(messages[DATASPACE].body)
        dtype = read_float_type(messages[DATATYPE].body)
        address, stored = read_contiguous(messages[LAYOUT].body)
        dataset = Dataset(shape, dtype, address)
        if address == NOWHERE or stored != dataset.size * dtype.itemsize:
            raise FormatError("does not hold the numbers it declares")
        return dataset

    def read(self, dataset: Dataset) -> NDArray[np.float32]:
        """Return a dataset's numbers; the caller has seen to it that there is room for them."""
        array = np.empty(dataset.shape, np.float32)
        if dataset.dtype == np.float32:
            self._region.read_floats(dataset.address, array)
            return array
        flat, width = array.reshape(-1), dataset.dtype.itemsize
        with np.errstate(over="ignore"):  # becomes infinite, and is found as such
            for start in range(0, flat.size, BLOCK):
                count = min(BLOCK, flat.size - start)
                block = self._region.read(dataset.address + start * width, count * width)
                flat[start : start + count] = np.frombuffer(block, dataset.dtype)
        return array

    def texts(self, address: int, key: str) -> list[str] | None:
        """Return the text or texts of an attribute; None where there is none of that name."""
        for message in self._messages(address):
            if message.kind == ATTRIBUTE and not message.flags & SHARED:
                attribute = Attribute.of(message.body)
                if attribute.name == key:
                    return [text.decode("utf-8", "replace") for text in self._texts(attribute)]
        return None

    def _texts(self, attribute: "Attribute") -> Iterator[bytes]:
        count = math.prod(read_shape(attribute.space))
        if count > MOST_TEXTS:
            raise FormatError("holds too many texts")
        kind, size = attribute.type[0] & 0x0F, struct.unpack_from("<I", attribute.type, 4)[0]
        texts = [attribute.data[start : start + size] for start in range(0, count * size, size or 1)]
        if kind == 3:  # a string of fixed length
            yield from (text.rstrip(b"\0") for text in texts)
        elif kind == 9 and attribute.type[1] & 0x0F == 1:  # a string of any length, kept on a heap
            yield from (self._heap_text(*struct.unpack("<IQI", text)) for text in texts)
        elif count:
            raise FormatError("is no text")

    def _heap_text(self, length: int, address: int, index: int) -> bytes:
        if length > LARGEST_TEXT:
            raise FormatError(f"is longer than the {LARGEST_TEXT:,} bytes it can need")
        signature, _, end = struct.unpack("<4sIQ", self._region.read(address, 16))
        position = 16
        for _ in range(MOST_HEAP_OBJECTS):
            if signature != b"GCOL" or position + 16 > end:
                break
            number, size = struct.unpack("<H6xQ", self._region.read(address + position, 16))
            if number == index and size >= length:
                return self._region.read(address + position + 16, length)
            position += 16 + padded(size)
        raise FormatError("is text that the file does not hold")

    def _messages(self, address: int) -> list[Message]:
        """Return an object header's messages, those of its continuations included."""
        version, size = struct.unpack("<B7xI4x", self._region.read(address, 16))
        if version != 1:
            raise FormatError("is of a newer kind than Keras writes")
        blocks, messages, total = [(address + 16, size)], list[Message](), 0
        for start, length in blocks:
            total += length
            if total > LARGEST_HEADER or len(messages) > MOST_MESSAGES:
                raise FormatError("has a header larger than it can need")
            for message in islice(split_messages(self._region.read(start, length)), MOST_MESSAGES + 1):
                if message.kind == CONTINUATION:
                    blocks.append(struct.unpack_from("<QQ", message.body))
                messages.append(message)
        return messages

    def _group(self, address: int) -> dict[str, int | None]:
        """Return a group's members by name: addresses, None for links; nothing where it is no group."""
        if address not in self._members:
            members: dict[str, int | None] = {}
            for message in self._messages(address):
                if message.kind == LINK_INFO and is_dense(message.body):
                    raise FormatError("lies in a group of a newer kind than Keras writes")
                if message.kind == LINK:
                    members |= [read_link(message.body)]
                if message.kind == SYMBOL_TABLE:
                    members |= self._symbols(*struct.unpack_from("<QQ", message.body))
            self._members[address] = members
        return self._members[address]

    def _symbols(self, tree: int, heap: int) -> Iterator[tuple[str, int | None]]:
        """Walk a group's tree of symbol nodes; what it may visit is counted for the whole file."""
        signature, size, names = struct.unpack("<4s4xQ8xQ", self._region.read(heap, 32))
        if signature != b"HEAP":
            raise FormatError("has no names")
        nodes = [tree]
        for node in nodes:
            head = self._region.read(node, 8)
            count = struct.unpack_from("<H", head, 6)[0]
            self._seen += count
            if self._seen > MOST_MEMBERS:
                raise FormatError("lies in groups with more members than a model has")
            if head[:5] == b"TREE\0":
                content = self._region.read(node + 24, 16 * count)
                nodes.extend(address for _, address in struct.iter_unpack("<QQ", content))
            elif head[:5] == b"SNOD\1":
                content = self._region.read(node + 8, 40 * count)
                for start, address, cached in struct.iter_unpack("<QQI20x", content):
                    linked = cached == 2 or address == NOWHERE
                    yield self._name(names, start, size), None if linked else address
            else:
                raise FormatError("lies in a damaged group")

    def _name(self, names: int, start: int, size: int) -> str:
        content = self._region.read(names + start, min(LONGEST_NAME, size - start))
        return content.partition(b"\0")[0].decode("utf-8", "replace")


def _root(region: Region) -> int:
    """Return the address of the root group's header, out of the superblock."""
    head = region.read(0, min(100, region.size))
    if head[:8] != SIGNATURE:
        raise FormatError("does not begin as an HDF5 file does")
    version, offsets, lengths = head[8], head[13], head[14]
    if version > 1 or (offsets, lengths) != (8, 8):
        raise FormatError("is of a newer kind than Keras writes")
    base, _, end, _, _, root = struct.unpack_from("<6Q", head, 28 if version else 24)
    if base:
        raise FormatError("does not begin at its beginning")
    if end > region.size:
        raise FormatError("is cut short")
    return int(root)
