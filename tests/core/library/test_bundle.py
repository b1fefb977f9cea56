import contextlib
import io
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import DamagedModel, HeadlongError, ModelError, ModelNotFound, NewerModel, SettingError
from core.library import bundle, keeping
from core.library.model import Model
from core.library.shelf import Shelf, shipped_models
from tests.conftest import random_model, with_ngrams

MakeModel = Callable[..., Model]
SHIPPED = "151fb69a081cdd94"


@pytest.fixture
def folder(tmp_path: Path, make_model: MakeModel) -> Path:
    path = tmp_path / "shelf" / "tiny"
    bundle.save(make_model(), path, "# tiny\n")
    return path


@pytest.mark.parametrize(
    "shape",
    [{}, {"tied": True}, {"tied": True, "embedding_size": 8}, {"layers": 2}, {"context": "window"}],
)
def test_a_saved_model_comes_back_as_it_was(
    tmp_path: Path, make_model: MakeModel, shape: dict[str, object]
) -> None:
    model = make_model(**shape)
    bundle.save(model, tmp_path / "m", "# m\n")
    loaded = bundle.load(tmp_path / "m")
    assert (loaded.manifest, loaded.vocabulary) == (model.manifest, model.vocabulary)
    assert loaded.weights.keys() == model.weights.keys()
    assert all(np.array_equal(loaded.weights[name], model.weights[name]) for name in model.weights)
    assert loaded.sha256 == model.sha256


def test_n_grams_come_back_as_they_were(tmp_path: Path) -> None:
    model = with_ngrams(random_model(), ["the war", "a new vote"], weight=0.25)
    bundle.save(model, tmp_path / "m", "# m\n")
    loaded = bundle.load(tmp_path / "m")
    assert model.ngrams is not None
    assert loaded.ngrams is not None
    assert loaded.manifest.ngram_weight == 0.25
    assert all(map(np.array_equal, loaded.ngrams, model.ngrams))
    assert loaded.sha256 == model.sha256


def test_n_grams_go_along_with_copies_and_zips(tmp_path: Path) -> None:
    model = with_ngrams(random_model(), ["the war", "a new vote"])
    bundle.save(model, tmp_path / "m", "# m\n")
    copies = [keeping.copy(tmp_path / "m", f"copy-{half}", float16=half) for half in (False, True)]
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for name, content in bundle.files(model, "# m\n").items():
            archive.writestr(f"m/{name}", content)
    for path in (*copies, tmp_path / "m.zip"):
        found = bundle.verify(path)
        assert found.ngrams is not None
        assert model.ngrams is not None
        assert np.array_equal(found.ngrams.ids, model.ngrams.ids)
        assert found.manifest.ngram_weight == 0.3


def test_an_older_program_reads_a_model_with_n_grams_without_them(tmp_path: Path) -> None:
    """It knows the four files and no `ngram_weight`: what it reads is a whole model."""
    model = with_ngrams(random_model(), ["the war", "a new vote"])
    bundle.save(model, tmp_path / "m", "# m\n")
    record = json.loads((tmp_path / "m" / "model.json").read_text())
    del record["ngram_weight"]
    (tmp_path / "m" / "model.json").write_text(json.dumps(record))
    assert bundle.load(tmp_path / "m").sha256 == random_model().sha256


def test_the_identity_tells_n_grams_and_their_weight() -> None:
    plain = random_model()
    models = [
        plain,
        with_ngrams(plain, ["the war"], 0.3),
        with_ngrams(plain, ["the war"], 0.4),
        with_ngrams(plain, ["the vote"], 0.3),
    ]
    assert len({model.sha256 for model in models}) == 4


def test_the_identity_is_that_of_the_words_it_gives(make_model: MakeModel) -> None:
    model = make_model()
    assert make_model(name="other").sha256 == model.sha256
    assert make_model(seed=1).sha256 != model.sha256
    assert make_model(context="window").sha256 != make_model(context="window", window=6).sha256


def test_the_identity_of_what_has_landed_never_changes() -> None:
    shipped = bundle.load(shipped_models() / "tutorial")
    assert shipped.sha256.startswith(SHIPPED)


def test_a_folder_holds_four_files_that_others_may_read(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "card.md",
        "model.json",
        "vocabulary.json",
        "weights.safetensors",
    ]
    assert folder.stat().st_mode & 0o777 == 0o755
    assert bundle.load_card(folder) == "# tiny\n"


def test_saving_replaces_and_leaves_nothing_beside_it(folder: Path, make_model: MakeModel) -> None:
    other = make_model(seed=1)
    bundle.save(other, folder, "# other\n")
    assert bundle.load(folder).sha256 == other.sha256
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_a_save_killed_between_its_renames_leaves_the_old_model(
    folder: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def crash_at_the_second(self: Path, target: Path) -> Path:
        if target == folder:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", crash_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        bundle.save(make_model(seed=1), folder, "")
    assert not folder.exists()
    shelf = Shelf([folder.parent])
    assert shelf.load("tiny").sha256 == make_model().sha256
    assert "tiny" in [entry.name for entry in shelf.entries() if entry.manifest]
    monkeypatch.undo()
    bundle.save(make_model(seed=2), folder, "")
    assert shelf.load("tiny").sha256 == make_model(seed=2).sha256
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_what_killed_saves_left_is_swept_up_by_the_next(folder: Path, make_model: MakeModel) -> None:
    for name, age in ((".tiny.old", 3600), (".tiny.new", 0)):
        (folder.parent / name).mkdir()
        os.utime(folder.parent / name, (time.time() - age,) * 2)
    bundle.save(make_model(), folder, "")
    assert sorted(path.name for path in folder.parent.iterdir()) == [".tiny.new", "tiny"]


def test_a_disk_that_is_full_costs_nothing_that_was_there(
    folder: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ModelError, match=r"cannot be saved to .*: No space left on device"):
        bundle.save(make_model(seed=1), folder, "")
    monkeypatch.undo()
    assert bundle.load(folder).sha256 == make_model().sha256
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_spoilt_zip_gives_one_clear_error(folder: Path, data: st.DataObject) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for file in folder.iterdir():
            writer.write(file, file.name)
    content = bytearray(archive.getvalue())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path = folder.parent / "spoilt.zip"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    with contextlib.suppress(HeadlongError):
        bundle.load(path)
    assert list(Shelf([folder.parent]).entries())


@pytest.mark.parametrize("top", ["", "tiny/"])
def test_a_zip_of_a_folder_is_a_model_too(folder: Path, tmp_path: Path, top: str) -> None:
    path = tmp_path / "tiny.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, top + file.name)
    assert bundle.load(path).sha256 == bundle.load(folder).sha256


def test_nothing_there_is_not_called_damage(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="there is no model at"):
        bundle.load(tmp_path / "nothing")


def change_manifest(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "model.json"
        record = json.loads(path.read_text())
        record["architecture"] |= changes.pop("architecture", {})  # type: ignore[arg-type]
        path.write_text(json.dumps(record | changes))

    return change


def overwrite(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def truncate(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-9]) and None


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "weights.safetensors").unlink(), "weights.safetensors is missing"),
        (lambda folder: (folder / "model.json").unlink(), "model.json is missing"),
        (truncate("weights.safetensors"), "weights.safetensors is not the file"),
        (truncate("vocabulary.json"), "vocabulary.json is not the file"),
        (overwrite("model.json", b"{"), "model.json is not JSON"),
        (overwrite("model.json", b"[" * 200_000), "model.json is not JSON"),
        (overwrite("model.json", b"[]"), "model.json is not a JSON object"),
        (overwrite("model.json", b" " * (5 << 20)), "model.json is larger than"),
        (overwrite("weights.safetensors", b"\0" * (9 << 20)), "weights.safetensors is larger than"),
        (change_manifest(format="evil-model/1"), "its format is 'evil-model/1'"),
        (change_manifest(format="headlong-model/0"), "its format is 'headlong-model/0'"),
        (change_manifest(vocabulary=10**12), "from 2 to 1,000,000 tokens, not 1,000,000,000,000"),
        (change_manifest(vocabulary=13), "it holds 14 tokens, not 13"),
        (change_manifest(vocabulary="14"), "vocabulary must be int, not '14'"),
        (change_manifest(cleaning="evil"), "its text is 'word', 'evil'"),
        (change_manifest(architecture={"hidden_size": 10**9}), "hidden_size must be a whole number"),
        (change_manifest(architecture={"hidden_size": 16}), "its architecture needs"),
        (change_manifest(architecture={"colour": 1}), "there is no setting 'colour'"),
        (change_manifest(sha256=None), "no sha256"),
    ],
)
def test_a_damaged_folder_gives_one_clear_error(
    folder: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    spoil(folder)
    with pytest.raises(DamagedModel, match=reason) as caught:
        bundle.load(folder)
    assert str(folder) in str(caught.value)


def test_a_model_of_a_newer_format_says_so(folder: Path) -> None:
    change_manifest(format="headlong-model/2", architecture={"not": "known yet"})(folder)
    with pytest.raises(NewerModel, match=r"headlong-model/2, which a newer Headlong wrote.*install"):
        bundle.load(folder)
    (entry,) = [entry for entry in Shelf([folder.parent]).entries() if entry.name == "tiny"]
    assert "a newer Headlong" in (entry.problem or "")


def test_a_model_that_is_there_is_replaced_only_where_that_is_meant(
    folder: Path, make_model: MakeModel
) -> None:
    with pytest.raises(SettingError, match="there is a model 'tiny' already"):
        bundle.save(make_model(seed=1), folder, "", replace=False)
    assert bundle.load(folder).sha256 == make_model().sha256
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, make_model: MakeModel) -> None:
    model = make_model()
    model.weights["output.bias"][3] = np.nan
    bundle.save(model, tmp_path / "m", "")
    with pytest.raises(DamagedModel, match=r"output\.bias must be finite"):
        bundle.load(tmp_path / "m")


@pytest.mark.parametrize("byte", range(0, 400, 7))
def test_any_byte_of_the_manifest_may_be_wrong(folder: Path, byte: int) -> None:
    """A flipped byte is found, or changes only what is said about the model, never how it loads."""
    path = folder / "model.json"
    content = bytearray(path.read_bytes())
    content[byte % len(content)] ^= 0x04
    path.write_bytes(content)
    try:
        loaded = bundle.load(folder)
    except HeadlongError:
        return
    assert loaded.vocabulary.tokens[0] == "<pad>"


def test_a_file_that_is_no_zip_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "m.zip").write_bytes(b"PK nonsense")
    with pytest.raises(DamagedModel, match="neither a model folder nor a zip of one"):
        bundle.load(tmp_path / "m.zip")


def test_a_copied_folder_still_loads(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    assert bundle.load(tmp_path / "copy").name == "tiny"
