from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recipe import preset
from core.text.corpus import Corpus, Limits, Source
from core.training import batches, selection
from core.training.dataset import Dataset
from core.training.selection import Side, Split, Tally, held_out, windows

DISK = Limits(bytes=0)


def split_of(path: Path, lines: list[str], share: float, deduplicate: bool = True) -> Split:
    path.write_text("\n".join(lines))
    return Split(Corpus.load(Source((path,)), "plain"), deduplicate, share)


def words_of(side: Side) -> list[list[str]]:
    words = list(side.split.corpus.words())
    read = [
        np.split(some.ids, np.cumsum(some.lengths)[:-1])
        for some in windows(side, None)
        if len(some.lengths)
    ]
    return [[words[id_] for id_ in line] for some in read for line in some]


def places(lines: int, count: int) -> set[int]:
    """The rule, written slowly."""
    return {int((number + 0.5) * lines / count) for number in range(count)}


@given(st.integers(1, 900), st.data())
def test_a_part_of_the_lines_is_told_apart_as_the_whole_would_be(
    lines: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, lines))
    first = data.draw(st.integers(0, lines))
    last = data.draw(st.integers(first, lines))
    expected = [line in places(lines, count) if count else False for line in range(first, last)]
    assert held_out(first, last, lines, count).tolist() == expected
    assert held_out(0, lines, lines, count).sum() == count


@pytest.mark.parametrize("block", [1, 3, 256])
@pytest.mark.parametrize("deduplicate", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_both_sides_keep_every_line_once_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, deduplicate: bool, share: float
) -> None:
    monkeypatch.setattr(selection, "BLOCK", block)
    monkeypatch.setattr(selection, "SCANNED", 2 * block)
    lines = [f"a{number % 17} b" for number in range(40)]
    split = split_of(tmp_path / "a.txt", lines, share, deduplicate)
    wanted = [line.split() for line in (dict.fromkeys(lines) if deduplicate else lines)]
    held = places(len(wanted), split.held_out) if split.held_out else set()
    assert words_of(split.training) == [li for at, li in enumerate(wanted) if at not in held]
    assert words_of(split.validation) == [li for at, li in enumerate(wanted) if at in held]
    assert (len(split.training), len(split.validation)) == (len(wanted) - len(held), len(held))


def test_held_out_lines_are_spread_over_the_file(tmp_path: Path) -> None:
    split = split_of(tmp_path / "a.txt", [f"w{number}" for number in range(100)], 0.1)
    assert words_of(split.validation) == [[f"w{number}"] for number in range(5, 100, 10)]


@given(st.integers(2, 300), st.floats(0.001, 0.9))
def test_a_share_leaves_no_side_empty(
    tmp_path_factory: pytest.TempPathFactory, size: int, share: float
) -> None:
    split = split_of(tmp_path_factory.getbasetemp() / "a.txt", [f"w{n}" for n in range(size)], share)
    assert 1 <= split.held_out < size
    assert abs(split.held_out - size * share) <= 1


def test_words_are_counted_on_their_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "WINDOW", 4)
    monkeypatch.setattr(selection, "BLOCK", 1)
    split = split_of(tmp_path / "a.txt", ["x", "b a", "c c", "a b c"], 0.25)
    assert words_of(split.validation) == [["c", "c"]]
    tally = Tally(split.training)
    numbers = {word: number for number, word in enumerate(split.corpus.words())}
    assert {word: (tally.counts[at], tally.places[at]) for word, at in numbers.items()} == {
        "x": (1, 0),
        "b": (2, 1),
        "a": (2, 2),
        "c": (1, 5),
    }
    assert (tally.lines, tally.tokens, tally.longest) == (3, 6, 3)


def sentences(seed: int, count: int) -> str:
    random = np.random.default_rng(seed)
    words = [f"w{number}" for number in range(40)]
    rows = (random.choice(words, random.integers(1, 9), p=None) for _ in range(count))
    return "\n".join(map(" ".join, rows))


def assert_same(left: Dataset, right: Dataset) -> None:
    for name in ("vocabulary", "lines", "validation_lines", "unknown_rate", "spelling", "recipe"):
        assert getattr(left, name) == getattr(right, name), name
    assert left.validation_characters == right.validation_characters
    assert left.corpus.fingerprint == right.corpus.fingerprint
    assert left.unigram.tolist() == right.unigram.tolist()
    assert left.validation is not None
    assert right.validation is not None
    for one, other in ((left.training, right.training), (left.validation, right.validation)):
        pairs = zip(
            one.epoch(np.random.default_rng(3)), other.epoch(np.random.default_rng(3)), strict=True
        )
        for first, second in pairs:
            assert [array.tolist() for array in first] == [array.tolist() for array in second]


@pytest.mark.parametrize("name", ["small", "tutorial"])
@pytest.mark.parametrize("window", [100, 1 << 20])
def test_a_text_on_the_disk_gives_the_same_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, window: int
) -> None:
    monkeypatch.setattr(selection, "WINDOW", window)
    monkeypatch.setattr(selection, "BLOCK", 8)
    monkeypatch.setattr(batches, "POOLED_BATCHES", 3)
    (tmp_path / "a.txt").write_text(sentences(1, 300))
    recipe = preset(name).change(validation_share=0.1, batch_size=4)
    source = Source((tmp_path / "a.txt",))
    memory = Dataset.prepare(source, recipe)
    assert_same(memory, Dataset.prepare(source, recipe, limits=DISK))
    assert_same(memory, Dataset.prepare(source, recipe, limits=DISK))  # from the cache


def test_a_forgotten_word_that_comes_again_is_one_word(tmp_path: Path) -> None:
    """`late` is forgotten once, and comes twice before and twice afterwards."""
    many = [
        " ".join(f"x{number} y{number}" for number in range(at, at + 9)) for at in range(0, 18_000, 9)
    ]
    pieces = [*(f"late once {at}" for at in range(2)), *(["fill in"] * 16_382)]
    later = [*many, *(["fill in"] * (16_384 - len(many)))]
    (tmp_path / "a.txt").write_text("\n".join([*pieces, *later, "late again", "late again and again"]))
    recipe = preset("small").change(validation_share=0, deduplicate=False)
    source = Source((tmp_path / "a.txt",))
    few = Dataset.prepare(source, recipe, limits=Limits(words=6))
    assert few.corpus.notices
    assert few.corpus.facts.words > len(set(few.corpus.words()))
    whole = Dataset.prepare(source, recipe)
    assert few.vocabulary == whole.vocabulary
    assert few.unigram.tolist() == whole.unigram.tolist()
