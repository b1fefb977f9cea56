import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.text import cache
from core.text.corpus import FORGOTTEN, Corpus, Limits, Source, count
from core.text.storage import Folder
from core.text.vocabulary import PADDING, Vocabulary
from core.training.job import source


def corpus_of(path: Path, text: str, *drop: str, cleaning: str = "plain") -> Corpus:
    path.write_text(text)
    return Corpus.load(Source((path,), drop=drop), cleaning)


def test_the_tutorials_file_gives_the_tutorials_numbers(shared: Path) -> None:
    file = shared / "nyt" / "ArticlesApril2017.csv"
    corpus = Corpus.load(Source((file,), "headline", ("Unknown",)), "tutorial")
    counts = count(corpus)
    assert (counts.rows, counts.lines, counts.dropped, counts.blank) == (886, 831, 55, 0)
    assert (counts.vocabulary, counts.samples, counts.longest) == (2422, 4806, 19)
    vocabulary = Vocabulary.build(corpus.lines, specials=(PADDING,))
    assert vocabulary.encode(corpus.lines[0]) == [169, 17, 665, 367, 4, 2, 666, 170, 5, 667]


def test_the_abc_file_is_read_whole(shared: Path) -> None:
    corpus = Corpus.load(Source((shared / "abc" / "abcnews-date-text.csv",)), "plain")
    assert (corpus.rows, corpus.texts[0].column) == (47_500, "headline_text")


def test_lines_are_counted_on_the_way(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "a.txt", "One two\nUnknown\n?!\none TWO\nThree\n", "Unknown")
    counts = count(corpus)
    assert corpus.lines == (("one", "two"), ("one", "two"), ("three",))
    assert (counts.rows, counts.lines, counts.dropped, counts.blank) == (5, 3, 1, 1)
    assert (counts.duplicates, counts.vocabulary, counts.samples, counts.longest) == (1, 4, 2, 2)
    assert counts.kept[2] == (2, pytest.approx(1 / 5))


def test_several_files_are_one_corpus(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    (tmp_path / "b.csv").write_text("headline\nthree\n")
    corpus = Corpus.load(Source((tmp_path / "a.txt", tmp_path / "b.csv")), "plain")
    assert corpus.lines == (("one",), ("two",), ("three",))


def test_a_file_of_which_nothing_is_left_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"every one of the 2 rows .* is dropped by --drop"):
        corpus_of(tmp_path / "a.txt", "Unknown\nUnknown\n", "Unknown")
    with pytest.raises(InputError, match=r"no line .* is left after the cleaning 'tutorial'"):
        corpus_of(tmp_path / "a.txt", "中国\n新闻\n", cleaning="tutorial")


def test_the_fingerprint_is_that_of_the_cleaned_lines(tmp_path: Path) -> None:
    one = corpus_of(tmp_path / "a.txt", "One, two\nThree\n")
    other = corpus_of(tmp_path / "b.txt", "one two\nthree!\n")
    third = corpus_of(tmp_path / "c.txt", "one\ntwo three\n")
    assert one.fingerprint == other.fingerprint != third.fingerprint


LIMITS = (Limits(), Limits(bytes=0))
"""In memory, and in the cache directory."""


@given(st.lists(st.lists(st.sampled_from(["a", "b", "Ünlü", "c\td"]), max_size=4), min_size=1))
def test_a_text_on_the_disk_is_the_text_in_memory(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_text("\n".join(["x y", *map(" ".join, rows)]))
    memory, disk = (Corpus.load(Source((path,)), "keras_unfiltered", limits=some) for some in LIMITS)
    again = Corpus.load(Source((path,)), "keras_unfiltered", limits=LIMITS[1])
    lines = [tuple(" ".join(row).lower().split()) for row in [["x", "y"], *rows]]
    for corpus in (memory, disk, again):
        assert corpus.lines == memory.lines
        assert [" ".join(line).split() for line in corpus.lines] == [list(li) for li in lines if li]
        assert corpus.arrays().repeated.tolist() == [
            line in corpus.lines[:number] for number, line in enumerate(corpus.lines)
        ]
        assert corpus.facts == memory.facts
        assert count(corpus) == count(memory)
    assert isinstance(disk.storage, Folder)


def test_what_is_in_the_cache_is_not_read_again(tmp_path: Path) -> None:
    rows: list[int] = []

    def load(cleaning: str = "plain", *drop: str) -> Corpus:
        source = Source((tmp_path / "a.txt",), drop=drop)
        return Corpus.load(source, cleaning, lambda read, share: rows.append(read), LIMITS[1])

    (tmp_path / "a.txt").write_text("One two\nthree\n")
    assert load().lines == (("one", "two"), ("three",))
    assert load().lines == (("one", "two"), ("three",))
    assert [number for number in rows if number] == [2]
    assert load("cased").lines == (("One", "two"), ("three",))
    assert load("plain", "three").lines == (("one", "two"),)
    (tmp_path / "a.txt").write_text("One two\nthrae\n")
    assert load().lines == (("one", "two"), ("thrae",))
    assert len([number for number in rows if number]) == 4


def test_how_far_it_is_is_told_and_can_end_it(tmp_path: Path) -> None:
    path, told = tmp_path / "a.csv", list[tuple[int, float]]()
    path.write_text("headline\n" + "one two\n" * 40_000)

    def watch(rows: int, share: float) -> None:
        told.append((rows, share))
        if rows > 20_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Corpus.load(Source((path,)), "plain", watch, LIMITS[1])
    assert [rows for rows, _ in told if rows] == [16_384, 32_768]
    assert all(0 < share <= 1 for rows, share in told if rows)
    assert not list(cache.texts_directory().iterdir())


def test_many_different_words_are_forgotten_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(f"the word{number}" for number in range(40_000)))
    corpus = Corpus.load(Source((path,)), "plain", limits=Limits(words=20_000))
    assert corpus.notices == (FORGOTTEN,)
    assert corpus.lines[39_999] == ("the", "word39999")
    assert Corpus.load(Source((path,)), "plain").notices == ()


def test_a_pipe_of_any_size_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"one two\n" * 9,))
    writer.start()
    assert Corpus.load(Source((tmp_path / "pipe",)), "plain").lines == (("one", "two"),) * 9
    writer.join()


@pytest.fixture(scope="module")
def headlines() -> Corpus:
    return Corpus.load(source(), "tutorial")


def test_our_own_corpus_is_as_large_as_it_claims(headlines: Corpus) -> None:
    counts = count(headlines)
    assert counts.lines >= 2000
    assert counts.vocabulary - 1 >= 4000
    assert 45 <= counts.dropped <= 60
    assert counts.duplicates == 0


def test_no_two_of_our_headlines_share_five_words_in_a_row(headlines: Corpus) -> None:
    seen: dict[tuple[str, ...], tuple[str, ...]] = {}
    for line in headlines.lines:
        runs = [line[start : start + 5] for start in range(len(line) - 4)]
        for run in runs:
            assert run not in seen, f"{' '.join(line)!r} and {' '.join(seen[run])!r}"
        seen |= dict.fromkeys(runs, line)


def test_our_corpus_has_the_tutorials_main_columns() -> None:
    header = source().files[0].read_text(encoding="utf-8").split("\n", 1)[0].split(",")
    assert {"abstract", "headline", "keywords", "newDesk", "pubDate", "typeOfMaterial"} <= set(header)
