"""Large products are shared out among threads while that pays. A fake library counts its threads."""

import numpy as np
import pytest

from core.decoding import products
from core.decoding.products import FIRST_REST, LONGEST_REST, Library, Machine

ROWS, MATRIX = np.ones((2, 3), np.float32), np.arange(12, dtype=np.float32).reshape(3, 4)


class Fake:
    """A product takes as long as its threads say; both are told by what is done around it."""

    def __init__(self, alone: float, together: float) -> None:
        self.seconds = {1: alone, 2: together}
        self.now, self.seen = 0.0, 0
        self.used: list[int] = []

    def set_threads(self, threads: int) -> None:
        self.used.append(threads)

    def clock(self) -> float:
        if len(self.used) > self.seen:  # a product has run since, between two settings
            self.seen = len(self.used)
            self.now += self.seconds[self.used[-2]]
        return self.now

    @property
    def library(self) -> Library:
        return Library(self.set_threads, 7, self.clock)


def threads_of(fake: Fake, machine: Machine) -> int:
    """Return how many threads the next product had."""
    machine.product(ROWS, MATRIX, fake.library)
    return fake.used[-2]


def test_the_second_product_of_a_kind_is_timed_alone_and_the_next_are_shared() -> None:
    fake, machine = Fake(alone=1.0, together=0.5), Machine(2)
    assert [threads_of(fake, machine) for _ in range(5)] == [1, 1, 2, 2, 2]
    machine.product(ROWS[:1], MATRIX, fake.library)
    assert fake.used[-2] == 1


def test_where_sharing_takes_ten_times_as_long_it_rests_at_once_and_longer_each_time() -> None:
    fake, machine = Fake(alone=FIRST_REST / 4, together=FIRST_REST * 2.5), Machine(2)
    used = [threads_of(fake, machine) for _ in range(60)]
    tries = [number for number, threads in enumerate(used) if threads == 2]
    assert tries[0] == 2
    pauses = np.diff(tries)
    assert pauses[0] > 1
    assert (pauses[1:] > pauses[:-1]).all()


def test_one_product_that_took_twice_as_long_does_not_matter() -> None:
    fake, machine = Fake(alone=1.0, together=0.5), Machine(2)
    for _ in range(10):
        machine.product(ROWS, MATRIX, fake.library)
    fake.seconds[2] = 2.0
    machine.product(ROWS, MATRIX, fake.library)
    fake.seconds[2] = 0.5
    assert [threads_of(fake, machine) for _ in range(3)] == [2, 2, 2]


def test_sharing_that_is_a_little_slower_is_given_up_after_some_products() -> None:
    fake, machine = Fake(alone=1.0, together=1.3), Machine(2)
    used = [threads_of(fake, machine) for _ in range(20)]
    assert used[2:6] == [2, 2, 2, 2]
    assert 1 in used[6:]


def test_the_rest_has_an_end() -> None:
    fake, machine = Fake(alone=LONGEST_REST / 2, together=10 * LONGEST_REST), Machine(2)
    used = [threads_of(fake, machine) for _ in range(100)]
    assert used[-6:].count(2) >= 1


def test_the_number_of_threads_is_left_as_it_was() -> None:
    fake = Fake(alone=1.0, together=0.5)
    Machine(2).product(ROWS, MATRIX, fake.library)
    assert fake.used == [1, 7]


def test_the_product_is_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "LARGE", 1)
    for _ in range(4):
        assert np.array_equal(products.product(ROWS, MATRIX), ROWS @ MATRIX)


def test_numpys_own_library_is_found() -> None:
    library = products._library()
    if library is None:
        pytest.skip("numpy has another library here, or one core, or the user has chosen")
    assert library.usual >= 1
    library.set_threads(library.usual)
