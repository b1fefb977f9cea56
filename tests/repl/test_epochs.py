"""Going back in time at the prompt, and the shell."""

from pathlib import Path

import pytest

from core.library import bundle
from core.library.shelf import Shelf
from repl.commands import registry
from repl.line.completion import candidates
from repl.loop import run_script
from tests.core.library.test_epochs import keep, trained
from tests.repl.conftest import Screen


@pytest.fixture
def grown(session: Screen, shelf_directory: Path) -> Screen:
    """Have a model of three epochs loaded whose training was stopped."""
    model = trained("mine", 2)
    model.manifest.training["ended"] = "stopped"  # type: ignore[index]
    bundle.save(model, shelf_directory / "mine", "")
    for number in (1, 2, 3):
        keep(shelf_directory / "mine", number)
    session.shelf = Shelf([shelf_directory])
    session.load("mine")
    return session


def run(session: Screen, *lines: str) -> str:
    run_script(session, lines)
    return session.shown()


def failed(session: Screen, line: str) -> str:
    run_script(session, [line])
    return " ".join(session.told().split())


def test_the_epochs_are_listed_and_the_loaded_one_is_marked(grown: Screen) -> None:
    lines = [line.split() for line in run(grown, ":epoch 3", ":epoch").splitlines()]
    assert [line[0] for line in lines[:4]] == ["epoch", "1", "*2", "3"]
    assert lines[3][-1] == "loaded"


def test_one_goes_back_and_forth(grown: Screen) -> None:
    for line, name in [(":epoch 1", "mine@1"), (":epoch latest", "mine@3"), (":epoch best", "mine")]:
        run(grown, line)
        assert grown.require_generator().model.name == name
        assert grown.called(grown.places) == name


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":epoch 4", "error: epoch 4 of mine is not kept; there are 1-3"),
        (":epoch x", "error: an epoch is a number, latest or best, not 'x'"),
        (":epochs", "error: there is no line yet"),
    ],
)
def test_what_cannot_be_is_said_and_what_is_loaded_stays(
    grown: Screen, line: str, message: str
) -> None:
    assert message in failed(grown, line)
    assert grown.require_generator().model.name == "mine"


def test_a_model_without_epochs_says_so(session: Screen) -> None:
    assert "error: no epochs of tiny are kept" in failed(session, ":epoch")
    assert "error: no epochs of tiny are kept" in failed(session, ":epochs china")


def test_several_models_have_no_epochs_of_their_own(grown: Screen) -> None:
    run(grown, ":load mine+tiny")
    grown.told()
    assert "mine+tiny is several models, each with its epochs" in failed(grown, ":epoch")


def test_the_epochs_answer_one_seed_as_each_of_them_would(grown: Screen) -> None:
    told = run(grown, ":len 3", ":greedy on", ":epochs china")
    grown.load("mine@3")
    assert run(grown, "china").strip() in told.replace("[", "").replace("]", "")
    grown.load("mine@1")
    assert run(grown, ":epochs china") == told


def test_a_rename_takes_the_loaded_epoch_along(grown: Screen) -> None:
    run(grown, ":epoch 1", ":rename mine news")
    assert grown.called(grown.places) == "news@1"
    assert grown.require_generator().model.name == "news@1"
    assert grown.path == grown.shelf.find("news@1")


def test_an_epoch_is_not_removed_alone(grown: Screen) -> None:
    message = "mine@1 is an epoch of mine and goes where that goes"
    assert message in failed(grown, ":remove mine@1 --yes")
    run(grown, ":remove mine --yes")
    assert "there is no model" in failed(grown, ":load mine@1")


def test_the_latest_epoch_is_offered_while_a_training_is_not_done(grown: Screen) -> None:
    offered = [each.text for each in candidates(grown, registry, ":load mi")]
    assert offered == ["mine", "mine@latest"]
    numbers = [each.text for each in candidates(grown, registry, ":epoch ")]
    assert numbers == ["3", "2", "1", "latest", "best"]


def test_the_history_of_an_epoch_is_its_models(grown: Screen) -> None:
    assert "mine has no training history" in run(grown, ":epoch 1", ":show history")


@pytest.mark.parametrize("line", [":pause", ":resume"])
def test_nothing_is_paused_where_nothing_is_trained(session: Screen, line: str) -> None:
    told = failed(session, line)
    assert "error: nothing is being trained; :train FILE begins, and :train --resume goes on" in told
