"""The parent's side, against trainers of a few lines."""

import os
import sys
from pathlib import Path

import pytest

from core.errors import TrainingError
from core.recipe import preset
from core.training.client import Trainer
from core.training.events import Done, Notice
from core.training.job import Job, plan, source

DONE = (
    '{"event": "done", "model": "m", "path": "/m", "seconds": 1.0, "best_epoch": 1, '
    '"validation_perplexity": null, "reason": "%s"}'
)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return plan(source(), preset("small"), "m", directory=tmp_path)


def trainer(job: Job, *script: str) -> Trainer:
    return Trainer(
        job,
        [
            sys.executable,
            "-c",
            "\n".join(["import os, signal, sys, time", "job = sys.stdin.readline()", *script]),
        ],
    )


def test_events_are_passed_on_and_other_lines_are_not(job: Job) -> None:
    script = (
        f"""print('{{"event": "notice", "text": "hello"}}', 'noise', '{DONE % "end"}', sep=chr(10))"""
    )
    with trainer(job, script) as running:
        events = list(running.events())
    assert [type(event) for event in events] == [Notice, Done]


def test_stop_is_heard(job: Job) -> None:
    with trainer(job, "word = sys.stdin.readline().strip()", f"print('{DONE}' % word)") as running:
        running.stop()
        done = list(running.events())[-1]
    assert isinstance(done, Done)
    assert done.reason == "stop"


def test_a_trainer_reads_the_end_of_its_input_when_its_parent_is_gone(job: Job) -> None:
    with trainer(job, "sys.stdin.read()", f"print('{DONE}' % 'alone', flush=True)") as running:
        pass
    assert not _alive(running.pid)


def test_an_error_of_the_trainer_is_raised_with_its_words(job: Job) -> None:
    with (
        pytest.raises(TrainingError, match=r"^no such file$"),
        trainer(job, """print('{"event": "error", "text": "no such file"}')""") as running,
    ):
        list(running.events())


def test_a_trainer_that_is_killed_says_what_is_left(job: Job) -> None:
    with (
        pytest.raises(
            TrainingError,
            match=r"killed by SIGKILL, perhaps for want of memory.*nothing of this run is saved",
        ),
        trainer(job, "os.kill(os.getpid(), signal.SIGKILL)") as running,
    ):
        list(running.events())


def test_a_trainer_that_dies_is_quoted(job: Job) -> None:
    epoch = (
        '{"event": "epoch", "epoch": 1, "loss": 1, "validation_perplexity": null, '
        '"bits_per_character": null, "tokens_per_second": 1, "seconds": 1, "learning_rate": 0.002, '
        '"best": true, "saved_as": "m-2"}'
    )
    with (
        pytest.raises(
            TrainingError, match=r"status 3 \(boom\); the best weights so far are saved as 'm-2'"
        ),
        trainer(job, f"print('{epoch}')", "print('boom', file=sys.stderr)", "sys.exit(3)") as running,
    ):
        list(running.events())


def test_an_error_here_leaves_no_process_behind(job: Job) -> None:
    with pytest.raises(ZeroDivisionError), trainer(job, "time.sleep(60)") as running:
        raise ZeroDivisionError
    assert not _alive(running.pid)


def test_a_trainer_hears_no_ctrl_c_from_the_terminal(job: Job) -> None:
    with trainer(job, f"print('{DONE}' % os.getsid(0), flush=True)") as running:
        done = list(running.events())[-1]
    assert isinstance(done, Done)
    assert done.reason == str(running.pid) != str(os.getsid(0))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
