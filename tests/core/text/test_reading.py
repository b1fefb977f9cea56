import os
import threading
from pathlib import Path

import pandas
import pytest

from core.errors import InputError
from core.text import files, reading
from core.text.reading import RawText, check_readable, pieces, read, read_lines


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "column"),
    [
        ("a.csv", "id,headline\n1,One Two\n2,Three\n", "headline"),
        ("a.csv", "id;headline\n1;One Two\n2;Three\n", "headline"),
        ("a.csv", "date,TITLE\n2001,One Two\n2002,Three\n", "TITLE"),
        ("a.csv", "n,words\n1,One Two\n2,Three\n3,Four Five\n", "words"),
        ("a.csv", 'headline\n"One Two"\nThree\n', "headline"),
        ("a.tsv", "id\theadline\n1\tOne Two\n2\tThree\n", "headline"),
        ("a.jsonl", '{"id": 1, "headline": "One Two"}\n\n{"headline": "Three"}\n', "headline"),
        ("a.json", '[{"headline": "One Two"}, {"headline": "Three"}]', "headline"),
        ("a.txt", "One Two\nThree\n", None),
        ("a", "One Two\r\nThree\r\n", None),
    ],
)
def test_every_kind_is_read_and_the_obvious_column_taken(
    tmp_path: Path, name: str, content: str, column: str | None
) -> None:
    text = read(write(tmp_path / name, content))
    assert text.rows[:2] == ["One Two", "Three"]
    assert (text.column, text.guessed) == (column, column is not None)


def test_parquet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pandas.DataFrame({"id": [1, 2], "headline": ["One Two", None]}).to_parquet(path)
    assert read(path) == RawText(path, ["One Two", ""], "headline", guessed=True)


def test_a_named_column_is_taken_and_kept_as_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "year,title\n007,NA\n2018,null\n")
    assert read(path, "year").rows == ["007", "2018"]
    assert read(path, "title").rows == ["NA", "null"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_understood(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "a.csv", "headline\nCafé\n".encode(encoding))
    assert read(path).rows == ["Café"]


def test_another_encoding_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "Café\n".encode("latin-1"))
    assert read(path, encoding="latin-1").rows == ["Café"]


def test_a_line_is_cut_at_line_ends_only(tmp_path: Path) -> None:
    assert read_lines(write(tmp_path / "a.txt", "one\x0ctwo\u2028three\nfour")).rows == [
        "one\x0ctwo\u2028three",
        "four",
    ]


@pytest.mark.parametrize(
    ("name", "content", "column", "message"),
    [
        ("a.txt", b"", None, "is empty"),
        ("a.txt", b"\x7fELF\0\0\0", None, "is a binary file"),
        ("a.csv", b"headline\nCaf\xe9\n", None, "is not utf-8 text .*--encoding latin-1"),
        ("a.txt", b"ok\nCaf\xe9\n", None, "is not utf-8 text at byte 6"),
        ("a.csv", b"id,title\n1,a b\n", "headline", "has no column 'headline'; it has id, title"),
        ("a.csv", b"text,other\n1,a b\n2,c\n", None, "column 'text' .* holds numbers.*text, other"),
        ("a.csv", b"one,two\na b,c d\ne f,g h\n", None, "no one obvious text column.*one, two"),
        ("a.csv", b"headline\n", None, "has no rows below its header"),
        ("a.csv", b'headline\n"never closed\n', None, "is not a well-formed table"),
        ("a.csv", b"a,b\n1,2\n1,2,3,4\n", "a", "is not a well-formed table"),
        ("a.csv", b"headline\nChina, again\nBig, bad\n", None, "rows of more fields than its header"),
        ("a.csv", b"date,headline\n2017,China wins,\n", None, "rows of more fields than its header"),
        ("a.csv", b"headline\n" + b"a b\n" * 200_000 + b"\xe9\n", None, "at byte 800,009"),
        ("a.jsonl", b'{"text": "a b"}\n' * 50_000 + b"\xe9\n", None, "at byte 800,000"),
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', None, "line 2 is not JSON"),
        (
            "a.csv",
            b'id,headline\n1,"We will win\n2,b\n3,"c" d\n',
            None,
            "quotation mark that is not closed",
        ),
        ("a.json", b'["a"]', None, "must hold objects"),
        ("a.jsonl", b'["a"]\n', None, "line 1 is not a JSON object"),
        ("a.jsonl", b"[" * 100_000, None, "line 1 is not JSON"),
        ("a.parquet", b"nonsense", None, "is not a readable Parquet file"),
        ("a.txt", b"a b\n", "headline", "is plain text and has no columns"),
    ],
)
def test_a_file_that_cannot_be_used_gets_one_clear_sentence(
    tmp_path: Path, name: str, content: bytes, column: str | None, message: str
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(InputError, match=message) as caught:
        read(path, column)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_quotation_mark_in_a_tsv_is_just_that(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", 'id\theadline\n1\t"We will win\n2\t5" of rain\n3\tb "c"\n')
    assert read(path).rows == ['"We will win', '5" of rain', 'b "c"']


def test_half_a_character_in_json_is_replaced(tmp_path: Path) -> None:
    assert (
        read(write(tmp_path / "a.jsonl", '{"text": "a \\ud800 b"}\n{"text": "c d"}\n')).rows[0]
        == "a ? b"
    )


def test_a_pipe_is_read_whole(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    content = b"headline\n" + b"one two three\n" * 20_000
    writer = threading.Thread(target=(tmp_path / "pipe.csv").write_bytes, args=(content,))
    writer.start()
    assert len(read(tmp_path / "pipe.csv").rows) == 20_000
    writer.join()


def test_a_missing_file_and_a_directory_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no file .*nowhere"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="is a directory"):
        read(tmp_path)


def test_an_unknown_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no encoding 'utf-9'"):
        read(write(tmp_path / "a.txt", "a\n"), encoding="utf-9")


ROWS = ["One, two", "", "three", "four five"] * 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "id,headline\n" + "".join(f'1,"{row}"\n' for row in ROWS)),
        ("a.tsv", "id\theadline\n" + "".join(f"1\t{row}\n" for row in ROWS)),
        ("a.jsonl", "".join(f'{{"headline": "{row}"}}\n' if row else '{"id": 1}\n' for row in ROWS)),
        ("a.txt", "\r\n".join(ROWS)),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_what_is_read_does_not_depend_on_the_size_of_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, size: int
) -> None:
    monkeypatch.setattr(reading, "PIECE", size)
    path = write(tmp_path / name, content)
    parts = list(pieces(path))
    assert [row for part in parts for row in part.rows] == ROWS
    assert {len(part.rows) for part in parts[:-1]} <= {size}
    assert parts[-1].bytes_read == path.stat().st_size
    assert read(path).rows == ROWS


def test_parquet_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE", 5)
    path = tmp_path / "a.parquet"
    pandas.DataFrame({"id": range(12), "headline": ROWS}).to_parquet(path)
    assert [part.rows for part in pieces(path)] == [ROWS[:5], ROWS[5:10], ROWS[10:]]


def test_a_column_may_come_late_in_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE", 1)
    path = write(tmp_path / "a.jsonl", '{"id": 1}\n{"text": "a b"}\n')
    assert read(path, "text").rows == ["", "a b"]
    with pytest.raises(InputError, match="has no column 'title'; it has id, text"):
        read(path, "title")


def test_a_line_without_an_end_is_not_read_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 9)
    assert read(write(tmp_path / "a.txt", "12345678\n12345678")).rows == ["12345678"] * 2
    with pytest.raises(InputError, match="a line of more than 9 characters; cut it into lines"):
        read(write(tmp_path / "b.txt", "a\n1234567890\n"))


def test_half_a_character_at_the_end_of_a_piece_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SNIFFED_BYTES", 2)
    with pytest.raises(InputError, match="at byte 5"):
        read(write(tmp_path / "a.txt", "aéé".encode() + b"\xe9\n"), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content", "column", "message"),
    [
        ("a.csv", b"id,title\n1,a b\n" * 9, "headline", "has no column 'headline'; it has id, title"),
        ("a.csv", b"one,two\na b,c d\n", None, "no one obvious text column"),
        ("a.txt", b"a b\n", "headline", "is plain text and has no columns"),
        ("a.csv", b"", None, "is empty"),
        ("a.csv", b"text\n\xff\xfa\n", None, "is not utf-8 text"),
    ],
)
def test_a_file_is_checked_by_its_first_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, column: str | None,
    message: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(reading, "PIECE", 2)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        check_readable(tmp_path / name, column)


def test_what_can_be_read_passes_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE", 1)
    later = write(tmp_path / "a.jsonl", '{"id": 1}\n{"text": "a b"}\n')
    table = write(tmp_path / "a.csv", "id,text\n1,a b\n")
    for path in (later, table):
        check_readable(path, "text")


def test_a_table_without_the_column_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE", 1)
    path = write(tmp_path / "a.csv", "id,text\n1,a b\n1,a,b,c\n")
    with pytest.raises(InputError, match="has no column"):
        read(path, "title")
