import threading

import pytest

from core.training.control import Pausing, listen


@pytest.mark.parametrize(
    ("lines", "waits"),
    [
        (["pause\n"], False),
        (["pause\n", "stop\n"], False),
        (["stop\n", "pause\n"], False),
        (["nonsense\n"], False),
    ],
)
def test_the_end_of_the_lines_stops_also_what_is_paused(lines: list[str], waits: bool) -> None:
    stopping, pausing = threading.Event(), Pausing()
    listen(lines, stopping, pausing)
    assert stopping.is_set()
    assert pausing.is_wanted is waits


def test_pause_and_resume_are_obeyed_line_by_line() -> None:
    stopping, pausing = threading.Event(), Pausing()
    wanted = []

    def lines() -> "list[str]":  # type: ignore[misc]
        for word in ("pause", "resume", "pause"):
            yield f"{word}\n"
            wanted.append((pausing.is_wanted, stopping.is_set()))

    listen(lines(), stopping, pausing)
    assert wanted == [(True, False), (False, False), (True, False)]
