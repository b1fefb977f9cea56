"""The epochs of a run, kept beside the model that it makes."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ModelNotFound, SettingError
from core.library import bundle, epochs, keeping
from core.library.model import Model
from core.library.shelf import Shelf, load
from tests.conftest import random_model

RUN = "0123456789abcdef"


def trained(name: str, seed: int, run: str = RUN, best: int = 2) -> Model:
    model = random_model("stream", name, seed)
    training = {"run": run, "best_epoch": best}
    return replace(model, manifest=replace(model.manifest, training=training))


def keep(model: Path, number: int, run: str = RUN) -> None:
    files = bundle.files(trained("mine", number, run), "")
    epochs.keep(epochs.folder_of(model, run), number, files, 2)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A model of three epochs, the second of which it is."""
    path = tmp_path / "mine"
    bundle.save(trained("mine", 2), path, "")
    for number in (1, 2, 3):
        keep(path, number)
    return path


def test_an_epoch_is_found_by_its_number_and_called_so(mine: Path) -> None:
    shelf = Shelf([mine.parent])
    path = shelf.find("mine@3")
    assert load(path).name == "mine@3"
    assert load(path).sha256 == random_model("stream", "m", 3).sha256
    assert shelf.find("mine@latest") == path
    assert shelf.find("mine@best") == mine
    assert shelf.load("mine@1+mine@3").name == "mine@1+mine@3"


def test_epochs_are_not_listed_as_models(mine: Path) -> None:
    assert [entry.name for entry in Shelf([mine.parent]).entries() if not entry.shipped] == ["mine"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine@4", "epoch 4 of mine is not kept; there are 1-3$"),
        ("tutorial@1", "no epochs of tutorial are kept; a training keeps them"),
        ("min@1", "there is no model 'min'; did you mean mine?"),
        ("mine@x", "there is no model 'mine@x'"),
    ],
)
def test_what_is_not_kept_is_said(mine: Path, name: str, message: str) -> None:
    with pytest.raises(ModelNotFound, match=message):
        Shelf([mine.parent]).find(name)


def test_neighbours_are_named_as_one(mine: Path) -> None:
    for number in (7, 9, 10):
        keep(mine, number)
    with pytest.raises(ModelNotFound, match=r"there are 1-3, 7 and 9-10$"):
        epochs.find(mine, "5")


def test_before_a_model_is_saved_its_epochs_are_there(tmp_path: Path) -> None:
    keep(tmp_path / "new", 1)
    assert load(Shelf([tmp_path]).find("new@latest")).name == "new@1"


def test_epochs_of_another_model_that_had_the_name_are_not_its_own(mine: Path) -> None:
    keep(mine, 9, run="f" * 16)
    assert list(epochs.kept(mine)) == [1, 2, 3]
    bundle.save(random_model("stream", "mine"), mine, "")
    assert epochs.kept(mine) == {}


@pytest.mark.parametrize("run", ["../../../etc", 7, None, "0123"])
def test_a_run_that_is_no_name_leads_nowhere(mine: Path, run: object) -> None:
    model = trained("mine", 1)
    strange = replace(model, manifest=replace(model.manifest, training={"run": run}))
    bundle.save(strange, mine, "")
    assert epochs.kept(mine) == {}


def test_an_epoch_goes_where_its_model_goes(mine: Path) -> None:
    path = epochs.find(mine, "1")
    for change in (lambda: keeping.remove(path), lambda: keeping.rename(path, "x")):
        with pytest.raises(SettingError, match="mine@1 is an epoch of mine and goes where that goes"):
            change()
    target = keeping.rename(mine, "news")
    epochs.move(mine, target)
    assert epochs.followed(path, target) == epochs.find(target, "1")
    epochs.remove(target)
    assert [each.name for each in mine.parent.iterdir()] == ["news"]


def test_a_copy_of_an_epoch_is_a_model_of_its_own(mine: Path) -> None:
    copy = keeping.copy(epochs.find(mine, "1"), "first")
    assert load(copy).name == "first"
    assert epochs.kept(copy) == {}


def test_a_torn_epoch_is_not_loaded(mine: Path) -> None:
    path = epochs.find(mine, "1")
    (path / "weights.safetensors").write_bytes(b"torn")
    with pytest.raises(Exception, match="damaged"):
        load(path)


def test_old_epochs_make_room(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(map(len, bundle.files(trained("mine", 1), "").values()))
    monkeypatch.setattr(epochs, "LIMIT", 3 * size + size // 2)
    for number in (4, 5, 6):
        keep(mine, number)
    assert list(epochs.kept(mine)) == [1, 2, 6]


@pytest.mark.parametrize(
    ("numbers", "best", "room", "gone"),
    [
        ([1, 2, 3], 2, 3, []),
        ([1, 2, 3, 4], 3, 3, [2]),
        ([1, 2, 3], 1, 2, [2]),
        ([1, 2, 3], 1, 1, [1, 2]),
        ([1, 2], 1, 0, [1]),
        ([1, 4, 5, 6, 9], 9, 4, [5]),
    ],
)
def test_those_closest_to_their_neighbours_go_first(
    numbers: list[int], best: int, room: int, gone: list[int]
) -> None:
    assert sorted(epochs.superfluous(numbers, best, room)) == gone


@given(st.sets(st.integers(1, 1000), min_size=1), st.integers(0, 50), st.data())
def test_so_many_stay_and_the_latest_among_them(
    numbers: set[int], room: int, data: st.DataObject
) -> None:
    best = data.draw(st.sampled_from(sorted(numbers)))
    left = numbers - set(epochs.superfluous(sorted(numbers), best, room))
    assert len(left) == min(len(numbers), max(1, room))
    assert max(numbers) in left
    assert room < 2 or best in left
