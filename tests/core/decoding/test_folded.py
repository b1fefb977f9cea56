"""The table of input products: whole, or made block by block."""

import numpy as np
import pytest

from core.decoding import folded
from core.decoding.folded import ROWS, Folded


@pytest.fixture
def arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return tuple(
        random.normal(size=shape).astype(np.float32) for shape in ((3 * ROWS + 5, 7), (7, 12), (12,))
    )


def test_a_table_by_blocks_has_the_same_rows(
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding, kernel, bias = arrays
    whole = Folded(*arrays)
    monkeypatch.setattr(folded, "AT_ONCE", 0)
    table = Folded(*arrays)
    for ids in ([3, 3, 70], [3 * ROWS + 4], [0, 150, 3], np.arange(len(embedding))):
        ids = np.array(ids)
        rows = table.take(ids)
        np.testing.assert_allclose(rows, embedding[ids] @ kernel + bias, atol=1e-5)
        np.testing.assert_allclose(rows, whole.take(ids), atol=1e-5)


def test_what_is_read_before_changes_no_bit_of_a_row(
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folded, "AT_ONCE", 0)
    one, other = Folded(*arrays), Folded(*arrays)
    one.take(np.arange(180))
    other.take(np.array([70]))
    np.testing.assert_array_equal(one.take(np.array([66])), other.take(np.array([66])))


def test_only_the_blocks_that_are_read_are_made(
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folded, "AT_ONCE", 0)
    table = Folded(*arrays)
    table.take(np.array([ROWS, ROWS + 1]))
    assert table._filled.tolist() == [False, True, False, False]


def test_a_row_may_be_written_into(
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    for at_once in (folded.AT_ONCE, 0):
        monkeypatch.setattr(folded, "AT_ONCE", at_once)
        table = Folded(*arrays)
        before = table.take(np.array([5])).copy()
        table.take(np.array([5]))[:] = 0
        np.testing.assert_array_equal(table.take(np.array([5])), before)
