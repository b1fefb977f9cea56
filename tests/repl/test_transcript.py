"""What is remembered of what was shown."""

import pytest

from repl import transcript as module
from repl.loop import run_script
from repl.transcript import Transcript
from tests.repl.conftest import Screen


def test_each_typed_line_is_remembered_with_its_answer() -> None:
    transcript = Transcript()
    transcript.keep("before anything was typed")
    transcript.begin("one")
    transcript.keep("answer", 3)
    transcript.keep("more")
    transcript.begin("two")
    assert list(transcript) == [["one", "answer", "more"], ["two"]]


def test_the_oldest_are_forgotten_where_lines_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TYPED", 3)
    transcript = Transcript()
    for typed in "abcde":
        transcript.begin(typed)
    assert list(transcript) == [["c"], ["d"], ["e"]]


def test_the_oldest_are_forgotten_where_lines_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORDS", 10)
    transcript = Transcript()
    for typed in "abc":
        transcript.begin(typed)
        transcript.keep("line", 4)
    assert list(transcript) == [["b", "line"], ["c", "line"]]
    transcript.begin("long")
    transcript.keep("line", 99)
    assert list(transcript) == [["long", "line"]]


def test_a_generated_line_counts_by_its_words(session: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORDS", 12)
    run_script(session, [":len 4", "china", ":more"])
    assert len(list(session.transcript)) == 1, "5 words and 9 are more than 12"
    run_script(session, ["china"])
    assert len(list(session.transcript)) == 1, "9 words and 5 are too"
    run_script(session, ["china"])
    assert len(list(session.transcript)) == 2
