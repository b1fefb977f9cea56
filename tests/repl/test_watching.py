import io
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from core.training.client import STOPPING, Trainer
from core.training.events import Done, EpochDone, Notice, Paused, Progress, Resumed, Started
from core.training.history import Epoch, to_json
from repl.watching import Plain, Screen, ctrl_c_stops
from tests.repl.conftest import console
from tests.repl.trainers import STARTED, job


def test_the_first_ctrl_c_asks_and_the_second_interrupts() -> None:
    class Asked:
        times = 0

        def stop(self) -> None:
            self.times += 1

    asked = Asked()
    before = signal.getsignal(signal.SIGINT)
    with (
        pytest.raises(KeyboardInterrupt),
        ctrl_c_stops(cast(Trainer, asked)),
    ):
        os.kill(os.getpid(), signal.SIGINT)
        assert asked.times == 1
        os.kill(os.getpid(), signal.SIGINT)
    assert asked.times == 1
    assert signal.getsignal(signal.SIGINT) is before


def lines(screen: Console) -> list[str]:
    return cast(io.StringIO, screen.file).getvalue().splitlines()


def epoch(number: int, probes: dict[str, str]) -> EpochDone:
    return EpochDone(number, 5.586, 124.0, None, 6755, 2.0, 0.002, True, probes=probes)


@pytest.mark.parametrize(("held_out", "told"), [(0, False), (3, True), (9, True), (10, False)])
def test_lines_held_out_that_are_too_few_to_tell_when_to_stop_are_told(
    held_out: int, told: bool, tmp_path: Path
) -> None:
    out = console(500)
    Plain(job(tmp_path), out, out).show(Started("poems", 27, held_out, 35, 0.05, 534_307, 1, 1))
    assert ("--preset tutorial" in "".join(lines(out))) is told


@pytest.mark.parametrize("indent", [0, 2])
def test_a_pipe_gets_a_line_an_epoch_with_the_first_probe(indent: int, tmp_path: Path) -> None:
    out = console()
    display = Plain(job(tmp_path), out, out, indent)
    display.show(Started("mine", 2126, 236, 2351, 0.32, 1_129_519, 1, 1))
    display.show(epoch(1, {"the": "the \x1b war", "a": "a b"}))
    margin = " " * indent
    assert lines(out)[0].startswith(f"{margin}2,126 lines, 236 held out")
    told = f"{margin}epoch   1  loss 5.586  validation perplexity 124.0  6,755 words/s  the \ufffd war"
    assert " ".join("".join(lines(out)[1:]).split()) == " ".join(told.split())


def test_the_screen_follows_what_happens(tmp_path: Path) -> None:
    out = console()
    display = Screen(job(tmp_path), out, out, began=0.0)
    with display.shown():
        display.show(Notice("took column 'headline'"))
        display.show(STARTED)
        display.show(Progress(1, 20, 50, 4.5, 100.0, 75.0))
        display.show(epoch(1, {"the": "the war"}))
        display.show(Paused(2, 1))
        out.print(display.picture())
        display.show(Resumed(1.0))
        display.show(STOPPING)
        out.print(display.picture())
        display.show(Done("mine", "/models/mine", 1.0, 1, 124.0, "stopped"))
    told = lines(out)
    assert told[:2] == [
        "took column 'headline'",
        "90 lines, 10 held out · 40 words (25% unknown) · 1,234 parameters",
    ]
    titles = [line for line in told if line.startswith("mine")]
    assert titles[0].startswith("mine · paused · epoch 1 of 7 at most")
    assert titles[1].startswith("mine · stopping after this step · epoch 1 of 7 at most")
    assert titles[-1].startswith("mine · 1 epoch · ")
    assert "1  the war" in told


def test_the_charts_of_a_resumed_run_begin_with_its_first_epoch(tmp_path: Path) -> None:
    out = console()
    display = Screen(job(tmp_path), out, out, began=0.0)
    done = [Epoch(number, 5.0, value, None, 1.0, 1.0, 0.1) for number, value in ((1, 40.0), (2, 50.0))]
    display.show(replace(STARTED, history=to_json(done)))
    out.print(display.picture())
    display.show(replace(epoch(3, {}), best=False))
    display.show(Done("mine", "/models/mine", 1.0, 1, 40.0, "stopped"))
    out.print(display.picture())
    titles = [line for line in lines(out) if line.startswith("mine")]
    assert [title.split(" · ")[1] for title in titles] == ["epoch 3 of 7 at most", "3 epochs"]
    assert any("validation perplexity 124.0 · best 40.0, epoch 1" in line for line in lines(out))


def test_notices_do_not_go_to_the_screen_where_they_go_elsewhere(tmp_path: Path) -> None:
    out, messages = console(), Console(file=io.StringIO(), theme=None, force_terminal=False)
    Screen(job(tmp_path), out, messages).show(STARTED)
    assert lines(out) == []
    assert lines(messages)[0].startswith("90 lines")
