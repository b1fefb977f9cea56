import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import RenderableType

from core.errors import TrainingError
from core.training.events import Reading
from core.training.history import Epoch, to_json
from repl.jobs import Jobs
from repl.pictures.job import JobView, Status, done, epoch_done, failed
from tests.repl.conftest import console
from tests.repl.trainers import HALF_WAY, STARTED, epoch
from tests.repl.trainers import done as ended


def drawn(picture: RenderableType, width: int = 80) -> list[str]:
    screen = console(width)
    screen.print(picture)
    assert isinstance(screen.file, io.StringIO)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


BEFORE = Status("mine").after(STARTED)
FIRST = BEFORE.after(epoch(1, 124.0), "mine")


def test_a_status_says_how_far_it_is() -> None:
    assert Status("mine").short == "mine starts"
    assert BEFORE.short == "mine epoch 1 0%"
    assert FIRST.short == "mine epoch 1 100%"
    assert FIRST.after(HALF_WAY).short == "mine epoch 2 40%"


def test_a_large_text_is_read_for_a_while() -> None:
    reading = Status("mine").after(Reading(2_000_000, 0.4))
    assert reading.short == "mine reads 40%"
    assert drawn(JobView(reading)) == ["mine  reads the text (40%), starts TensorFlow"]
    assert reading.after(STARTED).short == "mine epoch 1 0%"


def test_an_epoch_that_is_not_better_leaves_the_best() -> None:
    status = FIRST.after(epoch(2, 130.0, best=False))
    assert (status.best, status.last) == (epoch(1, 124.0), epoch(2, 130.0, best=False))
    assert status.saved == "mine"


def test_a_resumed_job_knows_its_epochs() -> None:
    done = [Epoch(number, 5.0, value, None, 1.0, 1.0, 0.1) for number, value in ((1, 40.0), (2, 50.0))]
    status = Status("mine").after(replace(STARTED, history=to_json(done)))
    assert (status.short, status.epochs) == ("mine epoch 2 100%", STARTED.epochs)
    assert status.best and status.last and (status.best.epoch, status.last.epoch) == (1, 2)


@pytest.mark.parametrize("width", [80, 40])
def test_a_job_is_drawn_as_facts(width: int) -> None:
    status = FIRST.after(epoch(2, 130.0, best=False)).after(HALF_WAY)
    assert drawn(JobView(status), width) == [
        "mine        epoch 2 of 7 at most, 40%",
        "loss        4.500",
        "validation  perplexity 130.0, epoch 2",
        "best        perplexity 124.0, epoch 1",
        "time left   up to 1:15",
        ":load mine loads the best so far",
    ]


def test_a_paused_job_says_so_and_what_it_says_last() -> None:
    said = replace(epoch(1, 124.0), probes={"the": "the war", "a": "a \x1b"})
    status = replace(BEFORE.after(said), is_paused=True)
    lines = drawn(JobView(status))
    assert status.short == "mine epoch 1 100% paused"
    assert lines[0] == "mine        epoch 1 of 7 at most, 100%; paused, :resume goes on"
    assert lines[-2:] == ["it says     the war", "            a \ufffd"]


def test_what_is_not_known_yet_is_not_drawn() -> None:
    assert drawn(JobView(Status("mine"))) == ["mine  reads the text, starts TensorFlow"]
    assert drawn(JobView(Status("mine"), stopping=True)) == ["mine  stops after this step"]


def test_without_a_job_it_says_how_to_begin() -> None:
    assert drawn(Jobs().view()) == ["nothing is being trained; :train FILE begins"]


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("stopped", "mine stopped · 1:01 min · epoch 1 kept, perplexity 124.0 · :load mine"),
        (
            "all 9 epochs done",
            "mine trained · 1:01 min · epoch 1 kept, perplexity 124.0 · :load mine",
        ),
    ],
)
def test_the_end_is_one_line(reason: str, line: str) -> None:
    assert drawn(done(ended(Path("/models/mine"), reason), "mine")) == [line]


def test_names_and_errors_cannot_reach_the_terminal_raw() -> None:
    lines = [
        epoch_done("a\x1b[31m", epoch(1, None), "b\x1b"),
        failed("a\x07", TrainingError("\x1b]0;")),
    ]
    assert not any("\x1b" in line.plain or "\x07" in line.plain for line in lines)


def test_of_several_networks_it_says_which() -> None:
    first = BEFORE.after(epoch(1, 124.0), "mine")
    status = first.after(replace(STARTED, network=2, networks=3)).after(HALF_WAY)
    assert status.short == "mine network 2 of 3 epoch 2 40%"
    assert (status.last, status.best, status.saved) == (None, None, "mine")
    assert drawn(JobView(status))[0] == "mine       network 2 of 3, epoch 2 of 7 at most, 40%"
    text = done(replace(ended(Path("/m/mine")), networks=3), "mine").plain
    assert text == "mine stopped · 1:01 min · 3 networks kept, perplexity 124.0 · :load mine"
