import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InputError, SettingError, TrainingError
from core.recipe import preset
from core.text.corpus import Source
from core.training import events
from core.training.base import Base
from core.training.events import Done, EpochDone, Failed, Notice, Progress, Started
from core.training.job import Job, plan, readable, source


@pytest.fixture
def text(tmp_path: Path) -> Source:
    path = tmp_path / "my lines.csv"
    path.write_text("headline\na b\n")
    return Source((path,), "headline", ("Unknown", "None"), "latin-1")


def test_a_job_survives_its_file(tmp_path: Path, text: Source) -> None:
    job = plan(text, preset("tutorial").change(epochs=2), directory=tmp_path, command="headlong train")
    assert Job.from_json(job.to_json()) == job
    base = Base(Path("/models/b"), "b", "00ff")
    job = plan(text, preset("small"), directory=tmp_path, base=base)
    assert Job.from_json(job.to_json()).base == base
    assert Job.from_json(replace(job, resume=True).to_json()).resume


def test_probes_and_a_place_for_tensorboard_survive_it_too(tmp_path: Path) -> None:
    board = tmp_path / "board"
    job = plan(
        source(), preset("small"), "m", directory=tmp_path, probes=["a", "", "a"], tensorboard=board
    )
    assert (job.probes, job.tensorboard) == (("a", ""), board / "m")
    assert Job.from_json(job.to_json()) == job


def test_a_job_of_an_earlier_version_has_neither(tmp_path: Path) -> None:
    record = json.loads(plan(source(), preset("small"), directory=tmp_path).to_json())
    del record["probes"], record["tensorboard"]
    job = Job.from_json(json.dumps(record))
    assert (job.probes, job.tensorboard) == (None, None)


@pytest.mark.parametrize(
    ("probes", "message"),
    [
        (list("abcde"), "at most 4 probes .* not 5"),
        (["x" * 81], "at most 80 letters, and 'x+'... has 81"),
    ],
)
def test_what_would_be_too_much_of_probes_is_refused(
    tmp_path: Path, probes: list[str], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        plan(source(), preset("small"), directory=tmp_path, probes=probes)


def test_a_place_for_tensorboard_that_cannot_be_written_is_found_out_before_training(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match=r"what TensorBoard draws cannot be saved to .*file.m"):
        plan(source(), preset("small"), "m", directory=tmp_path, tensorboard=tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "message"), [("nope.txt", "there is no file"), ("", "is a directory")]
)
def test_a_text_that_cannot_be_read_is_found_out_before_training(
    tmp_path: Path, name: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        plan(Source((tmp_path / name,)), preset("small"), directory=tmp_path)


@pytest.mark.parametrize(
    ("level", "cleaning"), [("bpe", "characters"), ("character", "plain"), ("word", "characters")]
)
def test_a_level_that_the_cleaning_does_not_suit_is_found_out_before_training(
    tmp_path: Path, text: Source, level: str, cleaning: str
) -> None:
    with pytest.raises(SettingError, match=f"level={level} does not go with cleaning={cleaning}"):
        plan(text, preset("small").change(level=level, cleaning=cleaning), directory=tmp_path)


def test_a_name_comes_from_the_file_and_is_never_taken_twice(tmp_path: Path, text: Source) -> None:
    job = plan(text, preset("small"), directory=tmp_path)
    assert job.name == "my-lines"
    job.destination.mkdir()
    assert plan(text, preset("small"), directory=tmp_path).name == "my-lines-2"
    with pytest.raises(SettingError, match=r"there is a model 'my-lines' already.*--replace"):
        plan(text, preset("small"), "my-lines", directory=tmp_path)
    assert plan(text, preset("small"), "my-lines", replace=True, directory=tmp_path).name == "my-lines"


def test_a_pipe_is_refused_before_a_trainer_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is a pipe, and a trainer reads files"):
        plan(Source((tmp_path / "pipe",)), preset("small"), directory=tmp_path)


def test_a_file_whose_name_is_no_text_is_called_by_one() -> None:
    assert readable(Path(os.fsdecode(b"/x/bad\xff.txt"))) == "bad\ufffd.txt"


def test_a_place_that_cannot_be_written_is_found_out_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match=r"models cannot be saved to .*file.models"):
        plan(source(), preset("small"), directory=tmp_path / "file" / "models")


@pytest.mark.parametrize(
    "event",
    [
        Started("m", 10, 1, 20, 0.5, 300, 4, 2),
        Progress(1, 2, 3, 4.5, 6.5, 7.5),
        EpochDone(1, 2.5, None, None, 3.5, 0.5, 0.002, True, "m"),
        Done("m", "/m", 1.5, 2, 3.5, "all done"),
        Notice("took column 'headline'"),
        Failed("no"),
    ],
)
def test_an_event_survives_its_line(event: events.Event) -> None:
    import json

    assert events.parse(json.dumps(events.to_json(event))) == event


@pytest.mark.parametrize(
    "line", ["", "WARNING: all log messages", "{}", '{"event": "what"}', "[1]", "3"]
)
def test_a_line_that_is_no_event_is_passed_over(line: str) -> None:
    assert events.parse(line) is None
