"""Large products are shared out among threads, always as many; small ones are left to numpy."""

import numpy as np
import pytest

from core.decoding import products
from core.decoding.products import Library

ROWS, MATRIX = np.ones((2, 3), np.float32), np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of threads that a library of its own is told, on four cores."""
    told: list[int] = []
    monkeypatch.setattr(products, "_library", lambda: Library(told.append, 1))
    monkeypatch.setattr(products, "_cores", lambda: 4)
    return told


def test_a_large_product_has_threads_and_leaves_their_number_as_it_was(
    used: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "LARGE", 2 * 3 * 4)
    assert np.array_equal(products.product(ROWS, MATRIX), ROWS @ MATRIX)
    assert used == [4, 1]
    assert np.array_equal(products.product(ROWS[:1], MATRIX), ROWS[:1] @ MATRIX)
    assert used == [4, 1]


def test_a_product_that_fails_leaves_the_number_too(
    used: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "LARGE", 1)
    with pytest.raises(ValueError, match="align"):
        products.product(ROWS, MATRIX.T)
    assert used == [4, 1]


def test_the_same_product_is_the_same_to_the_last_bit() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(100, 64)).astype(np.float32)
    matrix = random.normal(size=(64, 1500)).astype(np.float32)
    assert len(rows) * matrix.size >= products.LARGE
    first = products.product(rows, matrix)
    assert all(np.array_equal(products.product(rows, matrix), first) for _ in range(20))


@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"])
def test_the_number_of_threads_that_a_user_has_set_stays(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in products.CHOSEN:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setattr(products, "_cores", lambda: 2)
    find = products._library.__wrapped__  # each time anew
    if find() is None:
        pytest.skip("numpy has another library here")
    monkeypatch.setenv(name, "2")
    assert find() is None


def test_numpys_own_library_is_found() -> None:
    library = products._library()
    if library is None:
        pytest.skip("numpy has another library here, or one core, or the user has chosen")
    assert library.usual >= 1
    library.set_threads(library.usual)
