"""Ctrl-C at a terminal: when it interrupts, and when it waits or is not heard."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

ONE_PRESS = 0.5
"""Seconds between two signals that are one wish: a key is held, or pressed twice."""

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def once_a_press() -> Iterator[list[float]]:
    """Interrupt once for each press, and collect when: a line that was interrupted keeps it to itself.

    A key that is held would else interrupt what tells of the interruption.
    """
    collected: list[float] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        again = bool(collected) and now - collected[-1] < ONE_PRESS
        collected.append(now)
        if not again:
            raise KeyboardInterrupt

    with _handled(interrupt):
        yield collected


def deaf() -> AbstractContextManager[None]:
    """Let a Ctrl-C end nothing that comes when nothing runs and nobody reads keys."""
    return _handled(lambda number, frame: None)


@contextmanager
def held_back() -> Iterator[None]:
    """Let a Ctrl-C wait for the end of what is done inside, which is to be whole and short."""
    came: list[int] = []
    usual = signal.getsignal(signal.SIGINT)
    with _handled(lambda number, frame: came.append(number)):
        yield
    if came and callable(usual):
        usual(came[0], None)


@contextmanager
def _handled(handler: Handler) -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT) or signal.SIG_DFL
    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
