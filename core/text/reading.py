"""Files to raw lines: CSV, TSV, JSONL, Parquet and plain text, through pandas.

Says which column it took. Does not clean, drop or count: see corpus.py. pandas is imported when a
table is read and not before.
"""

import codecs
import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from core.errors import InputError

if TYPE_CHECKING:
    import pandas

TEXT_COLUMNS = ("headline", "headline_text", "title", "text", "line", "sentence")
"""Names that a column of texts usually has, the likeliest first."""

SEPARATED = (".csv", ".tsv", ".tab")
JSON_LINES = (".jsonl", ".ndjson", ".json")

SNIFFED_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class RawText:
    """What one file holds: a row each, missing cells as empty text, and the column it came from."""

    path: Path
    rows: list[str]
    column: str | None
    guessed: bool = False


def read(path: Path, column: str | None = None, encoding: str | None = None) -> RawText:
    """Read one file; its kind is told by its ending, plain text where that says nothing.

    Args:
        path: `.csv`, `.tsv`, `.jsonl`/`.ndjson`, `.parquet`, or anything else as lines of text.
        column: the column to take; None guesses, where one is obvious.
        encoding: None means UTF-8, or UTF-16 where the file begins with its mark.

    Raises:
        InputError: missing, a directory, empty, binary, wrongly encoded, malformed, or without the
            column; the message says which columns there are.
    """
    with _opened(path) as file:
        kind = path.suffix.lower()
        if kind == ".parquet":
            return _column_of(path, _read_parquet(path, file), column)
        if kind not in (*SEPARATED, *JSON_LINES):
            if column is not None:
                what = f"{path} is plain text and has no columns"
                raise InputError(f"{what}; leave out --column {column}")
            return _read_lines(path, file, encoding)
        with _decoding(path, file, encoding) as encoding:
            if kind in JSON_LINES:
                return _column_of(path, _read_jsonl(path, file, encoding), column)
            return _column_of(path, _read_csv(path, file, encoding), column)


def read_lines(path: Path, encoding: str | None = None) -> RawText:
    """Read a file as plain text, whatever its ending.

    Raises:
        InputError: missing, a directory, empty, binary, or wrongly encoded.
    """
    with _opened(path) as file:
        return _read_lines(path, file, encoding)


def check_readable(path: Path) -> None:
    """See that a file is there, may be read and holds something; a pipe is left alone.

    Raises:
        InputError: it is missing, a directory, empty, or may not be read.
    """
    if not path.is_fifo():
        with _opened(path):
            pass


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file that can be read from its beginning more than once, a pipe through memory."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a directory; name the files in it, for example {path}/*")
        with path.open("rb") as file:
            again: BinaryIO = file if file.seekable() else io.BytesIO(_drain(path, file))
            if not again.read(1):
                raise InputError(f"{path} is empty; it must hold at least two lines of text")
            again.seek(0)
            yield again
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; check the name") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _drain(path: Path, pipe: BinaryIO) -> bytes:
    head = pipe.read(SNIFFED_BYTES)
    _encoding(path, head)  # an endless stream of bytes that are no text ends here
    return head + pipe.read()


@contextmanager
def _decoding(path: Path, file: BinaryIO, encoding: str | None) -> Iterator[str]:
    """Give the encoding to read with, and say what to do if the file is not in it."""
    encoding = encoding or _encoding(path, _head(file))
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
    """Say where decoding fails; readers count from the chunk they hold, so the whole is tried."""
    file.seek(0)
    try:
        file.read().decode(encoding)
    except UnicodeDecodeError as error:
        return f" at byte {error.start:,}"
    except UnicodeError:
        pass
    return ""


def _head(file: BinaryIO) -> bytes:
    head = file.read(SNIFFED_BYTES)
    file.seek(0)
    return head


def _encoding(path: Path, head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        raise InputError(
            f"{path} is a binary file; Headlong reads CSV, TSV, JSONL, Parquet and plain text"
        )
    return "utf-8-sig"


def _read_lines(path: Path, file: BinaryIO, encoding: str | None) -> RawText:
    with _decoding(path, file, encoding) as encoding:
        text = file.read().decode(encoding).replace("\r\n", "\n")
    # Not splitlines: it also cuts at form feeds and other characters that stand inside lines.
    return RawText(path, text.removesuffix("\n").split("\n"), None)


def _read_csv(path: Path, file: BinaryIO, encoding: str) -> "pandas.DataFrame":
    import pandas

    header = _head(file).decode(encoding, errors="replace").split("\n", 1)[0]
    tabs = path.suffix.lower() != ".csv"
    separator = "\t" if tabs else max(",;\t", key=header.count)
    # Tab-separated files seldom quote, and a quotation mark in one is just that.
    quoting: Literal[0, 3] = csv.QUOTE_NONE if tabs and not _quotes(header) else csv.QUOTE_MINIMAL
    try:
        table: pandas.DataFrame = pandas.read_csv(
            file,
            sep=separator,
            dtype=str,
            keep_default_na=False,
            encoding=encoding,
            quoting=quoting,
        )
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError) as error:
        raise InputError(f"{path} is not a well-formed table: {_one_line(error)}") from error
    if not isinstance(table.index, pandas.RangeIndex):  # pandas takes a surplus field for a name
        raise InputError(
            f"{path} has rows of more fields than its header; put texts that hold {separator!r} in "
            "quotes, or call the file .txt to take whole lines"
        )
    _check_quotes(path, table, separator)
    return table


def _quotes(header: str) -> bool:
    return header.startswith('"') and header.count('"') % 2 == 0


def _check_quotes(path: Path, table: "pandas.DataFrame", separator: str) -> None:
    """Refuse a table in which a cell holds whole rows: its quotation mark was never closed."""
    columns = len(table.columns)
    for name in table.columns if columns > 1 else ():
        cells = table[name]
        for cell in cells[cells.str.contains("\n", regex=False, na=False)]:
            if any(line.count(separator) >= columns - 1 for line in cell.split("\n")[1:-1]):
                raise InputError(
                    f"{path} has a quotation mark that is not closed, at {cell[:30]!r}; it swallows "
                    "the rows after it, so double it or quote the whole text"
                )


def _read_jsonl(path: Path, file: BinaryIO, encoding: str) -> "pandas.DataFrame":
    import pandas

    if path.suffix.lower() == ".json" and _head(file).lstrip().startswith(b"["):
        return pandas.DataFrame(_array(path, file, encoding))
    text = io.TextIOWrapper(file, encoding=encoding)
    try:
        numbered = [(number, line) for number, line in enumerate(text, start=1) if line.strip()]
    finally:
        text.detach()  # or the wrapper closes the file
    return pandas.DataFrame([_record(path, number, line) for number, line in numbered])


def _array(path: Path, file: BinaryIO, encoding: str) -> list[dict[str, Any]]:
    try:
        records = json.loads(file.read().decode(encoding))
    except UnicodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {_one_line(error)}") from error
    if not all(isinstance(record, dict) for record in records):
        raise InputError(f'{path} must hold objects, [{{"headline": "..."}}, ...], and nothing else')
    return [_sound(record) for record in records]


def _sound(record: dict[str, Any]) -> dict[str, Any]:
    """Replace halves of characters, which JSON can write and no file can hold."""
    return {
        key: cell.encode("utf-8", "replace").decode() if isinstance(cell, str) else cell
        for key, cell in record.items()
    }


def _record(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} line {number} is not JSON: {_one_line(error)}") from error
    if isinstance(record, dict):
        return _sound(record)
    raise InputError(
        f"{path} line {number} is not a JSON object but {line.strip()[:40]}; "
        'each line must read like {"headline": "..."}'
    )


def _read_parquet(path: Path, file: BinaryIO) -> "pandas.DataFrame":
    import pandas

    try:
        return pandas.read_parquet(file)
    except Exception as error:  # pyarrow raises many kinds, all meaning the same to the user
        raise InputError(f"{path} is not a readable Parquet file: {_one_line(error)}") from error


def _column_of(path: Path, table: "pandas.DataFrame", wanted: str | None) -> RawText:
    names = [str(name) for name in table.columns]
    table.columns = names
    if not len(table):
        raise InputError(f"{path} has no rows below its header; it must hold lines of text")
    name = wanted if wanted is not None else _guess(path, table, names)
    if name not in names:
        raise InputError(f"{path} has no column {name!r}; it has {', '.join(names)}")
    cells = table[name]
    rows = ["" if gone else str(cell) for cell, gone in zip(cells, cells.isna(), strict=True)]
    if wanted is None and _share_of_numbers(rows) > 0.5:
        raise InputError(
            f"column {name!r} of {path} holds numbers, not text; "
            f"name another with --column: {', '.join(names)}"
        )
    return RawText(path, rows, name, guessed=wanted is None)


def _guess(path: Path, table: "pandas.DataFrame", names: Sequence[str]) -> str:
    """Take a column with a usual name, else the only one that holds words."""
    by_lower = {name.strip().lower(): name for name in names}
    for usual in TEXT_COLUMNS:
        if usual in by_lower:
            return by_lower[usual]
    if len(names) == 1:
        return names[0]
    sample = table.head(200)
    textual = [name for name in names if _is_text(sample[name].tolist())]
    if len(textual) == 1:
        return textual[0]
    raise InputError(
        f"{path} has no one obvious text column; name it with --column: {', '.join(names)}"
    )


def _is_text(cells: list[Any]) -> bool:
    """Say whether most cells hold more than one word."""
    several = sum(len(str(cell).split()) > 1 and not _is_number(str(cell)) for cell in cells)
    return several > len(cells) / 2


def _share_of_numbers(rows: list[str]) -> float:
    filled = [row for row in rows if row.strip()]
    return sum(map(_is_number, filled)) / len(filled) if filled else 0.0


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or error.__class__.__name__
