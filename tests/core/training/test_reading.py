"""A trainer that reads a large text tells how far it is, and can be stopped, without TensorFlow."""

import threading
from pathlib import Path

import pytest

from core.errors import TrainingStopped
from core.recipe import preset
from core.text import reading
from core.text.corpus import Source
from core.training import worker
from core.training.events import Event, Reading, parse, to_json
from core.training.job import Job, plan


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(reading, "PIECE", 2)
    monkeypatch.setattr(worker, "READING_SECONDS", 0.0)
    (tmp_path / "lines.txt").write_text("".join(f"line {number}\n" for number in range(10)))
    return plan(Source((tmp_path / "lines.txt",)), preset("small"), "m", directory=tmp_path / "models")


def test_how_far_reading_is_is_told_and_a_stop_ends_it(job: Job) -> None:
    events: list[Event] = []
    stopping = threading.Event()

    def report(event: Event) -> None:
        events.append(event)
        if len(events) == 3:
            stopping.set()

    with pytest.raises(TrainingStopped, match="stopped before it began; nothing is saved"):
        worker.run(job, report, stopping)
    assert [event.rows for event in events if isinstance(event, Reading)] == [2, 4, 6]
    assert not job.destination.exists()


def test_reading_is_an_event_like_others() -> None:
    event = Reading(16_384, 0.25)
    assert to_json(event) == {"event": "reading", "rows": 16_384, "share": 0.25}
    assert parse('{"event": "reading", "rows": 16384, "share": 0.25}') == event
