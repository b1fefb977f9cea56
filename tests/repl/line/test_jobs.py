"""A prompt that stays usable while something is trained behind it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from repl.line.prompt import run_prompt
from repl.loop import run_line
from tests.repl.conftest import Screen
from tests.repl.line.typist import CTRL_C, CTRL_D, CTRL_U, ENTER, typing
from tests.repl.trainers import (
    HALF_WAY,
    STARTED,
    WAITS_TO_BE_STOPPED,
    FakeJobs,
    done,
    epoch,
    says,
    waits_for,
)

TRAIN = ":train --name mine"

Answers = Callable[..., list[str]]


@pytest.fixture
def go(tmp_path: Path) -> Path:
    return tmp_path / "go"


@pytest.fixture
def busy(session: Screen, tmp_path: Path, go: Path) -> Iterator[Screen]:
    """Be at a terminal; what trains there does an epoch when `go` is there, and waits to be stopped."""
    first = epoch(1, 124.0, saved_as="mine")
    script = [
        waits_for(go),
        *map(says, (STARTED, first, HALF_WAY)),
        WAITS_TO_BE_STOPPED,
        says(done(tmp_path / "mine")),
    ]
    session.interactive = True
    session.messages = session.console
    session.jobs = FakeJobs(*script)
    yield session
    session.jobs.close(seconds=0)


@pytest.fixture
def asked(busy: Screen, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Return what lays answers ready, and returns the questions as they come."""

    def answers(*all_: str | type[BaseException]) -> list[str]:
        left, questions = list(all_), list[str]()

        def ask(question: object) -> str:
            questions.append(str(question).strip())
            answer = left.pop(0)
            if isinstance(answer, str):
                return answer
            raise answer

        monkeypatch.setattr(busy.console, "input", ask)
        return questions

    return answers


QUESTION = "mine is still being trained; stop it, keep its best weights and leave? [y/N]"


def seen(session: Screen) -> str:
    """Return all that was shown so far, and keep it."""
    return session.console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_training_at_a_terminal_gives_the_prompt_back(busy: Screen) -> None:
    run_line(busy, TRAIN)
    assert "mine is being trained, and you can go on typing" in " ".join(busy.shown().split())
    run_line(busy, ":len 1")
    run_line(busy, "china")
    assert "China" in busy.shown().title()
    run_line(busy, ":jobs")
    assert "mine  reads the text, starts TensorFlow" in busy.shown()


def test_a_second_training_is_refused_and_the_first_goes_on(busy: Screen) -> None:
    run_line(busy, TRAIN)
    busy.shown()
    for line in (":train --name yours", ":train --name yours --wait"):
        run_line(busy, line)
        shown = " ".join(busy.shown().split())
        assert shown == ("error: mine is being trained already; :jobs tells how far, :stop ends it")
    assert busy.jobs.name == "mine"


def test_stop_tells_what_was_kept(busy: Screen, go: Path) -> None:
    run_line(busy, TRAIN)
    go.touch()
    busy.shown()
    run_line(busy, ":stop")
    assert "epoch 1 kept, perplexity 124.0 · :load" in busy.shown()
    assert busy.jobs.name is None
    run_line(busy, ":stop")
    assert "error: nothing is being trained" in busy.shown()
    run_line(busy, ":jobs")
    assert "nothing is being trained; the last one: mine stopped" in busy.shown()


def test_news_waits_for_the_running_line_and_is_in_the_transcript(busy: Screen, go: Path) -> None:
    run_line(busy, TRAIN)
    busy.shown()
    go.touch()

    def while_it_runs(session: object) -> None:
        busy.jobs.stop()
        busy.jobs.wait()

    busy.after_line = while_it_runs
    run_line(busy, ":len 3")
    lines = busy.shown().splitlines()
    assert lines[0] == "  length 3"
    assert [line.split(" · ")[0] for line in lines if line.startswith("  mine ")] == [
        "  mine 90 lines, 10 held out",
        "  mine epoch 1",
        "  mine stopped",
    ]
    *_, (_, *answers) = busy.transcript
    assert len(answers) == 1 + 3


def test_news_comes_while_one_types_and_what_is_typed_stays(busy: Screen, go: Path) -> None:
    frames_at_news: list[str] = []

    def keys() -> Iterator[str]:
        yield from "the war"
        go.touch()
        while "epoch 1" not in seen(busy):
            yield ""
        frames_at_news.append(typist.frames[-1].typed)
        yield "s"
        while typist.frames[-1].typed != "the wars":
            yield ""
        yield from (CTRL_C, CTRL_D)

    run_line(busy, TRAIN)
    with typing([]) as typist:
        typist.keys = keys()
        busy.leaving = False
        busy.may_leave = lambda: True  # type: ignore[method-assign]
        run_prompt(busy)
    assert frames_at_news == ["the war"]
    assert "the wars" in [frame.typed for frame in typist.frames]
    told = [line for line in seen(busy).splitlines() if "epoch 1" in line]
    assert len(told) == 1
    assert told[0].startswith("  mine epoch 1 · perplexity 124.0 · loss 5.000 · :load ")


def test_ctrl_c_at_the_prompt_does_not_touch_the_job(busy: Screen, asked: Answers) -> None:
    asked("y")
    run_line(busy, TRAIN)
    with typing(["war", CTRL_C, "war", CTRL_C, CTRL_D]):
        run_prompt(busy)
    assert busy.jobs.name == "mine"


def test_ctrl_d_asks_while_something_is_trained(busy: Screen, asked: Answers) -> None:
    questions = asked("n", "y")
    run_line(busy, TRAIN)
    with typing([CTRL_D, "war", CTRL_U, CTRL_D]) as typist:
        run_prompt(busy)
    assert questions == [QUESTION, QUESTION]
    assert "war" in [frame.typed for frame in typist.frames], "after a no one types on"


def test_ctrl_d_at_the_question_means_yes_and_ctrl_c_no(busy: Screen, asked: Answers) -> None:
    questions = asked(KeyboardInterrupt, EOFError)
    run_line(busy, TRAIN)
    with typing([CTRL_D, CTRL_D]):
        run_prompt(busy)
    assert questions == [QUESTION, QUESTION]


@pytest.mark.parametrize("line", [":quit", ":exit", "exit"])
def test_so_do_the_commands_that_leave(busy: Screen, asked: Answers, line: str) -> None:
    run_line(busy, TRAIN)
    sure = ["y"] if line == "exit" else []
    questions = asked(*sure, "n", *sure, "y")
    run_line(busy, line)
    assert not busy.leaving
    run_line(busy, line)
    assert busy.leaving
    assert questions.count(QUESTION) == 2


def test_nobody_is_asked_where_nothing_is_trained(busy: Screen, asked: Answers) -> None:
    questions = asked()
    with typing([CTRL_D]):
        run_prompt(busy)
    run_line(busy, ":quit")
    assert questions == []


def test_leaving_stops_the_training_and_tells_what_was_kept(busy: Screen, go: Path) -> None:
    run_line(busy, TRAIN)
    go.touch()
    busy.shown()
    busy.end_jobs()
    lines = busy.shown().splitlines()
    assert lines[0] == "  stopping mine"
    assert any(line.startswith("  mine stopped · 1:01 min · epoch 1 kept") for line in lines)
    assert busy.jobs.name is None


@pytest.mark.parametrize("where", ["a pipe", "a plain terminal", "a script", "--wait"])
def test_elsewhere_the_end_is_waited_for(busy: Screen, tmp_path: Path, where: str) -> None:
    """The trainer itself refuses: the file is not there, and only who waits can say so as an error."""
    busy.interactive = where != "a pipe"
    busy.plain = where == "a plain terminal"
    busy.scripts = int(where == "a script")
    wait = " --wait" if where == "--wait" else ""
    run_line(busy, f":train {tmp_path / 'nothing.txt'} --name mine{wait}")
    assert "error: there is no file" in " ".join(busy.shown().split())
    assert busy.jobs.pid is None, "no job was begun"


def test_enter_runs_a_line_while_something_is_trained(busy: Screen, asked: Answers) -> None:
    asked("y")
    run_line(busy, TRAIN)
    with typing([":len 4", ENTER, CTRL_D]):
        run_prompt(busy)
    assert busy.settings.length == 4
