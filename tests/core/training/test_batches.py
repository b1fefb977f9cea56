from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.vocabulary import PADDING, START, Vocabulary
from core.training import batches as module
from core.training import selection
from core.training.batches import LONGEST_PIECE, POOLED_BATCHES, Batch, LineBatches, PrefixBatches
from tests.listed import encoded

LINES = [("a", "b", "c"), ("c",), ("b", "a")]
WORDS = st.lists(st.lists(st.sampled_from("abcde"), min_size=1, max_size=9).map(tuple), min_size=1)


def test_a_line_is_shown_once_with_every_next_word_to_guess() -> None:
    vocabulary = Vocabulary.build(LINES)  # <pad> <unk> <s> </s> a b c
    batches = LineBatches(encoded(LINES, vocabulary), vocabulary, batch_size=3)
    inputs, targets = next(iter(batches.epoch(None)))
    assert inputs.tolist() == [[2, 6, 0, 0], [2, 5, 4, 0], [2, 4, 5, 6]]
    assert targets.tolist() == [[6, 3, 0, 0], [5, 4, 3, 0], [4, 5, 6, 3]]
    assert (batches.steps, batches.tokens) == (1, 9)


def test_prefixes_are_left_padded_with_the_next_word_to_guess() -> None:
    vocabulary = Vocabulary.build(LINES, specials=(PADDING,))  # <pad> a b c
    batches = PrefixBatches(encoded(LINES, vocabulary), vocabulary, window=2, batch_size=8)
    inputs, targets = next(iter(batches.epoch(None)))
    assert inputs.tolist() == [[0, 1], [1, 2], [0, 2]]
    assert targets.tolist() == [2, 3, 1]
    assert (batches.steps, batches.tokens) == (1, 3)


def test_a_window_shorter_than_a_line_sees_its_last_words() -> None:
    vocabulary = Vocabulary.build([tuple("abcd")], specials=(PADDING,))
    inputs, _ = next(
        iter(PrefixBatches(encoded([tuple("abcd")], vocabulary), vocabulary, 2, 9).epoch(None))
    )
    assert inputs.tolist() == [[0, 1], [1, 2], [2, 3]]


def test_a_token_that_begins_and_ends_texts_stands_around_every_line() -> None:
    """textgenrnn's samples: every beginning of <s> a b <s>, the last 3 ids, and what follows."""
    vocabulary = Vocabulary((PADDING, START, "a", "b"), end_token=START, unknown_token=PADDING)
    batches = PrefixBatches(
        encoded([("a", "b"), ("b",)], vocabulary), vocabulary, window=3, batch_size=9
    )
    inputs, targets = next(iter(batches.epoch(None)))
    assert inputs.tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [0, 0, 1], [0, 1, 3]]
    assert targets.tolist() == [2, 3, 1, 3, 1]
    assert (batches.steps, batches.tokens) == (1, 5)


def test_what_is_read_as_padding_is_never_asked_for() -> None:
    """`?` is unknown: it stands in the prefixes as 0, and its own sample is left out."""
    vocabulary = Vocabulary((PADDING, START, "a", "b"), end_token=START, unknown_token=PADDING)
    inputs, targets = next(
        iter(PrefixBatches(encoded([tuple("?a?b")], vocabulary), vocabulary, 5, 9).epoch(None))
    )
    assert inputs.tolist() == [[0, 0, 0, 1, 0], [0, 1, 0, 2, 0], [1, 0, 2, 0, 3]]
    assert targets.tolist() == [2, 3, 1]


def test_one_long_text_without_begin_and_end_has_just_its_prefixes() -> None:
    vocabulary = Vocabulary((PADDING, "a", "b"), end_token=START, unknown_token=PADDING)
    inputs, targets = next(
        iter(PrefixBatches(encoded([tuple("ab?a")], vocabulary), vocabulary, 2, 9).epoch(None))
    )
    assert inputs.tolist() == [[0, 1], [2, 0]]
    assert targets.tolist() == [2, 1]


@given(WORDS, st.integers(1, 5), st.integers(0, 99))
def test_an_epoch_asks_for_every_word_and_every_end_once(
    lines: list[tuple[str, ...]], batch_size: int, seed: int
) -> None:
    vocabulary = Vocabulary.build(lines)
    batches = LineBatches(encoded(lines, vocabulary), vocabulary, batch_size)
    targets = [batch[1] for batch in batches.epoch(np.random.default_rng(seed))]
    asked = sorted(id_ for rows in targets for id_ in rows[rows > 0].tolist())
    assert asked == sorted(id_ for line in lines for id_ in [*vocabulary.encode(line), vocabulary.end])
    assert len(targets) == batches.steps
    assert len(asked) == batches.tokens


@given(WORDS, st.integers(1, 5), st.integers(0, 99))
def test_an_epoch_of_prefixes_holds_every_prefix_once(
    lines: list[tuple[str, ...]], batch_size: int, seed: int
) -> None:
    vocabulary = Vocabulary.build(lines, specials=(PADDING,))
    batches = PrefixBatches(encoded(lines, vocabulary), vocabulary, window=9, batch_size=batch_size)
    rows = [
        (tuple(row[row > 0].tolist()), int(target))
        for inputs, targets in batches.epoch(np.random.default_rng(seed))
        for row, target in zip(inputs, targets, strict=True)
    ]
    whole = [tuple(vocabulary.encode(line)) for line in lines]
    assert sorted(rows) == sorted((ids[:n], ids[n]) for ids in whole for n in range(1, len(ids)))
    assert len(rows) == batches.tokens


def test_a_huge_line_is_learnt_in_pieces_that_lose_nothing() -> None:
    line = tuple("ab" * LONGEST_PIECE)
    vocabulary = Vocabulary.build([line])
    batches = LineBatches(encoded([line], vocabulary), vocabulary, 1)
    shapes = [inputs.shape for inputs, _ in batches.epoch(None)]
    assert batches.tokens == 2 * LONGEST_PIECE + 1
    assert max(shape[1] for shape in shapes) == LONGEST_PIECE


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_order(seed: int) -> None:
    lines = [(word,) for word in "abcdefghij"]
    vocabulary = Vocabulary.build(lines)
    batches = LineBatches(encoded(lines, vocabulary), vocabulary, 2)
    once, again, other = (
        [batch[0].tolist() for batch in batches.epoch(np.random.default_rng(number))]
        for number in (seed, seed, 9)
    )
    assert once == again != other


def shuffled_whole(
    lines: Sequence[Sequence[str]], vocabulary: Vocabulary, size: int
) -> Iterator[Batch]:
    """The order of small texts, written slowly: one permutation, pools by length, mixed batches."""
    random = np.random.default_rng(5)
    rows = [[vocabulary.start, *vocabulary.encode(line), vocabulary.end] for line in lines]
    order = random.permutation(len(rows)).tolist()
    for start in range(0, len(rows), size * POOLED_BATCHES):
        pool = sorted(order[start : start + size * POOLED_BATCHES], key=lambda row: len(rows[row]))
        batches = [pool[first : first + size] for first in range(0, len(pool), size)]
        random.shuffle(batches)
        for batch in batches:
            width = max(len(rows[row]) for row in batch)
            padded = np.array([rows[row] + [0] * (width - len(rows[row])) for row in batch])
            yield np.where(padded[:, 1:] > 0, padded[:, :-1], 0), padded[:, 1:]


def test_a_small_text_is_shuffled_as_a_whole() -> None:
    random = np.random.default_rng(1)
    lines = [tuple(random.choice(list("abcde"), random.integers(1, 9))) for _ in range(230)]
    vocabulary = Vocabulary.build(lines)
    batches = LineBatches(encoded(lines, vocabulary, 16), vocabulary, 2)
    found = list(batches.epoch(np.random.default_rng(5)))
    expected = list(shuffled_whole(lines, vocabulary, 2))
    assert len(found) == len(expected) == batches.steps
    for left, right in zip(found, expected, strict=True):
        assert [array.tolist() for array in left] == [array.tolist() for array in right]


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "WINDOW", 10)
    monkeypatch.setattr(module, "POOLED_BATCHES", 2)


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_what_a_window_leaves_goes_on_in_the_next(shuffled: bool, batch_size: int) -> None:
    lines = [tuple("abcdefg"[: 1 + number % 7]) for number in range(40)]
    vocabulary = Vocabulary.build(lines)
    text = encoded(lines, vocabulary, 4)
    for batches in (
        LineBatches(text, vocabulary, batch_size),
        PrefixBatches(text, vocabulary, 9, batch_size),
    ):
        epoch = list(batches.epoch(np.random.default_rng(3) if shuffled else None))
        asked = np.concatenate([targets.ravel() for _, targets in epoch])
        assert len(epoch) == batches.steps
        assert np.bincount(asked[asked > 0]).tolist() == batches.counts.tolist()
        sizes = sorted(len(inputs) for inputs, _ in epoch)
        assert set(sizes[1:]) <= {batch_size}


@pytest.mark.usefixtures("small_windows")
def test_blocks_are_mixed_over_the_windows_differently_each_time() -> None:
    lines = [(word,) for word in "abcdefghijklmnopqrstuvwxyz"]
    vocabulary = Vocabulary.build(lines)
    batches = LineBatches(encoded(lines, vocabulary, 2), vocabulary, 4)
    once, again, other = (
        [batch[0].tolist() for batch in batches.epoch(np.random.default_rng(number))]
        for number in (1, 1, 2)
    )
    assert once == again != other
    first_window = {row[1] for batch in once[:2] for row in batch}
    assert len(first_window) == 8
    assert max(first_window) > 13  # the ids of ten neighbours from the beginning are 4 to 13
