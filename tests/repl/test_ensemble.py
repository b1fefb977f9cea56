"""Several models loaded as one: what each command makes of them."""

import re
from pathlib import Path

import pytest

from core.library import bundle
from core.library.ensemble import Ensemble
from repl.loop import run_script
from repl.pictures.ensemble import picture
from tests.conftest import random_model
from tests.repl.conftest import Screen, console

BOTH = ("the", "a", "snow", "wolf")


def run(session: Screen, *lines: str) -> str:
    run_script(session, lines)
    return session.shown()


def told(session: Screen) -> str:
    return " ".join(session.told().split())


@pytest.fixture
def several(session: Screen) -> Screen:
    run(session, ":load tiny+window", ":len 6")
    session.told()
    return session


def test_loading_tells_whose_word_counts_how_much(session: Screen) -> None:
    run(session, ":load 0.75*tiny+0.25*window")
    assert [line.split() for line in session.told().splitlines()] == [
        ["0.75*tiny+0.25*window", "·", "14", "words", "together"],
        ["model", "share", "words", "new"],
        ["tiny", "75.0%", "14", "14"],
        ["window", "25.0%", "11", "0"],
    ]


def test_the_picture_fits_a_narrow_screen() -> None:
    models = (random_model(name="headlines"), random_model("window", "northern-news", words=BOTH))
    screen = console(40)
    screen.print(picture(Ensemble(models, (2, 1))))
    assert [line.rstrip() for line in screen.file.getvalue().splitlines()] == [  # type: ignore[attr-defined]
        "2*headlines+1*northern-news · 16 words",
        "together",
        "model          share  words  new",
        "headlines      66.7%     14   14",
        "northern-news  33.3%      5    2",
    ]


def test_several_go_on_with_a_line(several: Screen) -> None:
    assert len(run(several, "china").split()) == 7
    assert not several.failed
    alone = run(several, ":load window", "china")
    assert run(several, ":load window+window", "china") == alone


def test_turns_are_taken_at_once_when_they_are_set(several: Screen) -> None:
    run(several, ":greedy")
    mixed = run(several, "china")
    assert run(several, ":set ensemble turns", "china") != mixed
    assert run(several, ":set ensemble mix", "china") == mixed


def test_the_line_of_status_tells_of_turns_where_there_are_some(several: Screen) -> None:
    several.interactive, several.messages = True, several.console
    assert "ensemble turns" in " ".join(run(several, ":set ensemble turns", "china").split()[-20:])
    assert "ensemble turns" not in " ".join(run(several, ":load tiny", "china").split()[-20:])


def test_weights_are_not_told_where_they_do_nothing(several: Screen) -> None:
    several.interactive, several.messages = True, several.console
    assert "  3*tiny+1*window · 6 words" in run(several, ":load 3*tiny+window", "china")
    assert "  tiny+window · 6 words" in run(several, ":set ensemble turns", "china")
    shown = [line.split() for line in run(several, ":show").splitlines()]
    assert ["model", "turn", "words", "new"] in shown
    assert ["window", "2", "11", "0"] in shown


def test_each_has_a_training_history_of_its_own(several: Screen) -> None:
    assert run(several, ":show history").splitlines() == [
        "tiny has no training history",
        "window has no training history",
    ]


def test_what_none_knows_is_told(several: Screen) -> None:
    run(several, "china zzz")
    assert (
        "tiny+window does not know zzz, so each model reads something else instead, or skips it"
        in told(several)
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tiny+windw", "there is no model 'windw'; did you mean window?"),
        ("tiny+", "a model is missing in 'tiny+'; it is written a+b, or 0.7*a+0.3*b"),
        ("0*tiny+window", "a weight is a number from 0.000001 to 1,000,000, not '0'"),
        ("tiny+damaged", "damaged"),
    ],
)
def test_when_loading_fails_what_was_loaded_stays(
    several: Screen, shelf_directory: Path, name: str, message: str
) -> None:
    bundle.save(random_model(), shelf_directory / "damaged", "")
    (shelf_directory / "damaged" / "weights.safetensors").write_bytes(b"")
    run(several, f":load {name}")
    assert message in told(several)
    assert several.require_generator().model.name == "tiny+window"
    assert len(run(several, "china").split()) == 7


def test_show_tells_what_each_is(several: Screen) -> None:
    shown = run(several, ":show")
    sha256 = several.require_generator().model.sha256
    for fact in (sha256[:16], "plain, as tiny has it", "14 words together", "embedding 6, 1 x lstm 8"):
        assert fact in shown


def test_each_loaded_model_has_a_star(several: Screen) -> None:
    models = run(several, ":models")
    assert re.search(r"tiny \*", models)
    assert re.search(r"window \*", models)
    assert not re.search(r"tutorial \*", models)


def test_a_card_is_one_models(several: Screen) -> None:
    assert run(several, ":card") == ""
    assert "tiny+window is several models, each with its card; name one: :card MODEL" in told(several)
    assert run(several, ":card window") == "# window\n"


@pytest.mark.parametrize(
    "line",
    [
        ":card {}",
        ":export {} mine.onnx",
        ":copy {} mine",
        ":rename {} mine",
        ":remove {} --yes",
        ":verify {}",
        ":train lines.txt --from {}",
    ],
)
def test_what_is_done_to_one_model_is_not_done_to_several(
    several: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lines.txt").write_text("the war\n")
    run(several, line.format("tiny+window"))
    assert told(several) == "error: 'tiny+window' names 2 models, and this takes one of them"


def test_a_member_is_followed_to_its_new_name(several: Screen) -> None:
    run(several, ":copy tiny mine", ":load 2*mine+window", ":rename mine ours")
    before = several.require_generator().model.sha256
    assert several.require_generator().model.name == "2*ours+1*window"
    assert re.search(r"ours \*", run(several, ":models"))
    run(several, ":load tiny", ":load 2*ours+window")
    assert several.require_generator().model.sha256 == before


def test_a_line_of_several_is_replayed_when_others_are_loaded(several: Screen) -> None:
    line = run(several, ":load 3*window+tiny", ":set ensemble turns", "china")
    replayed = run(several, ":set ensemble mix", ":load tiny", ":replay")
    assert replayed == f"{line}the same words again\n"
    run(several, ":more", ":load tiny+window", ":load 3*window+tiny", ":go 1", ":more")
    assert not several.failed


def test_what_else_could_have_come_is_told_of_several(several: Screen) -> None:
    shown = run(several, ":set ensemble turns", "china", ":why", ":why 2", ":tree 2 3", ":again")
    assert not several.failed
    assert len(shown.splitlines()) > 12
