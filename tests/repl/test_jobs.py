"""Training behind the prompt, against trainers of a few lines."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import TrainingError
from core.training.events import Failed, Notice, Paused, Resumed
from repl.jobs import Jobs
from tests.repl.trainers import (
    DEAF,
    HALF_WAY,
    STARTED,
    WAITS_TO_BE_STOPPED,
    FakeJobs,
    done,
    epoch,
    eventually,
    job,
    says,
    waits_for,
)


@pytest.fixture
def opened() -> Iterator[list[Jobs]]:
    """Hold what is to be closed when a test is over, however it ends."""
    jobs: list[Jobs] = []
    yield jobs
    for each in jobs:
        each.close(seconds=0)


def begun(opened: list[Jobs], directory: Path, *script: str) -> FakeJobs:
    jobs = FakeJobs(*script)
    opened.append(jobs)
    jobs.start(job(directory), lambda path: path.name)
    return jobs


def told(jobs: Jobs) -> list[str]:
    return [text.plain for text in jobs.news()]


def there(pid: int | None) -> bool:
    assert pid is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_happens_is_told_in_lines(opened: list[Jobs], tmp_path: Path) -> None:
    jobs = begun(
        opened,
        tmp_path,
        says(Notice("took column 'headline'")),
        says(STARTED),
        says(epoch(1, 124.0, saved_as="mine")),
        says(done(tmp_path / "mine")),
    )
    jobs.wait()
    assert told(jobs) == [
        "mine took column 'headline'",
        "mine 90 lines, 10 held out · 40 words (25% unknown) · 1,234 parameters",
        "mine epoch 1 · perplexity 124.0 · loss 5.000 · :load mine tries it",
        "mine stopped · 1:01 min · epoch 1 kept, perplexity 124.0 · :load mine",
    ]
    assert told(jobs) == []


def test_few_lines_held_out_are_warned_of(opened: list[Jobs], tmp_path: Path) -> None:
    jobs = begun(opened, tmp_path, says(replace(STARTED, validation_lines=3)), WAITS_TO_BE_STOPPED)
    eventually(lambda: len(jobs._news) == 2)
    assert "--preset tutorial" in told(jobs)[1]


def test_the_model_is_announced_under_the_name_it_was_saved_as_and_once(
    opened: list[Jobs], tmp_path: Path
) -> None:
    epochs = [epoch(1, 9.0), epoch(2, 8.0, saved_as="mine-2"), epoch(3, 7.0, saved_as="mine-2")]
    jobs = begun(opened, tmp_path, *map(says, epochs), says(done(tmp_path / "mine-2")))
    jobs.wait()
    assert [line for line in told(jobs) if "tries it" in line] == [
        "mine epoch 2 · perplexity 8.00 · loss 5.000 · :load mine-2 tries it"
    ]


def test_epochs_that_are_over_in_no_time_do_not_flood_the_screen(
    opened: list[Jobs], tmp_path: Path
) -> None:
    epochs = [epoch(number, None, saved_as="mine") for number in range(1, 400)]
    jobs = begun(opened, tmp_path, *map(says, epochs), WAITS_TO_BE_STOPPED)
    eventually(lambda: jobs.short == "mine epoch 399 100%")
    lines = told(jobs)
    assert lines[0] == "mine epoch 1 · loss 5.000 · :load mine tries it"
    assert len(lines) < 100


def test_its_short_form_is_cached_and_says_how_far_it_is(opened: list[Jobs], tmp_path: Path) -> None:
    go = tmp_path / "go"
    jobs = begun(opened, tmp_path, waits_for(go), says(STARTED), says(HALF_WAY), WAITS_TO_BE_STOPPED)
    assert (jobs.name, jobs.short) == ("mine", "mine starts")
    go.touch()
    eventually(lambda: jobs.short == "mine epoch 2 40%")
    jobs.close()
    assert (jobs.name, jobs.short) == (None, "")


def test_a_second_one_is_refused(opened: list[Jobs], tmp_path: Path) -> None:
    jobs = begun(opened, tmp_path, WAITS_TO_BE_STOPPED)
    sentence = r"^mine is being trained already; :jobs tells how far, :stop ends it$"
    with pytest.raises(TrainingError, match=sentence):
        jobs.start(job(tmp_path, "yours"))
    assert jobs.name == "mine"


def test_another_one_may_begin_when_one_is_done(opened: list[Jobs], tmp_path: Path) -> None:
    jobs = begun(opened, tmp_path, says(done(tmp_path / "mine")))
    jobs.wait()
    jobs.start(job(tmp_path, "yours"), lambda path: path.name)
    jobs.wait()
    assert [line.split(" · ")[0] for line in told(jobs)] == ["mine stopped", "mine stopped"]


def test_stop_asks_and_the_best_is_kept(opened: list[Jobs], tmp_path: Path) -> None:
    jobs = begun(opened, tmp_path, WAITS_TO_BE_STOPPED, says(done(tmp_path / "mine")))
    jobs.stop()
    jobs.wait()
    assert told(jobs) == ["mine stopped · 1:01 min · epoch 1 kept, perplexity 124.0 · :load mine"]
    assert not there(jobs.pid)


def test_nothing_can_be_stopped_where_nothing_runs(opened: list[Jobs], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="nothing is being trained"):
        Jobs().stop()
    jobs = begun(opened, tmp_path, says(done(tmp_path / "mine")))
    jobs.wait()
    with pytest.raises(TrainingError, match="nothing is being trained"):
        jobs.stop()


@pytest.mark.parametrize(
    ("script", "line"),
    [
        (says(Failed("there is no file a.csv")), "mine error: there is no file a.csv"),
        (says(Failed("stopped before it began", stopped=True)), "mine stopped before it began"),
        ("sys.exit(3)", "mine error: the trainer ended with status 3 (it gave no reason); no epoch"),
        (says(Failed("a\x1b[31mb")), "mine error: a�[31mb"),
    ],
)
def test_an_error_is_told(opened: list[Jobs], tmp_path: Path, script: str, line: str) -> None:
    jobs = begun(opened, tmp_path, script)
    jobs.wait()
    (only,) = told(jobs)
    assert only.startswith(line)
    assert jobs.name is None


def test_closing_waits_for_the_best_weights(opened: list[Jobs], tmp_path: Path) -> None:
    jobs = begun(opened, tmp_path, WAITS_TO_BE_STOPPED, says(done(tmp_path / "mine")))
    jobs.close()
    assert not there(jobs.pid)
    assert told(jobs)[-1].startswith("mine stopped")


def test_closing_leaves_no_process_behind_that_does_not_listen(
    opened: list[Jobs], tmp_path: Path
) -> None:
    jobs = begun(opened, tmp_path, says(epoch(1, 9.0, saved_as="mine")), DEAF)
    eventually(lambda: jobs.has_news)
    told(jobs)
    jobs.close(seconds=0.1)
    assert not there(jobs.pid)
    assert told(jobs) == ["mine was ended at once; :load mine has its best epoch"]


def test_closing_where_nothing_runs_does_nothing() -> None:
    jobs = Jobs()
    jobs.close()
    assert told(jobs) == []


def test_what_is_new_is_said_to_whoever_shows_it(opened: list[Jobs], tmp_path: Path) -> None:
    jobs = begun(opened, tmp_path, says(STARTED), WAITS_TO_BE_STOPPED)
    assert jobs.heard.wait(60)
    assert jobs.has_news


def test_a_training_waits_and_goes_on(opened: list[Jobs], tmp_path: Path) -> None:
    said = [says(Paused(2, 20)), "assert sys.stdin.readline() == 'resume\\n'", says(Resumed(1.0))]
    heard = "assert sys.stdin.readline() == 'pause\\n'"
    jobs = begun(opened, tmp_path, says(STARTED), says(HALF_WAY), heard, *said, WAITS_TO_BE_STOPPED)
    eventually(lambda: jobs.short == "mine epoch 2 40%")
    with pytest.raises(TrainingError, match="mine is not paused; :jobs tells"):
        jobs.resume()
    jobs.pause()
    assert jobs.short == "mine epoch 2 40% paused"
    with pytest.raises(TrainingError, match="mine is paused already; :resume goes on, :stop ends it"):
        jobs.pause()
    jobs.resume()
    assert jobs.short == "mine epoch 2 40%"


def test_nothing_can_be_paused_where_nothing_runs() -> None:
    for ask in (Jobs().pause, Jobs().resume):
        with pytest.raises(TrainingError, match="nothing is being trained; :train FILE begins, and"):
            ask()
