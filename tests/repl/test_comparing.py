"""Sweeps and two models side by side at the prompt."""

import re
from pathlib import Path

import pytest

from repl.loop import run_script
from tests.repl.conftest import Screen


def run(session: Screen, *lines: str) -> str:
    run_script(session, lines)
    return session.shown()


def test_a_sweep_is_of_a_seed_of_ones_own_or_of_the_current_line(session: Screen) -> None:
    own = run(session, ":len 3", ":sweep temperature 0,1,2 china says")
    assert own.splitlines()[0] == "china says"
    assert [row.split()[0] for row in own.splitlines()[3:6]] == ["0", "1", "2"]
    run(session, "china says")
    assert run(session, ":sweep temperature 0,1,2") == own


def test_a_sweep_leaves_the_settings_and_the_lines_as_they_are(session: Screen) -> None:
    run(session, "china")
    before, current = session.settings, session.turns.current
    run(session, ":sweep top-k 1..5")
    assert (session.settings, session.turns.current) == (before, current)
    assert not session.failed


def test_words_that_are_not_known_are_named(session: Screen) -> None:
    shown = run(session, ":sweep rng 1,2 zzz china")
    assert "tiny does not know zzz, and reads <unk> instead" in shown


def test_two_models_are_compared_and_the_loaded_one_stays(session: Screen) -> None:
    loaded = session.generator
    shown = run(session, ":len 4", ":vs tiny window china says")
    assert re.search(r"^China Says \[?", shown, re.MULTILINE)
    assert re.search(r"^china says \[?", shown, re.MULTILINE)
    assert session.generator is loaded
    run(session, "war")
    assert run(session, ":vs window tiny").splitlines()[1].startswith("War ")


def test_a_model_that_cannot_be_loaded_changes_nothing(session: Screen, shelf_directory: Path) -> None:
    loaded = session.generator
    (shelf_directory / "window" / "weights.safetensors").write_bytes(b"")
    run(session, ":vs tiny window china")
    assert "damaged" in session.told()
    assert session.generator is loaded


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":sweep", "NAME is missing; type :sweep NAME VALUES [SEED]"),
        (":sweep temperature", "VALUES is missing"),
        (":sweep temperature 0..1", "there is no line yet"),
        (":sweep temperatur 0..1 china", "did you mean temperature?"),
        (":sweep temperature 1.. china", "a range is typed LOW..HIGH or LOW..HIGH..STEP"),
        (":sweep temperature a..b china", "temperature must be a number from 0 to 100, not 'a'"),
        (":sweep temperature 0..1..0 china", "the step of a range must be a number above 0"),
        (":sweep top_k 1..10000..1 china", "a sweep goes through 100 values at most, not 10,000"),
        (":sweep samples 1..3 china", "samples decides which lines are kept"),
        (":sweep must zzz china", "tiny does not know 'zzz'"),
        (":vs tiny", "TWO is missing; type :vs ONE TWO [SEED]"),
        (":vs tiny nothing china", "there is no model 'nothing'"),
        (":vs tiny window", "there is no line yet"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(session: Screen, line: str, message: str) -> None:
    assert run(session, line) == ""
    assert message in " ".join(session.told().split())
    assert session.failed


def test_values_of_several_words_may_stand_in_quotation_marks(session: Screen) -> None:
    shown = run(session, ":len 5", ':sweep must "war;new york" china')
    assert [row[:8].strip() for row in shown.splitlines()[3:5]] == ["war", "new york"]
    assert not session.failed
