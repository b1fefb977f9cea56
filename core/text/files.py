"""Files as bytes that can be read more than once, and the encoding of their text."""

import codecs
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from core.errors import InputError

SNIFFED_BYTES = 65_536
"""How much of a file tells what it is."""

PIPED = 32 << 20
"""Bytes of a pipe that are kept in memory; more go to a temporary file."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file that can be read from its beginning more than once, a pipe through a copy of it."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a directory; name the files in it, for example {path}/*")
        with path.open("rb") as opened, _again(path, opened) as again:
            if not again.read(1):
                raise InputError(f"{path} is empty; it must hold at least two lines of text")
            again.seek(0)
            yield again
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; check the name") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


@contextmanager
def _again(path: Path, file: BinaryIO) -> Iterator[BinaryIO]:
    if file.seekable():
        yield file
        return
    beginning = file.read(SNIFFED_BYTES)
    _encoding(path, beginning)  # an endless stream of bytes that are no text ends here
    with tempfile.SpooledTemporaryFile(PIPED) as copy:
        copy.write(beginning)
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        yield cast(BinaryIO, copy)


@contextmanager
def decoding(path: Path, file: BinaryIO, encoding: str | None) -> Iterator[str]:
    """Give the encoding to read with, and say what to do if the file is not in it."""
    encoding = encoding or _encoding(path, head(file))
    try:
        yield encoding
    except UnicodeError as error:
        name = encoding.removesuffix("-sig")
        raise InputError(
            f"{path} is not {name} text{_first_fault(file, encoding)}; "
            "name its encoding, for example --encoding latin-1"
        ) from error
    except LookupError as error:
        raise InputError(f"there is no encoding {encoding!r}; try utf-8 or latin-1") from error


def _first_fault(file: BinaryIO, encoding: str) -> str:
    """Say where decoding fails; readers count from the piece they hold, so it is tried anew."""
    file.seek(0)
    decoder, held = codecs.getincrementaldecoder(encoding)(), 0
    try:
        while True:
            place = file.tell()
            held = len(decoder.getstate()[0])  # half a character, left of the piece before
            piece = file.read(SNIFFED_BYTES)
            decoder.decode(piece, final=not piece)
            if not piece:
                return ""
    except UnicodeDecodeError as error:
        return f" at byte {place - held + error.start:,}"
    except UnicodeError:
        return ""


def head(file: BinaryIO) -> bytes:
    """Return the beginning of a file, which is then read from there again."""
    beginning = file.read(SNIFFED_BYTES)
    file.seek(0)
    return beginning


def _encoding(path: Path, beginning: bytes) -> str:
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in beginning:
        raise InputError(
            f"{path} is a binary file; Headlong reads CSV, TSV, JSONL, Parquet and plain text"
        )
    return "utf-8-sig"
