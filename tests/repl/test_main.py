"""The start of the command: how many threads numpy gets."""

import pytest

from repl.__main__ import openblas


def test_numpy_starts_with_one_thread_that_does_not_wait_awake_for_long() -> None:
    assert openblas({}) == {"OPENBLAS_NUM_THREADS": "1", "OPENBLAS_THREAD_TIMEOUT": "20"}
    assert openblas({"OPENBLAS_THREAD_TIMEOUT": "26"}) == {"OPENBLAS_NUM_THREADS": "1"}


@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"])
def test_a_user_who_says_how_many_threads_numpy_has_is_heard(name: str) -> None:
    assert openblas({name: "2"}) == {"OPENBLAS_THREAD_TIMEOUT": "20"}
