"""Labels: tokens that are no words, read from a column of their own."""

from pathlib import Path

import pandas
import pytest

from core.errors import InputError, SettingError
from core.text import labels
from core.text.cache import texts_directory
from core.text.corpus import Corpus, Limits, Source, count
from core.text.labels import find, is_label, label_name, label_token, matching, words_of
from core.text.reading import check_readable, pieces, read
from core.text.vocabulary import SPECIALS, Vocabulary, is_word

TABLE = "desk,headline\nSports,The game\nOp Ed,A vote\n,The game\n  Op \t Ed ,The game\n"
DESKS = ("Sports", "Op Ed", "OP ED", "Arts")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text(TABLE)
    return path


# --- tokens -------------------------------------------------------------------------------------


def test_a_label_is_a_token_that_is_no_word() -> None:
    token = label_token("Op Ed")
    assert (token, label_name(token)) == ("<label Op Ed>", "Op Ed")
    assert is_label(token)
    assert not is_word(token)
    assert not is_label("label")
    vocabulary = Vocabulary((*SPECIALS, "game", token))
    assert vocabulary.labels == {"Op Ed": 5}
    assert vocabulary.special_ids == [0, 1, 2, 3, 5]
    assert not vocabulary.knows(token)


def test_a_label_is_read_and_one_that_is_unknown_is_nothing() -> None:
    vocabulary = Vocabulary((*SPECIALS, "game", label_token("Sports")))
    assert vocabulary.encode([label_token("Sports"), "game", "zebra"]) == [5, 4, 1]
    assert vocabulary.encode([label_token("Arts"), "game"]) == [4]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("Sports", ["Sports"]),
        (" sports ", ["Sports"]),
        ("op  ed", ["Op Ed", "OP ED"]),
        ("Op Ed", ["Op Ed"]),
        ("Art", []),
    ],
)
def test_case_and_blanks_do_not_matter_where_they_tell_nothing(
    wanted: str, expected: list[str]
) -> None:
    assert matching(wanted, DESKS) == expected


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("op ed", "'op ed' may be Op Ed or OP ED; type it just as one of them"),
        ("Sprots", "mine has no label 'Sprots'; did you mean Sports?"),
        ("spo", "mine has no label 'spo'; did you mean Sports?"),
        ("zzzzzz", "mine has no label 'zzzzzz'; there are Sports, Op Ed, OP ED, Arts"),
    ],
)
def test_a_label_that_is_none_is_told_with_the_nearest(wanted: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        find(wanted, DESKS, "mine")
    assert str(caught.value) == message


def test_a_model_without_labels_says_so() -> None:
    with pytest.raises(SettingError, match=r"tutorial knows no labels; load a model that was trained"):
        find("Sports", (), "tutorial")


def test_of_many_labels_some_are_named() -> None:
    with pytest.raises(SettingError, match=r"there are l0, l1.* and 88 more$"):
        find("zzzzzz", [f"l{number}" for number in range(100)], "mine")


# --- files --------------------------------------------------------------------------------------


def test_the_label_column_is_read_beside_the_text(table: Path) -> None:
    text = read(table, label="desk")
    assert (text.rows, text.labels) == (
        ["The game", "A vote", "The game", "The game"],
        ["Sports", "Op Ed", "", "  Op \t Ed "],
    )
    assert read(table).labels is None


@pytest.mark.parametrize("name", ["a.tsv", "a.jsonl", "a.parquet"])
def test_every_kind_of_table_has_labels(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    frame = pandas.DataFrame({"desk": ["Sports", None], "headline": ["One Two", "Three"]})
    if name.endswith("tsv"):
        frame.to_csv(path, sep="\t", index=False)
    elif name.endswith("jsonl"):
        path.write_text('{"desk": "Sports", "headline": "One Two"}\n{"headline": "Three"}\n')
    else:
        frame.to_parquet(path)
    text = read(path, label="desk")
    assert (text.rows, text.labels) == (["One Two", "Three"], ["Sports", ""])


def test_the_label_column_is_not_guessed_as_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("kind,body\nin the north,one two\nin the south,three four\n")
    assert read(path, label="kind").column == "body"


def test_a_label_column_that_is_not_there_is_told_at_once(table: Path) -> None:
    with pytest.raises(InputError, match=r"has no column 'dsk'; it has desk, headline$"):
        check_readable(table, "headline", label="dsk")
    with pytest.raises(InputError, match=r"has no column 'dsk'; it has desk, headline$"):
        list(pieces(table, label="dsk"))


def test_plain_text_has_no_label_column(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one two\n")
    with pytest.raises(InputError, match=r"is plain text and has no columns; leave out --label desk"):
        check_readable(tmp_path / "a.txt", label="desk")


# --- a corpus -----------------------------------------------------------------------------------


def test_a_line_begins_with_its_label_and_equal_ones_of_other_labels_are_others(table: Path) -> None:
    corpus = Corpus.load(Source((table,), label="desk"), "plain")
    sports, opinion = label_token("Sports"), label_token("Op Ed")
    game = ("the", "game")
    assert corpus.lines == ((sports, *game), (opinion, "a", "vote"), game, (opinion, *game))
    assert [words_of(line) for line in corpus.lines] == [game, ("a", "vote"), game, game]
    assert corpus.facts.repeated == 0
    assert corpus.fingerprint != Corpus.load(Source((table,)), "plain").fingerprint


def test_labels_count_as_no_words(table: Path) -> None:
    labelled, bare = (
        count(Corpus.load(Source((table,), label=label), "plain")) for label in ("desk", None)
    )
    assert (labelled.labels, labelled.labelled, bare.labels) == (2, 3, 0)
    for name in ("vocabulary", "samples", "longest", "tokens", "kept", "lines"):
        assert getattr(labelled, name) == getattr(bare, name)


def test_what_is_cached_is_told_apart_by_its_labels(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    disk = Limits(bytes=0)
    found = [
        Corpus.load(Source((table,), label=label), "plain", limits=disk) for label in ("desk", None)
    ]
    assert [len(corpus.lines[0]) for corpus in found] == [3, 2]
    assert len(list(texts_directory().iterdir())) == 2
    again = Corpus.load(Source((table,), label="desk"), "plain", limits=disk)
    assert again.lines == found[0].lines
    assert again.facts.longest == 2


def test_a_column_of_too_many_labels_is_no_category(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "MOST", 3)
    path = tmp_path / "a.csv"
    path.write_text("desk,headline\n" + "".join(f"{n},The game\n" for n in range(4)))
    with pytest.raises(InputError, match=r"'desk' holds more than 3 different labels, so it is no cat"):
        Corpus.load(Source((path,), label="desk"), "plain")


def test_a_label_is_no_essay(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"desk,headline\n{'x' * 101},The game\n")
    with pytest.raises(InputError, match=r"holds a text of 101 characters, 'x{30}'\.\.\."):
        Corpus.load(Source((path,), label="desk"), "plain")
