"""Every bad model ends in one clear error, at a price that SECURITY.md promises."""

from pathlib import Path

import pytest

from core.errors import DamagedModel
from core.library import bundle
from core.library.shelf import Shelf
from tests.core.library.hostile import CASES, ESCAPE, folder, good, sealed
from tests.measure import available, measure

BUDGET = 200_000_000


def size_of(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files)


@pytest.mark.skipif(not available(), reason="measures memory as Linux tells it")
@pytest.mark.parametrize("name", CASES)
def test_a_bad_model_ends_in_one_clear_error_and_costs_little(tmp_path: Path, name: str) -> None:
    path = CASES[name](tmp_path)
    outcome = measure(lambda: bundle.load(path))
    assert outcome.clear, outcome.error
    assert outcome.error.startswith(f"the model at {path} is damaged: ")
    assert len(outcome.error) < 600
    assert outcome.bytes < size_of(path) + BUDGET
    assert "tutorial" in [entry.name for entry in Shelf([tmp_path]).entries()]


def test_the_good_model_that_they_are_made_from_is_good(tmp_path: Path) -> None:
    assert bundle.load(folder(tmp_path, sealed(good()))).name == "tiny"


@pytest.mark.parametrize("name", ["vocabulary.json", "weights.safetensors", "model.json"])
def test_a_file_cut_short_anywhere_gives_one_clear_error(tmp_path: Path, name: str) -> None:
    """At every 4 KiB, and with the right hash for what is left."""
    from tests.conftest import random_model

    files = good(random_model(hidden_size=64, embedding_size=40))
    content = files[name]
    sizes = [*range(0, len(content) - 1, 4096), len(content) - 2]
    path = folder(tmp_path, files)
    for size in sizes:
        cut = files | {name: content[:size]}
        for other, kept in (cut if name == "model.json" else sealed(cut)).items():
            (path / other).write_bytes(kept)
        with pytest.raises(DamagedModel):
            bundle.load(path)


def test_a_zip_cut_short_anywhere_gives_one_clear_error(tmp_path: Path) -> None:
    from tests.core.library.hostile import archive

    path = archive(tmp_path, good())
    content = path.read_bytes()
    for size in range(0, len(content), 97):
        path.write_bytes(content[:size])
        with pytest.raises(DamagedModel):
            bundle.load(path)


def test_escape_sequences_are_words_like_others(tmp_path: Path) -> None:
    """What draws them makes them harmless, see tests/repl/test_cli.py; the loader lets them pass."""
    from tests.core.library.hostile import VOCABULARY, vocabulary

    words = ["<pad>", "<unk>", "<s>", "</s>", ESCAPE, *"abcdefghi"]
    path = folder(tmp_path, sealed(good() | {VOCABULARY: vocabulary(words)}))
    assert ESCAPE in bundle.load(path).vocabulary.tokens
