"""Files to raw lines: CSV, TSV, JSONL, Parquet and plain text, in pieces that fit in memory.

Says which column it took. Does not clean, drop or count: see corpus.py. pandas is imported when a
table is read and not before. Only a JSON file that is one array is read whole.
"""

import csv
import io
import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple

from core.errors import InputError
from core.text.files import decoding, head, opened

if TYPE_CHECKING:
    import pandas

    Tables = Generator[pandas.DataFrame, None, None]

TEXT_COLUMNS = ("headline", "headline_text", "title", "text", "line", "sentence")
"""Names that a column of texts usually has, the likeliest first."""

SEPARATED = (".csv", ".tsv", ".tab")
JSON_LINES = (".jsonl", ".ndjson", ".json")

PIECE = 16_384
"""Rows that are read at a time."""

LONGEST_LINE = 64 << 20
"""Characters of a line of plain text that are read at the most."""


@dataclass(frozen=True, slots=True)
class RawText:
    """Rows of one file, missing cells as empty text, and the column they came from.

    `bytes_read` says how far into the file they reach.
    """

    path: Path
    rows: list[str]
    column: str | None
    guessed: bool = False
    bytes_read: int = field(default=0, compare=False)
    labels: list[str] | None = None
    """The label column's cell of each row, where one was asked for."""


Parts = Generator[RawText, None, None]


def read(
    path: Path, column: str | None = None, encoding: str | None = None, label: str | None = None
) -> RawText:
    """Read one file whole, as `pieces` does piece by piece."""
    return _whole(pieces(path, column, encoding, label))


def _whole(parts: Iterator[RawText]) -> RawText:
    first, *others = parts
    rows = [row for part in (first, *others) for row in part.rows]
    labels = [label for part in (first, *others) for label in part.labels or ()]
    return replace(first, rows=rows, labels=None if first.labels is None else labels)


def pieces(
    path: Path, column: str | None = None, encoding: str | None = None, label: str | None = None
) -> "Parts":
    """Read one file; its kind is told by its ending, plain text where that says nothing.

    Args:
        path: `.csv`, `.tsv`, `.jsonl`/`.ndjson`, `.parquet`, or anything else as lines of text.
        column: the column to take; None guesses, where one is obvious from the first piece.
        encoding: None means UTF-8, or UTF-16 where the file begins with its mark.
        label: the column of the rows' labels, if they are wanted.

    Yields:
        At least one piece, of at most `PIECE` rows.

    Raises:
        InputError: missing, a directory, empty, binary, wrongly encoded, malformed, or without the
            column; the message says which columns there are.
    """
    columns = _Columns(column, label)
    with opened(path) as file, closing(_pieces(path, file, columns, encoding)) as parts:
        for part in parts:
            yield replace(part, bytes_read=file.tell())


class _Columns(NamedTuple):
    """What is wanted of a table: its text, None to guess, and its label, if any."""

    text: str | None
    label: str | None


def _pieces(path: Path, file: BinaryIO, columns: _Columns, encoding: str | None) -> Parts:
    kind = path.suffix.lower()
    if kind == ".parquet":
        with closing(_read_parquet(path, file)) as tables:
            yield from _column_of(path, tables, columns, alike=True)
    elif kind not in (*SEPARATED, *JSON_LINES):
        for option, column in zip(("--column", "--label"), columns, strict=True):
            if column is not None:
                what = f"{path} is plain text and has no columns"
                raise InputError(f"{what}; leave out {option} {column}")
        yield from _read_lines(path, file, encoding)
    else:
        with decoding(path, file, encoding) as encoding:
            read_tables = _read_jsonl if kind in JSON_LINES else _read_csv
            with closing(read_tables(path, file, encoding)) as tables:
                yield from _column_of(path, tables, columns, alike=kind in SEPARATED)


def read_lines(path: Path, encoding: str | None = None) -> RawText:
    """Read a file as plain text, whatever its ending.

    Raises:
        InputError: missing, a directory, empty, binary, or wrongly encoded.
    """
    with opened(path) as file:
        return _whole(_read_lines(path, file, encoding))


def check_readable(
    path: Path, column: str | None = None, encoding: str | None = None, label: str | None = None
) -> None:
    """See that `pieces` can begin with a file; a pipe is left alone, and so are lines of JSON.

    Raises:
        InputError: what `pieces` would raise for its first piece.
    """
    if path.is_fifo():
        return
    if path.suffix.lower() not in JSON_LINES:  # any line may still have the column
        with closing(pieces(path, column, encoding, label)) as parts:
            next(parts)
    else:
        with opened(path):
            pass


def _read_lines(path: Path, file: BinaryIO, encoding: str | None) -> Parts:
    with decoding(path, file, encoding) as encoding:
        # Not splitlines: it also cuts at form feeds and other characters that stand inside lines.
        text = io.TextIOWrapper(file, encoding=encoding, newline="\n")
        try:
            lines = (_line(path, line) for line in iter(lambda: text.readline(LONGEST_LINE), ""))
            while rows := list(islice(lines, PIECE)):
                yield RawText(path, rows, None)
        finally:
            text.detach()  # or the wrapper closes the file


def _line(path: Path, line: str) -> str:
    if line.endswith("\n"):
        return line[:-1].removesuffix("\r")
    if len(line) >= LONGEST_LINE:
        raise InputError(
            f"{path} has a line of more than {LONGEST_LINE:,} characters; "
            "cut it into lines, one for each text to learn"
        )
    return line


def _read_csv(path: Path, file: BinaryIO, encoding: str) -> "Tables":
    import pandas

    header = head(file).decode(encoding, errors="replace").split("\n", 1)[0]
    tabs = path.suffix.lower() != ".csv"
    separator = "\t" if tabs else max(",;\t", key=header.count)
    # Tab-separated files seldom quote, and a quotation mark in one is just that.
    quoting: Literal[0, 3] = csv.QUOTE_NONE if tabs and not _quotes(header) else csv.QUOTE_MINIMAL
    try:
        tables = pandas.read_csv(
            file,
            sep=separator,
            dtype=str,
            keep_default_na=False,
            encoding=encoding,
            quoting=quoting,
            chunksize=PIECE,
        )
        with tables:
            for table in tables:
                _check_table(path, table, separator)
                yield table
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError) as error:
        raise InputError(f"{path} is not a well-formed table: {_one_line(error)}") from error


def _check_table(path: Path, table: "pandas.DataFrame", separator: str) -> None:
    import pandas

    if not isinstance(table.index, pandas.RangeIndex):  # pandas takes a surplus field for a name
        raise InputError(
            f"{path} has rows of more fields than its header; put texts that hold {separator!r} in "
            "quotes, or call the file .txt to take whole lines"
        )
    _check_quotes(path, table, separator)


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


def _read_jsonl(path: Path, file: BinaryIO, encoding: str) -> "Tables":
    import pandas

    if path.suffix.lower() == ".json" and head(file).lstrip().startswith(b"["):
        yield pandas.DataFrame(_array(path, file, encoding))
        return
    text = io.TextIOWrapper(file, encoding=encoding)
    try:
        numbered = ((number, line) for number, line in enumerate(text, start=1) if line.strip())
        records = (_record(path, number, line) for number, line in numbered)
        while some := list(islice(records, PIECE)):
            yield pandas.DataFrame(some)
    finally:
        text.detach()  # or the wrapper closes the file


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


def _read_parquet(path: Path, file: BinaryIO) -> "Tables":
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(file, buffer_size=1 << 20)
        for batch in table.iter_batches(PIECE):
            yield batch.to_pandas()
    except Exception as error:  # pyarrow raises many kinds, all meaning the same to the user
        raise InputError(f"{path} is not a readable Parquet file: {_one_line(error)}") from error


def _column_of(path: Path, tables: "Tables", wanted: _Columns, alike: bool) -> Parts:
    """Take a column or two of every piece; pieces that are not `alike` may have others in each."""
    (name, label), names, numbers, filled = wanted, dict[str, None](), 0, 0
    for table in tables:
        if not len(table):
            continue
        table.columns = [str(column) for column in table.columns]
        names |= dict.fromkeys(table.columns)
        if name is None:
            name = _guess(path, table, [name for name in names if name != label] or list(names))
        if alike and not {name, label or name} <= names.keys():
            break
        rows = _cells(table, name)
        if wanted.text is None:
            texts = [row for row in rows if row.strip()]
            filled, numbers = filled + len(texts), numbers + sum(map(_is_number, texts))
        labels = None if label is None else _cells(table, label)
        yield RawText(path, rows, name, guessed=wanted.text is None, labels=labels)
    if not names:
        raise InputError(f"{path} has no rows below its header; it must hold lines of text")
    for column in (name, label):
        if column is not None and column not in names:
            raise InputError(f"{path} has no column {column!r}; it has {', '.join(names)}")
    if numbers > filled / 2:
        raise InputError(
            f"column {name!r} of {path} holds numbers, not text; "
            f"name another with --column: {', '.join(names)}"
        )


def _cells(table: "pandas.DataFrame", name: str) -> list[str]:
    if name not in table.columns:
        return [""] * len(table)
    cells = table[name]
    return ["" if gone else str(cell) for cell, gone in zip(cells, cells.isna(), strict=True)]


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


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or error.__class__.__name__
