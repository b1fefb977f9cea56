"""What a stranger's file does to the process that reads it stays there."""

import json
from pathlib import Path

import h5py
import pytest

from core.errors import HeadlongError, ModelError, ModelNotFound, SettingError
from core.library import bundle
from core.library.foreign import apart
from core.library.foreign.apart import Request, limited, read_apart
from core.library.foreign.exporting import export_model
from core.library.foreign.importing import import_model
from core.library.shelf import saved_models
from tests.conftest import random_model
from tests.measure import available, measure


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.json"
    path.write_text(json.dumps({f"w{number}": number for number in range(1, 11)}))
    return path


def that_never_ends(path: Path) -> Path:
    """One wrong length in the heap that attributes stand in, and HDF5 1.14 goes round for ever."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = b'{"class_name": "Sequential"}'
    content = bytearray(path.read_bytes())
    free_space = content.find(b"GCOL") + 64
    content[free_space + 8 : free_space + 16] = bytes(8)
    path.write_bytes(content)
    return path


def test_a_file_that_reading_never_ends_is_given_up(
    tmp_path: Path, words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "PATIENCE_SECONDS", 30)
    path = that_never_ends(tmp_path / "never.h5")
    with pytest.raises(ModelError, match=r"never\.h5 cannot be imported: reading it took too long"):
        import_model(path, words, "m")
    assert not list(saved_models().iterdir())


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("import os; os.kill(os.getpid(), 11)", "reading it crashed"),
        ("raise SystemExit(2)", "reading it failed"),
        ("print('{'); raise SystemExit(1)", "reading it failed"),
        ('print(\'{"kind": "os", "text": "x"}\'); raise SystemExit(1)', "reading it failed"),
        ("import time; time.sleep(60)", "reading it took too long"),
    ],
)
def test_whatever_becomes_of_the_child_is_one_clear_error(
    tmp_path: Path, words: Path, monkeypatch: pytest.MonkeyPatch, command: str, reason: str
) -> None:
    (tmp_path / "child.py").write_text(command)
    monkeypatch.setattr(apart, "__name__", "child")
    monkeypatch.setattr(apart, "PATIENCE_SECONDS", 2)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ModelError, match=rf"m\.h5 cannot be imported: {reason}"):
        read_apart(Request("m.h5", str(words), "m", "m"), tmp_path / "m")


def test_errors_of_the_child_are_those_of_reading(tmp_path: Path, words: Path) -> None:
    with pytest.raises(ModelNotFound, match="there is no file"):
        import_model(tmp_path / "none.h5", words, "m")
    (tmp_path / "m.h5").write_text("no model")
    with pytest.raises(ModelError, match=r"m\.h5"):
        import_model(tmp_path / "m.h5", words, "m")
    (tmp_path / "m.h5").write_bytes(b"\x89HDF no more")
    with pytest.raises(ModelError, match=r"m\.h5 is no HDF5 file"):
        import_model(tmp_path / "m.h5", words, "m")
    assert not list(saved_models().iterdir())


def test_what_needs_no_import_or_can_have_none_is_told_before_words_are_asked_for(
    tmp_path: Path,
) -> None:
    bundle.save(random_model(), tmp_path / "ours", "")
    (tmp_path / "lines.csv").write_text("headline\n")
    for path, reason in (
        (tmp_path / "none.keras", "there is no file"),
        (tmp_path / "ours", "is a model of Headlong's own and needs no import"),
        (Path(__file__).parents[3] / "golden" / "archived.zip", "needs no import"),
        (tmp_path / "lines.csv", "no .keras or .h5 file"),
    ):
        with pytest.raises(HeadlongError, match=reason):
            import_model(path, None)


def test_a_configuration_is_textgenrnns_alone(tmp_path: Path) -> None:
    _, words = export_model(random_model("window"), tmp_path / "m.keras")
    with pytest.raises(ModelError, match="which has no --config"):
        import_model(tmp_path / "m.keras", words, "m", config=words)


def test_a_model_comes_through_as_it_is(tmp_path: Path) -> None:
    model = random_model("window", cell="gru", layers=2)
    _, words = export_model(model, tmp_path / "m.keras")
    imported, folder = import_model(tmp_path / "m.keras", words)
    assert folder == saved_models() / "m"
    assert imported.vocabulary.tokens[1:] == model.vocabulary.tokens[1:]
    with pytest.raises(SettingError, match="there is a model 'm' already"):
        import_model(tmp_path / "m.keras", words, "m")
    assert import_model(tmp_path / "m.keras", words, "m", replace=True)[0].sha256 == imported.sha256
    assert [path.name for path in saved_models().iterdir()] == ["m"]


@pytest.mark.skipif(not available(), reason="limits are those of Linux")
def test_memory_and_time_are_bounded() -> None:
    def greedy() -> None:
        with limited(0):
            bytearray(apart.MEMORY + (64 << 20))

    def endless() -> None:
        with limited(0):
            while True:
                pass

    assert measure(greedy).error == "MemoryError()"
    assert measure(endless).gone
