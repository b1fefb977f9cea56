"""A session as a file: what is written is read as the same, and anything else is one clear sentence."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.decoding.generator import Continuation, Seed, Word
from core.errors import InputError
from core.library import bundle
from core.library.shelf import Place, Shelf
from core.settings import SamplingSettings
from repl.loop import run_line, run_script
from repl.saving import format as module
from repl.saving.format import Saved, Writer
from repl.saving.reading import read, read_file
from repl.turns import ROOT, Turn, Turns
from tests.conftest import random_model
from tests.repl.conftest import Screen, console

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
IDS = st.lists(st.integers(0, 50), max_size=4).map(tuple)
SETTINGS = st.builds(
    SamplingSettings,
    length=st.none() | st.integers(1, 9),
    temperature=st.floats(0, 100),
    ban=st.none() | st.lists(TEXT.filter(bool), min_size=1, max_size=2).map(tuple),
    schedule=st.none() | st.lists(st.floats(0, 100), min_size=1, max_size=3).map(tuple),
    rng=st.integers(0, 2**64 - 1),
)

PATHS = st.sampled_from([Path("/models/a"), Path("/models/a + b"), Path("/ſ/\n \x1b[31m")])
PLACES = st.lists(st.builds(Place, st.floats(1e-6, 1e6), PATHS), max_size=3).map(tuple)


@st.composite
def lines(draw: st.DrawFn) -> Continuation:
    sample = draw(st.integers(0, 9))
    probability, rank = st.floats(0, 1), st.integers(1, 10**6)
    word = st.builds(Word, TEXT, TEXT, probability, rank, st.just(sample), st.integers(0, 50))
    words = draw(st.lists(word, max_size=3))
    seed = draw(st.builds(Seed, TEXT, st.lists(TEXT, max_size=2).map(tuple), IDS))
    return Continuation(seed, tuple(words), draw(TEXT) + "".join(word.piece for word in words))


@st.composite
def trees(draw: st.DrawFn) -> Turns:
    turns: list[Turn] = []
    for number in sorted(draw(st.sets(st.integers(1, 30), max_size=6))):
        parent = draw(st.sampled_from([ROOT, *(turn.number for turn in turns)]))
        places, bookmark = draw(PLACES), draw(st.sampled_from(["", f"b{number}"]))
        facts = (places, draw(TEXT), draw(SETTINGS), draw(IDS), draw(lines()), bookmark)
        turns.append(Turn(number, parent, *facts))
    numbers = [turn.number for turn in turns]
    return Turns.restored(turns, max(numbers, default=0) + 1, draw(st.sampled_from([0, *numbers])))


SESSIONS = st.builds(
    Saved,
    PLACES,
    TEXT,
    SETTINGS,
    st.sampled_from([None, "rank", "probability"]),
    st.lists(TEXT, max_size=3).map(tuple),
    trees(),
)


def facts(saved: Saved) -> tuple[object, ...]:
    turns = saved.turns
    rest = (saved.places, saved.sha256, saved.settings, saved.heat, saved.typed)
    return *rest, list(turns), turns.last, turns.current


@given(SESSIONS)
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read_as_the_same(saved: Saved) -> None:
    content = Writer().write(saved)
    assert facts(read(content, "it")) == facts(saved)
    assert Writer().write(read(content, "it")) == content


@given(st.lists(SESSIONS, min_size=2, max_size=4))
@settings(max_examples=30, deadline=None)
def test_a_writer_writes_what_another_session_became(sessions: list[Saved]) -> None:
    writer = Writer()
    for saved in sessions:
        assert facts(read(writer.write(saved), "it")) == facts(saved)


TYPED = st.sampled_from(
    ["china", "the", "::new york", ":again", ":more", ":parent", ":sibling", ":bookmark a", ":prune",
     ":bookmark b", ":len 3", ":len auto", ":set samples 3", ":set samples 1", ":temp 1.5", ":greedy",
     ":branch 1 war", ":set beam 3", ":set beam off", ":load tiny+other", ":load tiny", ":load window",
     ":set ban war", ":heat on", "unheard-of words", ":set schedule 0.3, 2"]
)  # fmt: skip


@pytest.fixture(scope="module")
def small_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shelf")
    for number, (name, context) in enumerate(
        (("tiny", "stream"), ("other", "stream"), ("window",) * 2)
    ):
        bundle.save(random_model(context, name, number), directory / name, f"# {name}\n")
    return directory


def screen(directory: Path) -> Screen:
    return Screen(console(), console(), shelf=Shelf([directory]))


@given(typed=st.lists(TYPED, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_session_comes_back_and_every_line_of_it_again(
    typed: list[str], small_models: Path, tmp_path: Path
) -> None:
    before, after = screen(small_models), screen(small_models)
    before.load("tiny")
    run_script(before, [*typed, f":save {tmp_path}/s.json --replace"])
    run_line(after, f":open {tmp_path}/s.json")
    assert not after.failed, after.told()
    assert list(after.turns) == list(before.turns)
    assert after.turns.current == before.turns.current
    assert (after.settings, after.heat, after.places) == (before.settings, before.heat, before.places)
    assert after.require_generator().model.sha256 == before.require_generator().model.sha256
    assert list(after.typed) == [*typed, f":save {tmp_path}/s.json --replace"]
    for turn in after.turns:
        run_line(after, f":replay {turn.number}")
        assert "the same words again" in after.shown(), after.told()


def test_the_file_can_be_read_by_people(session: Screen, tmp_path: Path) -> None:
    run_script(session, [":len 1", ":greedy", "china", ":bookmark best", f":save {tmp_path}/s.json"])
    written = (tmp_path / "s.json").read_text()
    turn, (word,) = session.turns.require(), session.turns.require().line.words
    assert written.startswith('{\n  "format": "headlong-session/1",\n  "model": [\n    [1.0, "/')
    assert '  "settings": {"length": 1, "temperature": 0.0},\n  "typed": [\n    ":len 1",\n' in written
    assert (
        f"""
    {{
      "number": 1,
      "parent": 0,
      "bookmark": "best",
      "model": 0,
      "settings": {{"length": 1, "temperature": 0.0}},
      "seed": {{"text": "china", "ids": [{turn.line.seed.ids[0]}], "unknown": []}},
      "sample": 0,
      "text": "{turn.line.text}",
      "words": [
        ["{word.text}", " {word.text}", {word.id}, 1, {word.probability!r}]
      ]
    }}
"""
        in written
    )
    assert stat.S_IMODE((tmp_path / "s.json").stat().st_mode) == 0o600


def test_defaults_of_another_version_are_those_of_the_file() -> None:
    record = json.loads(Writer().write(Saved()))
    record["defaults"]["temperature"] = 0.25
    del record["defaults"]["dry"]
    assert read(json.dumps(record).encode(), "it").settings == SamplingSettings(temperature=0.25)


def with_(**changes: object) -> Callable[[dict[str, Any]], None]:
    return lambda record: record.update(changes)


def turn_with(**changes: object) -> Callable[[dict[str, Any]], None]:
    return lambda record: record["turns"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (with_(format="headlong-session/2"), "is of a newer version of Headlong"),
        (with_(format=None), "is no session of Headlong: it declares no format"),
        (with_(format="x" * 1000), "is no session of Headlong: its format is 'xxxx"),
        (with_(turns=3), "turns must be a list of at most 20,000, not 3"),
        (with_(current=9), "there is no line 9"),
        (with_(last=0), "its number is 1"),
        (with_(heat="hot"), "heat is 'hot'"),
        (with_(settings={"temprature": 1}), "there is no setting 'temprature'"),
        (with_(settings={"temperature": "\x1b[31m"}), "temperature must be"),
        (with_(settings={"beam": 2, "contrastive": 0.5}), "two different searches"),
        (with_(typed=[1]), "a typed line must be text, not 1"),
        (with_(typed=["\ud800"]), "holds half a character"),
        (with_(model=[[1.0, "a\0b"]]), "a model's place is"),
        (with_(model=[[0, "a"]]), "a model's weight is 0"),
        (with_(model=[[1, "a"]] * 9), "model must be a list of at most 8"),
        (with_(models=[["a"]]), "a model is its places and sha256"),
        (turn_with(number=True), "number must be a whole number"),
        (turn_with(parent=1), "its parent is 1, which is not there"),
        (turn_with(model=7), "its model is 7, and there are 1"),
        (turn_with(bookmark="12"), "its bookmark is '12'"),
        (turn_with(text="other"), "its text does not end with its words"),
        (turn_with(words=[["a", "a", -1, 1, 0.5]]), "id must be a whole number of at least 0, not -1"),
        (turn_with(words=[["a", "a", 1, 0, 0.5]]), "rank must be a whole number of at least 1, not 0"),
        (turn_with(words=[["a", "a", 1, 1, 1.5]]), "a probability is from 0 to 1, not 1.5"),
        (turn_with(words=[["a"]]), "a word is text, piece, id, rank and probability"),
        (turn_with(forced=[2**60]), "forced must be a whole number"),
        (turn_with(seed=[]), "seed must be an object"),
    ],
)
def test_a_file_that_breaks_a_promise_changes_nothing(
    session: Screen, tmp_path: Path, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    run_script(session, [":len 1", "china", f":save {tmp_path}/s.json"])
    record = json.loads((tmp_path / "s.json").read_text())
    change(record)
    (tmp_path / "bad.json").write_text(json.dumps(record))
    run_line(session, ":temp 1")
    before = (list(session.turns), session.settings, session.generator, session.file)
    session.told()
    run_line(session, f":open {tmp_path}/bad.json")
    message = " ".join(session.told().split())
    assert told in message
    assert "\x1b" not in message
    assert len(message) < 500
    assert (list(session.turns), session.settings, session.generator, session.file) == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b"[" * 100_000,
        b'{"format": "headlong-session/1"',
        b'{"format": "headlong-session/1", "defaults": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"format": "headlong-session/1", "last": NaN}',
        b"[" + b"[]," * 3_000_000 + b"[]]",
        b" " * (module.LARGEST + 1),
    ],
    ids=["empty", "binary", "list", "deep", "cut", "deep value", "nan", "crowded", "huge"],
)
def test_anything_else_is_refused_in_one_sentence(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^it is (no session|too large|damaged)") as caught:
        read(content, "it")
    assert len(str(caught.value)) < 300


def test_a_file_that_is_not_there_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no session"):
        read_file(tmp_path / "none.json")
    with pytest.raises(InputError, match="there is no session"):
        read_file(tmp_path)


def test_ids_that_the_model_does_not_have_make_a_line_of_another_model(
    session: Screen, tmp_path: Path
) -> None:
    run_script(session, [":len 1", "china", f":save {tmp_path}/s.json"])
    record = json.loads((tmp_path / "s.json").read_text())
    record["turns"][0]["words"][0][2] = 10**6
    (tmp_path / "s.json").write_text(json.dumps(record))
    run_line(session, f":open {tmp_path}/s.json")
    assert not session.failed
    for command in (":replay", ":why", ":again", ":more", ":score", ":heat", ":branch 1 war", ":turns"):
        run_line(session, command)
    assert "fault" not in session.told()


def test_too_much_is_not_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SMALL", 1000)
    monkeypatch.setattr(module, "LARGEST", 1000)
    with pytest.raises(InputError, match="too large to be saved"):
        Writer().write(Saved(typed=("x" * 2000,)))


def test_a_file_of_somebody_elses_is_not_written_over(session: Screen, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("mine")
    run_line(session, f":save {tmp_path}/s.json")
    assert "already" in session.told()
    assert (tmp_path / "s.json").read_text() == "mine"
    run_script(session, [f":save {tmp_path}/s.json --replace", "china", ":save"])
    assert len(read_file(tmp_path / "s.json").turns) == 1


def test_a_name_goes_to_the_users_own_directory(session: Screen, home: Path) -> None:
    run_script(session, ["china", ":save monday"])
    path = home / "xdg_state_home" / "headlong" / "sessions" / "monday.json"
    assert session.file == path
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    other = Screen(console(), console())
    run_line(other, ":open monday")
    assert len(other.turns) == 1


@pytest.mark.parametrize("name", ["..", ".hidden", "", "con", "a" * 200, "a*b", "last-a1b2c3"])
def test_a_name_that_can_be_none(session: Screen, name: str) -> None:
    run_line(session, f":save {name!r}")
    assert session.failed
    assert session.file is None


def test_a_model_that_is_gone_leaves_its_lines(
    session: Screen, small_models: Path, tmp_path: Path
) -> None:
    place = tmp_path / "gone"
    bundle.save(random_model("stream", "gone", 9), place, "# gone\n")
    run_script(session, [f":load {place}", "china", f":save {tmp_path}/s.json", ":load tiny"])
    loaded = session.generator
    assert loaded is not None
    place.rename(tmp_path / "elsewhere")
    session.told()
    run_line(session, f":open {tmp_path}/s.json")
    told = " ".join(session.told().split())
    assert "is gone or damaged; its lines are here, and tiny stays loaded" in told
    assert session.require_generator() is loaded
    assert len(session.turns) == 1


def test_a_model_that_moved_is_found_by_its_name(session: Screen, tmp_path: Path) -> None:
    place = tmp_path / "old" / "moved"
    bundle.save(random_model("stream", "moved", 9), place, "# moved\n")
    run_script(session, [f":load {place}", "china", f":save {tmp_path}/s.json"])
    place.rename(session.shelf.directories[0] / "moved")
    other = Screen(console(), console(), shelf=session.shelf)
    run_line(other, f":open {tmp_path}/s.json")
    assert "gone" not in other.told()
    assert other.path == session.shelf.directories[0] / "moved"


def test_a_model_that_changed_is_loaded_and_told(session: Screen, tmp_path: Path) -> None:
    place = tmp_path / "changing"
    bundle.save(random_model("stream", "changing", 9), place, "# changing\n")
    run_script(session, [f":load {place}", "china", f":save {tmp_path}/s.json", ":load tiny"])
    bundle.save(random_model("stream", "changing", 10), place, "# changing\n", replace=True)
    run_line(session, f":open {tmp_path}/s.json")
    assert "has changed since" in " ".join(session.told().split())
    assert session.path == place


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_cannot_be_written_to(session: Screen, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    run_line(session, f":save {tmp_path}/s.json")
    assert "you may not write" in session.told()


def test_what_another_program_saved_meanwhile_is_not_written_over(
    session: Screen, tmp_path: Path
) -> None:
    path = tmp_path / "both.json"
    run_line(session, f":save {path}")
    other = Screen(console(), console(), shelf=session.shelf)
    for line in (f":open {path}", "war", ":save"):
        run_line(other, line)
    os.utime(path, ns=(1, 1))
    run_line(session, "china")
    assert run_line(session, ":save").went_wrong
    assert "was written by another program meanwhile" in " ".join(session.told().split())
    assert [turn.line.seed.text for turn in read_file(path).turns] == ["war"]
    assert not run_line(session, f":save {path} --replace").went_wrong
    assert not run_line(session, ":save").went_wrong
    assert [turn.line.seed.text for turn in read_file(path).turns] == ["china"]
