"""Encoded texts in the cache directory: found again, made anew, made at the same time, removed."""

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

import pytest

from core.errors import InputError
from core.text import cache
from core.text.corpus import Corpus, Limits, Source
from core.text.storage import Folder

DISK = Limits(bytes=0)
LINES = (("one", "two"), ("three",), ("one", "two"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_text("One two\nthree\none two\n")
    return path


def load(file: Path) -> Corpus:
    return Corpus.load(Source((file,)), "plain", limits=DISK)


def folders() -> list[Path]:
    return sorted(cache.texts_directory().iterdir())


def test_one_text_has_one_folder_whatever_its_name(file: Path) -> None:
    load(file)
    (folder,) = folders()
    assert sorted(path.name for path in folder.iterdir()) == [
        "ids",
        "lengths",
        "repeated",
        cache.META,
        "words",
    ]
    load(file.rename(file.with_name("b.txt")))
    assert folders() == [folder]


@pytest.mark.parametrize("name", ["ids", "lengths", "repeated", "words", cache.META])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "empty"])
def test_a_damaged_text_is_made_anew(file: Path, name: str, damage: str) -> None:
    load(file)
    (folder,) = folders()
    path = folder / name
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        spoilt = bytes([content[0] ^ 1]) + content[1:]
        path.write_bytes({"cut": content[:-1], "changed": spoilt, "empty": b""}[damage])
    assert load(file).lines == LINES
    assert folders() == [folder]
    assert path.exists()


def test_a_meta_file_of_another_shape_is_no_text(file: Path) -> None:
    load(file)
    (folder,) = folders()
    for text in ("[]", '{"checks": {}}', '{"checks": 3, "record": {}}', "{" * 9, "\udcff"):
        (folder / cache.META).write_text(text, encoding="utf-8", errors="surrogateescape")
        assert load(file).lines == LINES


class Full:
    """A file on a disk that holds so many bytes more."""

    def __init__(self, file: IO[bytes], room: list[int]) -> None:
        self._file, self._room = file, room

    def write(self, content: bytes) -> None:
        self._room[0] -= len(content)
        if self._room[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._file.write(content)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "Full":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@pytest.mark.parametrize("room", [0, 20, 40, 60, 126])
def test_a_full_disk_gets_one_sentence_and_leaves_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    left, create = [room], Folder.create
    monkeypatch.setattr(Folder, "create", lambda self, name: Full(create(self, name), left))
    with pytest.raises(InputError, match=r"the text cannot be encoded in .*: No space left.*make room"):
        load(file)
    assert left[0] < 0
    assert folders() == []


def test_without_a_cache_directory_a_text_is_encoded_for_once(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "no directory").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no directory"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    corpus = load(file)
    assert corpus.lines == LINES
    assert len(corpus.notices) == 1
    assert "cannot be written to (Not a directory)" in corpus.notices[0]
    assert len(list(tmp_path.glob("headlong-*"))) == 1
    del corpus
    assert not list(tmp_path.glob("headlong-*"))


def test_the_texts_that_were_used_last_are_kept(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.txt" for number in range(cache.KEPT + 1)]
    first, *others = files
    for number, path in enumerate(files):
        path.write_text(f"one two\nthree {number}\n")
        load(path)
        load(first)
        for folder in folders():  # as if hours lay between
            then = (folder / cache.META).stat().st_mtime - 3600
            os.utime(folder / cache.META, (then, then))
    kept = folders()
    assert len(kept) == cache.KEPT
    load(first)
    load(others[-1])
    assert folders() == kept
    load(others[0])
    assert folders() != kept


def test_who_reads_a_text_that_is_removed_reads_on(file: Path) -> None:
    made, found = load(file), load(file)
    cache._discard(folders()[0])
    assert folders() == []
    assert made.lines == found.lines == LINES


def test_what_a_killed_program_left_is_removed_after_a_day(file: Path) -> None:
    directory = cache.texts_directory()
    for name, hours in ((".old.1", 25), (".young.1", 23)):
        (directory / name).mkdir(parents=True)
        then = time.time() - hours * 3600
        os.utime(directory / name, (then, then))
    load(file)
    assert folders()[0].name == ".young.1"
    assert len(folders()) == 2


def test_many_threads_make_one_text(file: Path) -> None:
    found: list[tuple[tuple[str, ...], ...]] = []
    barrier = threading.Barrier(6)

    def make() -> None:
        barrier.wait()
        found.append(load(file).lines)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [LINES] * 6
    assert len(folders()) == 1


def test_programs_make_and_remove_texts_side_by_side(tmp_path: Path) -> None:
    """Each reads its own texts again and again; there are more of them than are kept."""
    code = (
        "import sys; from pathlib import Path; from core.text.corpus import *\n"
        "for number in range(12):\n"
        "    path = Path(sys.argv[1]) / f'{sys.argv[2]}-{number % 5}.txt'\n"
        "    path.write_text(f'one two\\nthree {number % 5}\\n')\n"
        "    corpus = Corpus.load(Source((path,)), 'plain', limits=Limits(bytes=0))\n"
        "    assert corpus.lines[1] == ('three', str(number % 5)), corpus.lines\n"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path)]
    programs = [
        subprocess.Popen([*command, str(n)], stderr=subprocess.PIPE, text=True) for n in range(3)
    ]
    errors = [program.communicate()[1] for program in programs]
    assert errors == [""] * 3
    assert not [path for path in folders() if path.name.startswith(".")]
