"""models/README.md describes the format well enough for a program of forty lines that knows only it."""

import ast
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from core.decoding.generator import Generator
from core.library import bundle
from core.library.shelf import shipped_models
from core.settings import SamplingSettings
from tests.conftest import random_model

READER = Path(__file__).parent / "read_a_model.py"


def test_the_reader_is_short_and_knows_nothing_of_headlong() -> None:
    text = READER.read_text(encoding="utf-8")
    code = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(code) <= 40
    modules = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert modules == {"json", "numpy"}


@pytest.mark.parametrize("seed", ["", "china", "the war in the north and the south and the old vote"])
@pytest.mark.parametrize("kind", ["shipped", "stream", "tied"])
def test_it_gives_the_words_that_headlong_gives(tmp_path: Path, kind: str, seed: str) -> None:
    from tests.core.library.read_a_model import continue_greedily

    folder = shipped_models() / "tutorial"
    if kind != "shipped":
        folder = tmp_path / "m"
        bundle.save(random_model(tied=kind == "tied", layers=2), folder, "")
    generator = Generator(bundle.load(folder), SamplingSettings(temperature=0, length=8))
    expected = [word.text for word in generator.generate(generator.read_seed(seed))[0].words]
    assert continue_greedily(folder, seed.split(), 8) == expected


def test_what_it_relies_on_is_in_the_files() -> None:
    folder = shipped_models() / "tutorial"
    size = struct.unpack("<Q", (folder / "weights.safetensors").read_bytes()[:8])[0]
    assert size < 10_000
    assert json.loads((folder / "model.json").read_text())["format"] == "headlong-model/1"
    assert np.dtype("<f4").itemsize == 4
