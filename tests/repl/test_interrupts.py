"""Ctrl-C: one press interrupts once, what is drawn is drawn whole, and between lines nobody hears."""

import signal

import pytest

from repl import interrupts
from repl.interrupts import deaf, held_back, once_a_press


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_a_key_that_is_held_interrupts_once() -> None:
    with once_a_press() as collected:
        with pytest.raises(KeyboardInterrupt):
            press()
        press()
        press()
        assert len(collected) == 3
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_press_interrupts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "ONE_PRESS", 0.0)
    with once_a_press():
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                press()


def test_between_lines_nobody_hears() -> None:
    with deaf():
        press()


def test_what_is_held_back_comes_at_the_end() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), once_a_press(), held_back():
        press()
        done.append("whole")
    assert done == ["whole"]
    with held_back():
        pass
