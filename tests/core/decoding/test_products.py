"""Large products are shared out among threads while that pays. A fake library counts its threads."""

import numpy as np
import pytest

from core.decoding import products
from core.decoding.products import FIRST_REST, LONGEST_REST, Library, Machine

ROWS, MATRIX = np.ones((2, 3), np.float32), np.arange(12, dtype=np.float32).reshape(3, 4)


class Fake:
    """Each look at its clock takes as long as a product does with the threads there are."""

    def __init__(self, alone: float, together: float) -> None:
        self.alone, self.together = alone, together
        self.threads, self.now = 1, 0.0
        self.used: list[int] = []

    def set_threads(self, threads: int) -> None:
        self.threads = threads
        self.used.append(threads)

    def clock(self) -> float:
        self.now += self.together if self.used[-2:-1] == [2] else self.alone
        return self.now

    @property
    def library(self) -> Library:
        return Library(self.set_threads, lambda: self.threads, self.clock)


def threads_of(fake: Fake, machine: Machine) -> int:
    """Return how many threads the next product had."""
    machine.product(ROWS, MATRIX, fake.library)
    return fake.used[-2]


def test_the_first_product_of_a_kind_is_timed_alone_and_the_next_are_shared() -> None:
    fake, machine = Fake(alone=1.0, together=0.5), Machine(2)
    assert [threads_of(fake, machine) for _ in range(4)] == [1, 2, 2, 2]
    machine.product(ROWS[:1], MATRIX, fake.library)
    assert fake.used[-2] == 1


def test_where_sharing_took_longer_it_rests() -> None:
    fake, machine = Fake(alone=FIRST_REST / 4, together=FIRST_REST), Machine(2)
    used = [threads_of(fake, machine) for _ in range(60)]
    assert used[:2] == [1, 2]
    tries = [number for number, threads in enumerate(used) if threads == 2]
    pauses = np.diff(tries)
    assert (pauses[1:] > pauses[:-1]).all(), "and longer each time"


def test_the_rest_has_an_end() -> None:
    fake, machine = Fake(alone=LONGEST_REST / 2, together=LONGEST_REST), Machine(2)
    used = [threads_of(fake, machine) for _ in range(100)]
    assert used[-6:].count(2) >= 1


def test_the_number_of_threads_is_left_as_it_was() -> None:
    fake = Fake(alone=1.0, together=0.5)
    fake.threads = 7
    Machine(2).product(ROWS, MATRIX, fake.library)
    assert fake.threads == 7


def test_the_product_is_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "LARGE", 1)
    for _ in range(3):
        assert np.array_equal(products.product(ROWS, MATRIX), ROWS @ MATRIX)


def test_numpys_own_library_is_found_and_obeys() -> None:
    library = products._library()
    if library is None:
        pytest.skip("numpy has another library here, or one core, or the user has chosen")
    before = library.get_threads()
    library.set_threads(1)
    assert library.get_threads() == 1
    library.set_threads(before)
