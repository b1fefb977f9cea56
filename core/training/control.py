"""What others ask of a run while it goes on: to pause, to go on, to stop. No TensorFlow here."""

import threading
import time
from collections.abc import Iterable

STOP, PAUSE, RESUME = "stop", "pause", "resume"
"""The words that a trainer reads from its standard input, one a line."""


class Pausing:
    """Whether a run is to wait: asked between two steps by the run, told by another thread."""

    def __init__(self) -> None:
        self._going = threading.Event()
        self._going.set()

    @property
    def is_wanted(self) -> bool:
        """Whether the run is to wait."""
        return not self._going.is_set()

    def pause(self) -> None:
        """Have the run wait after its step."""
        self._going.clear()

    def go_on(self) -> None:
        """Have it go on."""
        self._going.set()

    def wait(self) -> float:
        """Wait until the run may go on; return the seconds that took."""
        began = time.perf_counter()
        self._going.wait()
        return time.perf_counter() - began


def listen(lines: Iterable[str], stopping: threading.Event, pausing: Pausing) -> None:
    """Obey the words above, line by line; the end of the lines stops, as their sender is gone."""
    for line in lines:
        word = line.strip()
        if word == PAUSE:
            pausing.pause()
        elif word == RESUME:
            pausing.go_on()
        elif word == STOP:
            break
    stopping.set()
    pausing.go_on()  # what is paused stops too
