from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.text.corpus import Corpus, Source, count, split_lines
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


@given(st.integers(2, 300), st.floats(0.001, 0.9))
def test_a_split_keeps_every_line_once_and_both_sides_filled(size: int, share: float) -> None:
    lines = [(str(number),) for number in range(size)]
    training, held_out = split_lines(lines, share)
    assert sorted(training + held_out) == sorted(lines)
    assert training
    assert held_out
    assert abs(len(held_out) - size * share) <= 1


def test_held_out_lines_are_spread_over_the_file() -> None:
    _, held_out = split_lines([(str(number),) for number in range(100)], 0.1)
    assert held_out == [(str(number),) for number in range(5, 100, 10)]


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
