import threading
from collections.abc import Iterator

import pytest

from core.training.control import Pausing, listen


@pytest.mark.parametrize(
    "lines", [[], ["pause\n"], ["pause\n", "stop\n"], ["stop\n", "pause\n"], ["nonsense\n"]]
)
def test_the_end_of_the_lines_stops_also_what_is_paused(lines: list[str]) -> None:
    stopping, pausing = threading.Event(), Pausing()
    listen(lines, stopping, pausing)
    assert stopping.is_set()
    assert not pausing.is_wanted


def test_pause_and_resume_are_obeyed_line_by_line() -> None:
    stopping, pausing = threading.Event(), Pausing()
    wanted = []

    def lines() -> Iterator[str]:
        for word in ("pause", "resume", "pause"):
            yield f"{word}\n"
            wanted.append((pausing.is_wanted, stopping.is_set()))

    listen(lines(), stopping, pausing)
    assert wanted == [(True, False), (False, False), (True, False)]
