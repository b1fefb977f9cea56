import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import DamagedModel, ModelError, ModelNotFound, SettingError
from core.library import bundle
from core.library.ensemble import Ensemble
from core.library.keeping import copy, remove, rename
from core.library.model import Model
from core.library.shelf import (
    Shelf,
    check_name,
    free_name,
    load,
    load_card,
    saved_models,
    shipped_models,
)

MakeModel = Callable[..., Model]

SHIPPED = sorted(path.name for path in shipped_models().iterdir() if path.is_dir())
"""What comes with the program."""


def test_models_are_looked_for_in_the_documented_order(
    tmp_path: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [tmp_path / "option", tmp_path / "variable", tmp_path / "models", saved_models()]
    monkeypatch.setenv("HEADLONG_MODELS", str(places[1]))
    monkeypatch.chdir(tmp_path)
    shelf = Shelf([places[0]])
    for number, place in reversed(list(enumerate(places))):
        bundle.save(make_model(seed=number), place / "same", "")
        assert shelf.load("same").sha256 == make_model(seed=number).sha256
    assert shelf.directories[-1] == shipped_models()


def test_a_name_stands_on_the_list_once(tmp_path: Path, make_model: MakeModel) -> None:
    for place in ("a", "b"):
        bundle.save(make_model(), tmp_path / place / "twin", "")
    shelf = Shelf([tmp_path / "a", tmp_path / "b"])
    assert [entry.path for entry in shelf.entries() if entry.name == "twin"] == [
        tmp_path / "a" / "twin"
    ]


def test_a_damaged_model_is_listed_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "model.json").write_text("{}")
    entry = next(entry for entry in Shelf([tmp_path]).entries() if entry.name == "bad")
    assert entry.manifest is None
    assert "its format is None" in (entry.problem or "")


def test_half_a_save_is_not_on_the_list(tmp_path: Path, make_model: MakeModel) -> None:
    bundle.save(make_model(), tmp_path / ".tiny.abc", "")
    assert "tiny" not in " ".join(Shelf([tmp_path]).names())


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path, make_model: MakeModel) -> None:
    bundle.save(make_model(), tmp_path / "headlines", "")
    with pytest.raises(ModelNotFound, match="no model 'headlnies'; did you mean headlines"):
        Shelf([tmp_path]).find("headlnies")
    with pytest.raises(ModelNotFound, match=r"no model 'qqqq'; there are .*headlines"):
        Shelf([tmp_path]).find("qqqq")


def test_a_path_is_a_name_too(tmp_path: Path, make_model: MakeModel) -> None:
    bundle.save(make_model(), tmp_path / "deep" / "m", "")
    assert Shelf().find(str(tmp_path / "deep" / "m")) == tmp_path / "deep" / "m"
    with pytest.raises(DamagedModel, match="is no model folder"):
        Shelf().find(str(tmp_path))


def test_a_model_behind_another_of_its_name_is_told(tmp_path: Path, make_model: MakeModel) -> None:
    for place in ("a", "b"):
        bundle.save(make_model(), tmp_path / place / "twin", "")
    entries = {entry.name: entry for entry in Shelf([tmp_path / "a", tmp_path / "b"]).entries()}
    assert entries["twin"].shadowed == (tmp_path / "b" / "twin",)
    assert entries["tutorial"].shadowed == ()


def test_a_name_hides_those_further_down_and_not_itself(
    tmp_path: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("models", "b"):
        bundle.save(make_model(), tmp_path / place / "twin", "")
    monkeypatch.chdir(tmp_path)
    shelf = Shelf([tmp_path / "b"])
    assert shelf.hidden_by(tmp_path / "b" / "twin") == [Path("models/twin")]
    assert shelf.hidden_by(tmp_path / "models" / "twin") == [tmp_path / "b" / "twin"]
    assert shelf.hidden_by(Path("models/twin")) == [tmp_path / "b" / "twin"]


def test_rename_copy_and_remove(tmp_path: Path, make_model: MakeModel) -> None:
    bundle.save(make_model(), tmp_path / "one", "# card\n")
    two = rename(tmp_path / "one", "two")
    assert (two, Shelf([tmp_path]).names()) == (tmp_path / "two", sorted([*SHIPPED, "two"]))
    three = copy(two, "three")
    assert (three.parent, load(three).name) == (saved_models(), "three")
    assert bundle.verify(three).sha256 == make_model().sha256
    assert bundle.load_card(three) == "# card\n"
    bundle.save(make_model(), tmp_path / "four", "# tiny\n\nas it was\n")
    assert load_card(copy(tmp_path / "four", "five")) == "# five\n\nas it was\n"
    remove(tmp_path / "four")
    remove(two)
    assert not list(tmp_path.iterdir())


def test_what_would_lose_a_model_is_refused(tmp_path: Path, make_model: MakeModel) -> None:
    for name in ("one", "two"):
        bundle.save(make_model(), tmp_path / name, "")
        bundle.save(make_model(), saved_models() / name, "")
    with pytest.raises(SettingError, match="there is a model 'two' already"):
        rename(tmp_path / "one", "two")
    with pytest.raises(SettingError, match="there is a model 'two' already"):
        copy(tmp_path / "one", "two")
    for change in (lambda path: remove(path), lambda path: rename(path, "mine")):
        with pytest.raises(SettingError, match="comes with the program; copy it"):
            change(shipped_models() / "tutorial")


def test_verify_reads_the_card_too(tmp_path: Path, make_model: MakeModel) -> None:
    bundle.save(make_model(), tmp_path / "m", "# m\n")
    (tmp_path / "m" / "card.md").write_text("# altered\n")
    bundle.load(tmp_path / "m")
    with pytest.raises(DamagedModel, match=r"card\.md is not the file"):
        bundle.verify(tmp_path / "m")


@pytest.mark.parametrize(
    "name", ["", "con", "LPT1", "..", "a/b", "a\\b", ".hidden", "-x", "a b", "a\x1b", "a" * 65, "a\n"]
)
def test_names_that_could_do_harm_are_refused(name: str) -> None:
    with pytest.raises(SettingError, match="cannot be a model's name"):
        check_name(name)


def test_a_copied_folder_is_called_by_its_new_name(tmp_path: Path, make_model: MakeModel) -> None:
    bundle.save(make_model(), tmp_path / "renamed", "")
    assert Shelf([tmp_path]).load("renamed").name == "renamed"


def test_a_name_is_measured_in_bytes(tmp_path: Path) -> None:
    with pytest.raises(SettingError):
        check_name("𠀀" * 64)
    assert check_name(free_name("𠀀" * 64, tmp_path))
    assert free_name("bad\udcff", tmp_path) == "bad"


def test_a_free_name_is_numbered(tmp_path: Path) -> None:
    assert free_name("My Lines.v2", tmp_path) == "My-Lines-v2"
    (tmp_path / "m").mkdir()
    (tmp_path / "m-2").mkdir()
    assert free_name("m", tmp_path) == "m-3"
    assert free_name("...", tmp_path) == "model"


def test_what_is_in_the_way_breaks_nothing(tmp_path: Path, make_model: MakeModel) -> None:
    """Stray names that look like what a killed save leaves, and folders of other kinds."""
    bundle.save(make_model(), tmp_path / "good", "")
    for name in ("x.replaced", ".replaced", "..replaced", ".file.replaced"):
        (tmp_path / name).touch()
    (tmp_path / "ztutorial.replaced").mkdir()
    (tmp_path / "empty").mkdir()
    shelf = Shelf([tmp_path])
    assert shelf.names() == sorted(["good", *SHIPPED])
    assert shelf.find("tutorial") == shipped_models() / "tutorial"
    assert [entry.name for entry in shelf.entries()] == sorted(["good", *SHIPPED])


@pytest.mark.parametrize("name", ["~nobody-of-this-name/m", "x" * 5000, "a\0b", "/", ".", ".."])
def test_a_path_that_leads_nowhere_is_said_to_be_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        Shelf([tmp_path]).find(name)
    assert Shelf([Path(name)]).names() == SHIPPED


def test_a_folder_is_called_by_its_name_wherever_one_stands(
    tmp_path: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle.save(make_model(), tmp_path / "m", "# tiny\n")
    (tmp_path / "m" / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "m")
    assert Shelf().load(".").name == "m"
    assert load_card(Shelf().find(".")) == "# m\n"
    monkeypatch.chdir(tmp_path / "m" / "deeper")
    assert rename(Shelf().find(".."), "n") == tmp_path / "n"


def test_a_folder_that_may_not_be_searched_hides_nothing_else(
    tmp_path: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle.save(make_model(), tmp_path / "good", "")
    bundle.save(make_model(), tmp_path / "locked", "")
    stat = Path.stat

    def refused(self: Path, **options: bool) -> object:
        if "locked" in self.parts:
            raise PermissionError(13, "Permission denied")
        return stat(self, **options)

    monkeypatch.setattr(Path, "stat", refused)
    assert [entry.name for entry in Shelf([tmp_path]).entries()] == sorted(["good", *SHIPPED])


def test_a_copy_is_what_was_copied(tmp_path: Path) -> None:
    """Byte for byte: half precision, for one, is kept."""
    golden = Path(__file__).parents[2] / "golden" / "half"
    copied = copy(golden, "mine")
    for file in golden.iterdir():
        assert (copied / file.name).read_bytes() == file.read_bytes()


def test_a_zip_has_its_name_for_itself(tmp_path: Path, make_model: MakeModel) -> None:
    saved_models().mkdir(parents=True)
    shutil.copy(Path(__file__).parents[2] / "golden" / "archived.zip", saved_models())
    assert free_name("archived", saved_models()) == "archived-2"
    with pytest.raises(SettingError, match="there is a model 'archived' already"):
        bundle.save(make_model(), saved_models() / "archived", "", replace=False)
    zipped = saved_models() / "archived.zip"
    assert rename(zipped, "other") == saved_models() / "other.zip"
    assert copy(saved_models() / "other.zip", "third") == saved_models() / "third"
    remove(saved_models() / "other.zip")
    assert [path.name for path in saved_models().iterdir()] == ["third"]


def test_a_model_that_is_being_renamed_is_on_every_list(tmp_path: Path, make_model: MakeModel) -> None:
    bundle.save(make_model(), tmp_path / "a", "")
    stop = threading.Event()

    def rename_on_and_on() -> None:
        here, there = tmp_path / "a", tmp_path / "b"
        while not stop.is_set():
            rename(here, there.name)
            here, there = there, here

    thread = threading.Thread(target=rename_on_and_on)
    thread.start()
    try:
        for _ in range(200):
            names = [entry.name for entry in Shelf([tmp_path]).entries()]
            assert names in (sorted(["a", *SHIPPED]), sorted(["b", *SHIPPED]))
    finally:
        stop.set()
        thread.join()


class TestSeveral:
    @pytest.fixture
    def shelf(self, tmp_path: Path, make_model: MakeModel) -> Shelf:
        for seed, name in enumerate(("a", "b")):
            bundle.save(make_model(seed=seed), tmp_path / "shelf" / name, "")
        return Shelf([tmp_path / "shelf"])

    def test_models_are_loaded_as_one(self, shelf: Shelf, tmp_path: Path) -> None:
        ensemble = shelf.load(f"0.7*a+0.3*{tmp_path / 'shelf' / 'b'}")
        assert isinstance(ensemble, Ensemble)
        assert ensemble.name == "0.7*a+0.3*b"
        assert [member.sha256 for member in ensemble.members] == [
            shelf.load(name).sha256 for name in ("a", "b")
        ]

    def test_a_model_that_is_there_twice_is_read_once(self, shelf: Shelf) -> None:
        ensemble = shelf.load("a+b+a")
        assert isinstance(ensemble, Ensemble)
        assert ensemble.members[0] is ensemble.members[2]

    def test_a_name_with_a_plus_comes_before_what_it_may_mean(
        self, shelf: Shelf, tmp_path: Path, make_model: MakeModel
    ) -> None:
        bundle.save(make_model(seed=5), tmp_path / "shelf" / "a+b", "")
        bundle.save(make_model(seed=6), tmp_path / "c++" / "2*b", "")
        assert shelf.load("a+b").sha256 == make_model(seed=5).sha256
        assert shelf.load(str(tmp_path / "c++" / "2*b")).sha256 == make_model(seed=6).sha256

    @pytest.mark.parametrize(
        ("name", "kind", "message"),
        [
            ("a+bb", ModelNotFound, "there is no model 'bb'; did you mean b?"),
            ("2*a", ModelNotFound, "there is no model '2*a'"),
            ("0*a+b", SettingError, "a weight is a number"),
            ("a+", SettingError, "a model is missing in 'a+'"),
        ],
    )
    def test_what_is_wrong_with_one_is_said_of_it(
        self, shelf: Shelf, name: str, kind: type[Exception], message: str
    ) -> None:
        with pytest.raises(kind, match=re.escape(message)):
            shelf.load(name)

    def test_where_one_is_wanted_several_are_refused(self, shelf: Shelf) -> None:
        with pytest.raises(ModelNotFound) as error:
            shelf.find("a+b")
        assert str(error.value) == "'a+b' names 2 models, and this takes one of them"
